"""How good predictions are, over an explicit number of classes: pure functions of arrays.

A class without a clip is an error, not a zero: its recall is undefined, and averages that skip it flatter.
ROC AUC has a module of its own, `metrics_roc`, and so has the comparison of two models, `metrics_paired`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emospec.errors import EmospecError
from emospec.metrics_checks import Floats as Floats
from emospec.metrics_checks import check_lengths, check_probabilities, class_numbers, finite_numbers, speaker_numbers
from emospec.metrics_checks import check_scores as check_scores


def confusion_matrix(labels: ArrayLike, predictions: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    """Count clips by true class (rows) and predicted class (columns).

    >>> confusion_matrix([0, 0, 1], [0, 1, 1], 2).tolist()
    [[1, 1], [0, 1]]
    """
    truth, guess = class_numbers(labels, n_classes), class_numbers(predictions, n_classes, "prediction")
    check_lengths(label=truth, prediction=guess)
    return np.bincount(truth * n_classes + guess, minlength=n_classes**2).reshape(n_classes, n_classes)


# Each of the following takes confusion matrices of shape (..., n_classes, n_classes), rows = truth.


def recall(confusion: NDArray[Any]) -> Floats:
    """Share of each class's clips that were named right; NaN for a class without clips."""
    return ratio(diagonal(confusion), confusion.sum(axis=-1))


def precision(confusion: NDArray[Any]) -> Floats:
    """Share of each class's predictions that were right; 0 for a class that was never predicted."""
    return np.nan_to_num(ratio(diagonal(confusion), confusion.sum(axis=-2)))


def f1(confusion: NDArray[Any]) -> Floats:
    """Harmonic mean of each class's precision and recall; NaN for a class without clips."""
    clips = confusion.sum(axis=-1)
    score = ratio(2 * diagonal(confusion), clips + confusion.sum(axis=-2))
    return np.where(clips > 0, score, np.nan)


def accuracy(confusion: NDArray[Any]) -> Floats:
    """Share of all clips that were named right."""
    return ratio(diagonal(confusion).sum(axis=-1), confusion.sum(axis=(-1, -2)))


def uar(confusion: NDArray[Any]) -> Floats:
    """Unweighted average recall: the mean of the classes' recalls, whatever their sizes; NaN if a class has no clip."""
    return np.asarray(recall(confusion).mean(axis=-1))


def macro_f1(confusion: NDArray[Any]) -> Floats:
    """Mean of the classes' F1 scores; NaN if a class has no clip."""
    return np.asarray(f1(confusion).mean(axis=-1))


def diagonal(confusion: NDArray[Any]) -> NDArray[Any]:
    """Return the clips of each class that were named right."""
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """Divide, giving NaN where the whole is nothing."""
    quotient: Floats = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)
    return quotient


def check_every_class(confusion: NDArray[Any], classes: tuple[str, ...]) -> None:
    """Raise if a class has no clip."""
    empty = [name for name, clips in zip(classes, confusion.sum(axis=-1), strict=True) if not clips]
    if empty:
        raise EmospecError(f"no clip of class {', '.join(empty)} to judge by; choose classes that the clips have")


# Each of the following takes probabilities of shape (n, n_classes) and labels of shape (n,).


def brier_score(probabilities: ArrayLike, labels: ArrayLike) -> Floats:
    """Squared distance of each clip's probabilities from the truth, summed over classes: 0 (best) to 2.

    The model's score is the mean of these. Other libraries halve it for two classes.

    References
    ----------
    Brier 1950, "Verification of forecasts expressed in terms of probability".

    >>> brier_score([[0.5, 0.5], [0, 1]], [0, 0]).tolist()
    [0.5, 2.0]
    """
    scores, truth = check_probabilities(probabilities, labels)
    return np.asarray(((scores - np.eye(scores.shape[1])[truth]) ** 2).sum(axis=1))


def expected_calibration_error(probabilities: ArrayLike, labels: ArrayLike, *, n_bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over equally wide bins of confidence, weighted by clips.

    References
    ----------
    Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    bins = reliability(probabilities, labels, n_bins=n_bins)
    n_clips = sum(each["n_clips"] for each in bins)
    return sum(each["n_clips"] * abs(each["accuracy"] - each["confidence"]) for each in bins) / n_clips


def reliability(probabilities: ArrayLike, labels: ArrayLike, *, n_bins: int = 15) -> list[dict[str, float]]:
    """Return confidence and accuracy in equally wide bins of the confidence in the answer; empty bins are left out.

    Returns
    -------
    list of dict
        By rising confidence: `low` and `high`, the ends of the bin (the upper one belongs to it), the mean
        `confidence` and the `accuracy` of its clips, and `n_clips`.
    """
    confidence, right = _confidence(probabilities, labels)
    bins = np.clip(np.ceil(confidence * n_bins).astype(int) - 1, 0, n_bins - 1)
    return [
        {
            "low": each / n_bins,
            "high": (each + 1) / n_bins,
            "confidence": float(confidence[bins == each].mean()),
            "accuracy": float(right[bins == each].mean()),
            "n_clips": int((bins == each).sum()),
        }
        for each in np.unique(bins).tolist()
    ]


def risk_coverage(probabilities: ArrayLike, labels: ArrayLike, *, n_steps: int = 20) -> list[dict[str, float]]:
    """Return the accuracy that is left if the model answers only where it is most confident.

    Clips of equal confidence count with their mean, so that the order of the clips doesn't matter.

    Returns
    -------
    list of dict
        For each of `n_steps` equal steps up to 1: `coverage`, the share of clips that are answered (rounded up
        to whole clips), their `accuracy`, and `threshold`, the confidence of the last of them.

    References
    ----------
    Geifman and El-Yaniv 2017, "Selective Classification for Deep Neural Networks".
    """
    confidence, right = _confidence(probabilities, labels)
    values, tied, n_tied = np.unique(-confidence, return_inverse=True, return_counts=True)
    hits = (np.bincount(tied, weights=right) / n_tied).repeat(n_tied).cumsum()
    thresholds = -values.repeat(n_tied)
    kept = [-(-len(right) * step // n_steps) for step in range(1, n_steps + 1)]
    return [
        {"coverage": step / n_steps, "accuracy": float(hits[n - 1] / n), "threshold": float(thresholds[n - 1])}
        for step, n in enumerate(kept, start=1)
    ]


def _confidence(probabilities: ArrayLike, labels: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """Return each answer's confidence, and whether it is right."""
    scores, truth = check_probabilities(probabilities, labels)
    return scores.max(axis=1), scores.argmax(axis=1) == truth


@dataclass(frozen=True)
class Estimate:
    """A score with its interval; the ends are None where no interval can be given."""

    value: float
    low: float | None
    high: float | None

    def to_dict(self) -> dict[str, float | None]:
        """Return the estimate as it stands in a report."""
        return {"value": self.value, "low": self.low, "high": self.high}


def speaker_confusions(
    labels: ArrayLike, predictions: ArrayLike, speakers: ArrayLike, n_classes: int
) -> NDArray[np.int64]:
    """Return one confusion matrix a speaker: shape (n_speakers, n_classes, n_classes)."""
    truth, guess = class_numbers(labels, n_classes), class_numbers(predictions, n_classes, "prediction")
    check_lengths(label=truth, prediction=guess)
    speaker, n_speakers = speaker_numbers(speakers, len(truth))
    cell = speaker * n_classes**2 + truth * n_classes + guess
    return np.bincount(cell, minlength=n_speakers * n_classes**2).reshape(-1, n_classes, n_classes)


def speaker_sums(values: Floats, speakers: ArrayLike) -> Floats:
    """Add up the values of each speaker's clips: shape (n_clips, ...) to (n_speakers, ...)."""
    speaker, n_speakers = speaker_numbers(speakers, len(values))
    sums = np.zeros((n_speakers, *np.shape(values)[1:]))
    np.add.at(sums, speaker, values)
    return sums


def draw_speakers(n_speakers: int, *, n_samples: int, seed: int) -> NDArray[np.int64]:
    """Draw speakers with replacement; return how often each stands in each sample: (n_samples, n_speakers)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n_speakers, np.full(n_speakers, 1 / n_speakers), size=n_samples)


def bootstrap(
    sums: NDArray[Any], score: Callable[[NDArray[Any]], Floats], *, n_samples: int = 2000, seed: int = 0
) -> Estimate:
    """Estimate a score with the 95 % percentile interval of a bootstrap over speakers.

    Whole speakers are drawn again, since a speaker's clips resemble each other: drawing clips
    gives intervals that are far too narrow.

    Parameters
    ----------
    sums : shape (n_speakers, ...)
        What adds up over speakers and the score is made of, such as one confusion matrix a speaker;
        fewer than three speakers give no interval.
    score : callable
        Maps sums (n_samples, ...) to scores (n_samples,), and those of all speakers (...) to one score.
    """
    value = float(score(sums.sum(axis=0)))
    if len(sums) < 3:
        return Estimate(value, None, None)
    times = draw_speakers(len(sums), n_samples=n_samples, seed=seed)
    return percentile_interval(value, score(np.tensordot(times, sums, axes=1)))


def percentile_interval(value: float, samples: Floats) -> Estimate:
    """Return a score with the middle 95 % of its resamples.

    A resample that lacks a class has no score (NaN) and is left out; if that befalls half of them, no
    interval can be given.
    """
    if np.isnan(samples).mean() >= 0.5:
        return Estimate(value, None, None)
    low, high = np.nanpercentile(samples, [2.5, 97.5])
    return Estimate(value, float(low), float(high))


def mean_estimate(values: ArrayLike, speakers: ArrayLike) -> Estimate:
    """Estimate the mean over clips of a value that each clip has."""
    each = finite_numbers(values, "values")
    sums = speaker_sums(np.stack([each, np.ones_like(each)], axis=-1), speakers)
    return bootstrap(sums, lambda total: ratio(total[..., 0], total[..., 1]))
