import itertools

import numpy as np
import pytest

from emospec.speech import levels_of, utterances
from predict_samples import silence, voice

RATE = 16000


def spans_of(*sounds: np.ndarray, pieces: int = 3, rate: int = RATE) -> list[tuple[float, float]]:
    blocks = np.array_split(np.concatenate(sounds), pieces)
    return [(each.start / rate, each.end / rate) for each in utterances(blocks, rate)]


def edges_of(*sounds: np.ndarray, rate: int = RATE) -> list[tuple[float, float]]:
    """Where each sound begins and ends, in seconds."""
    ends = list(itertools.accumulate(len(sound) / rate for sound in sounds))
    return list(zip([0.0, *ends], ends, strict=False))


@pytest.mark.parametrize("level_db", [None, -60, -45, -35])
@pytest.mark.parametrize("gap", [0.6, 1.0, 4.0])
def test_speech_is_found_between_silences(level_db: float | None, gap: float) -> None:
    sounds = [silence(gap), voice(2.0), silence(gap), voice(1.0), silence(2 * gap), voice(4.0), silence(gap)]
    noise = silence(sum(map(len, sounds)) / RATE, level_db=level_db)
    found = spans_of(np.concatenate(sounds) + noise)
    np.testing.assert_allclose(found, edges_of(*sounds)[1::2], atol=0.3)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100])
def test_speech_is_found_at_any_rate(rate: int) -> None:
    sounds = [silence(1.0, rate), voice(2.0, rate), silence(1.5, rate)]
    np.testing.assert_allclose(spans_of(*sounds, rate=rate), [(1.0, 3.0)], atol=0.1)


@pytest.mark.parametrize("pieces", [1, 2, 7, 500])
def test_it_does_not_matter_in_which_blocks_a_recording_comes(pieces: int) -> None:
    sounds = [silence(1.0, level_db=-50), voice(30.0), silence(15.0, level_db=-50), voice(20.0)]
    assert spans_of(*sounds, pieces=pieces) == spans_of(*sounds, pieces=3)


def test_an_utterance_holds_its_own_sound() -> None:
    sound = np.concatenate([silence(25.0), voice(2.0), silence(30.0), voice(1.0)])
    for each in utterances(np.array_split(sound, 5), RATE):
        np.testing.assert_array_equal(each.sound, sound[each.start : each.end])
        np.testing.assert_array_equal(each.between(each.start + 5, each.start + 9), sound[each.start :][5:9])


@pytest.mark.parametrize("level_db", [None, -70, -40, -20, -6])
def test_nobody_speaks_in_silence_or_steady_noise(level_db: float | None) -> None:
    assert spans_of(silence(50.0, level_db=level_db)) == []


def test_nobody_speaks_in_hum() -> None:
    hum = 0.3 * np.sin(2 * np.pi * 50 * np.arange(10 * RATE) / RATE) * np.linspace(0, 1, 10 * RATE)
    assert spans_of(hum.astype(np.float32)) == []


def test_an_offset_is_not_heard() -> None:
    assert levels_of(np.full(RATE, 0.5, np.float32), RATE)[2:-2].max() <= -70


def test_a_tone_of_full_scale_has_a_level_of_3_db_below_1() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    assert levels_of(tone, RATE)[5:-5] == pytest.approx(-3.01, abs=0.1)


def test_a_click_is_no_speech() -> None:
    click = voice(0.05, level=0.9)
    assert spans_of(silence(5.0, level_db=-50), click, silence(5.0, level_db=-50)) == []


def test_short_pauses_lie_within_an_utterance() -> None:
    assert len(spans_of(voice(1.0), silence(0.2), voice(1.0), silence(1.0))) == 1


def test_quiet_speech_is_found_after_loud_speech() -> None:
    sounds = [silence(1.0), voice(3.0, level=0.9), silence(2.0), voice(3.0, level=0.03, offset=0.0), silence(1.0)]
    noise = silence(10.0, level_db=-65)
    np.testing.assert_allclose(spans_of(np.concatenate(sounds) + noise), edges_of(*sounds)[1::2], atol=0.3)


def test_long_speech_is_divided_without_a_gap() -> None:
    found = spans_of(silence(1.0), voice(200.0), silence(1.0), pieces=50)
    assert len(found) >= 4
    assert all(end - start <= 60.5 for start, end in found)
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(found))
    assert (found[0][0], found[-1][1]) == pytest.approx((1.0, 201.0), abs=0.3)


def test_a_recording_of_nothing_has_no_speech() -> None:
    assert list(utterances([], RATE)) == []
    assert list(utterances([np.zeros(0, np.float32)], RATE)) == []
    assert list(utterances([np.zeros(1, np.float32)], RATE)) == []


def test_noise_that_swells_a_little_is_no_speech() -> None:
    swelling = silence(20.0, level_db=-40) * np.geomspace(1, 2.3, 20 * RATE).astype(np.float32)
    assert spans_of(swelling) == []
