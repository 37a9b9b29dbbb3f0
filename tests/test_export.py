import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest

from emospec import export
from emospec.audio import read_audio
from emospec.bundle import load_bundle
from emospec.calibration import Calibration
from emospec.corpora import load_corpus
from emospec.errors import ConfigError, EmospecError
from emospec.export import sample_waveforms, step_by_step, write_bundle
from emospec.files import write_json
from emospec.keras_graph import build_graph, in_float32
from emospec.mel import MelConfig
from emospec.models import MODELS, build_model, load_model
from emospec.quantize import quantize_bundle
from emospec.runs import Run, load_run
from emospec.sessions import in_precision
from emospec.settings import TrainConfig
from emospec.training import train
from samples import CLASSES, image_set

MEL = MelConfig(n_fft=512, win_length=512, hop_length=256, n_mels=24, height=24, width=24)
CONFIG = TrainConfig(
    model="3layer", filters=(4, 12, 16), epochs=5, batch_size=8, learning_rate=0.01, precision="bfloat16"
)
CALIBRATION = Calibration(1.7, 0.4, 0.8, 100, 5)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run in bfloat16, as the fast ones are."""
    images = replace(image_set(), mel=MEL)
    return train(images, CONFIG, tmp_path_factory.mktemp("runs") / "run", say=lambda line: None)


@pytest.fixture(scope="module")
def made(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    facts = {"licence": "MIT", "sections": {"Limits": "It has heard noise only."}}
    return write_bundle(run, tmp_path_factory.mktemp("bundles") / "made", calibration=CALIBRATION, facts=facts)


@pytest.fixture
def network() -> Iterator[keras.Model]:
    keras.utils.set_random_seed(0)
    yield build_model("3layer", (24, 24, 1), 4, filters=(4, 4, 8))
    keras.utils.clear_session()


def test_onnx_and_keras_give_the_same_probabilities_step_by_step(run: Run, made: Path) -> None:
    clips = sample_waveforms(MEL, seed=7)
    model = in_float32(load_model(run.path / "model.keras"))
    expected = step_by_step(model, clips, MEL, CALIBRATION)
    assert np.ptp(expected, axis=0).max() > 0.01  # the clips differ to it
    np.testing.assert_allclose(load_bundle(made).score(clips, 16000), expected, atol=1e-4)


def test_the_embedding_is_the_input_of_the_last_layer(run: Run, made: Path) -> None:
    clips = sample_waveforms(MEL)
    model = load_model(run.path / "model.keras")
    kernel, bias = model.layers[-1].get_weights()
    logits = load_bundle(made).embed(clips, 16000) @ kernel + bias
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected = CALIBRATION.apply(powers / powers.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(load_bundle(made).score(clips, 16000), expected, atol=1e-5)


def test_a_bundle_says_what_it_was_made_from(run: Run, made: Path) -> None:
    bundle = load_bundle(made)
    assert bundle.classes.classes == CLASSES
    assert bundle.mel == MEL
    assert bundle.calibration == CALIBRATION
    assert bundle.facts["licence"] == "MIT"
    assert bundle.facts["scores"]["uar"] == run.report()["uar"]
    assert bundle.facts["parity"]["greatest_difference"] <= 1e-4


def test_a_bundle_names_whom_the_model_heard_and_nobody_else(run: Run, made: Path) -> None:
    table = run.split_table()
    test_speakers = set("made/" + table.loc[table["part"] == "test", "speaker"])
    everyone = set("made/" + table["speaker"])
    assert test_speakers
    assert load_bundle(made).training_speakers == everyone - test_speakers


def test_calibration_error_from_before_the_calibration_is_not_stated(made: Path) -> None:
    assert "ece" not in load_bundle(made).facts["scores"]


def test_the_card_has_the_nine_sections_and_those_that_were_given(made: Path) -> None:
    card = load_bundle(made).card()
    titles = [line[3:] for line in card.splitlines() if line.startswith("## ")]
    expected = (
        "Model details,Intended use,Unfit use,Factors,Metrics,Evaluation data,Training data,Quantitative analyses"
    )
    assert titles == [*expected.split(","), "Ethical considerations", "Caveats and recommendations", "Limits"]
    assert "It has heard noise only." in card
    assert "Licence: MIT" in card


def test_a_graph_of_a_bfloat16_training_computes_in_float32(made: Path) -> None:
    types = {tensor.data_type for tensor in onnx.load(made / "model.onnx").graph.initializer}
    assert types <= {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.INT32}


def test_float32_keeps_the_weights_and_nothing_of_another_precision() -> None:
    with in_precision("bfloat16"):
        model = build_model("3layer-separable", (48, 48, 1), 4, filters=(4, 4, 8))
    same = in_float32(model)
    assert {layer.compute_dtype for layer in same.layers} == {"float32"}
    for before, after in zip(model.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_can_be_exported(name: str, tmp_path: Path) -> None:
    side = 80  # the least that all of them take
    mel = replace(MEL, height=side, width=side)
    tiny = {"filters": tuple(4 for _ in MODELS[name].filters)}
    sizes = {"image_size": (96, 96)} if MODELS[name].image_size else {}
    keras.utils.set_random_seed(3)
    model = build_model(name, (side, side, 1), 6, **tiny, **sizes)
    check_same(model, mel, tmp_path)


def test_a_residual_network_with_squeeze_excitation_and_two_poolings_can_be_exported(tmp_path: Path) -> None:
    layers = keras.layers
    images = keras.Input((24, None, 1))
    x = layers.Conv2D(6, 3, padding="same", use_bias=False)(layers.Rescaling(1 / 255)(images))
    y = layers.Activation("swish")(layers.BatchNormalization()(x))
    weights = layers.Dense(6, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(y))
    x = layers.Dropout(0.3)(layers.Add()([x, layers.Multiply()([y, weights])]))
    pooled = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    model = keras.Model(images, layers.Dense(3, activation="softmax", name="probabilities")(pooled))
    check_same(model, MEL, tmp_path)


def check_same(model: keras.Model, mel: MelConfig, folder: Path) -> None:
    onnx.save(build_graph(model, mel), folder / "model.onnx")
    facts: dict[str, Any] = {"format": 1, "name": "made", "mel": mel.to_dict(), "calibration": None, "training": {}}
    classes = [f"class {number}" for number in range(model.output_shape[-1])]
    write_json({**facts, "classes": classes, "sha256": export.sha256_of(folder / "model.onnx")}, folder / "bundle.json")
    assert export.check_parity(model, folder)["greatest_difference"] <= 1e-4


def test_an_operator_that_onnx_lacks_is_told_in_a_line(network: keras.Model) -> None:
    x = keras.ops.argmax(network.layers[-2].output, axis=1, keepdims=True)  # of floats: Keras compares their bits
    outputs = keras.layers.Dense(4, activation="softmax")(keras.ops.cast(x, "float32"))
    with pytest.raises(ConfigError, match="has an operator that ONNX lacks"):
        build_graph(keras.Model(network.inputs, outputs), MEL)


def test_a_graph_that_differs_from_keras_is_not_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "to_image", lambda *given: 255 - export_image(*given))
    with pytest.raises(ConfigError, match="differs from Keras by"):
        write_bundle(run, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


export_image = export.to_image


def test_nothing_is_written_over(run: Run, made: Path) -> None:
    with pytest.raises(EmospecError, match="not empty"):
        write_bundle(run, made)


def test_an_unknown_fact_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown facts license of a bundle; known: name, licence"):
        write_bundle(run, tmp_path / "out", facts={"license": "MIT"})


def test_a_run_on_the_notebooks_colours_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "drawing_of", lambda run: (MEL, "notebook"))
    with pytest.raises(ConfigError, match="style 'notebook', which no graph draws"):
        write_bundle(run, tmp_path / "out")


def test_a_run_of_several_folds_is_refused_with_the_name_of_one(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a model for each of 2 folds; export one of them, such as .*folds/a"):
        write_bundle(replace(run, folds=("a", "b")), tmp_path / "out")


def test_images_of_another_size_than_the_mel_settings_draw_are_refused(network: keras.Model) -> None:
    with pytest.raises(ConfigError, match=r"takes images of \(24, 24, 1\), its Mel settings draw \(24, 30, 1\)"):
        build_graph(network, replace(MEL, width=30))


def test_eight_bits_make_a_bundle_smaller_and_move_its_answers_little(made: Path, tmp_path: Path) -> None:
    clips = sample_waveforms(MEL, seed=5)
    loss = quantize_bundle(made, tmp_path / "small", clips, 16000)
    small = load_bundle(tmp_path / "small")
    difference = np.abs(small.score(clips, 16000) - load_bundle(made).score(clips, 16000)).max()
    assert 0 < difference < 0.02
    assert loss["greatest_difference"] == difference
    assert small.facts["quantized"]["bytes"] < loss["bytes_before"] - 3 * 16 * 1024  # 1,024 dense units of 16 inputs
    assert small.fingerprint != load_bundle(made).fingerprint


def test_int8_weights_are_off_by_half_a_step_at_the_most(made: Path, tmp_path: Path) -> None:
    quantize_bundle(made, tmp_path / "small", sample_waveforms(MEL)[:1], 16000)
    before, after = (
        {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(path / "model.onnx").graph.initializer}
        for path in (made, tmp_path / "small")
    )
    rounded = [name.removesuffix("_int8") for name in after if name.endswith("_int8")]
    assert rounded
    for name in rounded:
        scale = after[f"{name}_scale"]
        steps = after[f"{name}_int8"].astype(np.float32)
        shape = (-1, 1, 1, 1) if steps.ndim == 4 else (1, -1)
        assert (np.abs(steps * scale.reshape(shape) - before[name]) <= scale.reshape(shape) * 0.501).all()


def test_a_quantized_bundle_is_not_quantized_again(made: Path, tmp_path: Path) -> None:
    quantize_bundle(made, tmp_path / "small", sample_waveforms(MEL)[:1], 16000)
    with pytest.raises(ConfigError, match="quantized already"):
        quantize_bundle(tmp_path / "small", tmp_path / "smaller", sample_waveforms(MEL)[:1], 16000)


@pytest.mark.real_data
@pytest.mark.skipif("EMOSPEC_RUN" not in os.environ, reason="EMOSPEC_RUN names no run trained on CREMA-D")
def test_real_clips_get_the_same_probabilities_from_onnx_and_keras(tmp_path: Path) -> None:
    run = load_run(Path(os.environ["EMOSPEC_RUN"]))
    bundle = load_bundle(write_bundle(run, tmp_path / "made"))
    table = load_corpus("crema-d", Path(os.environ["EMOSPEC_DATA"]) / "crema-d")
    clips = [read_audio(path, bundle.sample_rate) for path in table["path"][::80]]
    expected = step_by_step(in_float32(load_model(run.path / "model.keras")), clips, bundle.mel, None)
    np.testing.assert_allclose(bundle.score(clips, bundle.sample_rate), expected, atol=1e-4)
