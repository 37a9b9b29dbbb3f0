"""Log-Mel spectrograms: the settings that define them, and their computation."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.sparse import csr_array

from emospec.errors import ConfigError

Length = Literal["pad", "stretch"]
Spectrogram = NDArray[np.float32]

LEAST_POWER = 1e-10  # librosa's amin: -100 dB
_FRAMES_AT_ONCE = 128  # bounds the memory for long clips; the frames of one block stay in the processor's cache


@dataclass(frozen=True)
class MelConfig:
    """Everything that defines the features and the picture; it travels with every image set and model.

    The default scale: a full-scale tone reaches 34 dB, and none of 1,055 clips of CREMA-D and TESS exceeds 33 dB, so
    that nothing is cut at the top; below -60 dB lie 13 % and 18 % of their cells, which are pauses and empty bands.

    Attributes
    ----------
    sample_rate : Hz
        Audio is resampled to it.
    n_fft, win_length, hop_length : samples
        Length of the Fourier transform, of the Hann window within it, and the distance of frames.
    n_mels : int
        Number of bands, on Slaney's Mel scale as in librosa.
    fmin, fmax : Hz
        Ends of the Mel scale; None stands for half the sample rate.
    floor_db, ceiling_db : dB re 1.0
        Ends of the scale; in a grey image they are 0 and 255.
    height, width : pixels
    length : "pad" or "stretch"
        `pad` centres a clip on silence, or cuts its middle out; `stretch` squeezes the whole clip into the width.
    top_db : dB, optional
        Cells more than this below the clip's loudest are raised to that level. None keeps a fixed scale.
    """

    sample_rate: int = 16000
    n_fft: int = 1024
    win_length: int = 1024
    hop_length: int = 640
    n_mels: int = 77
    fmin: float = 0.0
    fmax: float | None = None
    floor_db: float = -60.0
    ceiling_db: float = 35.0
    height: int = 77
    width: int = 77
    length: Length = "pad"
    top_db: float | None = None

    def __post_init__(self) -> None:
        """Refuse values that make no spectrogram."""
        whole = ("sample_rate", "n_fft", "win_length", "hop_length", "n_mels", "height", "width")
        wrong = [name for name in whole if type(getattr(self, name)) is not int or getattr(self, name) < 1]
        _check(not wrong, f"Mel settings {', '.join(wrong)} must be positive whole numbers")
        _check(self.win_length <= self.n_fft, f"win_length {self.win_length} is longer than n_fft {self.n_fft}")
        _check(
            0 <= self.fmin < self.top_frequency <= self.sample_rate / 2,
            f"fmin {self.fmin} and fmax {self.fmax} must lie within 0 and {self.sample_rate / 2:g} Hz, fmin below fmax",
        )
        _check(self.floor_db < self.ceiling_db, f"floor_db {self.floor_db} must be below ceiling_db {self.ceiling_db}")
        _check(self.length in ("pad", "stretch"), f"length {self.length!r} must be 'pad' or 'stretch'")
        _check(self.top_db is None or self.top_db > 0, f"top_db {self.top_db} must be positive, or None")

    @property
    def top_frequency(self) -> float:
        """Upper end of the highest band in Hz."""
        return self.sample_rate / 2 if self.fmax is None else self.fmax

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, ready for JSON or TOML."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make a configuration from the fields of `to_dict`; absent ones keep their defaults."""
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(values) - set(known))
        _check(not unknown, f"unknown Mel settings {', '.join(unknown)}; known: {', '.join(known)}")
        return cls(**values)


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise ConfigError(message)


# Found on the notebook's stored images of TESS: the number of distinct columns gives the hop (512 samples at
# 22,050 Hz, librosa's defaults); with these settings the mean difference from 64 stored pictures is 0.2 of 255.
NOTEBOOK_MEL = MelConfig(
    sample_rate=22050,
    n_fft=2048,
    win_length=2048,
    hop_length=512,
    n_mels=128,
    fmax=8000.0,
    floor_db=-100.0,
    ceiling_db=60.0,
    length="stretch",
    top_db=80.0,
)


def log_mel_spectrogram(waveform: NDArray[np.floating], mel: MelConfig) -> Spectrogram:
    """Return the log-Mel spectrogram of one clip on the fixed scale of `mel`; it depends on this clip alone.

    Parameters
    ----------
    waveform : shape (n_samples,), in [-1, 1], at `mel.sample_rate`

    Returns
    -------
    float32, shape (n_mels, n_frames), dB in [floor_db, ceiling_db], lowest band first
    """
    decibels = power_to_db(mel_power(waveform, mel), floor_db=mel.floor_db, ceiling_db=mel.ceiling_db)
    if mel.top_db is not None:
        np.maximum(decibels, decibels.max() - mel.top_db, out=decibels)
    return decibels


def power_to_db(power: NDArray[np.floating], *, floor_db: float, ceiling_db: float) -> Spectrogram:
    """Convert power to decibels on a fixed scale.

    Parameters
    ----------
    power : shape (..., n_mels, n_frames)
        Power spectrograms; leading axes, if any, hold independent clips.
    floor_db, ceiling_db : dB re 1.0
        The ends of the scale. Cells outside it are set to its ends.

    Returns
    -------
    float32, same shape, in [floor_db, ceiling_db]
    """
    decibels: Spectrogram = np.log10(np.maximum(power, LEAST_POWER, dtype=np.float32))
    decibels *= 10
    np.clip(decibels, floor_db, ceiling_db, out=decibels)
    return decibels


def mel_power(waveform: NDArray[np.floating], mel: MelConfig) -> Spectrogram:
    """Return the power in Mel bands, as `librosa.feature.melspectrogram` does with its other defaults.

    Frames are centred on multiples of `hop_length`, with silence assumed before and after the clip.

    Returns
    -------
    float32, shape (n_mels, 1 + n_samples // hop_length)
    """
    padded = np.zeros(len(waveform) + 2 * (mel.n_fft // 2), np.float32)
    padded[mel.n_fft // 2 :][: len(waveform)] = waveform
    frames = np.lib.stride_tricks.sliding_window_view(padded, mel.n_fft)[:: mel.hop_length].T
    bins, bank = _sparse_bank(mel)
    power = np.empty((mel.n_mels, frames.shape[1]), np.float32)
    for start in range(0, frames.shape[1], _FRAMES_AT_ONCE):
        block = slice(start, start + _FRAMES_AT_ONCE)
        spectrum = fft.rfft(frames[:, block] * _window(mel), axis=0)[bins]
        power[:, block] = bank @ (spectrum.real**2 + spectrum.imag**2)
    return power


@lru_cache(maxsize=8)
def _window(mel: MelConfig) -> NDArray[np.float32]:
    angles = 2 * np.pi * np.arange(mel.win_length) / mel.win_length
    before = (mel.n_fft - mel.win_length) // 2
    window = np.zeros((mel.n_fft, 1), np.float32)
    window[before : before + mel.win_length, 0] = 0.5 - 0.5 * np.cos(angles)
    window.flags.writeable = False
    return window


@lru_cache(maxsize=8)
def _sparse_bank(mel: MelConfig) -> tuple[slice, csr_array]:
    """Return the bins that any band uses and the bank over them.

    A bin belongs to two bands at the most: the sparse product is five times faster than the dense one, and no library
    spreads it over threads, which cost far more than they gain on matrices as small as these.
    """
    bank = mel_filter_bank(mel)
    used = np.flatnonzero(bank.any(axis=0))
    bins = slice(int(used[0]), int(used[-1]) + 1)
    return bins, csr_array(bank[:, bins])


def mel_filter_bank(mel: MelConfig) -> NDArray[np.float32]:
    """Return triangular filters of equal area on Slaney's Mel scale, equal to `librosa.filters.mel`.

    Returns
    -------
    float32, shape (n_mels, n_fft // 2 + 1)

    References
    ----------
    Slaney, M. Auditory Toolbox. Interval Research, Technical Report 1998-010.
    """
    frequencies = np.arange(mel.n_fft // 2 + 1) * mel.sample_rate / mel.n_fft
    lowest, highest = _hz_to_mel(np.array([mel.fmin, mel.top_frequency]))
    edges = _mel_to_hz(np.linspace(lowest, highest, mel.n_mels + 2))[:, np.newaxis]
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    bank = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))
    if not bank.any():
        raise ConfigError(f"no Mel band holds a bin of n_fft {mel.n_fft}; raise n_fft, or widen fmin to fmax")
    return bank.astype(np.float32)


_HZ_PER_MEL = 200 / 3  # below 1 kHz the scale is linear, above it logarithmic
_KNEE_MEL = 1000 / _HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27


def _hz_to_mel(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithmic = _KNEE_MEL + np.log(np.maximum(frequency, 1000) / 1000) / _LOG_STEP
    return np.where(frequency < 1000, frequency / _HZ_PER_MEL, logarithmic)


def _mel_to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithmic = 1000 * np.exp(_LOG_STEP * (np.maximum(mels, _KNEE_MEL) - _KNEE_MEL))
    return np.where(mels < _KNEE_MEL, mels * _HZ_PER_MEL, logarithmic)
