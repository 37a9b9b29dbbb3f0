"""What every row is made of: settings, sides that take turns, and results with ratios."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

OURS = "emospec"


@dataclass(frozen=True)
class Setup:
    """What the user of the benchmarks chose.

    `data` is the folder of the real data, or None for the demo corpus; `work` keeps what can be used again.
    """

    work: Path
    data: Path | None = None
    rounds: int = 5
    bundle: Path | None = None
    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    models: tuple[str, ...] = ("3layer", "adapted", "emonet")
    backends: tuple[str, ...] = ("tensorflow", "jax", "torch")
    cap_minutes: float = 120.0


@dataclass(frozen=True)
class Row:
    """A part of the table. One that is `long` runs only if it is asked for by its name."""

    name: str
    title: str
    measure: Callable[[Setup], list["Result"]]
    long: bool = False


@dataclass
class Result:
    """One line of the table: medians over the rounds.

    `ratio` says how many times ours is better than the best rival; `goal` is what it should be. Where `bound` is set,
    `ours` itself should be at most that.
    """

    what: str
    unit: str
    ours: float
    rivals: dict[str, float] = field(default_factory=dict)
    higher_is_better: bool = True
    goal: float | None = None
    bound: float | None = None
    memory_mb: dict[str, float] = field(default_factory=dict)
    note: str = ""
    rounds: dict[str, list[float]] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """How many times ours is better than the best rival."""
        if not self.rivals:
            return None
        best = max(self.rivals.values()) if self.higher_is_better else min(self.rivals.values())
        return self.ours / best if self.higher_is_better else best / self.ours

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if self.bound is not None:
            return self.ours <= self.bound
        return None if self.goal is None or self.ratio is None else self.ratio >= self.goal

    def to_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        stored = {name: value for name, value in vars(self).items() if value not in (None, "", {})}
        return {**stored, "ratio": self.ratio, "reached": self.reached}


def in_turn(sides: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[Any]]:
    """Run all sides in each round; the order turns around from round to round, so that nobody is always first."""
    found: dict[str, list[Any]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides) if number % 2 == 0 else reversed(list(sides)):
            found[name].append(sides[name]())
    return found


def medians(values: Mapping[str, list[float]]) -> dict[str, float]:
    """Return the median of each side."""
    return {name: median(each) for name, each in values.items()}


def compared(what: str, unit: str, values: Mapping[str, list[float]], **facts: Any) -> Result:
    """Return a result of the medians of all sides, of which ours is `OURS`."""
    middle = medians(values)
    rivals = {name: value for name, value in middle.items() if name != OURS}
    return Result(what, unit, middle[OURS], rivals, rounds=dict(values), **facts)


def peaks(children: Mapping[str, list["Any"]]) -> dict[str, float]:
    """Return the greatest memory that the processes of each side took, in MB, where it is known."""
    known = {name: [each.memory_mb for each in found if each.memory_mb] for name, found in children.items()}
    return {name: max(values) for name, values in known.items() if values}
