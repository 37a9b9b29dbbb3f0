"""Probabilities that mean what they say: a temperature and a threshold, fitted on speakers whom the model never heard.

Nothing here looks at the clips that a score is reported on; `calibration_runs` says which clips of a run that leaves.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emospec.errors import ConfigError, EmospecError
from emospec.metrics import Floats, check_scores

FLOOR = 1e-7  # smaller probabilities count as this one: what a float32 softmax calls 0 is not impossible
TEMPERATURES = (0.05, 20.0)
MIN_ANSWERS = 30
STATED_ACCURACY = 0.8


@dataclass(frozen=True)
class Calibration:
    """What turns a model's scores into probabilities that can be believed, and when it had better say `uncertain`.

    Attributes
    ----------
    temperature : float
        Above 1 for a model that is too sure of itself, below 1 for one that is too modest.
    threshold : float or None
        Answers whose calibrated probability is lower are uncertain; None if no threshold gives `stated_accuracy`,
        so that every answer is.
    stated_accuracy : float
        The share of right answers, at or above the threshold, that it was chosen for.
    n_clips, n_speakers : int
        It was fitted on; None speakers where one is unknown.
    """

    temperature: float
    threshold: float | None
    stated_accuracy: float
    n_clips: int
    n_speakers: int | None

    def __post_init__(self) -> None:
        """Raise a `ConfigError` for values that cannot be."""
        if not (_is_number(self.temperature) and self.temperature > 0):
            raise ConfigError(f"temperature {self.temperature!r}: expected a number above 0; fit it with `calibrate`")
        if not (self.threshold is None or (_is_number(self.threshold) and 0 <= self.threshold <= 1)):
            raise ConfigError(f"threshold {self.threshold!r}: expected a probability, or None if there is none")
        _check_accuracy(self.stated_accuracy)

    def apply(self, probabilities: ArrayLike) -> Floats:
        """Return calibrated probabilities; the order of the classes, and so the answer, stays."""
        return apply_temperature(probabilities, self.temperature)

    def is_sure(self, calibrated: ArrayLike) -> NDArray[np.bool_]:
        """Tell for rows of calibrated probabilities whether their answer reaches the threshold."""
        confidence = np.max(np.asarray(calibrated), axis=-1)
        return np.asarray(confidence >= (math.inf if self.threshold is None else self.threshold))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, as they are stored beside a model."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make a calibration from what `to_dict` gave; each field has to be there, and no other."""
        known = [field.name for field in fields(cls)]
        if sorted(values) != sorted(known):
            raise ConfigError(f"a calibration has {', '.join(known)}; these are {', '.join(values) or 'none'}")
        return cls(**values)


def apply_temperature(probabilities: ArrayLike, temperature: float) -> Floats:
    """Return softmax(log p / temperature) over the last axis, as if the model's logits were divided by it.

    >>> apply_temperature([0.8, 0.2], 2).round(3).tolist()  # 2 to 1: the root of 4 to 1
    [0.667, 0.333]
    """
    return np.exp(_log_softmax(_logarithms(probabilities) / temperature))


def fit_temperature(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Find the temperature that makes the truth most likely, between 0.05 and 20.

    Parameters
    ----------
    probabilities : shape (n, n_classes)
        Of clips that the model was not fitted on. Those below 1e-7, such as zeros, count as 1e-7.
    labels : shape (n,)

    Raises
    ------
    EmospecError
        If they don't fit together, or a score isn't finite.

    References
    ----------
    Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    from scipy.optimize import minimize_scalar  # slow to import; whoever only applies a temperature needs none

    scores, truth = check_scores(probabilities, labels)
    logarithms, rows = _logarithms(scores), np.arange(len(truth))

    def loss(log_temperature: float) -> float:  # convex in 1 / temperature: one minimum
        return float(-_log_softmax(logarithms / math.exp(log_temperature))[rows, truth].mean())

    low, high = map(math.log, TEMPERATURES)
    return math.exp(minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6}).x)


def threshold_for(
    probabilities: ArrayLike, labels: ArrayLike, *, accuracy: float, min_answers: int = MIN_ANSWERS
) -> float | None:
    """Find the lowest confidence such that a stated share of the answers at or above it is right.

    Returns
    -------
    float or None
        0 if all answers together are good enough; None if no threshold is that leaves `min_answers` clips, since a
        few lucky answers promise nothing.
    """
    _check_accuracy(accuracy)
    scores, truth = check_scores(probabilities, labels)
    right = scores.argmax(axis=1) == truth
    values, place, n_tied = np.unique(-scores.max(axis=1), return_inverse=True, return_counts=True)
    n_answers, n_right = n_tied.cumsum(), np.bincount(place, weights=right).cumsum()
    good = np.flatnonzero((n_right >= accuracy * n_answers - 1e-9) & (n_answers >= min_answers))
    if not good.size:
        return None
    return 0.0 if good[-1] == len(values) - 1 else float(-values[good[-1]])


def calibrate(
    probabilities: ArrayLike, labels: ArrayLike, speakers: Iterable[Any], *, accuracy: float = STATED_ACCURACY
) -> Calibration:
    """Fit temperature and threshold on clips of speakers whom the model never heard.

    Parameters
    ----------
    probabilities : shape (n, n_classes)
    labels : shape (n,)
    speakers : n of them
        Who speaks, as `speaker_keys` gives them; what is no text is an unknown one.
    accuracy : float
        Share of the answers at or above the threshold that shall be right.
    """
    temperature = fit_temperature(probabilities, labels)
    threshold = threshold_for(apply_temperature(probabilities, temperature), labels, accuracy=accuracy)
    names = list(speakers)
    n_speakers = len(set(names)) if all(isinstance(name, str) for name in names) else None
    return Calibration(temperature, threshold, accuracy, len(names), n_speakers)


def _logarithms(probabilities: ArrayLike) -> Floats:
    scores = np.asarray(probabilities, dtype=np.float64)
    if not np.isfinite(scores).all():
        raise EmospecError("the model's scores are not finite; expected probabilities from 0 to 1")
    return np.asarray(np.log(np.clip(scores, FLOOR, None)))


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _check_accuracy(accuracy: float) -> None:
    if not (_is_number(accuracy) and 0 < accuracy <= 1):
        raise ConfigError(f"accuracy {accuracy!r}: expected a share above 0 and up to 1, such as 0.8")
