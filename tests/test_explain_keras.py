from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emospec.errors import ConfigError
from predict_samples import RATE, voice
from samples import CLASSES

keras = pytest.importorskip("keras")

from emospec.explain_keras import chosen_layer, explain_run, grad_cam
from emospec.images import to_image
from emospec.mel import MelConfig
from emospec.models.layers import LeftAligned
from emospec.runs import Run
from emospec.settings import TrainConfig, write_toml

MEL = MelConfig(sample_rate=RATE, n_fft=512, win_length=512, hop_length=400, n_mels=32, height=32, width=48)


def network(*, left_aligned: bool = False, place: tuple[slice, slice] = (slice(4, 8), slice(20, 26))) -> Any:
    """A network whose first class is the louder a place of the (aligned) image is."""
    inputs = keras.Input((32, 48, 1))
    x = LeftAligned(name="aligned")(inputs) if left_aligned else inputs
    x = keras.layers.Rescaling(1 / 255)(x)
    convolution = keras.layers.Conv2D(4, 1, name="maps", use_bias=False)
    x = keras.layers.Flatten()(convolution(x))
    dense = keras.layers.Dense(4, activation="softmax")
    model = keras.Model(inputs, dense(x))
    weights = np.zeros((32, 48, 4, 4), np.float32)
    weights[place][..., 0] = 0.05
    convolution.set_weights([np.ones((1, 1, 1, 4), np.float32)])
    dense.set_weights([weights.reshape(-1, 4), np.zeros(4, np.float32)])
    return model


def loud_image() -> np.ndarray:
    return np.random.default_rng(0).integers(100, 255, (32, 48)).astype(np.uint8)


def test_gradients_find_the_place_that_decides() -> None:
    heat = grad_cam(network(), loud_image(), 0)
    assert (heat.shape, heat.dtype, heat.max()) == ((32, 48), np.float32, 1.0)
    assert heat[4:8, 20:26].min() > 0.2
    heat[4:8, 20:26] = 0
    assert not heat.any()


def test_the_place_speaks_against_the_other_classes() -> None:
    assert grad_cam(network(), loud_image(), 1)[4:8, 20:26].max() < 0


def test_the_answer_is_explained_unless_a_class_is_named() -> None:
    np.testing.assert_array_equal(grad_cam(network(), loud_image()), grad_cam(network(), loud_image(), 0))


def test_heat_lies_where_the_clip_is_in_a_network_that_moves_it() -> None:
    image = loud_image()
    image[:, :15] = 0
    heat = grad_cam(network(left_aligned=True, place=(slice(4, 8), slice(5, 11))), image, 0)
    assert heat[4:8, 20:26].min() > 0.2
    assert heat.sum() == pytest.approx(heat[4:8, 20:26].sum())


def test_the_last_layer_with_maps_is_chosen_or_the_one_named() -> None:
    inputs = keras.Input((64, 64, 1))
    x = keras.layers.Conv2D(4, 3, name="fine")(inputs)
    x = keras.layers.Conv2D(4, 3, strides=2, name="middle")(x)
    x = keras.layers.Conv2D(4, 3, strides=4, name="coarse")(x)
    model = keras.Model(inputs, keras.layers.Dense(4)(keras.layers.Flatten()(x)))
    assert chosen_layer(model).name == "middle"
    assert chosen_layer(model, "fine").name == "fine"
    with pytest.raises(ConfigError, match="no layer 'coarse' with maps in this model; it has fine, middle"):
        chosen_layer(model, "coarse")


def write_run(folder: Path, style: str = "gray", folds: tuple[str, ...] = ()) -> Run:
    """A run of the network above, as if it had been trained."""
    folder.mkdir()
    network().save(folder / "model.keras")
    mel = {name: value for name, value in MEL.to_dict().items() if value is not None}
    write_toml({"style": style, "mel": mel}, folder / "run.toml")
    (folder / "report.json").write_text("{}")
    return Run(folder, TrainConfig(), Path("images"), "", CLASSES, folds=folds)


@pytest.mark.parametrize("method", ["occlusion", "gradients"])
def test_a_run_is_explained_both_ways(tmp_path: Path, method: Any) -> None:
    run = write_run(tmp_path / "run")
    noise = np.random.default_rng(0).normal(0, 0.1, round(1.1 * RATE)).astype(np.float32)
    explanation = explain_run(run, noise, RATE, method=method)
    np.testing.assert_array_equal(explanation.image, to_image(noise, MEL))
    assert explanation.prediction.emotion == CLASSES[0]
    assert explanation.heat[4:8, 20:26].mean() > 5 * np.abs(explanation.heat).mean()
    assert explanation.end - explanation.start == pytest.approx(48 * 400 / RATE)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"style": "notebook"}, "only grey ones can be explained"),
        ({"folds": ("a", "b")}, "name one, such as .*folds/a"),
    ],
)
def test_runs_that_cannot_be_explained_are_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        explain_run(write_run(tmp_path / "run", **changes), voice(), RATE)
