import random

import numpy as np
import pytest
from scipy.signal import correlate, welch

from emospec.errors import ConfigError, EmospecError
from emospec.perturbations import PERTURBATIONS, Bank, perturb

RATE = 16000
NOISES = ("babble", "white_noise", "music")
LENGTH_CHANGES = ("cropping", "padding")


def clip(seconds: float = 1.0, seed: int = 0) -> np.ndarray:
    """A gliding harmonic sound in syllables, over a little noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * (rng.uniform(100, 250) * time + 30 * time**2)
    tones = sum(np.sin(k * phase) / k for k in range(1, 30))
    return (0.15 * tones * np.sin(9 * time) ** 2 + 1e-3 * rng.standard_normal(len(time))).astype(np.float32)


def noise(seconds: float = 4.0, level: float = 0.05) -> np.ndarray:
    return (level * np.random.default_rng(9).standard_normal(int(seconds * RATE))).astype(np.float32)


BANK = Bank(tuple(clip(0.8, seed) for seed in range(1, 10)))


def changed(name: str, waveform: np.ndarray, *, seed: int = 1, strength: float | None = None) -> np.ndarray:
    return perturb(name, waveform, RATE, seed=seed, bank=BANK, strength=strength)


def level_db(sound: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64))))


def response_db(name: str, **options: float) -> tuple[np.ndarray, np.ndarray]:
    """The frequencies in Hz and the change of level there, measured with white noise."""
    before, after = noise(), changed(name, noise(), **options)
    hertz, power = welch(before, RATE, nperseg=2048)
    return hertz, 10 * np.log10(welch(after, RATE, nperseg=2048)[1] / power)


def near(hertz: np.ndarray, decibels: np.ndarray, place: float) -> float:
    return float(decibels[np.abs(hertz - place) < 40].mean())


def test_the_changes_are_those_of_an_audit():
    assert list(PERTURBATIONS) == [
        *("telephone", "babble", "white_noise", "reverberation", "music", "gain"),
        *("clipping", "cropping", "padding", "high_pass", "low_pass", "spectral_tilt"),
    ]


@pytest.mark.parametrize("name", PERTURBATIONS)
class TestEveryChange:
    def test_changes_the_samples(self, name):
        assert not np.array_equal(changed(name, clip()), clip())

    def test_gives_float32_within_one(self, name):
        sound = changed(name, clip())
        assert sound.dtype == np.float32
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() <= 1

    def test_keeps_a_full_scale_clip_within_one(self, name):
        loud = clip() / np.abs(clip()).max()
        assert all(np.abs(changed(name, loud, seed=seed)).max() <= 1 for seed in range(6))

    def test_keeps_the_length_unless_length_is_what_it_changes(self, name):
        assert (len(changed(name, clip())) == len(clip())) == (name not in LENGTH_CHANGES)

    def test_is_the_same_for_the_same_seed_whatever_came_before(self, name):
        first = changed(name, clip())
        changed(name, clip(seed=5))
        np.testing.assert_array_equal(changed(name, clip()), first)

    def test_leaves_the_clip_and_the_global_random_states_alone(self, name):
        waveform, python, numpy = clip(), random.getstate(), np.random.get_state()  # noqa: NPY002
        changed(name, waveform)
        np.testing.assert_array_equal(waveform, clip())
        assert random.getstate() == python
        assert np.array_equal(np.random.get_state()[1], numpy[1])  # noqa: NPY002

    def test_does_not_read_the_global_random_states(self, name):
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        first = changed(name, clip())
        random.seed(2)
        np.random.seed(2)  # noqa: NPY002
        np.testing.assert_array_equal(changed(name, clip()), first)

    @pytest.mark.parametrize("waveform", [clip(0.025), 1e-4 * clip(), np.zeros(8000, np.float32)])
    def test_survives_short_quiet_and_silent_clips(self, name, waveform):
        waveform = waveform.astype(np.float32)
        sound = changed(name, waveform)
        assert np.isfinite(sound).all()
        assert np.any(sound) == np.any(waveform)

    @pytest.mark.parametrize("sample_rate", [8000, 22050, 48000])
    def test_works_at_other_rates(self, name, sample_rate):
        sound = perturb(name, clip(), sample_rate, seed=1, bank=BANK)
        assert np.isfinite(sound).all()
        assert np.any(sound)

    def test_refuses_a_strength_out_of_bounds(self, name):
        with pytest.raises(ConfigError, match=f"{name} of 1e.06 .* cannot be; expected"):
            changed(name, clip(), strength=1e6)

    def test_says_its_strength_in_words(self, name):
        assert f"{PERTURBATIONS[name].default:g}" in PERTURBATIONS[name].strength


@pytest.mark.parametrize("name", [*NOISES, "reverberation", "gain", "cropping", "padding", "spectral_tilt"])
def test_other_seeds_give_other_changes(name):
    sounds = {changed(name, clip(), seed=seed).tobytes() for seed in range(12)}
    assert len(sounds) > 1


def test_clips_of_one_seed_get_noise_of_their_own():
    one, other = clip(), clip(seed=3)
    noises = [changed("white_noise", waveform) - waveform for waveform in (one, other)]
    assert abs(np.corrcoef(*noises)[0, 1]) < 0.05


def test_an_unknown_change_is_told_with_the_known_ones():
    with pytest.raises(ConfigError, match="unknown perturbation 'rain'; expected one of telephone, babble"):
        changed("rain", clip())


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize(("strength", "snr"), [(None, 20), (5, 5)])
def test_noise_lies_below_the_clip_by_the_ratio_asked_for(name, strength, snr):
    added = changed(name, clip(), strength=strength) - clip()
    assert level_db(clip()) - level_db(added) == pytest.approx(snr, abs=0.01)


def test_a_mix_that_would_exceed_one_is_made_quieter_as_a_whole():
    loud = clip() / np.abs(clip()).max()
    mix = changed("white_noise", loud, strength=0)
    assert np.abs(mix).max() == 1
    assert np.count_nonzero(np.abs(mix) > 0.999) < 4


def test_a_telephone_passes_speech_and_stops_what_lies_outside_its_band():
    hertz, decibels = response_db("telephone")
    assert decibels[hertz > 3700].max() < -30
    assert decibels[(hertz > 20) & (hertz < 150)].max() < -30
    assert abs(decibels[(hertz > 400) & (hertz < 3300)].mean() - 10 * np.log10(8000 / 3100)) < 3  # all of the level


def test_a_telephone_that_passes_less_cuts_lower():
    hertz, decibels = response_db("telephone", strength=2000)
    assert decibels[hertz > 2300].max() < -30


@pytest.mark.parametrize("name", ["telephone", "reverberation", "spectral_tilt", "low_pass"])
def test_a_changed_clip_stays_in_step(name):
    lags = correlate(changed(name, clip()), clip())
    assert abs(int(np.argmax(lags)) - (len(clip()) - 1)) <= RATE / 1000


@pytest.mark.parametrize("name", ["telephone", "reverberation", "spectral_tilt"])
def test_the_level_is_kept(name):
    assert level_db(changed(name, clip())) == pytest.approx(level_db(clip()), abs=0.01)


def test_gain_is_two_decibels_up_or_down():
    gains = {round(level_db(changed("gain", clip(), seed=seed)) - level_db(clip()), 3) for seed in range(12)}
    assert gains == {-2.0, 2.0}


def test_a_clip_at_full_scale_can_only_be_made_quieter():
    loud = clip() / np.abs(clip()).max()
    gains = {round(level_db(changed("gain", loud, seed=seed)) - level_db(loud), 3) for seed in range(12)}
    assert gains == {-2.0}


@pytest.mark.parametrize(("strength", "share"), [(None, 0.003), (5, 0.05)])
def test_the_share_of_samples_asked_for_is_clipped(strength, share):
    sound = np.abs(changed("clipping", clip(), strength=strength))
    assert np.mean(sound == sound.max()) == pytest.approx(share, abs=2 / len(sound))


def test_clipping_leaves_a_lone_click_alone():
    click = np.zeros(8000, np.float32)
    click[100] = 0.5
    np.testing.assert_array_equal(changed("clipping", click), click)


def test_cropping_takes_a_thousand_samples_off_one_end():
    ends = {"first": clip()[1000:].tobytes(), "last": clip()[:-1000].tobytes()}
    assert {changed("cropping", clip(), seed=seed).tobytes() for seed in range(12)} == set(ends.values())


def test_cropping_leaves_three_quarters_of_a_short_clip():
    assert len(changed("cropping", clip(0.025))) == 300


def test_padding_adds_a_thousand_zeros_to_one_end():
    zeros = np.zeros(1000, np.float32)
    ends = [np.concatenate(parts).tobytes() for parts in ((zeros, clip()), (clip(), zeros))]
    assert {changed("padding", clip(), seed=seed).tobytes() for seed in range(12)} == set(ends)


@pytest.mark.parametrize(("name", "cutoff"), [("high_pass", 150), ("low_pass", 6500)])
def test_a_filter_takes_three_decibels_at_its_cutoff(name, cutoff):
    hertz, decibels = response_db(name)
    assert near(hertz, decibels, cutoff) == pytest.approx(-3, abs=0.5)
    assert near(hertz, decibels, 1000) == pytest.approx(0, abs=0.2)


def test_a_low_pass_filter_stays_below_half_of_a_low_rate():
    sound = perturb("low_pass", noise(), 8000, seed=1, bank=BANK)
    hertz, power = welch(sound, 8000, nperseg=2048)
    before = welch(noise(), 8000, nperseg=2048)[1]
    assert near(hertz, 10 * np.log10(power / before), 3250) == pytest.approx(-3, abs=0.5)


@pytest.mark.parametrize(
    ("name", "theirs"), [("high_pass", ("HighpassFilter", 150)), ("low_pass", ("LowpassFilter", 6500))]
)
def test_filters_equal_those_of_pedalboard(name, theirs):
    pedalboard = pytest.importorskip("pedalboard")
    expected = getattr(pedalboard, theirs[0])(theirs[1])(clip(), RATE)
    np.testing.assert_allclose(changed(name, clip()), expected, atol=1e-6)


def test_a_tilt_is_a_straight_line_over_octaves():
    slopes = set()
    for seed in range(8):
        hertz, decibels = response_db("spectral_tilt", seed=seed)
        speech = (hertz > 80) & (hertz < 7500)
        slopes.add(round(np.polyfit(np.log2(hertz[speech]), decibels[speech], 1)[0], 1))
    assert slopes == {-2.0, 2.0}


def test_babble_without_others_says_what_is_missing():
    with pytest.raises(EmospecError, match="babble needs other clips than the one it is added to, got 1; add some"):
        perturb("babble", clip(), RATE, seed=0, bank=Bank((clip(),)))


@pytest.mark.parametrize("name", ["telephone", "spectral_tilt", "reverberation"])
def test_the_end_of_a_clip_does_not_reach_its_beginning(name):
    last = np.zeros(8000, np.float32)
    last[-400:] = clip()[2000:2400]
    sound = changed(name, last)
    assert level_db(sound[:2000]) < level_db(sound[-400:]) - 60
