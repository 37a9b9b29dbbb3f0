"""Sound through files and telephones: encoded, decoded and resampled in memory."""

from io import BytesIO
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

from emospec.audio import Waveform
from emospec.errors import ConfigError

ANY_CODEC_RATE = 48_000  # Hz; what every codec here takes
GSM_RATE = 8_000  # Hz


class Format(NamedTuple):
    """A kind of file in libsndfile's words, and the sample rates it takes; none named: all."""

    container: str
    subtype: str
    rates: tuple[int, ...] = ()


FORMATS = {
    "wav": Format("WAV", "PCM_16"),
    "flac": Format("FLAC", "PCM_16"),
    "mp3": Format("MP3", "MPEG_LAYER_III", (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)),
    "opus": Format("OGG", "OPUS", (8_000, 12_000, 16_000, 24_000, 48_000)),
}


def through_codec(waveform: Waveform, sample_rate: int, fmt: str) -> Waveform:
    """Return a waveform as it comes back from a file of one of `FORMATS`, with libsndfile's usual quality.

    Parameters
    ----------
    waveform : shape (n_samples,), in [-1, 1]

    Returns
    -------
    float32, same shape, in [-1, 1], in step with the original
        A rate that the codec doesn't take is converted to 48 kHz and back.

    Raises
    ------
    ConfigError
        If `fmt` is none of `FORMATS`.
    """
    if fmt not in FORMATS:
        raise ConfigError(f"unknown format {fmt!r}; expected {', '.join(FORMATS)}")
    file = FORMATS[fmt]
    rate = sample_rate if not file.rates or sample_rate in file.rates else ANY_CODEC_RATE
    decoded = _written_and_read(resampled(waveform, sample_rate, rate), rate, file)
    return of_length(resampled(decoded, rate, sample_rate), len(waveform))


def through_gsm(waveform: Waveform) -> Waveform:
    """Return a waveform at 8 kHz as it comes back from GSM 06.10, the full-rate codec of mobile telephones.

    Returns
    -------
    float32, same shape, in [-1, 1], in step with the original
    """
    return of_length(_written_and_read(waveform, GSM_RATE, Format("WAV", "GSM610")), len(waveform))


def _written_and_read(waveform: Waveform, sample_rate: int, file: Format) -> Waveform:
    memory = BytesIO()
    soundfile.write(memory, np.clip(waveform, -1, 1), sample_rate, format=file.container, subtype=file.subtype)
    memory.seek(0)
    decoded: Waveform = soundfile.read(memory, dtype="float32")[0]
    return np.clip(decoded, -1, 1)


def resampled(waveform: Waveform, from_rate: int, to_rate: int) -> Waveform:
    """Return a waveform at another sample rate, as `read_audio` would have read it at that rate.

    Returns
    -------
    float32, shape (about n_samples * to_rate / from_rate,), in [-1, 1]
    """
    if from_rate == to_rate:
        return waveform
    converted: Waveform = np.clip(soxr.resample(waveform, from_rate, to_rate, quality="HQ"), -1, 1)
    return converted


def of_length(waveform: Waveform, n_samples: int) -> Waveform:
    """Return a waveform cut at its end, or continued with zeros, to `n_samples`."""
    fitting = np.zeros(n_samples, waveform.dtype)
    fitting[: len(waveform)] = waveform[:n_samples]
    return fitting
