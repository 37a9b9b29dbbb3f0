import numpy as np
import pytest
from scipy.signal import correlate

from emospec.codecs import FORMATS, resampled, through_codec, through_gsm
from emospec.errors import ConfigError


def syllables(sample_rate: int = 16000, seconds: float = 1.0) -> np.ndarray:
    """A harmonic sound that comes and goes, so that codecs and correlations have something to hold on to."""
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    phase = 2 * np.pi * (150 * time + 20 * time**2)
    tones = sum(np.sin(k * phase) / k for k in range(1, 20))
    return (0.2 * tones * np.sin(2 * np.pi * 3 * time) ** 2).astype(np.float32)


def delay(changed: np.ndarray, original: np.ndarray) -> int:
    return int(np.argmax(correlate(changed, original))) - (len(original) - 1)


def error_ratio(changed: np.ndarray, original: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(original**2) / np.mean((changed - original) ** 2)))


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("sample_rate", [8000, 16000, 22050, 44100, 48000])
def test_a_file_gives_back_a_clip_of_the_same_length_in_step(fmt, sample_rate):
    clip = syllables(sample_rate)
    decoded = through_codec(clip, sample_rate, fmt)
    assert (decoded.shape, decoded.dtype) == (clip.shape, np.float32)
    assert abs(delay(decoded, clip)) / sample_rate <= 0.001


@pytest.mark.parametrize("fmt", ["wav", "flac"])
def test_a_lossless_file_is_off_by_a_step_of_16_bits_at_most(fmt):
    clip = syllables()
    np.testing.assert_allclose(through_codec(clip, 16000, fmt), clip, atol=1 / 32768)


@pytest.mark.parametrize("fmt", ["mp3", "opus"])
def test_a_lossy_file_changes_the_samples_but_not_the_sound(fmt):
    clip = syllables()
    assert 5 < error_ratio(through_codec(clip, 16000, fmt), clip) < 50


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("clip", [np.zeros(400, np.float32), syllables(16000, 0.025), np.ones(4000, np.float32)])
def test_short_silent_and_full_clips_pass_every_format(fmt, clip):
    decoded = through_codec(clip, 16000, fmt)
    assert len(decoded) == len(clip)
    assert np.abs(decoded).max() <= 1


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_file_gives_the_same_samples_each_time(fmt):
    np.testing.assert_array_equal(through_codec(syllables(), 16000, fmt), through_codec(syllables(), 16000, fmt))


def test_an_unknown_format_is_told_with_the_known_ones():
    with pytest.raises(ConfigError, match="unknown format 'aac'; expected wav, flac, mp3, opus"):
        through_codec(syllables(), 16000, "aac")


def test_gsm_keeps_length_and_time():
    clip = syllables(8000)
    decoded = through_gsm(clip)
    assert decoded.shape == clip.shape
    assert abs(delay(decoded, clip)) <= 8
    assert 3 < error_ratio(decoded, clip) < 30


def test_a_tone_is_the_same_tone_at_another_rate():
    at = {rate: 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32) for rate in (16000, 48000)}
    np.testing.assert_allclose(resampled(at[16000], 16000, 48000)[2000:-2000], at[48000][2000:-2000], atol=1e-4)


def test_the_same_rate_changes_nothing():
    np.testing.assert_array_equal(resampled(syllables(), 16000, 16000), syllables())
