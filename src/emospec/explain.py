"""Which part of the spectrogram spoke for an answer: cells are silenced, and what that does to the answer is seen.

Many times over, blocks at random places are silenced, about a fifth of the picture; a cell's heat is how much the
answer loses, on average, when the cell is among those silenced. It needs the graph alone, no gradients.

References
----------
Petsiuk, V.; Das, A.; Saenko, K. RISE: Randomized Input Sampling for Explanation of Black-box Models. BMVC 2018.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emospec.answers import Answerer
from emospec.bundle import GRAPH, INPUT, PROBABILITIES, check_finite, session_of
from emospec.errors import ConfigError
from emospec.graph_cut import cut_behind
from emospec.mel import MelConfig
from emospec.predictions import Prediction

Picture = NDArray[np.uint8]  # shape (height, width), the lowest band at the bottom
Heat = NDArray[np.float32]  # same shape

FRONT = "front/"  # how the names of all that lies between sound and picture begin

N_MASKS = 400
AT_ONCE = 50
BLOCKS = 15  # in a row and in a column of the picture
SHARE = 0.2  # of the blocks that one mask silences


@dataclass(frozen=True)
class Explanation:
    """What an answer rests on.

    Attributes
    ----------
    image : uint8, shape (height, width)
        What the network sees: 0 is silence, the lowest band is at the bottom.
    heat : float32, shape (height, width), in [-1, 1]
        Above 0 where the sound spoke for the answer, below 0 where it spoke against it.
    start, end : seconds
        What the picture covers of the clip; it reaches beyond both ends of a short one.
    """

    image: Picture
    heat: Heat
    prediction: Prediction
    start: float
    end: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON: the answer, and `heat` and `image` as rows from the top."""
        return self.prediction.to_dict() | {
            "heat": [[round(cell, 4) for cell in row] for row in self.heat.tolist()],
            "image": self.image.tolist(),
            "start": self.start,
            "end": self.end,
        }


class Explainer:
    """Explains the answers of a bundle; it holds the bundle's graph in two parts, before and behind the picture.

    Raises
    ------
    ConfigError
        If the graph cannot be divided, since no picture is inside it.
    """

    def __init__(self, answerer: Answerer, threads: int | None = None) -> None:
        path = answerer.bundle.path / GRAPH
        halves = cut_behind(path.read_bytes(), FRONT)
        if halves is None:
            raise ConfigError(f"{path} has no picture inside it, which `explain` needs; export the model again")
        self._answerer, self._entry = answerer, halves.tensor
        self._draw, self._judge = session_of(halves.before, threads), session_of(halves.after, threads)

    def explain(self, clip: NDArray[np.float32]) -> Explanation:
        """Explain the answer on a clip at the bundle's rate."""
        picture = self.picture(clip)
        scores = self.score(picture[np.newaxis])[0]
        heat = heat_of(picture, int(scores.argmax()), self.score)
        rate = self._answerer.sample_rate
        answer = self._answerer.answer(scores, len(clip) / rate)
        return Explanation(picture, heat, answer, *seconds_of(len(clip), self._answerer.bundle.mel))

    def picture(self, clip: NDArray[np.float32]) -> Picture:
        """Return what the network sees of a clip."""
        image = self._draw.run([self._entry], {INPUT: clip[np.newaxis]})[0]
        return np.asarray(image[0, :, :, 0], np.uint8)

    def score(self, pictures: NDArray[Any]) -> NDArray[np.float64]:
        """Return the probabilities of each emotion for pictures, shape (n, height, width)."""
        images = np.asarray(pictures, np.float32)[..., np.newaxis]
        parts = (images[start : start + AT_ONCE] for start in range(0, len(images), AT_ONCE))
        scores = [self._judge.run([PROBABILITIES], {self._entry: np.ascontiguousarray(part)})[0] for part in parts]
        whole = np.concatenate(scores).astype(np.float64)
        check_finite(whole, self._answerer.bundle.name)
        return whole


def heat_of(picture: Picture, label: int, score: Any, *, n_masks: int = N_MASKS, seed: int = 0) -> Heat:
    """Return how much each cell spoke for a class, in [-1, 1].

    Parameters
    ----------
    picture : uint8, shape (height, width)
    label : int
        The class that is explained.
    score : function
        Returns the probabilities for pictures of shape (n, height, width).
    n_masks : int
        More give a smoother map and take longer.
    """
    sounding = np.flatnonzero(picture.any(axis=0))
    if not sounding.size:
        return np.zeros(picture.shape, np.float32)
    heard = slice(int(sounding[0]), int(sounding[-1]) + 1)
    masks = np.zeros((n_masks, *picture.shape), bool)
    masks[:, :, heard] = random_masks(n_masks, picture[:, heard].shape, seed)
    scores = np.concatenate(
        [score(np.where(masks[at : at + AT_ONCE], 0, picture))[:, label] for at in range(0, n_masks, AT_ONCE)]
    )
    return scaled(_smooth(_losses(masks, scores)) * (picture > 0))  # to silence silence changes nothing


def random_masks(n: int, shape: tuple[int, int], seed: int) -> NDArray[np.bool_]:
    """Return masks with blocks at random places, whose grid is shifted at random: shape (n, *shape)."""
    rng = np.random.default_rng(seed)
    height, width = (-(-size // BLOCKS) for size in shape)
    blocks = rng.random((n, BLOCKS + 1, BLOCKS + 1)) < SHARE
    masks = blocks.repeat(height, axis=1).repeat(width, axis=2)
    places = zip(masks, rng.integers(height, size=n), rng.integers(width, size=n), strict=True)
    return np.stack([mask[down : down + shape[0], right : right + shape[1]] for mask, down, right in places])


def _losses(masks: NDArray[np.bool_], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the slope of the log-odds on whether a cell is silenced, with the sign turned."""
    odds = np.log(np.maximum(scores, 1e-6)) - np.log(np.maximum(1 - scores, 1e-6))
    flat = masks.reshape(len(masks), -1).astype(np.float32)
    spread = flat - flat.mean(axis=0)
    slopes = -(odds - odds.mean()) @ spread / np.maximum((spread**2).sum(axis=0), 1e-6)
    return np.asarray(slopes.reshape(masks.shape[1:]), np.float64)


def _smooth(heat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means of cells with those around them."""
    padded = np.pad(heat, 1, mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).mean(axis=(2, 3)))


def scaled(heat: NDArray[np.floating]) -> Heat:
    """Return heat whose greatest value, above or below 0, is 1."""
    greatest = float(np.abs(heat).max())
    return np.asarray(heat / greatest if greatest else heat, np.float32)


def seconds_of(n_samples: int, mel: MelConfig) -> tuple[float, float]:
    """Return where in a clip of so many samples its picture begins and ends; frames are centred on their times."""
    n_frames = 1 + n_samples // mel.hop_length
    beyond = mel.width - n_frames
    first = -(beyond // 2) if beyond > 0 else -beyond // 2
    start = (first - 0.5) * mel.hop_length / mel.sample_rate
    return start, start + mel.width * mel.hop_length / mel.sample_rate
