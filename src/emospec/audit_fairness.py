"""Whether a model is as good for one group as for all: verdicts that don't call chance a bias."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emospec import metrics
from emospec.audit_answers import NORMAL_QUANTILE, Answers, Mask, difference
from emospec.audit_checks import Outcome, Verdict, between, limit_points, outcome, points
from emospec.audit_clips import groups_of
from emospec.audit_limits import FairnessLimits
from emospec.metrics import Estimate, Floats


class Group(NamedTuple):
    """The clips of one value of a column."""

    column: str
    name: str
    where: Mask

    @property
    def of(self) -> dict[str, str]:
        """Return the group as it stands in a verdict."""
        return {"column": self.column, "group": self.name}


class Measure(NamedTuple):
    """A score of a confusion matrix that is compared between a group and all: a mean of shares.

    `counts` returns the hits and the clips of each share, both of shape (..., n_shares).
    """

    check: str
    of: dict[str, str]
    limit: float
    counts: Callable[[NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]

    def score(self, table: NDArray[Any]) -> Floats:
        """Return the score; NaN where it is undefined."""
        return np.asarray(metrics.ratio(*self.counts(table)).mean(axis=-1))


def check_fairness(answers: Answers, limits: FairnessLimits) -> list[Verdict]:
    """Judge each group of each column: its UAR, and each class's recall and precision, against those of all clips.

    A difference beyond its limit fails only if its whole interval lies beyond; if the interval reaches back inside, or
    there is none, the verdict is unclear. So it is for a group that is too small to say.
    """
    verdicts = []
    for column in limits.columns:
        groups = list(groups_by(answers, column, limits))
        if len(groups) < 2:
            known = f"all clips are {groups[0].name}" if groups else "unknown for every clip"
            verdicts.append(
                _cannot_tell({"column": column}, f"{column}: {known}, so there is nothing to compare", limits)
            )
        else:
            verdicts += [verdict for group in groups for verdict in _check_group(answers, group, limits)]
    return verdicts


def groups_by(answers: Answers, column: str, limits: FairnessLimits) -> Iterator[Group]:
    """Yield the groups of a column by name, bands of age from the youngest; clips that don't say are in none."""
    values = groups_of(answers.clips, column, limits.age_bands)
    names = values.dropna().unique()
    for name in sorted(names, key=lambda name: (not name.startswith("under "), name) if column == "age" else name):
        yield Group(column, str(name), (values == name).fillna(value=False).to_numpy(dtype=bool))


def describe_groups(answers: Answers, limits: FairnessLimits) -> list[dict[str, Any]]:
    """Return the size and, where it has every class, the UAR of each group."""
    rows = []
    for group in (group for column in limits.columns for group in groups_by(answers, column, limits)):
        tables = answers.confusions(where=group.where)
        tables = tables[tables.any(axis=(1, 2))]
        complete = bool((tables.sum(axis=(0, 2)) > 0).all())
        uar = metrics.bootstrap(tables, metrics.uar).to_dict() if complete else None
        size = {"n_clips": int(tables.sum()), "n_speakers": _n_speakers(answers, group)}
        rows.append({**group.of, **size, "uar": uar})
    return rows


def _n_speakers(answers: Answers, group: Group) -> int:
    return len(np.unique(answers.speakers[group.where]))


def _check_group(answers: Answers, group: Group, limits: FairnessLimits) -> list[Verdict]:
    reason = _too_few(answers, group, limits)
    if reason:
        return [_cannot_tell(group.of, f"{group.column} {group.name}: {reason}, too few to say", limits)]
    return [_compare(answers, group, measure) for measure in _measures(answers, limits)]


def _too_few(answers: Answers, group: Group, limits: FairnessLimits) -> str:
    n_speakers = _n_speakers(answers, group)
    if answers.speakers.any() and n_speakers < limits.min_speakers:
        return f"{n_speakers} speaker{'' if n_speakers == 1 else 's'}"
    there = np.bincount(answers.labels[group.where], minlength=len(answers.classes))
    missing = [name for name, clips in zip(answers.classes.classes, there, strict=True) if not clips]
    return f"no clip of {', '.join(missing)}" if missing else ""


def _cannot_tell(of: dict[str, str], sentence: str, limits: FairnessLimits) -> Verdict:
    return Verdict(
        part="fairness", check="groups", of=of, verdict="unclear", value=None, limit=limits.uar, rule="within",
        sentence=sentence,
    )  # fmt: skip


def _measures(answers: Answers, limits: FairnessLimits) -> Iterator[Measure]:
    names = list(enumerate(answers.classes.classes))
    yield Measure("uar", {}, limits.uar, partial(_counts, axis=-1))
    for label, name in names:
        yield Measure("recall", {"class": name}, limits.recall, partial(_counts, axis=-1, label=label))
    for label, name in names:
        yield Measure("precision", {"class": name}, limits.precision, partial(_counts, axis=-2, label=label))


def _counts(table: NDArray[Any], *, axis: int, label: int | None = None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return hits and clips of each class, or of one: clips that are it (axis -1), or that are named so (axis -2)."""
    chosen = slice(None) if label is None else slice(label, label + 1)
    return metrics.diagonal(table)[..., chosen], table.sum(axis=axis)[..., chosen]


def _compare(answers: Answers, group: Group, measure: Measure) -> Verdict:
    inside, everyone = answers.confusions(where=group.where), answers.confusions()
    of_group, of_all = inside.sum(axis=0), everyone.sum(axis=0)
    if np.isnan(measure.score(of_group) - measure.score(of_all)):
        return _verdict(group, measure, None)
    gap = difference(inside, everyone, measure.score, n_speakers=_n_speakers(answers, group))
    score_of_all = float(measure.score(of_all))
    low, high = clips_interval(*measure.counts(of_group), measure.counts(of_all)[1]) - score_of_all
    return _verdict(group, measure, possible(no_narrower(gap, low, high), score_of_all))


def clips_interval(hits: NDArray[Any], clips: NDArray[Any], all_clips: NDArray[Any]) -> Floats:
    """Return the ends of the 95 % interval that a group's mean of shares has by the number of its clips alone.

    Drawing speakers again says nothing where few clips all went the same way, such as four of four: every draw gives
    four of four. This is the interval of Agresti and Coull, which adds two hits and two misses to each share, for the
    difference from a whole that holds the group itself.

    References
    ----------
    A. Agresti, B. Coull, "Approximate is better than 'exact' for interval estimation of binomial proportions", The
    American Statistician 52 (2), 1998.
    """
    added = clips + 4
    shares = (hits + 2) / added
    variance = shares * (1 - shares) / added * (1 - clips / all_clips)
    half = NORMAL_QUANTILE * np.sqrt(variance.sum()) / len(shares)
    return np.array([shares.mean() - half, shares.mean() + half])


def no_narrower(estimate: Estimate, low: float, high: float) -> Estimate:
    """Return an estimate whose interval, if it has one, reaches at least from `low` to `high`."""
    if estimate.low is None or estimate.high is None:
        return estimate
    return Estimate(estimate.value, min(estimate.low, low), max(estimate.high, high))


def possible(gap: Estimate, score_of_all: float) -> Estimate:
    """Return a difference from the score of all whose interval, if it has one, lies where a group's score can be.

    >>> possible(Estimate(0.2, -0.1, 0.4), 0.75)
    Estimate(value=0.2, low=-0.1, high=0.25)
    """
    if gap.low is None or gap.high is None:
        return gap
    return Estimate(gap.value, max(gap.low, -score_of_all), min(gap.high, 1 - score_of_all))


def _verdict(group: Group, measure: Measure, gap: Estimate | None) -> Verdict:
    name = " ".join([*measure.of.values(), "UAR" if measure.check == "uar" else measure.check])
    undefined: tuple[Outcome, str] = ("unclear", "is undefined, as it is never answered")
    verdict, said = undefined if gap is None else judge_gap(gap, measure.limit)
    numbers = {"value": None} if gap is None else gap.to_dict()
    return Verdict(
        part="fairness", check=measure.check, of={**group.of, **measure.of}, verdict=verdict, **numbers,
        limit=measure.limit, rule="within",
        sentence=f"{group.column} {group.name}: {name} {said}; at most {limit_points(measure.limit)} apart is asked",
    )  # fmt: skip


def judge_gap(gap: Estimate, limit: float) -> tuple[Outcome, str]:
    """Judge the difference between a group and all, and say how large it is.

    >>> judge_gap(Estimate(-0.1, -0.12, -0.05), 0.075)[0]
    'unclear'
    """
    direction = "above" if gap.value > 0 else "below"
    size = f"{points(abs(gap.value))} {direction}" if round(gap.value, 3) else "equal to"
    said = f"is {size} that of all{between(gap)}"
    if outcome(gap.value, limit, "within") == "pass":
        return "pass", said
    if gap.low is None or gap.high is None:
        return "unclear", f"{said}, without an interval to tell whether that is chance"
    if gap.low > limit or gap.high < -limit:
        return "fail", said
    return "unclear", f"{said}, which may be chance"
