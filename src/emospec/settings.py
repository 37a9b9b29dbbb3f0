"""Everything that a training can be told, as one frozen object that is read from and written to TOML."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import tomli_w

from emospec.errors import ConfigError
from emospec.files import write_text

Precision = Literal["float32", "bfloat16", "auto"]
Schedule = Literal["constant", "cosine"]
Device = Literal["auto", "cpu", "gpu"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Settings of one training; what is None is the model's own choice.

    Parameters
    ----------
    model
        Name of the network (`emospec models` lists them).
    protocol
        How clips are divided into train, validation and test (`emospec protocols` lists them).
    start_from
        Fine-tune: the folder of a finished run or of a bundle, whose network and weights the training starts from;
        shipped is the model that came with emospec.
    seed
        Of the split, the weights, the order of the batches and the augmentation.
    epochs
        At the most, since early stopping usually ends sooner; exactly so many under protocol all.
    patience
        Epochs without a lower validation loss before training stops; of no effect where nobody validates.
    batch_size
        Clips a step.
    optimizer
        Any optimizer of Keras by its name, such as adam, adamw, sgd.
    learning_rate
        Step size of the optimizer; the model's own unless given, mostly 0.001, and a tenth of it in fine-tuning.
    schedule
        constant, or cosine: up in the first twentieth of all steps, then down to nothing with the last epoch.
    weight_decay
        Share of the weights that each step takes away, with adamw.
    ema
        Momentum of an average of the weights, such as 0.99, which is then judged and kept in their place.
    mixup
        Blends pairs of training clips and of their labels; 0.3 is usual, 0 leaves it out (Zhang et al. 2018).
    label_smoothing
        Share of each training label that is spread over all classes.
    listener_labels
        Share of each training label that follows what listeners heard, where their votes are known.
    teachers
        Networks with other seeds that are trained first, and from whose average answers this one learns (Hinton et al.
        2015); each takes as long as the training itself.
    teacher_share
        Share of each training label that follows the teachers' answers, where there are teachers.
    text_share
        Weight in training of a second task, to name the text that is spoken, where clips say it; 0 leaves it out.
    loss
        categorical_crossentropy (the usual), weighted_categorical_crossentropy or categorical_focal_crossentropy.
    class_weights
        balanced, or a weight for each class, such as angry=1,fear=2,happy=1,sad=1 (in TOML, a table).
    filters
        Filters of each convolution.
    kernel_size
        Side of the kernels, in pixels.
    dropout
        Rate at every place where the model has dropout.
    image_size
        Height and width that images are resized to inside the model.
    augmentation
        Random layers in front of the network: gain, noise, band, shift, spec-augment, or the notebook's rotation, flip.
    precision
        Of the layers; weights stay in float32. bfloat16 is faster on processors and cards that have it, auto takes it
        where that was measured: on processors with AVX512-BF16 or AMX, with TensorFlow.
    device
        auto takes a GPU where the backend finds one.
    tensorboard
        Write TensorBoard logs into the run folder.
    """

    model: str = "3layer"
    protocol: str = "speakers"
    start_from: str | None = None
    seed: int = 0
    epochs: int = 200
    patience: int = 10
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float | None = None
    schedule: Schedule = "constant"
    weight_decay: float | None = None
    ema: float | None = None
    mixup: float = 0.0
    label_smoothing: float = 0.0
    listener_labels: float = 0.0
    teachers: int = 0
    teacher_share: float = 0.6
    text_share: float = 0.0
    loss: str | None = None
    class_weights: str | dict[str, float] | None = None
    filters: tuple[int, ...] | None = None
    kernel_size: int | None = None
    dropout: float | None = None
    image_size: tuple[int, int] | None = None
    augmentation: tuple[str, ...] | None = None
    precision: Precision = "float32"
    device: Device = "auto"
    tensorboard: bool = False

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(type(self)).items():
            if not is_of_type(getattr(self, name), hint):
                raise ConfigError(f"{name} is {getattr(self, name)!r}; expected {in_words(hint)}")
        self.check_ranges()

    def check_ranges(self) -> None:
        """Raise for a number that cannot be."""
        for name in ("epochs", "patience", "batch_size"):
            check_number(name, getattr(self, name), at_least=1)
        check_number("seed", self.seed, at_least=0, below=2**32)
        if self.learning_rate is not None and not 0 < self.learning_rate < float("inf"):
            raise ConfigError(f"learning_rate is {self.learning_rate}; expected a number above 0")
        for name in ("dropout", "ema", "weight_decay", "label_smoothing"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), at_least=0, below=1)
        check_number("mixup", self.mixup, at_least=0)
        check_number("text_share", self.text_share, at_least=0)
        check_number("teachers", self.teachers, at_least=0)
        for name in ("listener_labels", "teacher_share"):
            check_number(name, getattr(self, name), at_least=0, below=1.000001)
        for size in (*(self.filters or ()), *(self.image_size or ()), self.kernel_size or 1):
            check_number("one of filters, kernel_size and image_size", size, at_least=1)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings that are set, ready for TOML."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], source: str = "the settings") -> "TrainConfig":
        """Make settings from a table; a key that doesn't exist is a `ConfigError` that lists those that do."""
        known = [field.name for field in fields(cls)]
        unknown = [key for key in values if key not in known]
        if unknown:
            raise ConfigError(f"unknown key {unknown[0]!r} in {source}; known: {', '.join(known)}")
        typed: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
        try:
            return cls(**typed)
        except ConfigError as error:
            raise ConfigError(f"{source}: {error}") from None


def check_number(name: str, value: float, *, at_least: float, below: float = float("inf")) -> None:
    """Raise unless a number lies in a range."""
    if not at_least <= value < below:
        limit = "" if below == float("inf") else f" and less than {below}"
        raise ConfigError(f"{name} is {value}; expected {at_least} or more{limit}")


def is_of_type(value: Any, hint: Any) -> bool:
    """Tell whether a value fits an annotation of `TrainConfig`; a whole number will do for any number."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(is_of_type(value, part) for part in parts)
    if origin is Literal:
        return value in parts
    if origin is tuple:
        inner = (parts[0],) * len(value) if isinstance(value, tuple) and parts[-1] is Ellipsis else parts
        return isinstance(value, tuple) and len(value) == len(inner) and all(map(is_of_type, value, inner))
    if origin is dict:
        return isinstance(value, dict) and all(is_of_type(v, parts[1]) for v in value.values())
    if isinstance(value, bool) or hint is bool:
        return isinstance(value, bool) and hint is bool
    return isinstance(value, (int, float) if hint is float else hint)


def in_words(hint: Any) -> str:
    """Say what an annotation of `TrainConfig` allows."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(in_words(part) for part in parts if part is not NoneType)
    if origin is Literal:
        return "one of " + ", ".join(parts)
    if origin is tuple:
        return f"a list of {'' if parts[-1] is Ellipsis else f'{len(parts)} '}{in_words(parts[0])[2:]}s"
    if origin is dict:
        return "a table of numbers by class name"
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}[hint]


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; a missing or broken one is a `ConfigError` that names it."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; name a TOML file that does") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}") from error


def read_config(path: Path) -> TrainConfig:
    """Read the `[train]` table of an experiment file or of a finished run's `run.toml`."""
    table = read_toml(path)
    if not isinstance(table.get("train"), dict):
        raise ConfigError(f"{path} has no [train] table; it holds {', '.join(table) or 'nothing'}")
    return TrainConfig.from_dict(table["train"], source=str(path))


def write_toml(table: Mapping[str, Any], path: Path) -> None:
    """Write a table as TOML, whole or not at all."""
    write_text(tomli_w.dumps(table), path)
