"""One recording after another: one answer on a short one, a timeline of a long one, silence as silence."""

from collections.abc import Callable
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from emospec.audio import MAX_SECONDS, SilentError, fitted
from emospec.errors import AudioError
from emospec.predict import Predictor
from emospec.predictions import Prediction, Timeline
from emospec.recordings import Waveform, resampled_blocks
from emospec.sounds import Source, Stream, naming, opened
from emospec.timeline import make_timeline

ONE_ANSWER_SECONDS = 5.0  # longer recordings get a timeline


class Manner(NamedTuple):
    """How recordings are heard.

    Attributes
    ----------
    timeline : bool, optional
        Whether each gets a timeline; only those of more than five seconds unless given.
    """

    window: float = 3.0
    hop: float = 1.0
    channel: int | None = None
    timeline: bool | None = None


USUAL = Manner()


class Heard(NamedTuple):
    """What was heard in a recording: a timeline, one answer, or neither in a short one that is silent."""

    name: str
    seconds: float
    prediction: Prediction | None = None
    timeline: Timeline | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; the emotion of silence is None."""
        if self.timeline:
            return {"path": self.name} | self.timeline.to_dict()
        silence = {"emotion": None, "confidence": None, "scores": None, "uncertain": False}
        answer = self.prediction.to_dict() if self.prediction else silence
        return {"path": self.name} | answer | {"seconds": round(self.seconds, 3)}


def hear(
    predictor: Predictor,
    source: Source,
    manner: Manner = USUAL,
    *,
    name: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> Heard:
    """Return what is heard in one recording.

    Parameters
    ----------
    name : str, optional
        What to call it; its path unless given.
    progress : function, optional
        Called with the seconds of a long recording that were heard so far.

    Raises
    ------
    AudioError
        If it cannot be used.
    """
    rate, called = predictor.bundle.sample_rate, name or str(source.sound)
    with naming(source.sound), opened(source) as stream:
        beginning, is_all = _beginning(stream, manner.timeline)
        if is_all and manner.timeline is not True:
            return _one_answer(predictor, beginning, stream, called)
        blocks = resampled_blocks(chain(beginning, stream.blocks), stream.sample_rate, rate)
        timeline = make_timeline(blocks, predictor.answerer, window=manner.window, hop=manner.hop, progress=progress)
    return Heard(called, timeline.seconds, timeline=timeline)


def _beginning(stream: Stream, timeline: bool | None) -> tuple[list[Waveform], bool]:
    """Return as many blocks as one answer may need, and whether they are all."""
    most = 0.0 if timeline else ONE_ANSWER_SECONDS if timeline is None else MAX_SECONDS
    blocks, n_samples = [], 0
    for block in stream.blocks:
        blocks.append(block)
        n_samples += len(block)
        if n_samples > most * stream.sample_rate:
            if timeline is False:
                raise AudioError(
                    f"{stream.name} is longer than {MAX_SECONDS:g} s, too long for one answer; ask for a timeline"
                )
            return blocks, False
    return blocks, True


def _one_answer(predictor: Predictor, blocks: list[Waveform], stream: Stream, name: str) -> Heard:
    clip = np.concatenate([*blocks, np.zeros(0, np.float32)])
    seconds = len(clip) / stream.sample_rate
    try:
        fitting = fitted(clip, stream.sample_rate, predictor.bundle.sample_rate, stream.name)
    except SilentError:
        return Heard(name, seconds)
    scores = predictor.answerer.score([fitting])[0]
    return Heard(name, seconds, predictor.answerer.answer(scores, seconds))
