import inspect
import io
from pathlib import Path
from typing import Any

import keras
import librosa.display
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import soundfile
from matplotlib.figure import Figure
from PIL import Image

from emospec import notebook
from emospec.corpora import load_corpus
from emospec.errors import ConfigError, EmospecError
from emospec.images import read_image, to_image
from emospec.mel import NOTEBOOK_MEL
from emospec.spectrogram import log_mel_spectrogram

SHAPE = (77, 77, 3)
ARGUMENTS = {
    "load_crema_dataset": ["path"],
    "load_savee_dataset": ["path"],
    "load_tess_dataset": ["path"],
    "save_mel_spectrogram_as_image": ["log_spectrogram", "sr", "output_filename", "size"],
    "create_3layer_model": ["layer_size", "filter_size", "input_shape", "num_classes"],
    "build_adapted_cnn": ["input_shape", "num_classes"],
    "create_3layer_separable_conv_model": ["no_filter", "input_shape", "filter_size", "no_classes"],
    "create_dscnn_model": ["input_shape", "num_classes"],
    "create_3layer_model_with_augmentation": ["layer_size", "filter_size", "input_shape", "target_size", "num_classes"],
    "build_adapted_cnn_with_augmentation": ["input_shape", "target_size", "num_classes"],
    "build_adapted_cnn_with_augmentation_weighted": ["input_shape", "target_size", "num_classes"],
    "weighted_categorical_crossentropy": ["weights"],
    "plot_history": ["history"],
    "display_conf": ["model", "X", "y"],
}
# Each model as the notebook made it, with its number of parameters.
MODELS = {
    "3layer": (lambda: notebook.create_3layer_model((64, 128, 128), 3, SHAPE), 6_650_884),
    "3layer, other filters": (lambda: notebook.create_3layer_model((64, 120, 200), (3, 3), SHAPE), 10_327_556),
    "adapted": (lambda: notebook.build_adapted_cnn(SHAPE), 2_630_468),
    "separable": (lambda: notebook.create_3layer_separable_conv_model((32, 54, 128), SHAPE, 3, 4), 535_323),
    "dscnn": (lambda: notebook.create_dscnn_model(SHAPE), 2_207_172),
    "3layer, augmented": (
        lambda: notebook.create_3layer_model_with_augmentation((64, 128, 128), 3, SHAPE),
        25_918_468,
    ),
    "adapted, augmented": (lambda: notebook.build_adapted_cnn_with_augmentation(SHAPE), 6_464_324),
    "adapted, weighted": (lambda: notebook.build_adapted_cnn_with_augmentation_weighted(SHAPE), 6_464_324),
}
# The loaders, with some files that only they know how to read.
CORPORA = {
    "crema-d": (notebook.load_crema_dataset, ["AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1002_IEO_NEU_XX.wav"]),
    "savee": (notebook.load_savee_dataset, ["AudioData/DC/sa01.wav", "AudioData/KL/su02.wav"]),
    "tess": (notebook.load_tess_dataset, ["OAF_Fear/OAF_back_fear.wav", "YAF_happy/YAF_bar_happy.wav"]),
}
HISTORY = {"loss": [1.5, 1.0], "val_loss": [1.4, 1.2], "accuracy": [0.3, 0.6], "val_accuracy": [0.25, 0.5]}


class Answers(keras.Model):
    """Gives each image the class that is its first pixel, of four."""

    def call(self, images: keras.KerasTensor) -> keras.KerasTensor:
        return keras.ops.one_hot(keras.ops.cast(images[:, 0, 0, 0], "int32"), 4)


def images_of(classes: list[int]) -> np.ndarray:
    return np.array(classes, dtype=np.float32).reshape(-1, 1, 1, 1)


def counts_in(figure: Figure) -> list[int]:
    """Return the numbers that stand in the cells of a confusion matrix, row by row."""
    return [int(text.get_text().splitlines()[0]) for text in figure.axes[0].texts]


def curves(figure: Figure) -> dict[str, list[float]]:
    """Return each curve by its panel and label."""
    lines = {(axes.get_title(loc="left"), line.get_label()): line for axes in figure.axes for line in axes.get_lines()}
    named = {f"{panel} {label}": line for (panel, label), line in lines.items() if not str(label).startswith("best")}
    return {name: list(np.asarray(line.get_ydata(), dtype=float)) for name, line in named.items()}


@pytest.fixture(scope="module")
def log_mel() -> np.ndarray:
    return np.random.default_rng(0).uniform(-60, 20, (128, 90)).astype(np.float32)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_functions_have_the_notebooks_names_and_arguments(name: str) -> None:
    parameters = inspect.signature(getattr(notebook, name)).parameters.values()
    assert [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD] == ARGUMENTS[name]


@pytest.mark.parametrize("name", [name for name in ARGUMENTS if "num_classes" in ARGUMENTS[name]])
def test_four_classes_and_128_pixels_are_the_defaults(name: str) -> None:
    parameters = inspect.signature(getattr(notebook, name)).parameters
    assert parameters["num_classes"].default == 4
    assert parameters["target_size"].default == (128, 128) if "target_size" in parameters else True


@pytest.mark.parametrize("name", CORPORA)
def test_corpora_are_tables_of_emotions_and_paths_in_the_order_of_load_corpus(name: str, tmp_path: Path) -> None:
    load, files = CORPORA[name]
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / file, np.zeros(800), 16000)
    table, clips = load(tmp_path), load_corpus(name, tmp_path)
    assert list(table.columns) == ["Emotions", "Path"]
    assert table["Path"].tolist() == clips["path"].tolist() == [str(tmp_path / file) for file in files]
    assert table["Emotions"].tolist() == clips["emotion"].tolist()


def test_emotions_beyond_the_notebooks_four_are_kept_under_their_canonical_names(tmp_path: Path) -> None:
    (tmp_path / "ALL").mkdir()
    for name in ("DC_d01", "DC_n01", "DC_su01"):
        soundfile.write(tmp_path / "ALL" / f"{name}.wav", np.zeros(800), 16000)
    assert notebook.load_savee_dataset(tmp_path)["Emotions"].tolist() == ["disgust", "neutral", "surprise"]


@pytest.mark.parametrize("size", [1, 1.0, (1, 1)])
def test_a_picture_of_one_inch_is_that_of_an_image_set(size: object, tmp_path: Path) -> None:
    waveform = np.random.default_rng(0).normal(0, 0.1, 30_000).astype(np.float32)
    log_mel = log_mel_spectrogram(waveform, NOTEBOOK_MEL)
    notebook.save_mel_spectrogram_as_image(log_mel, 22050, tmp_path / "new" / "7.png", size)
    assert (read_image(tmp_path / "new" / "7.png") == to_image(waveform, NOTEBOOK_MEL, "notebook")).all()


def drawn_by_matplotlib(log_mel: np.ndarray, *, inches: tuple[float, float], full: bool) -> np.ndarray:
    figure = plt.figure(figsize=inches, dpi=100)
    ax = figure.add_axes((0, 0, 1, 1)) if full else figure.add_subplot()
    ax.axis("off")
    librosa.display.specshow(log_mel, sr=16000, ax=ax)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100, **({} if full else {"bbox_inches": "tight", "pad_inches": 0}))
    plt.close(figure)
    return np.asarray(Image.open(buffer).convert("RGB"))


@pytest.mark.parametrize(
    ("size", "inches", "full"),
    [(77, (0.77, 0.77), True), ((60, 40), (0.6, 0.4), True), (1, (1, 1), False), ((2, 1), (2, 1), False)],
)
def test_the_picture_is_what_specshow_and_savefig_give(
    size: object, inches: tuple[float, float], full: bool, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    for offset in (-60.0, 0.0):  # magma and coolwarm
        log_mel = rng.normal(offset, 15, (128, 94)).cumsum(axis=0).clip(-100, 50) / 3 + offset
        notebook.save_mel_spectrogram_as_image(log_mel, 16000, tmp_path / "7.png", size)
        theirs = drawn_by_matplotlib(log_mel, inches=inches, full=full)
        assert np.abs(read_image(tmp_path / "7.png").astype(float) - theirs).mean() < 0.5


@pytest.mark.parametrize("size", [np.int64(77), np.float32(77), (np.int32(77), 77.0), np.array([77, 77])])
def test_numbers_of_numpy_are_sizes(size: Any, log_mel: np.ndarray, tmp_path: Path) -> None:
    for name, given in (("a", size), ("b", 77)):
        notebook.save_mel_spectrogram_as_image(log_mel, 16000, tmp_path / f"{name}.png", given)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_sample_rate_does_not_change_the_picture(log_mel: np.ndarray, tmp_path: Path) -> None:
    for sr in (16000, 44100):
        notebook.save_mel_spectrogram_as_image(log_mel, sr, str(tmp_path / f"{sr}.png"), 77)
    assert (tmp_path / "16000.png").read_bytes() == (tmp_path / "44100.png").read_bytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": (1, 77)}, "expected whole pixels"),
        ({"size": 77.5}, "expected whole pixels"),
        ({"size": "77"}, "size 77: expected whole pixels"),
        ({"size": (77, 77, 3)}, r"size \(77, 77, 3\): expected whole pixels"),
        ({"size": float("nan")}, "size nan: expected whole pixels"),
        ({"output_filename": "7.jpg"}, r"does not end in \.png"),
        ({"log_spectrogram": np.zeros(5)}, r"values \(n_mels, n_frames\)"),
        ({"log_spectrogram": np.full((4, 4), -np.inf)}, "finite"),
    ],
)
def test_what_makes_no_picture_is_refused(changes: dict, message: str, log_mel: np.ndarray, tmp_path: Path) -> None:
    given = {"log_spectrogram": log_mel, "sr": 16000, "output_filename": "7.png", "size": 77} | changes
    given["output_filename"] = tmp_path / given["output_filename"]
    with pytest.raises(ConfigError, match=message):
        notebook.save_mel_spectrogram_as_image(**given)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", MODELS)
def test_models_have_the_notebooks_number_of_parameters(name: str) -> None:
    build, n_parameters = MODELS[name]
    assert build().count_params() == n_parameters


def test_models_do_not_scale_pixels() -> None:
    model = notebook.create_3layer_model((2, 2, 2), 3, (32, 32, 3))
    assert not any(isinstance(layer, keras.layers.Rescaling) for layer in model.layers)


def test_images_are_resized_to_the_target_size() -> None:
    model = notebook.create_3layer_model_with_augmentation((2, 2, 2), 3, (32, 32, 3), target_size=(40, 48))
    assert model.get_layer("resize").output.shape == (None, 40, 48, 3)


def test_models_are_trained_with_adam_and_the_weighted_one_with_half_the_rate() -> None:
    plain, weighted = notebook.build_adapted_cnn((30, 30, 1)), MODELS["adapted, weighted"][0]()
    assert isinstance(plain.optimizer, keras.optimizers.Adam)
    assert float(plain.optimizer.learning_rate) == pytest.approx(0.001)
    assert float(weighted.optimizer.learning_rate) == pytest.approx(0.0005)
    assert weighted.loss.weights == [1, 2, 1.5, 1]


def test_weights_are_one_a_class() -> None:
    with pytest.raises(ConfigError, match="4 weights for 6 classes"):
        notebook.build_adapted_cnn_with_augmentation_weighted(SHAPE, num_classes=6)
    with pytest.raises(ConfigError, match="filter counts"):
        notebook.create_3layer_model((64, 128), 3, SHAPE)


def test_models_are_compiled_so_that_fit_works_at_once() -> None:
    keras.utils.set_random_seed(0)
    labels = np.arange(16) % 4
    x = np.zeros((16, 24, 24, 3), dtype=np.float32)
    x[np.arange(16), labels * 6] = 1.0
    model = notebook.create_3layer_model((4, 4, 4), 3, (24, 24, 3))
    history = model.fit(x, np.eye(4)[labels], epochs=8, validation_data=(x, np.eye(4)[labels]), verbose=0).history
    assert {"loss", "accuracy", "precision", "recall", "val_loss"} <= set(history)
    assert history["loss"][-1] < history["loss"][0]


def test_the_loss_of_a_clip_is_weighted_by_its_class() -> None:
    loss = notebook.weighted_categorical_crossentropy(np.array([1, 2, 1.5, 1]))
    value = float(loss(np.eye(4)[[1, 2]], np.full((2, 4), 0.25)))
    assert value == pytest.approx((2 + 1.5) / 2 * np.log(4), rel=1e-5)


@pytest.mark.parametrize("form", ["history", "dict", "frame"])
def test_a_history_is_drawn_from_each_of_its_forms(form: str) -> None:
    record = keras.callbacks.History()
    record.history = HISTORY
    drawn = curves(notebook.plot_history({"history": record, "dict": HISTORY, "frame": pd.DataFrame(HISTORY)}[form]))
    assert drawn["loss training"] == HISTORY["loss"]
    assert drawn["accuracy validation"] == HISTORY["val_accuracy"]


def test_numbers_that_keras_appends_to_metrics_are_ignored() -> None:
    drawn = curves(notebook.plot_history({**HISTORY, "precision_3": [0.1, 0.2], "val_precision_3": [0.3, 0.4]}))
    assert drawn["precision training"] == [0.1, 0.2]
    assert drawn["precision validation"] == [0.3, 0.4]


@pytest.mark.parametrize("one_hot", [True, False])
def test_the_confusion_matrix_counts_answers_by_truth(one_hot: bool) -> None:
    truth, answers = [0, 0, 0, 1, 2, 3, 3], [0, 1, 1, 1, 3, 3, 3]
    figure = notebook.display_conf(Answers(), images_of(answers), np.eye(4)[truth] if one_hot else np.array(truth))
    assert counts_in(figure) == [1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["angry", "fear", "happy", "sad"]


def test_a_model_of_other_classes_needs_their_names() -> None:
    with pytest.raises(ConfigError, match=r"answers with 4 classes.*2 names"):
        notebook.display_conf(Answers(), images_of([0, 1]), np.array([0, 1]), classes=("angry", "sad"))


def test_labels_outside_the_classes_are_refused() -> None:
    with pytest.raises(EmospecError, match="label 7 lies outside"):
        notebook.display_conf(Answers(), images_of([0, 1]), np.array([0, 7]))
