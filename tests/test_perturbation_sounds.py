import numpy as np
import pytest
from scipy.signal import welch

from emospec.perturbation_sounds import babble, music, room_response

RATE = 16000


def voice(hertz: float, level: float = 0.1) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)).astype(np.float32)


@pytest.mark.parametrize("strength", [0.3, 0.5, 1.2])
def test_the_echo_of_a_room_falls_by_60_db_in_the_time_asked_for(strength):
    """By Schroeder's backward integration, from -5 to -35 dB."""
    response = room_response(strength, RATE, np.random.default_rng(4))
    decay = 10 * np.log10(np.cumsum(response[::-1] ** 2)[::-1] / np.sum(response**2))
    thirty_db = np.argmax(decay < -35) - np.argmax(decay < -5)
    assert 2 * thirty_db / RATE == pytest.approx(strength, rel=0.1)


def test_the_direct_sound_is_the_first_and_the_loudest_of_a_room():
    response = room_response(0.5, RATE, np.random.default_rng(4))
    assert response[0] == pytest.approx(1)
    assert np.abs(response[1:]).max() < 1


def test_near_and_late_echo_of_a_room_join_without_a_step():
    rooms = [room_response(0.5, RATE, np.random.default_rng(seed)) for seed in range(30)]
    before, after = (
        np.mean([response[part] ** 2 for response in rooms]) for part in (slice(240, 320), slice(320, 400))
    )
    assert abs(10 * np.log10(before / after)) < 4


def test_babble_never_holds_the_clip_itself():
    own = voice(300)
    spectrum = np.abs(np.fft.rfft(babble(RATE, [own, own.copy(), voice(500)], own, np.random.default_rng(0))))
    assert spectrum[300] < 1e-3 * spectrum[500]


def test_four_to_seven_voices_talk_at_once_and_equally_loud():
    """Voices of one tone each, at levels of their own: the tones that can be heard are counted."""
    tones = [voice(100 * k, level=0.01 * k) for k in range(1, 11)]
    counts = set()
    for seed in range(40):
        spectrum = np.abs(np.fft.rfft(babble(RATE, tones, voice(50), np.random.default_rng(seed))))[100:1001:100]
        heard = spectrum[spectrum > 1]
        np.testing.assert_allclose(heard, heard[0], rtol=1e-3)
        counts.add(len(heard))
    assert counts == {4, 5, 6, 7}


def test_music_is_made_of_tones_that_change_with_the_chords():
    """In a spectrum of music some bands stand far above the rest, and they move; in one of noise none does."""
    sound = music(6 * RATE, RATE, np.random.default_rng(2))
    early, late = (welch(part, RATE, nperseg=8192)[1][50:1000] for part in (sound[: 2 * RATE], sound[-2 * RATE :]))
    assert early.max() / np.median(early) > 1000
    assert np.corrcoef(np.log(early), np.log(late))[0, 1] < 0.9


def test_music_goes_on_to_the_end_of_a_long_clip():
    sound = music(20 * RATE, RATE, np.random.default_rng(2))
    seconds = sound.reshape(20, RATE).std(axis=1)
    assert seconds.min() > 0.3 * seconds.max()
