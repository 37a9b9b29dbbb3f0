"""Where somebody speaks in a stream of sound: by its level against the noise around it.

No model is asked: what is louder than its surroundings and rises and falls counts as speech. Steady noise and hum do
not, whatever their level.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from emospec.recordings import Waveform
from emospec.spans import DEAD, HOP, Levels, Span, SpanFinder, Thresholds

LOWEST = 150.0  # Hz; mains hum and rumble lie below
PAGE = 20.0  # s; noise and loudness are those of a page and its neighbours
LEAST_LOUDNESS = -50.0  # dB: where nothing is louder, nobody speaks
LEAST_RANGE = 10.0  # dB from the noise to what is loudest: steady noise has less
SHARE_OF_RANGE = 0.25  # of it, by which speech is above the noise
LEAST_ABOVE = 6.0  # dB, by which even the softest speech is
MOST_ALIVE = 0.98  # of the time: steady sound with more digital silence than the rest was put there
NOBODY = Thresholds(np.inf, np.inf)
FORGETTING = 3.0  # dB a page: how fast loud speech is forgotten


class Utterance(NamedTuple):
    """A stretch of speech: its first sample in the recording, and its sound."""

    start: int
    sound: Waveform

    @property
    def end(self) -> int:
        """The sample after its last one."""
        return self.start + len(self.sound)

    def between(self, start: int, end: int) -> Waveform:
        """Return the sound between two samples of the recording."""
        return self.sound[start - self.start : end - self.start]


class _Page(NamedTuple):
    sound: Waveform
    levels: Levels


def utterances(blocks: Iterable[Waveform], sample_rate: int) -> Iterator[Utterance]:
    """Yield stretches of speech in order, each at most a minute long.

    Parameters
    ----------
    blocks : of shape (n_samples,), in [-1, 1]
        A recording in pieces of any lengths; about two minutes of it are kept, however long it is.
    """
    hop = round(HOP * sample_rate)
    finder, tape = SpanFinder(), _Tape(hop)
    for page, thresholds in with_thresholds(_pages(blocks, sample_rate)):
        tape.append(page.sound)
        spans = finder.feed(page.levels, thresholds)
        yield from (tape.cut(span) for span in spans)
        tape.forget(finder.oldest)
    yield from (tape.cut(span) for span in finder.finish())


class _Tape:
    """The last minutes of a recording."""

    def __init__(self, hop: int) -> None:
        self._hop, self._start = hop, 0
        self._sound = np.zeros(0, np.float32)

    def append(self, sound: Waveform) -> None:
        self._sound = np.concatenate([self._sound, sound])

    def cut(self, span: Span) -> Utterance:
        start, end = (edge * self._hop - self._start for edge in span)
        return Utterance(start + self._start, self._sound[start:end].copy())

    def forget(self, frame: int) -> None:
        """Drop all before a frame."""
        start = max(0, frame * self._hop)
        self._sound, self._start = self._sound[max(0, start - self._start) :], max(start, self._start)


def _pages(blocks: Iterable[Waveform], sample_rate: int) -> Iterator[_Page]:
    length = round(HOP * sample_rate) * round(PAGE / HOP)
    kept: list[Waveform] = []
    for block in blocks:
        kept.append(block)
        if sum(map(len, kept)) >= length:
            whole = np.concatenate(kept)
            rest = len(whole) - len(whole) % length
            yield from (_page(whole[start : start + length], sample_rate) for start in range(0, rest, length))
            kept = [whole[rest:].copy()]
    if kept and sum(map(len, kept)):
        yield _page(np.concatenate(kept), sample_rate)


def _page(sound: Waveform, sample_rate: int) -> _Page:
    if sound.any():
        return _Page(sound, levels_of(sound, sample_rate))
    return _Page(sound, np.full(-(-len(sound) // round(HOP * sample_rate)), DEAD, np.float32))


def levels_of(sound: Waveform, sample_rate: int) -> Levels:
    """Return the level of a sound above `LOWEST`, each `HOP` seconds; at least `DEAD`."""
    hop = round(HOP * sample_rate)
    n_frames = -(-len(sound) // hop)
    padded = np.zeros((n_frames + 1) * hop, np.float32)
    padded[hop // 2 :][: len(sound)] = sound
    window = np.hanning(2 * hop).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop] * window
    spectrum = np.fft.rfft(frames)[:, int(LOWEST / sample_rate * 2 * hop) + 1 :]
    power = (spectrum.real**2 + spectrum.imag**2).sum(axis=1) / (hop * (window**2).sum())
    return np.asarray(np.maximum(10 * np.log10(np.maximum(power, 1e-12)), DEAD), np.float32)


def with_thresholds(pages: Iterable[_Page]) -> Iterator[tuple[_Page, Thresholds]]:
    """Yield pages with the levels above which somebody speaks."""
    before: list[_Page] = []
    loudest = -np.inf
    for page in pages:
        before.append(page)
        if len(before) > 1:
            loudest = _loudest(before, loudest)
            yield before[-2], thresholds_of(np.concatenate([each.levels for each in before]), loudest)
        before = before[-2:]
    if before:
        yield before[-1], thresholds_of(np.concatenate([each.levels for each in before]), _loudest(before, loudest))


def _loudest(pages: list[_Page], known: float) -> float:
    levels = np.concatenate([each.levels for each in pages])
    smooth = np.convolve(levels, np.full(5, 0.2), "valid") if len(levels) > 5 else levels
    return max(float(smooth.max()), known - FORGETTING)


def thresholds_of(levels: Levels, loudest: float) -> Thresholds:
    """Return the levels above which somebody speaks, given those around and the loudest of late."""
    alive = levels[levels > DEAD]
    if not alive.size or loudest < LEAST_LOUDNESS:
        return NOBODY
    noise = float(np.percentile(alive, 10))
    if loudest - noise < LEAST_RANGE:  # all is as loud as the loudest: sounds in digital silence, or noise
        return Thresholds(DEAD, DEAD) if alive.size < MOST_ALIVE * levels.size else NOBODY
    above = max(LEAST_ABOVE, SHARE_OF_RANGE * (loudest - noise))
    return Thresholds(noise + above, noise + LEAST_ABOVE)
