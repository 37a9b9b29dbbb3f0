"""Emotions in recordings: one answer on a clip, a timeline of a long one, and what an answer rests on."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from emospec.answers import Answerer, check_threshold
from emospec.bundle import Bundle, load_bundle
from emospec.errors import ConfigError
from emospec.predictions import Prediction, Segment, Timeline, Window
from emospec.recordings import resampled_blocks
from emospec.sounds import Sound, Source, naming, opened, whole_clip
from emospec.timeline import make_timeline

if TYPE_CHECKING:
    from emospec.explain import Explainer, Explanation

__all__ = ["Prediction", "Predictor", "Segment", "Timeline", "Window"]


class Predictor:
    """Tells the emotion in recordings; several threads may share one.

    Parameters
    ----------
    bundle : Path or Bundle, optional
        A bundle or its folder; the one that came with emospec unless given.
    threads : int, optional
        That one call may use; all cores unless given.
    uncertain_below : float, optional
        Answers of less confidence are called uncertain; decided by the bundle's calibration unless given.

    Raises
    ------
    ConfigError
        If the folder is no bundle, or one that this version cannot use, or a number cannot be.
    """

    def __init__(
        self,
        bundle: Path | str | Bundle | None = None,
        *,
        threads: int | None = None,
        uncertain_below: float | None = None,
    ) -> None:
        check_threshold(uncertain_below)
        if threads is not None and not (isinstance(threads, int | np.integer) and threads >= 0):
            raise ConfigError(f"threads={threads!r}: expected 1 or more, or None (or 0) for all cores")
        if not isinstance(bundle, Bundle):
            bundle = load_bundle(Path(bundle) if bundle else None, threads=threads)
        self.bundle: Bundle = bundle
        self.answerer = Answerer(bundle, uncertain_below)
        self._threads, self._lock = threads, Lock()

    def predict(self, sound: Sound, sample_rate: int | None = None, *, channel: int | None = None) -> Prediction:
        """Return one answer on a whole clip; of a long one, the model hears the middle.

        Parameters
        ----------
        sound : path, or array of shape (n_samples,) or (n_samples, channels)
            A file of any common format, or a waveform: floats in [-1, 1], or whole numbers of 16 or 32 bits.
        sample_rate : Hz
            Of a waveform; a file knows its own.
        channel : int, optional
            Counted from 1; the mean of all channels unless given.

        Raises
        ------
        AudioError
            If the sound cannot be used: unreadable, too short, longer than a minute; a `SilentError` if it is silent,
            a `ScoreError` if the model finds no numbers for it.
        """
        clip = self._clip(sound, sample_rate, channel)
        with naming(sound):
            scores = self.answerer.score([clip])[0]
        return self.answerer.answer(scores, len(clip) / self.bundle.sample_rate)

    def embed(self, sound: Sound, sample_rate: int | None = None, *, channel: int | None = None) -> NDArray[np.float64]:
        """Return what the last layer of the network sees of a clip: shape (n_features,); see `predict`."""
        clip = self._clip(sound, sample_rate, channel)
        with naming(sound):
            return np.asarray(self.bundle.embed([clip], self.bundle.sample_rate)[0])

    def timeline(
        self,
        sound: Sound,
        sample_rate: int | None = None,
        *,
        window: float = 3.0,
        hop: float = 1.0,
        channel: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Timeline:
        """Return what is heard along a recording of any length, which is read in a stream.

        Parameters
        ----------
        sound, sample_rate, channel
            See `predict`.
        window, hop : seconds
            Length of the windows, and from the beginning of one to that of the next.
        progress : function, optional
            Called with the seconds of the recording heard so far, at most once a second of it, and at its end.

        Raises
        ------
        AudioError
            If the sound cannot be read to its end.
        """
        with naming(sound), opened(Source(sound, sample_rate, channel)) as stream:
            blocks = resampled_blocks(stream.blocks, stream.sample_rate, self.bundle.sample_rate)
            return make_timeline(blocks, self.answerer, window=window, hop=hop, progress=progress)

    def explain(self, sound: Sound, sample_rate: int | None = None, *, channel: int | None = None) -> "Explanation":
        """Return which part of a clip's spectrogram spoke for the answer, and which against it; see `predict`."""
        clip = self._clip(sound, sample_rate, channel)
        with self._lock:
            explainer = self._explainer
        with naming(sound):
            return explainer.explain(clip)

    @cached_property
    def _explainer(self) -> "Explainer":
        from emospec.explain import Explainer  # seldom needed; it opens the graph a second time

        return Explainer(self.answerer, threads=self._threads)

    def _clip(self, sound: Sound, sample_rate: int | None, channel: int | None) -> NDArray[np.float32]:
        return whole_clip(Source(sound, sample_rate, channel), self.bundle.sample_rate)
