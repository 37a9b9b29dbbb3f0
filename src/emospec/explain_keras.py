"""Which part of the image spoke for the answer of a run: by silencing parts of it, or by gradients (Grad-CAM).

Grad-CAM averages each map's gradients, which assumes that a class is looked for everywhere alike. In networks with
dense layers on flattened maps it isn't, and the maps mislead: silencing the fifth that they mark hurt more than
silencing random cells in 9 of 40 clips of CREMA-D (`dscnn`, its third convolution). Without the average (HiResCAM), on
maps that still show where, it was all 40.

References
----------
Selvaraju et al. Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization. ICCV 2017.
Draelos, R.; Carin, L. Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional networks. 2020.
"""

from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emospec.errors import ConfigError
from emospec.explain import Explanation, Heat, heat_of, scaled, seconds_of
from emospec.images import to_image
from emospec.mel import MelConfig
from emospec.models import load_model
from emospec.predictions import Prediction
from emospec.runs import Run, load_run
from emospec.scorers import drawing_of
from emospec.sounds import Sound, Source, whole_clip

LEAST_SIDE = 16  # cells: coarser maps say too little about where

Method = Literal["occlusion", "gradients"]


def explain_run(
    run: Run | Path,
    sound: Sound,
    sample_rate: int | None = None,
    *,
    channel: int | None = None,
    method: Method = "occlusion",
) -> Explanation:
    """Explain the answer of a finished run on a clip.

    Parameters
    ----------
    sound, sample_rate, channel
        See `Predictor.predict`.
    method : "occlusion" or "gradients"
        Silence parts of the image, as `Predictor.explain` does, or `grad_cam`, which is quicker.

    Returns
    -------
    Explanation
        Its scores are those of the network, which are not calibrated.

    Raises
    ------
    ConfigError
        If the run isn't finished, has several folds and so several models, or its images are coloured.
    """
    known = run if isinstance(run, Run) else load_run(Path(run))
    mel = _mel_of(known)
    clip = whole_clip(Source(sound, sample_rate, channel), mel.sample_rate)
    image, seconds = to_image(clip, mel), len(clip) / mel.sample_rate
    model = load_model(known.path / "model.keras")
    scores = _scores_of(model, image[np.newaxis])[0]
    label = int(scores.argmax())
    heat = grad_cam(model, image, label) if method == "gradients" else _occluded(model, image, label)
    answer = Prediction(known.classes[label], dict(zip(known.classes, scores.tolist(), strict=True)), False, seconds)
    times = seconds_of(len(clip), mel) if mel.length == "pad" else (0.0, seconds)
    return Explanation(image, heat, answer, *times)


def _mel_of(run: Run) -> MelConfig:
    run.check_finished()
    if run.folds:
        raise ConfigError(f"{run.path} has a model for each fold; name one, such as {run.fold_path(run.folds[0])}")
    mel, style = drawing_of(run)
    if style != "gray":
        raise ConfigError(f"{run.path} was trained on images of style {style!r}; only grey ones can be explained")
    return mel


def _scores_of(model: keras.Model, images: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(model.predict_on_batch(images.astype(np.uint8)[..., np.newaxis]), np.float64)


def _occluded(model: keras.Model, image: NDArray[np.uint8], label: int) -> Heat:
    return heat_of(image, label, lambda images: _scores_of(model, images))


def grad_cam(
    model: keras.Model, image: NDArray[np.uint8], label: int | None = None, *, layer: str | None = None
) -> Heat:
    """Return what spoke for a class, by the gradients of its probability: gradient times map, summed over the maps.

    Parameters
    ----------
    image : uint8, shape (height, width)
    label : int, optional
        The class; the model's answer unless given.
    layer : str, optional
        Name of the layer whose maps are used; the last with maps of at least 16 x 16 cells unless given.

    Returns
    -------
    float32, shape (height, width), in [-1, 1]
        Above 0 where it spoke for the class.
    """
    if keras.backend.backend() != "tensorflow":
        raise ConfigError(f"KERAS_BACKEND is {keras.backend.backend()}; Grad-CAM takes its gradients from tensorflow")
    maps, gradients = _maps_and_gradients(model, image[np.newaxis, ..., np.newaxis], label, chosen_layer(model, layer))
    heat = np.asarray((maps * gradients).sum(axis=2), np.float32)
    whole = Image.fromarray(heat).resize(image.shape[::-1], Image.Resampling.BILINEAR)
    return scaled(_moved_back(np.asarray(whole), image, model))


def chosen_layer(model: keras.Model, name: str | None = None) -> keras.layers.Layer:
    """Return the layer of a name, or the last one whose output is still a picture."""
    pictures = {layer.name: layer for layer in model.layers if _is_picture(layer)}
    if name is not None and name not in pictures:
        raise ConfigError(f"no layer {name!r} with maps in this model; it has {', '.join(pictures) or 'none'}")
    if not pictures:
        raise ConfigError(f"model {model.name} has no layer with maps of {LEAST_SIDE} x {LEAST_SIDE} cells or more")
    return pictures[name or list(pictures)[-1]]


def _is_picture(layer: keras.layers.Layer) -> bool:
    """Tell whether a layer has maps that are large enough, not only the image itself."""
    shape: tuple[int | None, ...] = tuple(getattr(layer.output, "shape", ()))
    sides = [side is None or side >= LEAST_SIDE for side in shape[1:3]]
    return len(shape) == 4 and shape[3] not in (1, 3) and all(sides)


def _maps_and_gradients(
    model: keras.Model, batch: NDArray[Any], label: int | None, layer: keras.layers.Layer
) -> tuple[Heat, Heat]:
    """Return a layer's maps, and how the logarithm of the class's probability changes with each of their cells."""
    import tensorflow as tf

    both = keras.Model(model.inputs, [layer.output, model.outputs[0]])
    with tf.GradientTape() as tape:
        maps, scores = both(tf.constant(batch), training=False)
        row = tf.cast(scores[0], tf.float32)
        loss = tf.math.log(row[int(tf.argmax(row)) if label is None else label] + 1e-7)
    gradients = tape.gradient(loss, maps)
    inner, slopes = (np.asarray(tf.cast(each[0], tf.float32), np.float32) for each in (maps, gradients))
    return inner, slopes


def _moved_back(heat: Heat, image: NDArray[np.uint8], model: keras.Model) -> Heat:
    """Undo what `LeftAligned` does in a model that has it: its maps show the clip at the left edge."""
    if not any(type(layer).__name__ == "LeftAligned" for layer in model.layers):
        return heat
    sounding = np.flatnonzero(image.any(axis=0))
    return np.roll(heat, int(sounding[0]), axis=1) if sounding.size else heat
