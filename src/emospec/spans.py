"""Stretches of speech, from levels that come page by page."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.float32]  # dB re 1.0, one each HOP seconds
Span = tuple[int, int]  # first frame, and the one after the last

HOP = 0.02  # s
DEAD = -75.0  # dB; what is below counts as this, and is no room but digital silence

PAUSE = round(0.4 / HOP)  # shorter ones are within an utterance
LEAST_SPEECH = round(0.2 / HOP)  # what is loud for less is a click
MARGIN = round(0.14 / HOP)  # kept before and after
ROOM = round(2 / HOP)  # so much of a room's noise belongs to an utterance, if digital silence lies beyond
DEAD_RUN = round(0.1 / HOP)  # of digital silence
LONGEST = round(60 / HOP)  # longer utterances are divided at their quietest point
SEARCHED = round(20 / HOP)  # at the end of a long utterance, in which that point is looked for


class Thresholds(NamedTuple):
    """Levels in dB: what is louder than `loud` is speech, and so is what is louder than `soft` beside it."""

    loud: float
    soft: float


class SpanFinder:
    """Collects levels, and gives the stretches of speech that are over."""

    def __init__(self) -> None:
        self._levels, self._loud, self._soft = np.zeros(0, np.float32), np.zeros(0, bool), np.zeros(0, bool)
        self.oldest = 0  # the first frame that is still needed

    def feed(self, levels: Levels, thresholds: Thresholds) -> Iterator[Span]:
        """Take the levels that follow; yield the stretches that are over, in order."""
        self._levels = np.concatenate([self._levels, levels])
        self._loud = np.concatenate([self._loud, levels > thresholds.loud])
        self._soft = np.concatenate([self._soft, levels > thresholds.soft])
        yield from self._finished(ROOM)

    def finish(self) -> Iterator[Span]:
        """Yield what is left when the recording ends."""
        yield from self._finished(0)

    def _finished(self, beyond: int) -> Iterator[Span]:
        """Yield the stretches beyond whose end so many frames are known, and forget what lies behind."""
        while group := first_group(self._loud, self._soft):
            start, end = group
            if end - start > LONGEST:
                end = start + LONGEST - SEARCHED + quietest(self._levels[start + LONGEST - SEARCHED : start + LONGEST])
                yield self._span(self._left(start), end)
            elif end > len(self._levels) - beyond:
                self._drop(start - ROOM)
                return
            elif self._loud[start:end].sum() >= LEAST_SPEECH:
                end = self._right(end)
                yield self._span(self._left(start), end)
            self._drop(end)
        self._drop(len(self._levels) - ROOM)

    def _span(self, start: int, end: int) -> Span:
        return self.oldest + start, self.oldest + end

    def _left(self, start: int) -> int:
        """Return where an utterance begins whose first loud frame is `start`."""
        return start - room_beside(self._levels[max(0, start - ROOM) : start][::-1])

    def _right(self, end: int) -> int:
        return end + room_beside(self._levels[end : end + ROOM])

    def _drop(self, n_frames: int) -> None:
        n_frames = max(0, n_frames)
        self._levels, self._loud = self._levels[n_frames:], self._loud[n_frames:]
        self._soft = self._soft[n_frames:]
        self.oldest += n_frames


def first_group(loud: NDArray[np.bool_], soft: NDArray[np.bool_]) -> Span | None:
    """Return the first stretch that is loud, with what is soft beside it, over pauses that are short.

    >>> loud, soft = np.zeros((2, 60), bool)
    >>> loud[[3, 4, 10]] = soft[2:5] = soft[9:13] = True
    >>> first_group(loud, soft)
    (2, 13)
    """
    frames = np.flatnonzero(loud | soft & beside(loud, soft))
    if not frames.size:
        return None
    pauses = np.flatnonzero(np.diff(frames) > PAUSE)
    return int(frames[0]), int(frames[pauses[0] if pauses.size else -1]) + 1


def beside(loud: NDArray[np.bool_], soft: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell for each frame whether its run of soft ones has a loud one."""
    run = np.cumsum(np.diff(soft, prepend=False))
    has_loud = np.zeros(run[-1] + 1 if run.size else 1, bool)
    has_loud[run[loud & soft]] = True
    return np.asarray(has_loud[run], bool)


def room_beside(levels: Levels) -> int:
    """Return how many frames beside loud ones belong to an utterance, from the nearest outwards.

    All up to digital silence, since a recording that was cut begins and ends there; else a small margin.
    """
    is_dead = np.concatenate([levels <= DEAD, np.ones(DEAD_RUN, bool)])
    runs = np.lib.stride_tricks.sliding_window_view(is_dead, DEAD_RUN).all(axis=1)
    nearest = int(runs.argmax())
    return nearest if nearest < len(levels) else min(MARGIN, len(levels))


def quietest(levels: Levels) -> int:
    """Return the middle of the quietest fifth of a second."""
    width = round(0.2 / HOP)
    return int(np.convolve(levels, np.ones(width), "valid").argmin()) + width // 2
