"""Kinds of file that a model is taken away in. To add one: what writes it, what opens it, a line in `FORMATS`."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tensorflow as tf
from numpy.typing import NDArray

from emospec.bundle import EMBEDDING, GRAPH, INPUT, PROBABILITIES, session_of, width_of
from emospec.exportable import Exportable
from emospec.keras_graph import build_graph
from emospec.models import load_model
from emospec.starts import KERAS
from emospec.tflite_graph import FlatBuffer, build_flat_buffer

Waveform = NDArray[np.float32]


@dataclass(frozen=True)
class Port:
    """An input or output of a file: its name and its shape, in which a text is a length that may vary."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]
    meaning: str


@dataclass(frozen=True)
class Opened:
    """A file that was written, opened as whoever takes it away would.

    Attributes
    ----------
    prepare
        Makes what the file takes of a waveform.
    run
        Returns what the file gives to that: shape (n_classes,).
    finish
        Makes calibrated probabilities of it.
    threads : int
        That one run uses.
    """

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    prepare: Callable[[Waveform], Any]
    run: Callable[[Any], NDArray[np.floating]]
    finish: Callable[[NDArray[np.floating]], NDArray[np.float64]]
    threads: int = 1

    def score(self, waveform: Waveform) -> NDArray[np.float64]:
        """Return the calibrated probabilities of a waveform: shape (n_classes,)."""
        return self.finish(self.run(self.prepare(waveform)))


@dataclass(frozen=True)
class Format:
    """A kind of file; `draws` tells whether it goes from sound to probabilities, or from an image."""

    suffix: str
    draws: bool
    write: Callable[[Exportable, Path], None]
    open: Callable[[Exportable, Path], Opened]


def write_onnx(source: Exportable, path: Path) -> None:
    """Write the graph of a bundle, with what one has to know of it in its metadata."""
    graph = onnx.load(source.bundle.path / GRAPH) if source.bundle else _new_graph(source)
    onnx.helper.set_model_props(graph, onnx_metadata(source))
    onnx.save(graph, path)


def _new_graph(source: Exportable) -> onnx.ModelProto:
    return build_graph(source.network, source.mel, source.calibration)


def onnx_metadata(source: Exportable) -> dict[str, str]:
    """Return what an ONNX file says of itself: texts, of which `classes` and `mel` are JSON."""
    facts = {
        "name": source.name,
        "licence": source.licence,
        "classes": json.dumps(source.classes),
        "sample_rate": source.mel.sample_rate,
        "threshold": source.threshold,
        "temperature": source.calibration and source.calibration.temperature,
        "mel": json.dumps(source.mel.to_dict()),
        "made_with": f"emospec {version('emospec')}",
    }
    return {key: str(value) for key, value in facts.items() if value is not None}


def open_onnx(source: Exportable, path: Path) -> Opened:
    """Open a graph with onnxruntime."""
    session = session_of(path, threads=1)
    outputs = (_probabilities(source, "batch"), _embedding(width_of(session, EMBEDDING)))

    def run(samples: NDArray[np.float32]) -> NDArray[np.floating]:
        return np.asarray(session.run([PROBABILITIES], {INPUT: samples})[0][0])

    return Opened((_waveform(source, "batch"),), outputs, lambda waveform: waveform[np.newaxis], run, _as_they_are)


def write_keras(source: Exportable, path: Path) -> None:
    """Write the network alone: that of a bundle as it stands there, that of a run in float32."""
    network = source.network
    if source.bundle:
        shutil.copyfile(source.path / KERAS, path)
    else:
        network.save(path)


def open_keras(source: Exportable, path: Path) -> Opened:
    """Open a network with Keras."""
    model = load_model(path)
    meaning = "grey levels from 0 to 255, drawn as `images` says, low frequencies at the bottom"
    if source.style != "gray":
        meaning = f"colours from 0 to 255, drawn in style {source.style} as `images` says"
    takes = Port(model.inputs[0].name, "uint8 or float32", ("batch", *source.image_shape), meaning)
    gives = Port(model.output_names[0], "float32", ("batch", len(source.classes)), _MEANING[source.calibration is None])
    call = tf.function(lambda images: model(images, training=False))
    return Opened(
        (takes,),
        (gives,),
        lambda waveform: tf.constant(source.drawn(waveform)[np.newaxis], tf.float32),
        lambda images: call(images).numpy()[0],
        source.calibrated,
        tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1,
    )


def _as_they_are(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(probabilities, np.float64)


_MEANING = {
    True: "probabilities in the order of `classes`",
    False: "probabilities in the order of `classes`, not calibrated: softmax(log(p) / temperature) is",
}


def write_tflite(source: Exportable, path: Path) -> None:
    """Write a TensorFlow Lite flat buffer."""
    path.write_bytes(build_flat_buffer(source.network, source.mel, source.calibration))


def open_tflite(source: Exportable, path: Path) -> Opened:
    """Open a flat buffer with TensorFlow's interpreter."""
    run = FlatBuffer(path.read_bytes())
    return Opened((_waveform(source, 1),), (_probabilities(source, 1),), np.asarray, run, _as_they_are)


def _waveform(source: Exportable, batch: int | str) -> Port:
    meaning = f"mono, in [-1, 1], at {source.mel.sample_rate} Hz; any length"
    return Port(INPUT, "float32", (batch, "n_samples"), meaning)


def _probabilities(source: Exportable, batch: int | str) -> Port:
    meaning = "probabilities in the order of `classes`" + (", calibrated" if source.calibration else "")
    return Port(PROBABILITIES, "float32", (batch, len(source.classes)), meaning)


def _embedding(width: int) -> Port:
    return Port(EMBEDDING, "float32", ("batch", width), "the input of the network's last layer")


FORMATS = {
    "onnx": Format(".onnx", True, write_onnx, open_onnx),
    "tflite": Format(".tflite", True, write_tflite, open_tflite),
    "keras": Format(".keras", False, write_keras, open_keras),
}
