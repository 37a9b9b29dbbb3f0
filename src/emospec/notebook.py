"""The function names of the original notebook, thin over the rest of emospec.

They keep the notebook's conventions: tables with the columns `Emotions` and `Path`; models without a scaling layer,
compiled, for pixels already divided by 255 and one-hot labels in the order angry, fear, happy, sad.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from numbers import Real
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from emospec import plots
from emospec.corpora import load_corpus
from emospec.emotions import CLASS_SETS
from emospec.errors import ConfigError
from emospec.images import NOTEBOOK_AXES_WIDTH, notebook_image, write_image
from emospec.losses import WeightedCategoricalCrossentropy, build_metrics
from emospec.mel import NOTEBOOK_MEL
from emospec.metrics import confusion_matrix
from emospec.models import MODELS, build_model

Shape = tuple[int, int, int]
KernelSize = int | tuple[int, int]

CLASSES = CLASS_SETS["four"]
WEIGHTS = (1.0, 2.0, 1.5, 1.0)  # of angry, fear, happy, sad in the notebook's weighted loss
TARGET_SIZE = (128, 128)
LEAST_SIZE = 8  # pixels; a smaller size is one in inches, as Matplotlib's `figsize`
INCH = (NOTEBOOK_AXES_WIDTH, 77.0)  # pixels of the axes that Matplotlib's margins leave in an inch of 100


def load_crema_dataset(path: str | Path) -> pd.DataFrame:
    """Read a copy of CREMA-D into a table of `Emotions` and `Path`.

    Parameters
    ----------
    path : path
        The folder of the corpus, at any depth above its clips.

    Returns
    -------
    DataFrame
        One row a clip, in the order of `emospec.corpora.load_corpus`; all emotions of the corpus, by their canonical
        names. The notebook's four are `table[table["Emotions"].isin(CLASSES)]`.
    """
    return _emotions_and_paths("crema-d", path)


def load_savee_dataset(path: str | Path) -> pd.DataFrame:
    """Read a copy of SAVEE into a table of `Emotions` and `Path`; see `load_crema_dataset`."""
    return _emotions_and_paths("savee", path)


def load_tess_dataset(path: str | Path) -> pd.DataFrame:
    """Read a copy of TESS into a table of `Emotions` and `Path`; see `load_crema_dataset`."""
    return _emotions_and_paths("tess", path)


def _emotions_and_paths(corpus: str, root: str | Path) -> pd.DataFrame:
    """Return the two columns of a corpus that the notebook knew."""
    return load_corpus(corpus, root)[["emotion", "path"]].rename(columns={"emotion": "Emotions", "path": "Path"})


def save_mel_spectrogram_as_image(
    log_spectrogram: ArrayLike, sr: int, output_filename: str | Path, size: float | tuple[float, float]
) -> None:
    """Write the notebook's picture of a log-Mel spectrogram as PNG.

    Parameters
    ----------
    log_spectrogram : shape (n_mels, n_frames), dB
        As from `librosa.power_to_db`, lowest band first.
    sr : Hz
        The sample rate. It does not change the picture, which has no axes.
    output_filename : path
        Ends in `.png`; folders that are missing are made.
    size : number or (width, height)
        In pixels, such as 77: the spectrogram fills the picture. Below 8, in inches, as the notebook's 1 x 1: the
        picture is what `savefig` with `bbox_inches="tight"` leaves of such a figure, 77 pixels an inch.

    Raises
    ------
    ConfigError
        If the array is no spectrogram, or the name or size is no picture's.
    """
    log_mel = _checked_spectrogram(log_spectrogram)
    width, height, axes_width = _checked_size(size)
    path = Path(output_filename)
    if path.suffix.lower() != ".png":
        raise ConfigError(f"{path} does not end in .png; the picture is stored without loss, as PNG: name it so")
    mel = replace(NOTEBOOK_MEL, width=width, height=height)
    write_image(notebook_image(log_mel, mel, axes_width=axes_width), path)


def _checked_spectrogram(values: ArrayLike) -> NDArray[np.float32]:
    """Return values as a spectrogram, or raise."""
    array = np.asarray(values, dtype=np.float32)
    if array.ndim != 2 or array.size == 0 or not np.isfinite(array).all():
        raise ConfigError(f"log_spectrogram of shape {array.shape}: expected finite dB values (n_mels, n_frames)")
    return array


def _checked_size(size: float | tuple[float, float]) -> tuple[int, int, float]:
    """Return width and height in pixels and the width of the axes, or raise."""
    pair = (size, size) if isinstance(size, (int, float, Real)) else tuple(size)
    width, height = map(float, pair) if len(pair) == 2 and all(isinstance(n, Real) for n in pair) else (0.0, 0.0)
    if 0 < width < LEAST_SIZE and 0 < height < LEAST_SIZE:
        return int(width * INCH[0]), round(height * INCH[1]), width * INCH[0]
    if not (width >= LEAST_SIZE and height >= LEAST_SIZE and width.is_integer() and height.is_integer()):
        raise ConfigError(f"size {size}: expected whole pixels, such as 77, or inches below {LEAST_SIZE}, such as 1")
    return int(width), int(height), width


def create_3layer_model(
    layer_size: Sequence[int], filter_size: KernelSize, input_shape: Shape, num_classes: int = 4
) -> keras.Model:
    """Build and compile three convolutions with pooling and a dense layer of 1024.

    Parameters
    ----------
    layer_size : three ints
        Filters of each convolution; the notebook tried (64, 128, 128) and (64, 120, 200).
    filter_size : int or (height, width)
        Of the kernels, in pixels; the notebook's is 3.
    input_shape : (height, width, channels)
        Of one image, whose pixels are already divided by 255.
    num_classes : int
        Length of the softmax output; labels are one-hot.
    """
    return _compiled("3layer", input_shape, num_classes, filters=tuple(layer_size), kernel_size=filter_size)


def build_adapted_cnn(input_shape: Shape, num_classes: int = 4) -> keras.Model:
    """Build and compile three parallel branches of 9x9, 7x7 and 3x3; parameters as in `create_3layer_model`."""
    return _compiled("adapted", input_shape, num_classes)


def create_3layer_separable_conv_model(
    no_filter: Sequence[int], input_shape: Shape, filter_size: KernelSize, no_classes: int
) -> keras.Model:
    """Build and compile three separable convolutions with pooling and dropout, and a dense layer of 256.

    Parameters
    ----------
    no_filter : three ints
        Filters of each convolution; the notebook's are (32, 54, 128).
    input_shape, filter_size, no_classes
        As `input_shape`, `filter_size` and `num_classes` in `create_3layer_model`.
    """
    return _compiled("3layer-separable", input_shape, no_classes, filters=tuple(no_filter), kernel_size=filter_size)


def create_dscnn_model(input_shape: Shape, num_classes: int = 4) -> keras.Model:
    """Build and compile five strided convolutions with shrinking kernels; parameters as in `create_3layer_model`."""
    return _compiled("dscnn", input_shape, num_classes)


def create_3layer_model_with_augmentation(
    layer_size: Sequence[int],
    filter_size: KernelSize,
    input_shape: Shape,
    target_size: tuple[int, int] = TARGET_SIZE,
    num_classes: int = 4,
) -> keras.Model:
    """Build and compile `create_3layer_model` behind resizing, random rotation and random flip.

    Parameters
    ----------
    layer_size, filter_size, input_shape, num_classes
        As in `create_3layer_model`.
    target_size : (height, width)
        What images are resized to inside the model. Rotation and flip are active in training only.
    """
    options = {"filters": tuple(layer_size), "kernel_size": filter_size, "image_size": tuple(target_size)}
    return _compiled("3layer-augmented", input_shape, num_classes, **options)


def build_adapted_cnn_with_augmentation(
    input_shape: Shape, target_size: tuple[int, int] = TARGET_SIZE, num_classes: int = 4
) -> keras.Model:
    """Build and compile `build_adapted_cnn` behind resizing, random rotation and random flip.

    Parameters are those of `create_3layer_model_with_augmentation`.
    """
    return _compiled("adapted-augmented", input_shape, num_classes, image_size=tuple(target_size))


def build_adapted_cnn_with_augmentation_weighted(
    input_shape: Shape,
    target_size: tuple[int, int] = TARGET_SIZE,
    num_classes: int = 4,
    *,
    weights: Sequence[float] = WEIGHTS,
) -> keras.Model:
    """Build `build_adapted_cnn_with_augmentation` with more dropout, compiled with a loss weighted by class.

    Parameters
    ----------
    weights : sequence of float
        One a class, in the order of the labels; for the others see `create_3layer_model_with_augmentation`.
    """
    if len(weights) != num_classes:
        raise ConfigError(f"{len(weights)} weights for {num_classes} classes; give weights= one number a class")
    loss = weighted_categorical_crossentropy(weights)
    return _compiled("adapted-weighted", input_shape, num_classes, loss=loss, image_size=tuple(target_size))


def _compiled(
    name: str, input_shape: Shape, n_classes: int, *, loss: keras.losses.Loss | None = None, **options: Any
) -> keras.Model:
    """Build a model without its scaling layer and compile it as the notebook did."""
    model = build_model(name, input_shape, n_classes, scale=False, **options)
    model.compile(
        optimizer=keras.optimizers.Adam(MODELS[name].learning_rate),
        loss=loss or keras.losses.CategoricalCrossentropy(),
        metrics=build_metrics(),
    )
    return model


def weighted_categorical_crossentropy(weights: ArrayLike) -> WeightedCategoricalCrossentropy:
    """Return a loss in which each class has its own weight.

    Parameters
    ----------
    weights : shape (n_classes,)
        In the order of the labels; the notebook's are (1, 2, 1.5, 1) for angry, fear, happy, sad.
    """
    return WeightedCategoricalCrossentropy(np.asarray(weights, dtype=float).tolist())


def plot_history(history: keras.callbacks.History | Mapping[str, Sequence[float]] | pd.DataFrame) -> Figure:
    """Draw loss, accuracy, precision and recall over epochs; a notebook shows the figure at once.

    Parameters
    ----------
    history : History, dict or DataFrame
        What `model.fit` returns, its `.history`, or one row an epoch. The numbers that Keras appends to the names of
        metrics (`precision_1`) are ignored.
    """
    values = history.history if isinstance(history, keras.callbacks.History) else history
    table = pd.DataFrame(values).rename(columns=lambda name: re.sub(r"_\d+$", "", str(name)))
    return _shown(plots.plot_history(table))


def display_conf(
    model: keras.Model,
    X: NDArray[np.floating],  # noqa: N803, the notebook's name
    y: ArrayLike,
    *,
    classes: Sequence[str] = CLASSES,
) -> Figure:
    """Draw the confusion matrix of a model, with counts and rates; a notebook shows the figure at once.

    Parameters
    ----------
    X : shape (n, height, width, channels)
        Images as the model takes them; for those of this module, pixels divided by 255.
    y : shape (n, n_classes) or (n,)
        True classes, one-hot or as integers.
    classes : sequence of str
        Names in the order of the labels.

    Raises
    ------
    EmospecError
        If model, labels and names do not fit together.
    """
    n_classes, truth = len(classes), np.asarray(y)
    scores = np.asarray(model.predict(X, verbose=0))
    if {scores.shape[1], *truth.shape[1:]} != {n_classes}:
        raise ConfigError(
            f"the model answers with {scores.shape[1]} classes, y has shape {truth.shape}, and there are {n_classes} "
            f"names ({', '.join(classes)}); expected one number of classes: give classes= its names"
        )
    labels = truth.argmax(axis=1) if truth.ndim == 2 else truth
    return _shown(plots.plot_confusion(confusion_matrix(labels, scores.argmax(axis=1), n_classes), classes))


def _shown(figure: Figure) -> Figure:
    """Show a figure at once where a notebook runs, but not again as the last line of the same cell."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    if hasattr(shell, "kernel"):
        show = partial(ipython.display.display_png, plots.figure_to_png(figure, dpi=100), raw=True)
        cell: int = shell.execution_count
        show()
        cast(Any, figure)._ipython_display_ = lambda: None if shell.execution_count == cell else show()
    return figure
