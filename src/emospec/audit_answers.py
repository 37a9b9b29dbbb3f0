"""A model's answers under every condition, and what can be measured on them with intervals over speakers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from emospec import metrics
from emospec.audit_scores import CLEAN, HALVES, Scores
from emospec.clips import speaker_keys
from emospec.emotions import Labels
from emospec.metrics import Estimate, Floats

NORMAL_QUANTILE = 1.959963984540054
Mask = NDArray[np.bool_]
ClassScore = Callable[[NDArray[Any]], Floats]


@dataclass(frozen=True)
class Answers:
    """Answers on the clips that could be scored, by condition.

    Attributes
    ----------
    clips : DataFrame, n rows
    labels : int, shape (n,)
        The truth.
    probabilities : float64, shape (n, n_classes)
        Of the clean clips.
    by_condition : dict of int, each of shape (n,)
    speakers : int, shape (n,)
        Numbers from 0; all 0 if a speaker is unknown, since there are no intervals then.
    """

    clips: pd.DataFrame
    classes: Labels
    labels: NDArray[np.int64]
    probabilities: Floats
    by_condition: dict[str, NDArray[np.int64]]
    speakers: NDArray[np.int64]

    def confusions(self, condition: str = CLEAN, where: Mask | None = None) -> NDArray[np.int64]:
        """Return a confusion matrix a speaker, shape (n_speakers, n_classes, n_classes), of all or some clips."""
        chosen = np.ones(len(self.labels), bool) if where is None else where
        k, n_speakers = len(self.classes), self.speakers.max() + 1
        cell = (self.speakers * k + self.labels) * k + self.by_condition[condition]
        return np.bincount(cell[chosen], minlength=n_speakers * k * k).reshape(-1, k, k)

    def uar(self, condition: str = CLEAN) -> Estimate:
        """Return the UAR under one condition."""
        return metrics.bootstrap(self.confusions(condition), metrics.uar)

    def uar_drop(self, condition: str) -> Estimate:
        """Return how much lower the UAR is under a condition: a difference on the same clips."""
        return difference(self.confusions(), self.confusions(condition), metrics.uar)

    def agreement(self, condition: str, other: str = CLEAN) -> Estimate:
        """Return the share of clips with the same answer under two conditions."""
        same = self.by_condition[condition] == self.by_condition[other]
        counts = np.stack([np.bincount(self.speakers, weights=same), np.bincount(self.speakers)], axis=1)
        return metrics.bootstrap(counts, lambda table: metrics.ratio(table[..., 0], table[..., 1]))


def answers_of(clips: pd.DataFrame, scores: Scores, classes: Labels) -> Answers:
    """Put together the answers of an audit; `clips` is the table that was scored."""
    kept = clips.iloc[scores.kept].reset_index(drop=True)
    labels = classes.encode(kept["emotion"]).astype(np.int64)
    metrics.check_every_class(np.diag(np.bincount(labels, minlength=len(classes))), classes.classes)
    names = speaker_keys(kept)
    speakers = np.zeros(len(kept), np.int64) if names.isna().any() else pd.factorize(names)[0].astype(np.int64)
    by_condition = {name: table.argmax(axis=1) for name, table in scores.by_condition.items()}
    return Answers(kept, classes, labels, scores.by_condition[CLEAN].astype(np.float64), by_condition, speakers)


def difference(
    first: NDArray[Any], second: NDArray[Any], score: Callable[[NDArray[Any]], Floats], *, n_speakers: int | None = None
) -> Estimate:
    """Estimate the score of the first table less that of the second; speakers are drawn again for both together.

    Parameters
    ----------
    first, second : shape (n_speakers, n_classes, n_classes)
    n_speakers : int, optional
        On how many speakers the difference rests, where they are few: the interval of the percentiles, too narrow
        for them, is widened by sqrt(n / (n - 1)) and by the quantile of Student's t over that of the normal
        distribution.

    References
    ----------
    T. Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician 69 (4), 2015, section 5.
    """
    both = np.stack([first, second], axis=1)
    estimate = metrics.bootstrap(both, lambda table: score(table[..., 0, :, :]) - score(table[..., 1, :, :]))
    return estimate if n_speakers is None else widened(estimate, n_speakers)


def widened(estimate: Estimate, n_speakers: int) -> Estimate:
    """Return an estimate with the wider interval that few speakers call for; see `difference`.

    An interval that leaves out the value, as percentiles can, moves neither end inwards.
    """
    if estimate.low is None or estimate.high is None or n_speakers < 2:
        return Estimate(estimate.value, None, None)
    factor = np.sqrt(n_speakers / (n_speakers - 1)) * stdtrit(n_speakers - 1, 0.975) / NORMAL_QUANTILE
    low = estimate.value - factor * (estimate.value - estimate.low)
    high = estimate.value + factor * (estimate.high - estimate.value)
    return Estimate(estimate.value, float(min(estimate.low, low)), float(max(estimate.high, high)))


def of_class(score: ClassScore, label: int) -> ClassScore:
    """Return a function that gives one class's part of a score that each class has."""

    def one(table: NDArray[Any]) -> Floats:
        return np.asarray(score(table)[..., label])

    return one


def agreements(answers: Answers, condition: str) -> Estimate:
    """Return the agreement that a consistency check asks for: `halves` is that of one half with the other."""
    return answers.agreement(*HALVES) if condition == "halves" else answers.agreement(condition)
