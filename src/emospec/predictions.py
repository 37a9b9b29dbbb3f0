"""What a model says of a sound: one answer, or answers along a long recording."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Prediction:
    """One answer on one sound.

    Attributes
    ----------
    emotion : str
        The one with the greatest score.
    scores : mapping
        The probability of each emotion, in the order of the model's classes; they sum to 1.
    uncertain : bool
        Whether the answer had better not be relied on; see `confidence`.
    seconds : float
        Length of the sound.
    """

    emotion: str
    scores: Mapping[str, float]
    uncertain: bool
    seconds: float

    @property
    def confidence(self) -> float:
        """The probability of the answer."""
        return self.scores[self.emotion]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return answer_of(self) | {"uncertain": self.uncertain, "seconds": self.seconds}


def answer_of(prediction: Prediction) -> dict[str, Any]:
    """Return emotion, confidence and scores."""
    return {
        "emotion": prediction.emotion,
        "confidence": prediction.confidence,
        "scores": dict(prediction.scores),
    }


@dataclass(frozen=True)
class Window:
    """A stretch of a recording, in seconds, and what was heard in it: None where nobody speaks."""

    start: float
    end: float
    prediction: Prediction | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; `emotion` is None where nobody speaks."""
        heard = {"emotion": None} if self.prediction is None else self.prediction.to_dict()
        return {"start": self.start, "end": self.end} | {k: v for k, v in heard.items() if k != "seconds"}


@dataclass(frozen=True)
class Segment:
    """A stretch of a recording, in seconds, with one emotion; None is silence, without confidence and scores."""

    start: float
    end: float
    emotion: str | None
    confidence: float | None
    uncertain: bool
    scores: Mapping[str, float] | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "start": self.start,
            "end": self.end,
            "emotion": self.emotion,
            "confidence": self.confidence,
            "uncertain": self.uncertain,
            "scores": None if self.scores is None else dict(self.scores),
        }


@dataclass(frozen=True)
class Timeline:
    """A recording from its beginning to its end: windows at regular times, and segments that leave no gap."""

    seconds: float
    windows: tuple[Window, ...]
    segments: tuple[Segment, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "seconds": self.seconds,
            "windows": [window.to_dict() for window in self.windows],
            "segments": [segment.to_dict() for segment in self.segments],
        }


def named_scores(scores: NDArray[np.floating], classes: tuple[str, ...]) -> dict[str, float]:
    """Return one row of probabilities by the names of the classes."""
    return {name: float(score) for name, score in zip(classes, scores, strict=True)}
