from functools import partial

import keras
import numpy as np
import pytest

from emospec.models.layers import AttentiveStatistics, ClipChannels, ClipFrames, ClipMean, LeftAligned
from emospec.models.random_layers import RandomBand, RandomGain, RandomNoise, RandomShift, SpecAugment

RANDOM = [RandomGain, RandomShift, partial(RandomNoise, share=1.0), partial(RandomBand, 1.0, 0.5, 0.5), SpecAugment]


def array(x) -> np.ndarray:
    return keras.ops.convert_to_numpy(x)


@pytest.fixture
def images() -> np.ndarray:
    clips = np.zeros((4, 16, 30, 1), np.float32)
    clips[:, :, 5:25] = np.random.default_rng(0).uniform(0.2, 0.8, (4, 16, 20, 1))
    return clips


@pytest.mark.parametrize("layer", RANDOM)
def test_random_layers_do_nothing_outside_training(layer, images: np.ndarray) -> None:
    assert (array(layer()(images, training=False)) == images).all()
    assert (array(layer()(images)) == images).all()
    changed = array(layer()(images, training=True))
    assert changed.shape == images.shape
    assert (changed != images).any()


@pytest.mark.parametrize("layer", RANDOM)
def test_random_layers_repeat_themselves_from_one_state(layer, images: np.ndarray) -> None:
    first, second = (array(layer(seed=seed)(images, training=True)) for seed in (3, 3))
    assert (first == second).all()
    assert (array(layer(seed=4)(images, training=True)) != first).any()


def test_gain_adds_one_number_a_clip_and_leaves_padding_black(images: np.ndarray) -> None:
    louder = array(RandomGain(0.1)(images, training=True))
    difference = (louder - images)[:, :, 5:25]
    assert np.allclose(difference, difference[:, :1, :1], atol=1e-6)
    assert (louder[:, :, :5] == 0).all()
    assert len(np.unique(difference[:, 0, 0, 0].round(5))) == 4


def test_shift_moves_every_pixel_alike_and_fills_with_black(images: np.ndarray) -> None:
    moved = array(RandomShift(time=0.1, frequency=0.0)(images, training=True))
    for before, after in zip(images, moved, strict=True):
        steps = [s for s in range(-3, 4) if np.allclose(np.roll(before, s, axis=1), after)]
        assert len(steps) == 1
    loud = np.ones((8, 10, 10, 1), np.float32)
    moved = array(RandomShift(time=0.0, frequency=0.4)(loud, training=True))
    kept = moved.sum(axis=(1, 2, 3)) / 10
    assert kept.min() < 10
    assert np.isin(kept, np.arange(6, 11)).all()


def test_hidden_bands_are_as_wide_as_asked_at_the_most() -> None:
    loud = np.random.default_rng(0).uniform(0.4, 0.6, (200, 20, 40, 1)).astype(np.float32)
    hidden = array(SpecAugment(frequency=0.25, time=0.0, masks=1)(loud, training=True))
    rows = (hidden != loud).any(axis=(2, 3)).sum(axis=1)
    assert rows.max() <= 6
    assert rows.max() >= 4
    assert rows.min() == 0
    spans = array(SpecAugment(frequency=0.0, time=0.25, masks=1)(loud, training=True))
    assert ((spans == 0).all(axis=(1, 3)).sum(axis=1)).max() <= 11


def test_noise_adds_power_at_a_level_below_the_loudest_cell_and_spares_padding(images: np.ndarray) -> None:
    noisy = array(RandomNoise(share=1, quiet=20, loud=20, tilt=0, range_db=95)(images, training=True))
    assert (noisy[:, :, :5] == 0).all()
    assert (noisy[:, :, 25:] == 0).all()
    power = 10 ** (images[:, :, 5:25] * 9.5)
    noise = power.max(axis=(1, 2, 3), keepdims=True) / 100
    assert np.allclose(noisy[:, :, 5:25], np.log10(power + noise) / 9.5, atol=1e-5)


def test_the_share_of_clips_that_get_noise_or_lose_a_band_is_that_asked_for() -> None:
    loud = np.random.default_rng(0).uniform(0.4, 0.9, (400, 16, 10, 1)).astype(np.float32)
    for layer in (RandomNoise(share=0.3), RandomBand(share=0.3, low=0.3, high=0.3)):
        changed = (array(layer(loud, training=True)) != loud).any(axis=(1, 2, 3)).mean()
        assert changed == pytest.approx(0.3, abs=0.08)


def test_a_band_loses_its_ends_alone_and_never_gets_louder() -> None:
    loud = np.full((200, 40, 10, 1), 0.9, np.float32)
    narrow = array(RandomBand(share=1, low=0.1, high=0.25, least=19, most=19, range_db=95)(loud, training=True))
    lost = (narrow < 0.9).all(axis=(2, 3))
    assert not lost[:, 10:36].any()
    assert lost[:, :10].any(axis=1).mean() > 0.8
    assert lost[:, 36:].any(axis=1).mean() > 0.7
    assert np.allclose(narrow[narrow < 0.9], 0.7, atol=1e-6)


def test_clips_are_moved_to_the_left_whole(images: np.ndarray) -> None:
    moved = array(LeftAligned()(images))
    assert (moved[:, :, :20] == images[:, :, 5:25]).all()
    assert (moved[:, :, 20:] == 0).all()


def test_frames_are_those_up_to_the_last_that_is_not_black(images: np.ndarray) -> None:
    moved = array(LeftAligned()(images))
    moved[:, :, 8:12] = 0
    frames = array(ClipFrames()(moved))[:, 0, :, 0]
    assert (frames[:, :20] == 1).all()
    assert (frames[:, 20:] == 0).all()


def test_the_second_and_third_channel_do_not_know_the_level(images: np.ndarray) -> None:
    moved = array(LeftAligned()(images))
    frames = array(ClipFrames()(moved))
    quiet, loud = (array(ClipChannels()(x, frames)) for x in (moved, moved + 0.1 * frames))
    assert np.allclose(quiet[..., 1:], loud[..., 1:], atol=1e-6)
    assert np.allclose(quiet[:, :, :20, 1].mean(axis=2), 0, atol=1e-6)
    assert np.allclose(loud[..., 0] - quiet[..., 0], 0.1 * frames[..., 0], atol=1e-6)


def test_the_mean_is_that_of_the_clip_alone(images: np.ndarray) -> None:
    moved = array(LeftAligned()(images))
    frames = array(ClipFrames()(moved))
    moved[:, :, 20:] = 9  # whatever stands in the padding
    assert np.allclose(array(ClipMean()(moved, frames))[:, 0], moved[:, :, :20, 0].mean(axis=(1, 2)), atol=1e-6)


def test_an_image_without_a_clip_gives_numbers() -> None:
    black = np.zeros((2, 8, 10, 1), np.float32)
    frames = array(ClipFrames()(array(LeftAligned()(black))))
    assert not frames.any()
    assert not array(ClipChannels()(black, frames)).any()
    assert not array(ClipMean()(black, frames)).any()
    statistics = array(AttentiveStatistics()(black[:, :1], black[:, :1], frames))
    assert np.allclose(statistics, [0.0, 0.01])  # the mean, and the least deviation


def test_padding_that_seems_to_tell_a_lot_leaves_the_statistics_of_the_clip_as_they_are() -> None:
    x = np.array([1.0, 3.0, 5.0, 99.0], np.float32).reshape(1, 1, 4, 1)
    frames = np.array([1, 1, 1, 0], np.float32).reshape(1, 1, 4, 1)
    weights = np.array([0, 0, 0, 500], np.float32).reshape(x.shape)
    assert np.allclose(array(AttentiveStatistics()(x, weights, frames)), [3, np.std([1, 3, 5])], atol=1e-5)


def test_frames_that_tell_more_count_for_more_and_padding_for_nothing() -> None:
    x = np.array([1.0, 3.0, 5.0, 99.0], np.float32).reshape(1, 1, 4, 1)
    frames = np.array([1, 1, 1, 0], np.float32).reshape(1, 1, 4, 1)
    mean, deviation = array(AttentiveStatistics()(x, np.zeros_like(x), frames))[0]
    assert mean == pytest.approx(3)
    assert deviation == pytest.approx(np.std([1, 3, 5]), abs=1e-5)
    weights = np.log(np.array([1, 2, 1, 50], np.float32)).reshape(x.shape)
    mean, deviation = array(AttentiveStatistics()(x, weights, frames))[0]
    assert mean == pytest.approx((1 + 2 * 3 + 5) / 4)
    assert deviation == pytest.approx(np.sqrt((1 + 2 * 9 + 25) / 4 - 9), abs=1e-5)
