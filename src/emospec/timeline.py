"""Timelines of long recordings: windows at regular times, and segments of one emotion with silence between them."""

from collections.abc import Callable, Iterable, Iterator

from emospec.answers import Answerer
from emospec.errors import ConfigError
from emospec.predictions import Segment, Timeline, Window
from emospec.recordings import Waveform
from emospec.segments import Stretch, merged, segments_of
from emospec.speech import Utterance, utterances

LEAST_HEARD = 0.25  # s of speech that a window needs for an answer
LEAST_SILENCE = 0.1  # s
LEAST_HOP = 0.01  # s
BETWEEN_REPORTS = 1.0  # s of the recording


def make_timeline(
    blocks: Iterable[Waveform],
    answerer: Answerer,
    *,
    window: float,
    hop: float,
    progress: Callable[[float], None] | None = None,
) -> Timeline:
    """Return the timeline of a recording that comes in blocks.

    Parameters
    ----------
    blocks : of shape (n_samples,), in [-1, 1], at the answerer's rate
    window, hop : seconds
        Length of the windows, and from the beginning of one to that of the next.
    progress : function, optional
        Called with the seconds that were read so far, at most once a second of them, and at the end.
    """
    check_windows(window, hop, answerer.hears_seconds)
    listener = _Listener(answerer, window, hop)
    counted = _Counted(blocks, answerer.sample_rate, progress)
    for utterance in utterances(counted, answerer.sample_rate):
        listener.hear(utterance)
    return listener.timeline(counted.n_samples)


def check_windows(window: float, hop: float, longest: float) -> None:
    """Raise unless windows of this length and distance can be heard by the model and leave no gap."""
    if not LEAST_HEARD <= window <= longest:
        raise ConfigError(f"window {window:g} s: expected {LEAST_HEARD:g} to {longest:g} s, which this model can hear")
    if not LEAST_HOP <= hop <= window:
        raise ConfigError(f"hop {hop:g} s: expected {LEAST_HOP:g} s to {window:g} s, the window")


class _Counted:
    """Blocks, counted as they go through; now and then the seconds so far are told, each number once."""

    def __init__(self, blocks: Iterable[Waveform], rate: int, progress: Callable[[float], None] | None) -> None:
        self._blocks, self._rate, self._progress = blocks, rate, progress
        self.n_samples, self._told = 0, -1.0

    def __iter__(self) -> Iterator[Waveform]:
        for block in self._blocks:
            yield block
            self.n_samples += len(block)
            self._tell(BETWEEN_REPORTS)
        self._tell(0)

    def _tell(self, least: float) -> None:
        """Report the seconds so far if they are that many more than the last time, and more at all."""
        seconds = round(self.n_samples / self._rate, 3)
        if self._progress and seconds > self._told and seconds >= self._told + least:
            self._progress(seconds)
            self._told = seconds


class _Listener:
    """Hears the utterances of a recording one after the other, and keeps the answers."""

    def __init__(self, answerer: Answerer, window: float, hop: float) -> None:
        self._answerer = answerer
        self._window, self._hop = (round(seconds * answerer.sample_rate) for seconds in (window, hop))
        self._heard: dict[int, Stretch] = {}  # by the number of the window: the piece of speech that fills most of it
        self._stretches: list[Stretch] = []

    def hear(self, utterance: Utterance) -> None:
        """Score an utterance: the parts that windows have of it, and the whole if it is no longer than a window."""
        parts = dict(self._parts(utterance))
        whole = (utterance.start, utterance.end)
        is_short = len(utterance.sound) <= self._window
        spans = sorted({*parts.values(), whole} if is_short else set(parts.values()))
        scores = self._answerer.score([utterance.between(*span) for span in spans])
        pieces = {span: Stretch(*span, row) for span, row in zip(spans, scores, strict=True)}
        for number, span in parts.items():
            self._heard[number] = max(
                self._heard.get(number, pieces[span]), pieces[span], key=lambda piece: piece.length
            )
        own = [pieces[whole]] if is_short else list(pieces.values())
        self._stretches += segments_of(utterance, own, self._answerer, self._hop / self._window)

    def _parts(self, utterance: Utterance) -> Iterator[tuple[int, tuple[int, int]]]:
        """Yield the numbers of windows and the part of the utterance that each has."""
        least = min(round(LEAST_HEARD * self._answerer.sample_rate), len(utterance.sound))
        first = max(0, (utterance.start - self._window) // self._hop + 1)
        for number in range(first, -(-utterance.end // self._hop)):
            start = max(number * self._hop, utterance.start)
            end = min(number * self._hop + self._window, utterance.end)
            if end - start >= least:
                yield number, (start, end)

    def timeline(self, n_samples: int) -> Timeline:
        """Return all that was heard."""
        n_windows = max(1, 1 + -(-(n_samples - self._window) // self._hop))
        windows = tuple(self._window_at(number, n_samples) for number in range(n_windows))
        return Timeline(self._seconds(n_samples), windows, tuple(self._segments(n_samples)))

    def _window_at(self, number: int, n_samples: int) -> Window:
        start, piece = number * self._hop, self._heard.get(number)
        end = min(start + self._window, n_samples)
        answer = piece and self._answerer.answer(piece.scores, piece.length / self._answerer.sample_rate)
        return Window(self._seconds(start), self._seconds(end), answer)

    def _segments(self, n_samples: int) -> Iterator[Segment]:
        """Yield segments without gaps: silence between utterances, and one segment where two of an emotion touch."""
        at = 0
        for start, end, scores in self._whole_stretches(n_samples):
            if start > at:
                yield Segment(self._seconds(at), self._seconds(start), None, None, False, None)
            answer = self._answerer.answer(scores, 0.0)
            times = self._seconds(start), self._seconds(end)
            yield Segment(*times, answer.emotion, answer.confidence, answer.uncertain, answer.scores)
            at = end
        if at < n_samples:
            yield Segment(self._seconds(at), self._seconds(n_samples), None, None, False, None)

    def _whole_stretches(self, n_samples: int) -> list[Stretch]:
        """Return what was heard; what is left at either end of the recording is silence only if it is long enough."""
        stretches, sliver = merged(self._stretches), LEAST_SILENCE * self._answerer.sample_rate
        if stretches and stretches[0].start < sliver:
            stretches[0] = stretches[0]._replace(start=0)
        if stretches and n_samples - stretches[-1].end < sliver:
            stretches[-1] = stretches[-1]._replace(end=n_samples)
        return stretches

    def _seconds(self, sample: int) -> float:
        return round(sample / self._answerer.sample_rate, 3)
