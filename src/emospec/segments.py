"""Utterances as stretches of one emotion each: few changes, each at the place that the sound speaks for."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emospec.answers import Answerer
from emospec.speech import Utterance

Floats = NDArray[np.float64]

CHANGE_COST = 0.5  # nats that the windows must gain for an emotion to change
STEP = 0.1  # s between the places that are tried for a change
REACH = 1.5  # s of sound on each side that are asked
LEAST_PIECE = 0.5  # s: shorter pieces of sound say too little


class Stretch(NamedTuple):
    """A stretch of a recording, in samples, and the probability of each emotion in it."""

    start: int
    end: int
    scores: Floats

    @property
    def length(self) -> int:
        """In samples."""
        return self.end - self.start

    @property
    def middle(self) -> int:
        """The sample in its middle."""
        return (self.start + self.end) // 2


def segments_of(utterance: Utterance, pieces: Sequence[Stretch], answerer: Answerer, share: float) -> list[Stretch]:
    """Divide an utterance into stretches of one emotion.

    Parameters
    ----------
    pieces : in order of time
        Scored parts of the utterance, which overlap.
    share : float
        How much of a piece is new to it: the hop of the windows over their length.
    """
    whole = max(piece.length for piece in pieces)
    weights = np.array([share * piece.length / whole for piece in pieces])
    classes = smoothed(np.stack([piece.scores for piece in pieces]), weights)
    edges = [utterance.start]
    for place in (np.flatnonzero(np.diff(classes)) + 1).tolist():
        about = (pieces[place - 1].middle + pieces[place].middle) // 2
        reach = (pieces[place].middle - pieces[place - 1].middle) or 1
        change = Change(int(classes[place - 1]), int(classes[place]), max(about - reach, edges[-1]), about + reach)
        edges.append(_sharpened(change, utterance, answerer))
    return [_between(start, end, pieces) for start, end in pairwise([*edges, utterance.end]) if end > start]


class Change(NamedTuple):
    """Two classes, and between which samples the one gives way to the other."""

    before: int
    after: int
    earliest: int
    latest: int


def _sharpened(change: Change, utterance: Utterance, answerer: Answerer) -> int:
    """Return the sample at which the sound before speaks most for the one class, and that after for the other."""
    rate = answerer.sample_rate
    least, reach = round(LEAST_PIECE * rate), round(REACH * rate)
    earliest = max(change.earliest, utterance.start + least)
    latest = min(change.latest, utterance.end - least)
    places = range(earliest, latest + 1, round(STEP * rate))
    if not places:
        return max(change.earliest, min((change.earliest + change.latest) // 2, utterance.end))
    before = [utterance.between(max(utterance.start, place - reach), place) for place in places]
    after = [utterance.between(place, min(utterance.end, place + reach)) for place in places]
    scores = np.log(np.maximum(answerer.score([*before, *after]), 1e-6))
    gains = scores[: len(places), change.before] + scores[len(places) :, change.after]
    return places[int(gains.argmax())]


def _between(start: int, end: int, pieces: Sequence[Stretch]) -> Stretch:
    """Return a stretch whose scores are those of the pieces, by how much of it they hear."""
    overlaps = np.array([max(1e-6, min(end, piece.end) - max(start, piece.start)) for piece in pieces])
    return Stretch(start, end, np.average([piece.scores for piece in pieces], axis=0, weights=overlaps))


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return stretches of which no two of one emotion touch."""
    kept: list[Stretch] = []
    for stretch in stretches:
        last = kept[-1] if kept else None
        if last and last.end == stretch.start and last.scores.argmax() == stretch.scores.argmax():
            scores = np.average([last.scores, stretch.scores], axis=0, weights=[last.length, stretch.length])
            kept[-1] = Stretch(last.start, stretch.end, scores)
        else:
            kept.append(stretch)
    return kept


def smoothed(scores: Floats, weights: Floats, cost: float = CHANGE_COST) -> NDArray[np.intp]:
    """Return the class of each window: the most likely sequence if each change costs something.

    Parameters
    ----------
    scores : shape (n_windows, n_classes)
        Probabilities, in order of time.
    weights : shape (n_windows,)
        How much each window tells that the others don't: windows that overlap hear the same sound.

    References
    ----------
    Viterbi, A. Error bounds for convolutional codes and an asymptotically optimum decoding algorithm. 1967.
    """
    gains = np.log(np.maximum(scores, 1e-6)) * weights[:, np.newaxis]
    total, came_from = gains[0], np.zeros(scores.shape, np.intp)
    for place in range(1, len(gains)):
        best = int(total.argmax())
        stays = total >= total[best] - cost
        came_from[place] = np.where(stays, np.arange(scores.shape[1]), best)
        total = np.where(stays, total, total[best] - cost) + gains[place]
    path = [int(total.argmax())]
    for place in range(len(gains) - 1, 0, -1):
        path.append(int(came_from[place, path[-1]]))
    return np.array(path[::-1])
