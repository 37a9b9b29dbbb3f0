import tracemalloc
from dataclasses import replace

import librosa
import numpy as np
import pytest

from emospec import spectrogram
from emospec.errors import ConfigError
from emospec.mel import NOTEBOOK_MEL, MelConfig
from emospec.spectrogram import log_mel_spectrogram, mel_filter_bank, mel_power, power_to_db

CONFIGS = [
    MelConfig(),
    NOTEBOOK_MEL,
    MelConfig(n_fft=512, win_length=400, hop_length=160, n_mels=40, fmin=60.0, fmax=7000.0),
    MelConfig(sample_rate=8000, n_fft=300, win_length=257, hop_length=100, n_mels=20),
]


def voice(seconds: float = 1.3, sample_rate: int = 16000) -> np.ndarray:
    """Harmonics of 150 Hz that swell and fade, with a little noise, as 16-bit audio has it."""
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    harmonics = sum(np.sin(2 * np.pi * 150 * n * time + n) / n for n in range(1, 20))
    noise = np.random.default_rng(0).normal(size=len(time))
    return np.asarray(0.2 * harmonics * np.sin(2 * np.pi * time) ** 2 + 1e-3 * noise, np.float32)


def librosa_db(waveform: np.ndarray, mel: MelConfig) -> np.ndarray:
    power = librosa.feature.melspectrogram(
        y=waveform.astype(np.float64),
        sr=mel.sample_rate,
        n_fft=mel.n_fft,
        win_length=mel.win_length,
        hop_length=mel.hop_length,
        n_mels=mel.n_mels,
        fmin=mel.fmin,
        fmax=mel.fmax,
        dtype=np.float64,
    )
    return librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=mel.top_db)


@pytest.mark.parametrize("mel", CONFIGS)
def test_the_filter_bank_is_librosas(mel):
    expected = librosa.filters.mel(sr=mel.sample_rate, n_fft=mel.n_fft, n_mels=mel.n_mels, fmin=mel.fmin, fmax=mel.fmax)
    np.testing.assert_allclose(mel_filter_bank(mel), expected, atol=1e-8)


@pytest.mark.parametrize("mel", CONFIGS)
@pytest.mark.parametrize("n_samples", [400, 12345, 20800])
def test_a_spectrogram_is_librosas_in_double_precision_to_a_thousandth_of_a_decibel(mel, n_samples):
    waveform = voice()[:n_samples]
    expected = np.clip(librosa_db(waveform, mel), mel.floor_db, mel.ceiling_db)
    np.testing.assert_allclose(log_mel_spectrogram(waveform, mel), expected, atol=1e-3)


def test_a_spectrogram_is_float32():
    assert log_mel_spectrogram(voice().astype(np.float64), MelConfig()).dtype == np.float32


def test_a_clip_of_any_length_gives_the_same_frames_however_many_are_computed_at_once(monkeypatch):
    at_once = mel_power(voice(), MelConfig(hop_length=50))
    monkeypatch.setattr(spectrogram, "_FRAMES_AT_ONCE", 7)
    np.testing.assert_allclose(mel_power(voice(), MelConfig(hop_length=50)), at_once, rtol=1e-4)


def test_a_long_clip_needs_memory_for_its_samples_and_its_bands_but_not_for_its_frames():
    waveform, mel = np.ones(60 * 16000, np.float32), MelConfig(hop_length=160, n_mels=20)
    mel_power(waveform[:1000], mel)
    tracemalloc.start()
    power = mel_power(waveform, mel)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < waveform.nbytes + power.nbytes + 4e6  # all frames at once would be 25 MB, their spectra as much


def test_decibels_are_ten_times_the_decimal_logarithm():
    power = np.array([[1.0, 10.0, 1e-3]])
    np.testing.assert_allclose(power_to_db(power, floor_db=-60, ceiling_db=35), [[0, 10, -30]], atol=1e-5)


def test_decibels_stay_within_the_scale():
    power = np.array([[0.0, 1e-9, 1e9]])
    np.testing.assert_array_equal(power_to_db(power, floor_db=-60, ceiling_db=35), [[-60, -60, 35]])


def test_power_to_db_leaves_its_argument_alone():
    power = np.ones((2, 3), np.float32)
    power_to_db(power, floor_db=-60, ceiling_db=35)
    assert (power == 1).all()


def test_top_db_bounds_the_range_of_a_clip():
    log_mel = log_mel_spectrogram(voice(), replace(MelConfig(), top_db=30.0))
    assert np.ptp(log_mel) == pytest.approx(30)


def test_a_full_scale_tone_is_within_the_default_scale():
    tone = np.sin(2 * np.pi * 600 * np.arange(16000) / 16000).astype(np.float32)
    mel = MelConfig()
    assert 30 < 10 * np.log10(mel_power(tone, mel).max()) < mel.ceiling_db


def test_a_configuration_survives_its_dictionary():
    mel = replace(NOTEBOOK_MEL, hop_length=300)
    assert MelConfig.from_dict(mel.to_dict()) == mel


def test_an_unknown_setting_is_an_error_that_lists_the_known_ones():
    with pytest.raises(ConfigError, match="hop_size; known: sample_rate, n_fft"):
        MelConfig.from_dict({"hop_size": 3})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hop_length": 0}, "hop_length must be positive"),
        ({"n_mels": 12.5}, "n_mels must be positive whole"),
        ({"win_length": 2000}, "win_length 2000 is longer than n_fft 1024"),
        ({"fmax": 9000.0}, "within 0 and 8000 Hz"),
        ({"fmin": 500.0, "fmax": 400.0}, "fmin below fmax"),
        ({"floor_db": 40.0}, "floor_db 40.0 must be below"),
        ({"length": "crop"}, "'pad' or 'stretch'"),
        ({"top_db": -80.0}, "top_db -80.0 must be positive"),
        ({"fmin": "x"}, "fmin must be finite numbers"),
        ({"fmax": "x", "top_db": [3]}, "fmax, top_db must be finite numbers"),
        ({"top_db": ""}, "top_db must be finite numbers"),
        ({"floor_db": float("-inf")}, "floor_db must be finite numbers"),
        ({"ceiling_db": None}, "ceiling_db must be finite numbers"),
        ({"length": ["pad"]}, "'pad' or 'stretch'"),
    ],
)
def test_settings_that_make_no_spectrogram_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        MelConfig(**settings)


def test_bands_narrower_than_any_bin_are_refused():
    with pytest.raises(ConfigError, match="raise n_fft"):
        mel_filter_bank(MelConfig(n_fft=16, win_length=16, fmin=1010.0, fmax=1090.0))
