"""How good predictions are, over an explicit number of classes: pure functions of arrays.

A class without a clip is an error, not a zero: its recall is undefined, and averages that skip it flatter.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emospec.errors import EmospecError

Floats = NDArray[np.float64]


def confusion_matrix(labels: ArrayLike, predictions: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    """Count clips by true class (rows) and predicted class (columns).

    >>> confusion_matrix([0, 0, 1], [0, 1, 1], 2).tolist()
    [[1, 1], [0, 1]]
    """
    truth, guess = np.asarray(labels, dtype=np.int64), np.asarray(predictions, dtype=np.int64)
    if truth.shape != guess.shape or truth.ndim != 1:
        raise EmospecError(f"{truth.shape} labels and {guess.shape} predictions; expected one prediction a label")
    for name, values in (("label", truth), ("prediction", guess)):
        if values.size and not (values.min() >= 0 and values.max() < n_classes):
            raise EmospecError(f"a {name} lies outside 0 to {n_classes - 1}; do the classes fit the model?")
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


def expected_calibration_error(probabilities: Floats, labels: ArrayLike, *, n_bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over equally wide bins of confidence, weighted by clips.

    Parameters
    ----------
    probabilities : shape (n, n_classes)
    labels : shape (n,)

    References
    ----------
    Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == np.asarray(labels)
    bins = np.clip(np.ceil(confidence * n_bins).astype(int) - 1, 0, n_bins - 1)
    gaps = np.bincount(bins, weights=right - confidence, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(confidence))


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
    names, speaker = np.unique(np.asarray(speakers, dtype=str), return_inverse=True)
    cell = speaker * n_classes**2 + np.asarray(labels) * n_classes + np.asarray(predictions)
    return np.bincount(cell, minlength=len(names) * n_classes**2).reshape(-1, n_classes, n_classes)


def bootstrap(
    confusions: NDArray[Any], score: Callable[[NDArray[Any]], Floats], *, n_samples: int = 2000, seed: int = 0
) -> Estimate:
    """Estimate a score with the 95 % percentile interval of a bootstrap over speakers.

    Whole speakers are drawn again, since a speaker's clips resemble each other: drawing clips
    gives intervals that are far too narrow.

    Parameters
    ----------
    confusions : shape (n_speakers, n_classes, n_classes)
        One confusion matrix a speaker; fewer than three give no interval.
    score : callable
        Maps confusion matrices (..., n_classes, n_classes) to scores (...).
    """
    value = float(score(confusions.sum(axis=0)))
    n_speakers = len(confusions)
    if n_speakers < 3:
        return Estimate(value, None, None)
    rng = np.random.default_rng(seed)
    times = rng.multinomial(n_speakers, np.full(n_speakers, 1 / n_speakers), size=n_samples)
    samples = score(np.tensordot(times, confusions, axes=1))
    low, high = np.nanpercentile(samples, [2.5, 97.5])
    return Estimate(value, float(low), float(high))
