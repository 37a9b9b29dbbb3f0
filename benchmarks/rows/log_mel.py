"""The log-Mel spectrogram alone, on one thread."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from benchmarks import child, inputs
from benchmarks.core import OURS, Result, Row, Setup, compared
from emospec.mel import NOTEBOOK_MEL, MelConfig

LIBROSA, TORCH, KALDI = "librosa", "torch (stft, matmul)", "kaldi-native-fbank"
CONFIGS = {
    "grey style (1024/640, 77 bands)": MelConfig(),
    "notebook's (2048/512, 128 bands)": NOTEBOOK_MEL,
    "common (512/160, 64 bands)": MelConfig(n_fft=512, win_length=512, hop_length=160, n_mels=64),
}
Transform = Callable[[np.ndarray], Any]


def measure(setup: Setup) -> list[Result]:
    """Compare for each configuration."""
    clips = inputs.clip_list(setup, 100)
    results = []
    for name in CONFIGS:
        found = child.call("benchmarks.rows.log_mel:transform_all", one_core=True, clips=clips, name=name).value
        result = compared(f"log-Mel, {name}", "ms", found["times"], higher_is_better=False, goal=1.0)
        result.note = "greatest difference from torch {torch:.1e} dB, from librosa {librosa:.1e} dB".format(**found)
        results.append(result)
    return results


def transform_all(clips: str, name: str) -> dict[str, Any]:
    """Transform each clip by all libraries in turn, five times over; return the milliseconds, a median a round."""
    from emospec.audio import read_audio

    mel = CONFIGS[name]
    sides = {OURS: by_emospec(mel), LIBROSA: by_librosa(mel), TORCH: by_torch(mel), KALDI: by_kaldi(mel)}
    waveforms = [read_audio(path, mel.sample_rate) for path in inputs.read_list(clips)["path"]]
    times: dict[str, list[list[float]]] = {side: [] for side in sides}
    for number in range(6):
        for side in sides:
            times[side].append([])
        for waveform in waveforms:
            for side, transform in sides.items() if number % 2 else reversed(sides.items()):
                begun = time.perf_counter()
                transform(waveform)
                times[side][-1].append(1000 * (time.perf_counter() - begun))
    exact = {
        key: differences(sides[OURS], sides[side], waveforms) for key, side in (("torch", TORCH), ("librosa", LIBROSA))
    }
    return {"times": {side: [median(each) for each in found[1:]] for side, found in times.items()}, **exact}


def differences(ours: Transform, other: Transform, waveforms: list[np.ndarray]) -> float:
    """Return the greatest difference in dB."""
    return max(float(np.abs(ours(each) - other(each)).max()) for each in waveforms[:20])


def by_emospec(mel: MelConfig) -> Transform:
    """Ours."""
    from emospec.spectrogram import log_mel_spectrogram

    return lambda waveform: log_mel_spectrogram(waveform, mel)


def by_librosa(mel: MelConfig) -> Transform:
    """As the notebook did, with the settings of `mel`."""
    import librosa

    names = ("n_fft", "win_length", "hop_length", "n_mels", "fmin", "fmax")
    options = {name: getattr(mel, name) for name in names}

    def transform(waveform: np.ndarray) -> np.ndarray:
        power = librosa.feature.melspectrogram(y=waveform, sr=mel.sample_rate, **options)
        return np.clip(librosa.power_to_db(power, ref=1.0, top_db=mel.top_db), mel.floor_db, mel.ceiling_db)

    return transform


def by_torch(mel: MelConfig) -> Transform:
    """A short-time Fourier transform and one matrix product."""
    import torch

    from emospec.spectrogram import mel_filter_bank

    torch.set_num_threads(1)
    bank, window = torch.from_numpy(mel_filter_bank(mel)), torch.hann_window(mel.win_length)
    sizes = (mel.n_fft, mel.hop_length, mel.win_length, window)

    def transform(waveform: np.ndarray) -> np.ndarray:
        spectrum = torch.stft(torch.from_numpy(waveform), *sizes, pad_mode="constant", return_complex=True)
        decibels = 10 * torch.log10((bank @ (spectrum.real**2 + spectrum.imag**2)).clamp_min(1e-10))
        if mel.top_db is not None:
            decibels = decibels.clamp_min(decibels.max() - mel.top_db)
        return decibels.clamp(mel.floor_db, mel.ceiling_db).numpy()

    return transform


def by_kaldi(mel: MelConfig) -> Transform:
    """Kaldi's features with windows and bands of the same numbers; its Mel scale is another."""
    import kaldi_native_fbank

    options = kaldi_native_fbank.FbankOptions()
    frames, bands = options.frame_opts, options.mel_opts
    frames.samp_freq, frames.dither, frames.preemph_coeff = mel.sample_rate, 0.0, 0.0
    frames.frame_length_ms, frames.frame_shift_ms = (
        1000 * length / mel.sample_rate for length in (mel.win_length, mel.hop_length)
    )
    frames.window_type, frames.remove_dc_offset, frames.snip_edges = "hanning", False, False
    bands.num_bins, bands.low_freq, bands.high_freq = mel.n_mels, mel.fmin, mel.top_frequency

    def transform(waveform: np.ndarray) -> np.ndarray:
        online = kaldi_native_fbank.OnlineFbank(options)
        online.accept_waveform(mel.sample_rate, waveform)
        online.input_finished()
        return np.array([online.get_frame(number) for number in range(online.num_frames_ready)])

    return transform


ROW = Row("log-mel", "The log-Mel spectrogram alone, one thread", measure)
