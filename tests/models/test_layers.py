import keras
import numpy as np
import pytest

from emospec.models.layers import (
    ClipChannels,
    ClipFrames,
    ClipStatistics,
    LeftAligned,
    RandomGain,
    RandomShift,
    SpecAugment,
)


def array(x) -> np.ndarray:
    return keras.ops.convert_to_numpy(x)


@pytest.fixture
def images() -> np.ndarray:
    clips = np.zeros((4, 16, 30, 1), np.float32)
    clips[:, :, 5:25] = np.random.default_rng(0).uniform(0.2, 0.8, (4, 16, 20, 1))
    return clips


@pytest.mark.parametrize("layer", [RandomGain, RandomShift, SpecAugment])
def test_random_layers_do_nothing_outside_training(layer, images: np.ndarray) -> None:
    assert (array(layer()(images, training=False)) == images).all()
    assert (array(layer()(images)) == images).all()
    changed = array(layer()(images, training=True))
    assert changed.shape == images.shape
    assert (changed != images).any()


@pytest.mark.parametrize("layer", [RandomGain, RandomShift, SpecAugment])
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


def test_statistics_are_those_of_the_clip_alone(images: np.ndarray) -> None:
    moved = array(LeftAligned()(images))
    frames = array(ClipFrames()(moved))
    moved[:, :, 20:] = 9  # whatever stands in the padding
    found = array(ClipStatistics()(moved, frames))
    assert np.allclose(found[:, 0], moved[:, :, :20, 0].mean(axis=(1, 2)), atol=1e-6)
    assert np.allclose(found[:, 1], moved[:, :, :20, 0].max(axis=(1, 2)))
