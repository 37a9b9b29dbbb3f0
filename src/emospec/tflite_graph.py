"""Trained networks as TensorFlow Lite flat buffers, from sound to probabilities with built-in operators alone."""

import tempfile
import warnings
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.lite.python.convert_phase import ConverterError

from emospec.bundle import INPUT, PROBABILITIES
from emospec.calibration import Calibration
from emospec.errors import ConfigError, first_line
from emospec.front_graph import GraphParts, add_front_end
from emospec.keras_graph import add_calibration
from emospec.mel import MelConfig
from emospec.quiet import held_back_errors
from emospec.tensor_graph import computed


def build_flat_buffer(model: keras.Model, mel: MelConfig, calibration: Calibration | None = None) -> bytes:
    """Return a TensorFlow Lite model from one waveform, shape (1, n_samples), to its probabilities.

    Any length is taken: the interpreter resizes its input. The image has one size, and so has all that follows it.

    Parameters
    ----------
    model : keras.Model
        In float32; takes images of shape (height, width, 1).

    Raises
    ------
    ConfigError
        If the clip is stretched to the width of the image, or the network has an operator that TensorFlow Lite lacks.
    """
    module = tf.Module()
    module.weights = [each.value for each in model.variables]  # what isn't tracked would not be saved
    module.probabilities = _function(model, mel, calibration)
    with tempfile.TemporaryDirectory() as folder, held_back_errors():
        tf.saved_model.save(module, folder, signatures={"serving_default": module.probabilities})
        return _converted(folder)


def _function(model: keras.Model, mel: MelConfig, calibration: Calibration | None) -> Any:
    front, tail = GraphParts("front/"), GraphParts("tail/")
    picture = add_front_end(front, INPUT, mel)
    add_calibration(tail, f"network/{PROBABILITIES}", calibration)

    @tf.function(input_signature=[tf.TensorSpec((1, None), tf.float32, name=INPUT)])  # type: ignore[untyped-decorator]
    def probabilities(waveform: Any) -> dict[str, Any]:
        drawn = computed(front, {INPUT: waveform})[picture]
        scores = model(tf.reshape(drawn, (1, mel.height, mel.width, 1)), training=False)
        return {PROBABILITIES: computed(tail, {f"network/{PROBABILITIES}": scores})[PROBABILITIES]}

    return probabilities


def _converted(folder: str) -> bytes:
    try:
        return bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())
    except ConverterError as error:
        raise ConfigError(
            f"the network has an operator that TensorFlow Lite lacks ({first_line(error)}); build it from other "
            "layers, or export it with --to onnx"
        ) from None


class FlatBuffer:
    """A TensorFlow Lite model in TensorFlow's own interpreter, on one thread."""

    def __init__(self, content: bytes) -> None:
        with held_back_errors(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TensorFlow means to move its interpreter into the package ai_edge_litert
            self._interpreter = tf.lite.Interpreter(model_content=content, num_threads=1)
            self._run = self._interpreter.get_signature_runner()
            self(np.zeros(16000, np.float32))  # it speaks on its first run only

    def __call__(self, waveform: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the probabilities of a waveform: shape (n_classes,)."""
        return np.asarray(self._run(**{INPUT: waveform[np.newaxis]})[PROBABILITIES][0], np.float64)
