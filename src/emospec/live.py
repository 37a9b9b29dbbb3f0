"""Sound as it comes from a microphone: four times a second, what the last seconds sound like."""

import json
import queue
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TextIO

import numpy as np

from emospec.audio import MIN_PEAK
from emospec.errors import ConfigError
from emospec.predict import Predictor
from emospec.predictions import Prediction
from emospec.recordings import Waveform, resampled_blocks
from emospec.speech import utterances

HEARD_SECONDS = 3.0  # an answer is on so much sound
BETWEEN = 0.25  # s of sound from one answer to the next
PATIENCE = 5.0  # s without sound from a microphone
BAR = 40  # characters


class Moment(NamedTuple):
    """Seconds heard so far, and what the last ones sound like: None while nobody speaks."""

    at: float
    prediction: Prediction | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        heard = self.prediction.to_dict() if self.prediction else {"emotion": None}
        return {"at": round(self.at, 3)} | heard


class Microphone(NamedTuple):
    """An open microphone: its sample rate, and mono blocks without end."""

    sample_rate: int
    blocks: Iterable[Waveform]


def moments(predictor: Predictor, microphone: Microphone) -> Iterator[Moment]:
    """Yield what the last seconds sound like, each time that a quarter of a second has come."""
    rate, n_heard, n_told = microphone.sample_rate, 0, 0
    last: Waveform = np.zeros(0, np.float32)
    kept = round(min(HEARD_SECONDS, predictor.answerer.hears_seconds) * rate)
    for block in microphone.blocks:
        last = np.concatenate([last, block])[-kept:]
        n_heard += len(block)
        if n_heard - n_told >= BETWEEN * rate:
            n_told = n_heard
            yield Moment(n_heard / rate, answer_on(predictor, last, rate))


def answer_on(predictor: Predictor, sound: Waveform, sample_rate: int) -> Prediction | None:
    """Return the answer on what is spoken in a few seconds of sound; None if nothing is."""
    rate = predictor.bundle.sample_rate
    blocks = list(resampled_blocks([sound], sample_rate, rate))
    spoken = list(utterances(blocks, rate))
    if not spoken or np.abs(sound).max() < MIN_PEAK:
        return None
    speech = np.concatenate(blocks)[spoken[0].start : spoken[-1].end]
    return predictor.answerer.answer(predictor.answerer.score([speech])[0], len(speech) / rate)


@contextmanager
def open_microphone() -> Iterator[Microphone]:
    """Open the microphone that the system prefers.

    Raises
    ------
    ConfigError
        If there is none, or it cannot be opened.
    ModuleNotFoundError
        If sounddevice is not installed.
    """
    try:
        import sounddevice
    except OSError as error:  # the library beneath it is missing
        raise _no_microphone(error) from None
    heard: queue.Queue[Waveform] = queue.Queue()

    def keep(samples: Any, *_: Any) -> None:
        heard.put(samples[:, 0].astype(np.float32))

    try:
        rate = int(sounddevice.query_devices(kind="input")["default_samplerate"])
        stream = sounddevice.InputStream(samplerate=rate, channels=1, dtype="float32", callback=keep)
    except (sounddevice.PortAudioError, ValueError) as error:  # ValueError: no such device
        raise _no_microphone(error) from None
    with stream:
        yield Microphone(rate, arriving(heard))


def arriving(heard: "queue.Queue[Waveform]") -> Iterator[Waveform]:
    """Yield all that has come since the last time, so that a slow machine leaves answers out instead of lagging."""
    while True:
        try:
            blocks = [heard.get(timeout=PATIENCE)]
        except queue.Empty:
            raise ConfigError(f"the microphone has given no sound for {PATIENCE:g} s; is it still connected?") from None
        while not heard.empty():
            blocks.append(heard.get())
        yield np.concatenate(blocks)


def _no_microphone(error: Exception) -> ConfigError:
    reason = str(error.args[0]) if error.args else type(error).__name__
    return ConfigError(f"no microphone can be opened ({reason}); connect one (on Linux, install libportaudio2 too)")


def listen(predictor: Predictor, microphone: Microphone, show: Callable[[Moment], None]) -> None:
    """Show what is heard until the sound ends, or Ctrl-C."""
    try:
        for moment in moments(predictor, microphone):
            show(moment)
    except KeyboardInterrupt:
        return


class Bars:
    """Shows a moment as bars, over those of the last one in a terminal."""

    def __init__(self, classes: Iterable[str], file: TextIO | None = None) -> None:
        self._classes, self._file = tuple(classes), file or sys.stdout
        self._back = ""

    def show(self, moment: Moment) -> None:
        """Draw the bars of a moment."""
        self._file.write(self._back + "".join(f"{line}\x1b[K\n" for line in self.lines(moment)))
        self._file.flush()
        self._back = f"\x1b[{len(self._classes) + 1}A"

    def lines(self, moment: Moment) -> list[str]:
        """Return a line for each emotion, and one that says what is heard."""
        answer, width = moment.prediction, max(map(len, self._classes))
        scores = answer.scores if answer else dict.fromkeys(self._classes, 0.0)
        bars = [f"{name:{width}}  {'█' * round(BAR * score):{BAR}}  {score:.2f}" for name, score in scores.items()]
        words = "silence" if answer is None else f"{answer.emotion}{', uncertain' if answer.uncertain else ''}"
        return [*bars, f"{moment.at:6.1f} s  {words}"]


def as_json_line(moment: Moment) -> None:
    """Print a moment as JSON in one line."""
    print(json.dumps(moment.to_dict()), flush=True)
