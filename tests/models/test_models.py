from pathlib import Path

import keras
import numpy as np
import pytest

from emospec.errors import ConfigError
from emospec.models import MODELS, build_model, find_architecture, load_model
from emospec.models.diagram import layers_png

# As the original notebook's `model.summary()` counted them, for 77 x 77 x 3 and four classes.
PARAMETERS = {
    "3layer": 6_650_884,
    "adapted": 2_630_468,
    "3layer-separable": 535_323,
    "dscnn": 2_207_172,
    "3layer-augmented": 25_918_468,
    "adapted-augmented": 6_464_324,
    "adapted-weighted": 6_464_324,
}
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 77, 77, 3), dtype=np.uint8)


def small(name: str) -> keras.Model:
    options = {"filters": (2,) * len(MODELS[name].filters)}
    return build_model(name, (77, 77, 3), 4, **options | ({"image_size": (40, 40)} if MODELS[name].image_size else {}))


def test_every_network_of_the_notebook_is_there_and_our_own() -> None:
    assert list(MODELS) == [*PARAMETERS, "emonet"]


@pytest.mark.parametrize("name", PARAMETERS)
def test_networks_have_the_notebooks_number_of_parameters(name: str) -> None:
    assert build_model(name, (77, 77, 3), 4).count_params() == PARAMETERS[name]


def test_other_filters_give_the_notebooks_second_three_layer_network() -> None:
    assert build_model("3layer", (77, 77, 3), 4, filters=(64, 120, 200)).count_params() == 10_327_556


@pytest.mark.parametrize("name", MODELS)
def test_raw_images_become_probabilities(name: str) -> None:
    probabilities = np.asarray(small(name)(IMAGES, training=False))
    assert probabilities.shape == (3, 4)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_pixels_are_scaled_inside_unless_the_caller_does_it(name: str) -> None:
    inside, outside = build_model(name, (77, 77, 3), 4), build_model(name, (77, 77, 3), 4, scale=False)
    outside.set_weights(inside.get_weights())
    raw = np.asarray(inside(IMAGES[:1], training=False))
    assert np.asarray(outside(IMAGES[:1] / np.float32(255), training=False)) == pytest.approx(raw, abs=1e-5)


@pytest.mark.parametrize("name", [name for name, architecture in MODELS.items() if architecture.augmentation])
def test_augmentation_changes_images_in_training_only(name: str) -> None:
    model = small(name)
    last = MODELS[name].augmentation[-1].replace("-", "_")
    flipped = keras.Model(model.input, model.get_layer(last).output)
    still = [np.asarray(flipped(IMAGES, training=False)) for _ in range(2)]
    moved = np.asarray(flipped(IMAGES, training=True))
    assert (still[0] == still[1]).all()
    assert np.abs(moved - still[0]).mean() > 0.01


@pytest.mark.parametrize("name", MODELS)
def test_scores_of_a_clip_do_not_depend_on_its_batch(name: str) -> None:
    model = small(name)
    together, alone = model(IMAGES, training=False), model(IMAGES[1:2], training=False)
    assert np.asarray(together)[1] == pytest.approx(np.asarray(alone)[0], abs=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_network_gives_the_same_scores_when_loaded_in_safe_mode(name: str, tmp_path: Path) -> None:
    model = small(name)
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert np.asarray(again(IMAGES, training=False)) == pytest.approx(
        np.asarray(model(IMAGES, training=False)), abs=1e-6
    )


def test_layers_have_the_kernels_of_the_table() -> None:
    kernels = [
        layer.kernel_size[0] for layer in build_model("dscnn", (77, 77, 3), 4).layers if hasattr(layer, "kernel_size")
    ]
    assert kernels == [11, 7, 5, 5, 5]


def test_only_the_weighted_network_drops_out_twice() -> None:
    rates = {
        name: [layer.rate for layer in small(name).layers if isinstance(layer, keras.layers.Dropout)] for name in MODELS
    }
    assert rates["adapted"] == rates["adapted-augmented"] == [0.25]
    assert rates["adapted-weighted"] == [0.35, 0.35]
    assert MODELS["adapted-weighted"].class_weights == {"angry": 1, "fear": 2, "happy": 1.5, "sad": 1}
    assert MODELS["adapted-weighted"].learning_rate == 0.0005


@pytest.mark.parametrize(
    ("name", "options", "match"),
    [
        ("4layer", {}, "unknown model '4layer'; known: 3layer, adapted"),
        ("3layer", {"filter": 3}, "unknown option 'filter'"),
        ("3layer", {"filters": (1, 2)}, "takes 3 filter counts, got 2"),
        ("3layer", {"dropout": 0.5}, "has no dropout to set"),
        ("adapted", {"kernel_size": 5}, "has no kernel_size to set"),
        ("3layer", {"augmentation": ("mirror",)}, "unknown augmentation 'mirror'; known: rotation, flip"),
    ],
)
def test_what_a_network_cannot_do_is_refused(name: str, options: dict[str, object], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        build_model(name, (77, 77, 3), 4, **options)


@pytest.mark.parametrize("name", ["3layer", "adapted", "3layer-separable"])
def test_images_too_small_for_a_network_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"model {name} cannot take images of \\(9, 9, 3\\)"):
        build_model(name, (9, 9, 3), 4)


def test_one_dropout_rate_is_used_everywhere() -> None:
    assert find_architecture("3layer-separable", dropout=0.1).dropout == (0.1, 0.1, 0.1)


def test_a_dropout_rate_makes_no_new_place_for_dropout() -> None:
    assert find_architecture("adapted", dropout=0.1).dropout == (0.1, 0.0)


@pytest.mark.parametrize("content", [None, b"no model"])
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "model.keras").write_bytes(content)
    with pytest.raises(ConfigError, match="cannot be loaded as a Keras model"):
        load_model(tmp_path / "model.keras")


@pytest.mark.parametrize("name", MODELS)
def test_the_layers_of_every_network_can_be_drawn(name: str) -> None:
    png = layers_png(small(name))
    assert png is not None
    assert png.startswith(b"\x89PNG")
