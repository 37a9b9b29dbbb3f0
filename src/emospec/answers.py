"""A model's probabilities as answers, and when an answer is called uncertain."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emospec.bundle import Bundle, Scores
from emospec.errors import ConfigError
from emospec.predictions import Prediction


@dataclass(frozen=True)
class Answerer:
    """What turns sound at the bundle's own rate into answers.

    Attributes
    ----------
    uncertain_below : float, optional
        Answers of less confidence are uncertain; decided by the bundle's calibration unless given.

    Raises
    ------
    ConfigError
        If that is no probability.
    """

    bundle: Bundle
    uncertain_below: float | None = None

    def __post_init__(self) -> None:
        check_threshold(self.uncertain_below)

    @property
    def sample_rate(self) -> int:
        """Of the sound, in Hz."""
        return self.bundle.sample_rate

    @property
    def hears_seconds(self) -> float:
        """How much of a clip fits into the model's picture; of longer ones it hears the middle."""
        return self.bundle.mel.width * self.bundle.mel.hop_length / self.sample_rate

    def score(self, sounds: Sequence[NDArray[np.float32]]) -> Scores:
        """Return the probabilities of each emotion in each sound: shape (n_sounds, n_classes)."""
        return self.bundle.score(sounds, self.sample_rate)

    def answer(self, scores: NDArray[np.floating], seconds: float) -> Prediction:
        """Return one row of probabilities as an answer."""
        named = dict(zip(self.bundle.classes.classes, scores.tolist(), strict=True))
        return Prediction(max(named, key=named.__getitem__), named, self.is_uncertain(scores), seconds)

    def is_uncertain(self, scores: NDArray[np.floating]) -> bool:
        """Tell whether an answer had better not be relied on."""
        if self.uncertain_below is not None:
            return bool(scores.max() < self.uncertain_below)
        calibration = self.bundle.calibration
        return calibration is not None and not bool(calibration.is_sure(scores))


def check_threshold(below: float | None) -> None:
    """Raise unless answers can be called uncertain below this; None leaves it to the bundle."""
    if below is not None and not (isinstance(below, int | float | np.number) and 0 <= below <= 1):
        raise ConfigError(
            f"uncertain_below={below!r}: expected a probability, from 0 to 1, or None for the bundle's own"
        )
