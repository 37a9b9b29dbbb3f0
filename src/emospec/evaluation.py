"""Scores to a report: the one place where any model, Keras run or other, is judged."""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec import metrics
from emospec.clips import speaker_keys
from emospec.emotions import Labels
from emospec.errors import EmospecError
from emospec.metrics import Estimate


@dataclass(frozen=True)
class Report:
    """What is known of a model on one test part; see `docs/formats.md` for the keys in JSON."""

    accuracy: Estimate
    uar: Estimate
    macro_f1: Estimate
    macro_precision: float
    macro_recall: float
    per_class: dict[str, dict[str, float]]
    confusion_matrix: list[list[int]]
    classes: list[str]
    protocol: str
    n_clips: int
    n_speakers: int | None
    speakers_seen_in_training: int | None
    share_of_speakers_seen: float | None
    ece: float
    listeners: None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the report as it is written to `report.json`."""
        return asdict(self)


def evaluate(
    probabilities: NDArray[Any],
    labels: NDArray[np.int32],
    clips: pd.DataFrame,
    classes: Labels,
    *,
    protocol: str,
    training_speakers: Collection[str] | None,
) -> Report:
    """Judge probabilities against the truth.

    Parameters
    ----------
    probabilities : shape (n_clips, n_classes)
        Scores of each clip, summing to 1.
    labels : int32, shape (n_clips,)
        True classes.
    clips : DataFrame, n_clips rows
        Says who speaks; intervals are over speakers, and are left out where a speaker is unknown.
    training_speakers : collection of `corpus/speaker`, or None
        Whom the model has heard in training; None if that isn't known.

    Raises
    ------
    EmospecError
        If the arrays don't fit together, a score isn't finite, or a class has no clip.
    """
    scores = check_probabilities(probabilities, len(labels), len(classes))
    predictions = scores.argmax(axis=1)
    confusion = metrics.confusion_matrix(labels, predictions, len(classes))
    metrics.check_every_class(confusion, classes.classes)
    speakers = speaker_keys(clips)
    estimate = estimator(confusion, labels, predictions, speakers)
    return Report(
        accuracy=estimate(metrics.accuracy),
        uar=estimate(metrics.uar),
        macro_f1=estimate(metrics.macro_f1),
        macro_precision=float(metrics.precision(confusion).mean()),
        macro_recall=float(metrics.recall(confusion).mean()),
        per_class=per_class(confusion, classes),
        confusion_matrix=confusion.tolist(),
        classes=list(classes.classes),
        protocol=protocol,
        n_clips=len(labels),
        **count_speakers(speakers, training_speakers),
        ece=metrics.expected_calibration_error(scores, labels),
    )


def check_probabilities(probabilities: NDArray[Any], n_clips: int, n_classes: int) -> metrics.Floats:
    """Return the scores in float64 if they have the right shape and are finite."""
    scores = np.asarray(probabilities, dtype=np.float64)
    if scores.shape != (n_clips, n_classes):
        raise EmospecError(f"scores of shape {scores.shape}; expected {n_clips} clips by {n_classes} classes")
    if not np.isfinite(scores).all():
        raise EmospecError("the model's scores are not finite; its training diverged: try a lower learning_rate")
    return scores


def estimator(
    confusion: NDArray[np.int64], labels: NDArray[np.int32], predictions: NDArray[np.int64], speakers: "pd.Series[str]"
) -> Callable[[Callable[[NDArray[Any]], metrics.Floats]], Estimate]:
    """Return a function from a score to its estimate, with intervals if every speaker is known."""
    if speakers.isna().any():
        return lambda score: Estimate(float(score(confusion)), None, None)
    by_speaker = metrics.speaker_confusions(labels, predictions, speakers.to_numpy(dtype=str), len(confusion))
    return lambda score: metrics.bootstrap(by_speaker, score)


def per_class(confusion: NDArray[np.int64], classes: Labels) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1 and the number of clips for each class."""
    columns = {
        "precision": metrics.precision(confusion),
        "recall": metrics.recall(confusion),
        "f1": metrics.f1(confusion),
    }
    return {
        name: {key: float(values[row]) for key, values in columns.items()} | {"support": int(confusion[row].sum())}
        for row, name in enumerate(classes.classes)
    }


def count_speakers(speakers: "pd.Series[str]", training_speakers: Collection[str] | None) -> dict[str, Any]:
    """Count the speakers, and those of them that were heard in training; None where that isn't known."""
    known = set(speakers.dropna())
    if not known:
        return {"n_speakers": None, "speakers_seen_in_training": None, "share_of_speakers_seen": None}
    seen = None if training_speakers is None else len(known & set(training_speakers))
    share = None if seen is None else seen / len(known)
    return {"n_speakers": len(known), "speakers_seen_in_training": seen, "share_of_speakers_seen": share}
