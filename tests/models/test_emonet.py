import numpy as np
import pytest

from emospec.models import build_model, load_model

WIDTH = 61


@pytest.fixture(scope="module")
def model():
    net = build_model("emonet", (64, 100, 1), 4)
    rng = np.random.default_rng(0)
    for weights in net.weights:  # as trained: no normalisation is the identity
        if weights.path.rsplit("/", 1)[-1] in ("gamma", "beta", "moving_mean", "moving_variance"):
            weights.assign(rng.uniform(0.5, 1.5, weights.shape))
    return net


@pytest.fixture(scope="module")
def clips() -> np.ndarray:
    return np.random.default_rng(1).integers(1, 255, (3, 64, WIDTH, 1)).astype(np.float32)


def scores(model, images: np.ndarray) -> np.ndarray:
    return np.asarray(model.predict(images, verbose=0))


@pytest.mark.parametrize(("before", "behind"), [(0, 1), (0, 40), (7, 0), (20, 19), (3, 90)])
def test_padding_moves_no_score(model, clips: np.ndarray, before: int, behind: int) -> None:
    padded = np.pad(clips, ((0, 0), (0, 0), (before, behind), (0, 0)))
    assert np.allclose(scores(model, padded), scores(model, clips), atol=1e-5)


def test_a_pause_within_a_clip_is_no_padding(model, clips: np.ndarray) -> None:
    paused = clips.copy()
    paused[:, :, 20:40] = 0
    cut = np.delete(paused, np.s_[20:40], axis=2)
    assert np.abs(scores(model, paused) - scores(model, cut)).max() > 1e-3


def test_the_scores_of_a_clip_do_not_depend_on_its_batch(model, clips: np.ndarray) -> None:
    assert np.allclose(scores(model, clips)[:1], scores(model, clips[:1]), atol=1e-5)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_an_image_without_a_clip_gets_scores_that_are_numbers(n_channels: int) -> None:
    net = build_model("emonet", (64, 40, n_channels), 4)
    assert np.allclose(scores(net, np.zeros((2, 64, 40, n_channels), np.float32)).sum(axis=1), 1, atol=1e-5)


def test_training_on_an_image_without_a_clip_leaves_the_weights_numbers() -> None:
    net = build_model("emonet", (64, 40, 1), 4)
    net.compile("sgd", "categorical_crossentropy")
    images = np.zeros((4, 64, 40, 1), np.float32)
    images[1:, :, 5:30] = np.random.default_rng(0).integers(1, 255, (3, 64, 25, 1))
    net.train_on_batch(images, np.eye(4))
    assert all(np.isfinite(weights).all() for weights in net.get_weights())


def test_it_is_small(model) -> None:
    assert model.count_params() <= 1_500_000


def test_it_takes_the_notebooks_colours() -> None:
    net = build_model("emonet", (77, 77, 3), 6)
    assert net.output_shape == (None, 6)
    found = scores(net, np.random.default_rng(0).integers(0, 255, (2, 77, 77, 3)).astype(np.float32))
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)


def test_it_is_saved_and_loaded_in_safe_mode(model, clips: np.ndarray, tmp_path) -> None:
    model.save(tmp_path / "model.keras")
    assert np.allclose(scores(load_model(tmp_path / "model.keras"), clips), scores(model, clips), atol=1e-6)
