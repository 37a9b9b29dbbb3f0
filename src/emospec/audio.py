"""Recordings as waveforms: decoding, resampling and the checks that every clip passes."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emospec.errors import AudioError
from emospec.recordings import MAX_PEAK, Recording, Waveform, by_ffmpeg, check_channel, checked, mono, open_recording

__all__ = ["MAX_PEAK", "MIN_PEAK", "MIN_SECONDS", "Waveform", "decode_by_ffmpeg", "read_audio", "read_or_reason"]

MIN_SECONDS = 0.025
MIN_PEAK = 1e-4  # -80 dB of full scale
MAX_SECONDS = 60.0


NOTHING = np.zeros(0, np.float32)


class SilentError(AudioError):
    """A recording in which nothing is heard."""


class _Sound(NamedTuple):
    samples: Waveform  # shape (n_samples, channels)
    sample_rate: int


def read_audio(
    path: str | Path, sample_rate: int, *, max_seconds: float = MAX_SECONDS, channel: int | None = None
) -> Waveform:
    """Read a recording in any common format as a mono waveform, resampled.

    Parameters
    ----------
    sample_rate : Hz
        Of the waveform that is returned.
    max_seconds : float
        Longer recordings are refused, before they are decoded where their header tells the length.
    channel : int, optional
        Counted from 1; the mean of all channels unless given.

    Returns
    -------
    float32, shape (n_samples,), in [-1, 1]

    Raises
    ------
    AudioError
        If the file is missing, unreadable, a Git-LFS pointer, too short, too long, silent or not made of numbers.
    """
    with open_recording(path) as recording:
        check_channel(channel, recording.channels, path)
        blocks = [mono(block, channel) for block in checked(_bounded(recording, max_seconds), path)]
    return fitted(np.concatenate(blocks or [NOTHING]), recording.sample_rate, sample_rate, path)


def fitted(waveform: Waveform, from_rate: int, to_rate: int, name: object) -> Waveform:
    """Return a mono waveform at another rate, in [-1, 1], if it is neither too short nor silent."""
    _check_length(name, len(waveform) / from_rate, np.inf)
    peak = max(waveform.max(), -waveform.min())
    if peak < MIN_PEAK:
        raise SilentError(f"{name} is silent (peak {peak:.2g} of full scale 1, expected at least {MIN_PEAK:g})")
    if from_rate != to_rate:
        import soxr  # clips at the model's own rate need none

        waveform = soxr.resample(waveform, from_rate, to_rate, quality="HQ")
    return np.clip(waveform, -1, 1)


def read_or_reason(path: str, sample_rate: int) -> Waveform | str:
    """Read a recording as `read_audio` does, or say why it cannot be used, without its name."""
    try:
        return read_audio(path, sample_rate)
    except AudioError as error:
        return str(error).removeprefix(f"{path} ")


def decode_by_ffmpeg(path: Path, max_seconds: float) -> _Sound:
    """Decode by FFmpeg alone, whether or not libsndfile could."""
    with ExitStack() as stack:
        recording = by_ffmpeg(path, stack)
        blocks = list(_bounded(recording, max_seconds))
    return _Sound(np.concatenate(blocks or [NOTHING[:, np.newaxis]]), recording.sample_rate)


def _bounded(recording: Recording, max_seconds: float) -> Iterator[Waveform]:
    """Yield the blocks of a recording unless it is too long: told by its header, or as soon as it turns out."""
    n_read = 0
    _check_length(recording.path, recording.seconds or 0, max_seconds, least=0)
    for block in recording.blocks:
        n_read += len(block)
        _check_length(recording.path, n_read / recording.sample_rate, max_seconds, least=0)
        yield block


def _check_length(name: object, seconds: float, most: float, least: float = MIN_SECONDS) -> None:
    if seconds < least:
        raise AudioError(f"{name} is {seconds * 1000:.3g} ms long; expected at least {least * 1000:g} ms")
    if seconds > most:
        raise AudioError(f"{name} is {seconds:.6g} s long; expected at most {most:g} s: cut it into clips")
