import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import soundfile

from emospec.errors import EmospecError
from emospec.synthesis import (
    ACCENTS,
    SAMPLE_RATE,
    TIMBRE_BANDS,
    VARIANTS,
    Delivery,
    Take,
    Voice,
    check_synthesizer,
    record,
    speak,
)

needs_praat = pytest.mark.skipif(find_spec("parselmouth") is None, reason="praat-parselmouth is not installed")

TEXT = "We'll stop in a couple of minutes."
VOICE = Voice(
    variant="Denis",
    accent="English (Great Britain)",
    formants=1.0,
    pitch=120.0,
    pitch_range=2.0,
    rate=200.0,
    level=-30.0,
    breath=-60.0,
    room=-90.0,
    timbre=(0.0,) * len(TIMBRE_BANDS),
)


def say(voice=VOICE, seed=0, **delivery):
    return speak(TEXT, voice, Delivery(**delivery), rng=np.random.default_rng(seed))


def semitones(waveform):
    """Pitch of the voiced frames by Praat's own tracker, in semitones re 100 Hz."""
    import parselmouth

    pitch = parselmouth.Sound(waveform.astype(float), SAMPLE_RATE).to_pitch_ac(pitch_floor=60, pitch_ceiling=500)
    frequency = pitch.selected_array["frequency"]
    return 12 * np.log2(frequency[frequency > 0] / 100)


def decibels(waveform):
    return 20 * np.log10(np.sqrt(np.mean(np.square(waveform, dtype=float))))


def band_decibels(waveform, centre):
    """Power in a tenth of an octave around a frequency."""
    power = np.abs(np.fft.rfft(waveform.astype(float))) ** 2
    frequency = np.fft.rfftfreq(waveform.size, 1 / SAMPLE_RATE)
    return 10 * np.log10(power[(frequency > centre / 2**0.05) & (frequency < centre * 2**0.05)].sum())


def spoken_seconds(waveform):
    loud = np.flatnonzero(np.abs(waveform) > 0.03 * np.abs(waveform).max())
    return (loud[-1] - loud[0]) / SAMPLE_RATE


@needs_praat
def test_a_voice_speaks_at_its_own_pitch():
    assert semitones(say()).mean() == pytest.approx(12 * np.log2(1.2), abs=0.5)


@needs_praat
@pytest.mark.parametrize("rise", [-3.0, 7.0])
def test_the_pitch_moves_by_the_semitones_asked_for(rise):
    assert np.median(semitones(say(pitch=rise))) - np.median(semitones(say())) == pytest.approx(rise, abs=0.5)


@needs_praat
def test_one_octave_of_pitch_range_doubles_the_movement_of_the_pitch():
    assert semitones(say(pitch_range=1.0)).std() / semitones(say()).std() == pytest.approx(2, abs=0.4)


@needs_praat
def test_a_slope_raises_the_end_against_the_beginning():
    difference = semitones(say(slope=6.0)) - semitones(say(slope=0.0))
    third = difference.size // 3
    assert difference[-third:].mean() - difference[:third].mean() == pytest.approx(4, abs=1)


@needs_praat
def test_tremor_moves_the_pitch_to_and_fro():
    flat = replace(VOICE, pitch_range=0.0)
    assert semitones(say(flat, tremor=1.0)).std() == pytest.approx(1 / np.sqrt(2), abs=0.25)
    assert semitones(say(flat)).std() < 0.2


@needs_praat
def test_the_level_rises_by_the_decibels_asked_for():
    assert decibels(say(level=6.0)) - decibels(say()) == pytest.approx(6, abs=0.05)


@needs_praat
def test_the_tilt_is_in_decibels_per_octave():
    neutral, pressed = say(), say(tilt=3.0)
    rise = [band_decibels(pressed, f) - band_decibels(neutral, f) for f in (500, 4000)]
    assert rise[1] - rise[0] == pytest.approx(9, abs=0.5)  # three octaves


@needs_praat
def test_half_an_octave_of_rate_shortens_the_words():
    assert spoken_seconds(say(rate=0.5)) / spoken_seconds(say()) == pytest.approx(2**-0.5, abs=0.12)


@needs_praat
def test_a_shorter_vocal_tract_keeps_the_duration():
    assert spoken_seconds(say(formants=0.2)) / spoken_seconds(say()) == pytest.approx(1, abs=0.1)


@needs_praat
def test_a_shorter_vocal_tract_raises_the_formants():
    import parselmouth

    def third_formant(waveform):
        formants = parselmouth.Sound(waveform.astype(float), SAMPLE_RATE).to_formant_burg(maximum_formant=5500)
        return np.nanmedian([formants.get_value_at_time(3, time) for time in formants.ts()])

    assert third_formant(say(formants=0.2)) / third_formant(say()) == pytest.approx(2**0.2, abs=0.07)


@needs_praat
def test_breath_fills_the_spectrum_above_the_voice():
    assert band_decibels(say(breath=55.0), 7000) > band_decibels(say(), 7000) + 6


@needs_praat
def test_the_loudest_voice_is_not_clipped():
    assert np.abs(say(level=60.0)).max() < 0.9


@needs_praat
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_clip_does_not_depend_on_the_clips_before_it(variant):
    voice = replace(VOICE, variant=variant)
    first = say(voice)
    for accent in ACCENTS:
        say(replace(VOICE, accent=accent, variant=VARIANTS[0], pitch=200.0), seed=1)
    np.testing.assert_array_equal(say(voice), first)


@needs_praat
@pytest.mark.parametrize("text", ["", "..."])
def test_a_text_without_words_is_refused(text):
    with pytest.raises(EmospecError, match="expected English words"):
        speak(text, VOICE, Delivery(), rng=np.random.default_rng(0))


@needs_praat
@pytest.mark.parametrize("accent", ACCENTS)
def test_every_accent_speaks(accent):
    assert 0.5 < spoken_seconds(say(replace(VOICE, accent=accent))) < 3


@needs_praat
def test_a_recording_is_16_khz_16_bit_mono(tmp_path):
    record(Take("a/b.wav", TEXT, VOICE, Delivery(), (0,)), folder=tmp_path)
    info = soundfile.info(tmp_path / "a" / "b.wav")
    assert (info.samplerate, info.subtype, info.channels) == (16000, "PCM_16", 1)


def test_a_missing_synthesiser_is_one_line_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "parselmouth", None)
    with pytest.raises(EmospecError, match=r'pip install "emospec\[demo\]"') as caught:
        check_synthesizer()
    assert "\n" not in str(caught.value)
