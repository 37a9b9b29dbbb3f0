"""Uploads as waveforms, within bounds: for the worker processes alone, since decoders of strange files crash."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from emospec.errors import AudioError
from emospec.recordings import Waveform, check_channel, checked, mono, open_recording, resampled_blocks

LONGEST_CLIP = 60.0  # s; what is longer has more than one answer
MIN_SECONDS = 0.025
TOLERANCE = 0.1  # s; encoders fill up the last block


def decoded(path: Path, sample_rate: int, channel: int | None, max_seconds: float) -> Waveform:
    """Return a recording as a mono waveform; what is too long is refused before it takes the memory.

    Parameters
    ----------
    sample_rate : Hz
        Of the waveform that is returned.
    channel : int, optional
        Counted from 1; the mean of all channels unless given.

    Raises
    ------
    AudioError
        If the recording cannot be used.
    """
    with open_recording(path) as recording:
        check_channel(channel, recording.channels, path)
        _check_length(path, recording.seconds or MIN_SECONDS, max_seconds)
        rate, blocks = recording.sample_rate, checked(recording.blocks, path)
        monos = (mono(block, channel) for block in _bounded(blocks, path, rate, max_seconds))
        sound = np.concatenate([np.zeros(0, np.float32), *resampled_blocks(monos, rate, sample_rate)])
    _check_length(path, len(sound) / sample_rate, max_seconds)
    return sound


def _bounded(blocks: Iterable[Waveform], path: Path, sample_rate: int, max_seconds: float) -> Iterator[Waveform]:
    """Yield blocks as long as they are not too many: the headers of some files tell no length, those of others lie."""
    n_samples = 0
    for block in blocks:
        n_samples += len(block)
        _check_length(path, max(n_samples / sample_rate, MIN_SECONDS), max_seconds)
        yield block


def _check_length(path: Path, seconds: float, max_seconds: float) -> None:
    if seconds < MIN_SECONDS:
        raise AudioError(f"{path} is {seconds * 1000:.3g} ms long; expected at least {MIN_SECONDS * 1000:g} ms")
    if seconds > max_seconds + TOLERANCE:
        hint = "; for more, ask /v1/timeline" if max_seconds == LONGEST_CLIP else ""
        raise AudioError(f"{path} is too long, {seconds:.6g} s or more; expected at most {max_seconds:g} s{hint}")
