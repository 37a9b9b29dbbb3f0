"""What an audit asks of a model: frozen numbers that a TOML file can set."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from emospec.errors import ConfigError
from emospec.settings import in_words, is_of_type, read_toml

Table = TypeVar("Table")


@dataclass(frozen=True, kw_only=True)
class CorrectnessLimits:
    """Lowest UAR, recall and precision of each class; how far its share of the answers may lie from the truth."""

    uar: float = 0.5
    recall: float = 0.5
    precision: float = 0.5
    share: float = 0.15


@dataclass(frozen=True, kw_only=True)
class FairnessLimits:
    """How far a group's scores may lie from those of all clips.

    Attributes
    ----------
    columns : names of columns of the clips table
        Each divides the clips into groups; `age` by `age_bands`, any other by its values.
    age_bands : years
        Where a new band begins: (30, 45, 60) makes four bands.
    min_speakers : int
        Groups of fewer are not judged.
    """

    columns: tuple[str, ...] = ("sex", "age")
    age_bands: tuple[int, ...] = (30, 45, 60)
    min_speakers: int = 3
    uar: float = 0.075
    recall: float = 0.175
    precision: float = 0.075


@dataclass(frozen=True, kw_only=True)
class ChangeLimits:
    """What one change of the sound may do; None is not asked.

    Attributes
    ----------
    uar_drop : float, optional
        The most that UAR may fall by.
    unchanged : float, optional
        The smallest share of clips that keep their answer.
    strength : float, optional
        In the unit of the perturbation; its own default if None.
    """

    uar_drop: float | None = None
    unchanged: float | None = None
    strength: float | None = None


@dataclass(frozen=True, kw_only=True)
class CalibrationLimits:
    """The highest expected calibration error."""

    ece: float = 0.05


@dataclass(frozen=True, kw_only=True)
class ConsistencyLimits:
    """The smallest share of clips with the answer of the whole, clean clip; `halves`: of one half with the other."""

    first_half: float = 0.6
    second_half: float = 0.6
    halves: float = 0.6
    khz_8: float = 0.8
    khz_16: float = 0.99
    khz_44_1: float = 0.99
    khz_48: float = 0.99
    wav: float = 0.99
    flac: float = 0.99
    mp3: float = 0.95
    opus: float = 0.95


NOISE = ChangeLimits(uar_drop=0.05, unchanged=0.9)
HARMLESS = ChangeLimits(unchanged=0.95)
ROBUSTNESS: dict[str, ChangeLimits] = {
    "telephone": ChangeLimits(uar_drop=0.05, unchanged=0.5),
    **dict.fromkeys(("babble", "white_noise", "reverberation", "music"), NOISE),
    **dict.fromkeys(("gain", "clipping", "cropping", "padding", "high_pass", "low_pass"), HARMLESS),
    "spectral_tilt": ChangeLimits(uar_drop=0.02, unchanged=0.8),
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """All limits of an audit; the defaults are those that `docs/audit.md` lists."""

    correctness: CorrectnessLimits = field(default_factory=CorrectnessLimits)
    fairness: FairnessLimits = field(default_factory=FairnessLimits)
    robustness: Mapping[str, ChangeLimits] = field(default_factory=lambda: dict(ROBUSTNESS))
    calibration: CalibrationLimits = field(default_factory=CalibrationLimits)
    consistency: ConsistencyLimits = field(default_factory=ConsistencyLimits)

    def strengths(self) -> dict[str, float]:
        """Return the strengths that were set, by perturbation."""
        return {name: change.strength for name, change in self.robustness.items() if change.strength is not None}

    def to_dict(self) -> dict[str, Any]:
        """Return the limits that are set as a table, with the structure of the file that they can come from."""
        table = asdict(self)
        table["robustness"] = {
            name: {key: value for key, value in change.items() if value is not None}
            for name, change in table["robustness"].items()
        }
        return table


def read_limits(path: Path) -> Limits:
    """Read limits from a TOML file; what it doesn't set keeps its default.

    Raises
    ------
    ConfigError
        If the file cannot be read, has an unknown key, or a value that cannot be.
    """
    return limits_from(read_toml(path), source=str(path))


def limits_from(table: Mapping[str, Any], source: str = "the limits") -> Limits:
    """Make limits from a table, such as that of `Limits.to_dict`; see `read_limits`."""
    defaults = Limits()
    _check_keys(table, [part.name for part in fields(Limits)], source)
    changed: dict[str, Any] = {}
    for name, values in table.items():
        where = f"{source} [{name}]"
        _check_table(values, where)
        if name == "robustness":
            changed[name] = _robustness(values, where)
        else:
            changed[name] = _changed(getattr(defaults, name), values, where)
    return replace(defaults, **changed)


def _robustness(table: Mapping[str, Any], where: str) -> dict[str, ChangeLimits]:
    _check_keys(table, list(ROBUSTNESS), where)
    changes = dict(ROBUSTNESS)
    for name, values in table.items():
        inner = f"{where[:-1]}.{name}]"
        _check_table(values, inner)
        changes[name] = _changed(changes[name], values, inner)
    return changes


def _check_table(values: Any, where: str) -> None:
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where} is {values!r}; expected a table of limits")


def _check_keys(table: Mapping[str, Any], known: list[str], where: str) -> None:
    unknown = [key for key in table if key not in known]
    if unknown:
        raise ConfigError(f"unknown key {unknown[0]!r} in {where}; known: {', '.join(known)}")


def _changed(defaults: Table, values: Mapping[str, Any], where: str) -> Table:
    """Return `defaults` with some values replaced, after checking them."""
    hints = get_type_hints(type(defaults))
    _check_keys(values, list(hints), where)
    typed = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    for key, value in typed.items():
        if not is_of_type(value, hints[key]):
            raise ConfigError(f"{where}: {key} is {value!r}; expected {in_words(hints[key])}")
        _check_range(key, value, where)
    return replace(defaults, **typed)  # type: ignore[type-var]


def _check_range(key: str, value: Any, where: str) -> None:
    if key == "age_bands" and (not value or list(value) != sorted({age for age in value if age > 0})):
        raise ConfigError(f"{where}: age_bands are {list(value)}; expected ages in ascending order, such as 30, 45, 60")
    if key == "min_speakers" and value < 2:
        raise ConfigError(f"{where}: min_speakers is {value}; expected 2 or more")
    if isinstance(value, float | int) and key not in ("min_speakers", "strength") and not 0 <= value <= 1:
        raise ConfigError(f"{where}: {key} is {value}; expected a share from 0 to 1")
