"""Scores to a report: the one place where any model, Keras run or other, is judged."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec import metrics, metrics_roc
from emospec.clips import speaker_keys, speakers_to_draw
from emospec.emotions import Labels
from emospec.errors import EmospecError
from emospec.listeners import judge_listeners
from emospec.metrics import Estimate
from emospec.metrics_checks import check_lengths, check_probabilities


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
    roc_auc: Estimate
    brier: Estimate
    ece: float
    reliability: list[dict[str, float]]
    risk_coverage: list[dict[str, float]]
    listeners: dict[str, Any] | None = None

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
        Scores of each clip, from 0 to 1 and summing to 1 (within 0.001).
    labels : int32, shape (n_clips,)
        True classes.
    clips : DataFrame, n_clips rows
        Says who speaks; intervals are over speakers, and are left out where a speaker is unknown. A column
        `votes` says what listeners heard.
    training_speakers : collection of `corpus/speaker`, or None
        Whom the model has heard in training; None if that isn't known.

    Raises
    ------
    EmospecError
        If the arrays don't fit together, the scores are no probabilities, or a class has no clip.
    """
    check_shapes(probabilities, labels, clips, classes)
    scores, _ = check_probabilities(probabilities, labels)
    predictions = scores.argmax(axis=1)
    confusion = metrics.confusion_matrix(labels, predictions, len(classes))
    metrics.check_every_class(confusion, classes.classes)
    return Report(
        **judge_answers(confusion, labels, predictions, clips),
        **judge_scores(scores, labels, clips),
        per_class=per_class(confusion, metrics_roc.roc_auc(scores, labels), classes),
        classes=list(classes.classes),
        protocol=protocol,
        n_clips=len(labels),
        **count_speakers(speaker_keys(clips), training_speakers),
        listeners=judge_listeners(clips, labels, predictions, classes),
    )


def check_shapes(probabilities: NDArray[Any], labels: NDArray[np.int32], clips: pd.DataFrame, classes: Labels) -> None:
    """Raise unless there is a label and a score for each class a clip."""
    check_lengths(clip=clips, label=labels)
    if np.shape(probabilities) != (len(labels), len(classes)):
        shape = np.shape(probabilities)
        raise EmospecError(f"scores of shape {shape}; expected {len(labels)} clips by {len(classes)} classes")


def judge_answers(
    confusion: NDArray[np.int64], labels: NDArray[np.int32], predictions: NDArray[np.int64], clips: pd.DataFrame
) -> dict[str, Any]:
    """Return what only asks whether the answers are right."""
    by_speaker = metrics.speaker_confusions(labels, predictions, speakers_to_draw(clips), len(confusion))
    return {
        "accuracy": metrics.bootstrap(by_speaker, metrics.accuracy),
        "uar": metrics.bootstrap(by_speaker, metrics.uar),
        "macro_f1": metrics.bootstrap(by_speaker, metrics.macro_f1),
        "macro_precision": float(metrics.precision(confusion).mean()),
        "macro_recall": float(metrics.recall(confusion).mean()),
        "confusion_matrix": confusion.tolist(),
    }


def judge_scores(scores: metrics.Floats, labels: NDArray[np.int32], clips: pd.DataFrame) -> dict[str, Any]:
    """Return what asks how sure the model was, too."""
    speakers = speakers_to_draw(clips)
    return {
        "roc_auc": metrics_roc.bootstrap_roc_auc(scores, labels, speakers),
        "brier": metrics.mean_estimate(metrics.brier_score(scores, labels), speakers),
        "ece": metrics.expected_calibration_error(scores, labels),
        "reliability": metrics.reliability(scores, labels),
        "risk_coverage": metrics.risk_coverage(scores, labels),
    }


def per_class(confusion: NDArray[np.int64], roc_auc: metrics.Floats, classes: Labels) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1, ROC AUC and the number of clips for each class."""
    columns = {
        "precision": metrics.precision(confusion),
        "recall": metrics.recall(confusion),
        "f1": metrics.f1(confusion),
        "roc_auc": roc_auc,
    }
    return {
        name: {key: float(values[row]) for key, values in columns.items()} | {"support": int(confusion[row].sum())}
        for row, name in enumerate(classes.classes)
    }


def count_speakers(speakers: "pd.Series[str]", training_speakers: Collection[str] | None) -> dict[str, Any]:
    """Count the speakers, and those of them that were heard in training; None where that isn't known.

    If none of the known ones was heard, but clips don't say who speaks, it isn't known: their voices may have been.
    """
    known = set(speakers.dropna())
    if not known:
        return {"n_speakers": None, "speakers_seen_in_training": None, "share_of_speakers_seen": None}
    seen = None if training_speakers is None else len(known & set(training_speakers))
    if not seen and speakers.isna().any():
        seen = None
    share = None if seen is None else seen / len(known)
    return {"n_speakers": len(known), "speakers_seen_in_training": seen, "share_of_speakers_seen": share}
