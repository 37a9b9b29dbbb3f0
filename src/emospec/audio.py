"""Recordings as waveforms: decoding, resampling and the checks that every clip passes."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from emospec.errors import AudioError
from emospec.files import LFS_POINTER

if TYPE_CHECKING:  # slow to import, seldom needed
    from av.container import InputContainer

Waveform = NDArray[np.float32]

MIN_SECONDS = 0.025
MIN_PEAK = 1e-4  # -80 dB of full scale
MAX_PEAK = 4.0  # decoders and resamplers overshoot by less


class _Sound(NamedTuple):
    samples: Waveform  # shape (n_samples, channels)
    sample_rate: int


def read_audio(path: str | Path, sample_rate: int, *, max_seconds: float = 60.0) -> Waveform:
    """Read a recording in any common format as a mono waveform: the mean of its channels, resampled.

    Parameters
    ----------
    sample_rate : Hz
        Of the waveform that is returned.
    max_seconds : float
        Longer recordings are refused, before they are decoded where their header tells the length.

    Returns
    -------
    float32, shape (n_samples,), in [-1, 1]

    Raises
    ------
    AudioError
        If the file is missing, unreadable, a Git-LFS pointer, too short, too long, silent or not made of numbers.
    """
    path = Path(path)
    sound = _decode(path, max_seconds)
    _check_length(path, len(sound.samples) / sound.sample_rate, max_seconds)
    mono = sound.samples[:, 0] if sound.samples.shape[1] == 1 else sound.samples.mean(axis=1)
    _check_level(path, mono)
    if sound.sample_rate != sample_rate:
        mono = soxr.resample(mono, sound.sample_rate, sample_rate, quality="HQ")
    return np.clip(mono, -1, 1)


def read_or_reason(path: str, sample_rate: int) -> Waveform | str:
    """Read a recording as `read_audio` does, or say why it cannot be used, without its name."""
    try:
        return read_audio(path, sample_rate)
    except AudioError as error:
        return str(error).removeprefix(f"{path} ")


def _decode(path: Path, max_seconds: float) -> _Sound:
    if path.exists() and not path.is_file():  # a pipe would be waited for without end
        raise AudioError(f"{path} is no file; expected a recording")
    try:
        with soundfile.SoundFile(path) as file:
            _check_length(path, file.frames / file.samplerate, max_seconds)
            return _Sound(file.read(dtype="float32", always_2d=True), file.samplerate)
    except (soundfile.LibsndfileError, TypeError):  # TypeError: a file named .raw
        _check_is_audio(path)
        return decode_by_ffmpeg(path, max_seconds)


def _check_is_audio(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(len(LFS_POINTER))
    except OSError as error:
        raise AudioError(f"{path} cannot be opened ({error.strerror}); is the path right?") from None
    if start == LFS_POINTER:
        raise AudioError(f"{path} is a Git-LFS pointer, not audio; fetch the recordings with `git lfs pull`")
    if not start:
        raise AudioError(f"{path} is empty; copy it again")


def decode_by_ffmpeg(path: Path, max_seconds: float) -> _Sound:
    """Decode what libsndfile does not know, such as M4A and WebM."""
    import av

    try:
        with av.open(path) as container:
            if container.duration:
                _check_length(path, container.duration / av.time_base, max_seconds)
            return _read_frames(container, path, max_seconds)
    except (av.FFmpegError, IndexError) as error:  # IndexError: no audio stream
        reason = "no audio in it" if isinstance(error, IndexError) else error.strerror
        raise AudioError(
            f"{path} cannot be read as audio ({reason}); expected WAV, FLAC, MP3, OGG, M4A or the like"
        ) from None


def _read_frames(container: "InputContainer", path: Path, max_seconds: float) -> _Sound:
    import av

    as_float = av.AudioResampler(format="fltp")
    blocks, n_samples, sample_rate = [np.zeros((1, 0), np.float32)], 0, 1
    for frame in container.decode(container.streams.audio[0]):
        blocks += [np.asarray(converted.to_ndarray(), np.float32) for converted in as_float.resample(frame)]
        n_samples, sample_rate = n_samples + frame.samples, frame.sample_rate
        if n_samples > max_seconds * sample_rate:  # a stream from a browser does not tell its length
            _check_length(path, n_samples / sample_rate, max_seconds)
    return _Sound(np.concatenate(blocks[1:] or blocks, axis=1).T, sample_rate)


def _check_length(path: Path, seconds: float, max_seconds: float) -> None:
    if seconds < MIN_SECONDS:
        raise AudioError(f"{path} is {seconds * 1000:.3g} ms long; expected at least {MIN_SECONDS * 1000:g} ms")
    if seconds > max_seconds:
        raise AudioError(f"{path} is {seconds:.6g} s long; expected at most {max_seconds:g} s: cut it into clips")


def _check_level(path: Path, waveform: Waveform) -> None:
    peak = max(waveform.max(), -waveform.min())
    if not np.isfinite(peak):
        raise AudioError(f"{path} holds samples that are not finite numbers; export it again")
    if peak < MIN_PEAK:
        raise AudioError(f"{path} is silent (peak {peak:.2g} of full scale 1, expected at least {MIN_PEAK:g})")
    if peak > MAX_PEAK:
        raise AudioError(f"{path} has samples up to {peak:.3g}; expected -1 to 1: divide by the full scale")
