"""Trained networks as ONNX graphs, with all that lies between sound and network in front."""

import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from onnx import ModelProto, TensorProto, compose, helper

from emospec.bundle import EMBEDDING, GRAPH, INPUT, PROBABILITIES
from emospec.calibration import FLOOR, Calibration
from emospec.errors import ConfigError, first_line
from emospec.front_graph import GraphParts, add_front_end
from emospec.mel import MelConfig

OPSET, IR_VERSION = 17, 8  # of 2022: old enough for every runtime in use


def in_float32(model: keras.Model) -> keras.Model:
    """Return the same network with the same weights, all of whose layers compute in float32."""
    if keras.backend.backend() != "tensorflow":
        raise ConfigError(
            f"KERAS_BACKEND is {keras.backend.backend()}; export with tensorflow, which loads models of every backend"
        )
    same = type(model).from_config(_float32_config(model.get_config()))
    same.set_weights(model.get_weights())
    return same


def _float32_config(value: Any) -> Any:
    if isinstance(value, dict):
        policy = str(value.get("class_name", "")).endswith("DTypePolicy")
        return "float32" if policy else {key: _float32_config(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_float32_config(each) for each in value)
    return value


def build_graph(model: keras.Model, mel: MelConfig, calibration: Calibration | None = None) -> ModelProto:
    """Return one graph from waveforms, shape (batch, n_samples), to probabilities and embeddings.

    Parameters
    ----------
    model : keras.Model
        In float32; takes images of shape (height, width, 1).
    """
    expected = (mel.height, mel.width, 1)
    fits = all(size in (None, wanted) for size, wanted in zip(model.input_shape[1:], expected, strict=True))
    if not fits:
        raise ConfigError(f"the model takes images of {model.input_shape[1:]}, its Mel settings draw {expected}")
    network = compose.add_prefix(network_graph(model, expected), "network/")
    front, tail = GraphParts("front/"), GraphParts("tail/")
    image = add_front_end(front, INPUT, mel)
    front.add("Identity", image, name=network.graph.input[0].name)
    add_calibration(tail, f"network/{PROBABILITIES}", calibration)
    tail.add("Identity", f"network/{EMBEDDING}", name=EMBEDDING)
    return joined(front, network, tail, widths_of(model))


def network_graph(model: keras.Model, input_shape: tuple[int, int, int]) -> ModelProto:
    """Return the network alone, from images to `probabilities` and `embedding`, as tf2onnx converts it.

    The one call with `training=False` matters: a call that doesn't say so trains Keras' random layers.
    """
    images = keras.Input(input_shape, name="images")
    inner = keras.Model(model.inputs, [last_dense(model).input, model.outputs[0]])
    embedding, probabilities = inner(images, training=False)
    whole = keras.Model(images, {EMBEDDING: embedding, PROBABILITIES: probabilities})
    whole(np.zeros((1, *input_shape), np.float32), training=False)  # Keras exports no model that was never called
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras looks for names that NumPy no longer has
        path = Path(folder) / GRAPH
        whole.export(path, format="onnx", verbose=False, opset_version=OPSET)
        return with_counted_booleans(onnx.load(path))


def with_counted_booleans(network: ModelProto) -> ModelProto:
    """Let `ArgMax` see numbers: tf2onnx hands it booleans, which no runtime takes."""
    nodes = []
    for node in network.graph.node:
        if node.op_type == "ArgMax":
            number = f"{node.output[0]}/number"
            nodes.append(helper.make_node("Cast", [node.input[0]], [number], name=number, to=TensorProto.FLOAT))
            node.input[0] = number
        nodes.append(node)
    graph = network.graph
    network.graph.CopyFrom(helper.make_graph(nodes, graph.name, graph.input, graph.output, graph.initializer))
    return network


def last_dense(model: keras.Model) -> keras.layers.Dense:
    """Return the layer that makes the probabilities."""
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    if not dense:
        raise ConfigError(f"model {model.name} has no Dense layer, whose input would be the embedding")
    return dense[-1]


def widths_of(model: keras.Model) -> dict[str, int]:
    """Return the number of columns of each output of the graph."""
    return {PROBABILITIES: model.output_shape[-1], EMBEDDING: last_dense(model).input.shape[-1]}


def add_calibration(graph: GraphParts, probabilities: str, calibration: Calibration | None) -> None:
    """Add the step from the network's probabilities to calibrated ones."""
    if calibration is None:
        graph.add("Identity", probabilities, name=PROBABILITIES)
        return
    logarithm = graph.add("Log", graph.add("Max", probabilities, FLOOR))
    scaled = graph.add("Div", logarithm, float(calibration.temperature))
    graph.add("Softmax", scaled, name=PROBABILITIES, axis=-1)


def joined(front: GraphParts, network: ModelProto, tail: GraphParts, widths: Mapping[str, int]) -> ModelProto:
    """Return the three parts as one graph."""
    inputs = [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", "n_samples"])]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width]) for name, width in widths.items()
    ]
    nodes = [*front.nodes, *network.graph.node, *tail.nodes]
    constants = [*front.constants, *network.graph.initializer, *tail.constants]
    graph = helper.make_graph(nodes, "emospec", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=network.opset_import, ir_version=IR_VERSION, producer_name="emospec")
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise ConfigError(
            f"the network has an operator that ONNX lacks ({first_line(error)}); build it from other layers to export"
        ) from error
    return model
