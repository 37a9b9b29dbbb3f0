"""ONNX operators as those of TensorFlow: what lies around a network is described once, for every format."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from onnx import helper, numpy_helper

from emospec.front_graph import GraphParts

Tensor = Any  # of TensorFlow, which has no types


def computed(parts: GraphParts, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Compute the nodes of a graph in TensorFlow, one after the other.

    Parameters
    ----------
    parts : GraphParts
        Of operators in `OPERATORS`. Whole numbers become int32, since TensorFlow Lite divides no longer ones.
    tensors : mapping
        The inputs of the graph by their names.

    Returns
    -------
    dict
        Every tensor by its name: inputs, constants and what was computed.
    """
    values = dict(tensors) | {each.name: _constant(numpy_helper.to_array(each)) for each in parts.constants}
    for node in parts.nodes:
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        values[node.output[0]] = OPERATORS[node.op_type](*(values[name] for name in node.input), **attributes)
    return values


def _constant(array: np.ndarray[Any, Any]) -> Tensor:
    return tf.constant(array.astype(np.int32) if array.dtype.kind == "i" else array)


def _divide(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Divide as ONNX does, for which whole numbers (here never below 0) stay whole."""
    return numerator // denominator if numerator.dtype.is_integer else numerator / denominator


def _pad(x: Tensor, pads: Tensor) -> Tensor:
    return tf.pad(x, tf.transpose(tf.reshape(pads, (2, -1))))


def _cut(x: Tensor, start: Tensor, end: Tensor, axes: Tensor) -> Tensor:
    """Take a stretch along the last axis, the only one that is cut."""
    return x[..., start[0] : end[0]]


OPERATORS: dict[str, Callable[..., Tensor]] = {
    "Add": tf.add,
    "Clip": tf.clip_by_value,
    "Concat": lambda *parts, axis: tf.concat(parts, axis),
    "Div": _divide,
    "Gather": lambda x, places, axis=0: tf.gather(x, places, axis=axis),
    "Identity": tf.identity,
    "Log": tf.math.log,
    "MatMul": tf.matmul,
    "Max": tf.maximum,
    "Min": tf.minimum,
    "Mul": tf.multiply,
    "Pad": _pad,
    "Range": tf.range,
    "ReduceMax": lambda x, axes, keepdims: tf.reduce_max(x, axes, keepdims=bool(keepdims)),
    "ReduceSum": lambda x, axes, keepdims: tf.reduce_sum(x, axes, keepdims=bool(keepdims)),
    "Reshape": tf.reshape,
    "Round": tf.round,
    "Shape": tf.shape,
    "Slice": _cut,
    "Softmax": tf.nn.softmax,
    "Squeeze": lambda x, axes: tf.reshape(x, ()),
    "Sub": tf.subtract,
    "Transpose": tf.transpose,
    "Unsqueeze": lambda x, axes: tf.expand_dims(x, axes[0]),
}
