"""Log-Mel spectrograms of waveforms."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.sparse import csr_array

from emospec.errors import ConfigError
from emospec.mel import MelConfig

Spectrogram = NDArray[np.float32]

LEAST_POWER = 1e-10  # librosa's amin: -100 dB
_FRAMES_AT_ONCE = 256  # bounds the memory for long clips; the frames of one block stay in the processor's cache


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
    frames = _frames(waveform, mel)
    bins, bank = _sparse_bank(mel)
    power = np.empty((mel.n_mels, frames.shape[1]), np.float32)
    for start in range(0, frames.shape[1], _FRAMES_AT_ONCE):
        block = slice(start, start + _FRAMES_AT_ONCE)
        spectrum = fft.rfft(frames[:, block] * _window(mel), axis=0, overwrite_x=True)[bins]
        power[:, block] = bank @ (spectrum.real**2 + spectrum.imag**2)
    return power


def _frames(waveform: NDArray[np.floating], mel: MelConfig) -> NDArray[np.float32]:
    """Return the frames as columns of shape (n_fft, n_frames), without a copy of the samples that they share."""
    padded = np.zeros(len(waveform) + 2 * (mel.n_fft // 2), np.float32)
    padded[mel.n_fft // 2 :][: len(waveform)] = waveform
    shape = (mel.n_fft, 1 + (len(padded) - mel.n_fft) // mel.hop_length)
    # As `sliding_window_view`, which takes longer than the window and the decibels of a clip together.
    return np.ndarray(shape, np.float32, padded, strides=(padded.itemsize, padded.itemsize * mel.hop_length))


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
