"""Bundles with weights of eight bits: a quarter of the size, nearly the same probabilities."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

from emospec.bundle import CARD, FACTS, GRAPH, Bundle, load_bundle
from emospec.errors import ConfigError
from emospec.files import sha256_of, whole_folder, write_json

NETWORK = "network/"  # how the names of a graph's network begin
LEAST_WEIGHTS = 1024  # smaller tensors stay as they are: they weigh nothing
OUTPUT_AXIS = {"Conv": 0, "MatMul": 1}  # along which each output has its own scale


def quantize_bundle(
    path: Path, out: Path, waveforms: Sequence[NDArray[np.floating]], sample_rate: int
) -> dict[str, Any]:
    """Write a bundle whose network keeps its weights as int8, and measure what that costs on some recordings.

    Only storage changes: the runtime computes in float32 from weights that were rounded to 255 steps for each filter.
    Rounding activations too would be faster on some processors, but moved probabilities four to seven times as far.

    Parameters
    ----------
    path : Path
        A bundle in float32.
    out : Path
        A new folder.
    waveforms : sequence of shape (n_samples,), in [-1, 1]
        Real clips, at `sample_rate`.

    Returns
    -------
    dict
        `n_waveforms`, the greatest and the mean `..._difference` of a probability, `same_answer` (share of the clips),
        `bytes` and `bytes_before` of the graph. `bundle.json` keeps it as `quantized`.
    """
    before = load_bundle(path)
    if before.facts.get("quantized"):
        raise ConfigError(f"{path} is quantized already; name the bundle that it was made from")
    if not len(waveforms):
        raise ConfigError("no waveforms to measure the loss on; give some clips")
    with whole_folder(out) as folder:
        onnx.save(quantized(onnx.load(path / GRAPH)), folder / GRAPH)
        facts = {**before.facts, "sha256": sha256_of(folder / GRAPH)}
        write_json(facts, folder / FACTS)
        loss = loss_of(before, load_bundle(folder), waveforms, sample_rate)
        write_json({**facts, "quantized": loss}, folder / FACTS)
        shutil.copyfile(path / CARD, folder / CARD)
    return loss


def quantized(model: ModelProto) -> ModelProto:
    """Return a copy of a bundle's graph in which the large weights of the network are int8."""
    model = ModelProto.FromString(model.SerializeToString())
    axes = weights_to_round(model)
    kept, rounded, nodes = [], [], []
    for tensor in model.graph.initializer:
        if tensor.name not in axes:
            kept.append(tensor)
            continue
        pair = int8_pair(tensor, axes[tensor.name])
        rounded += pair
        names = [each.name for each in pair]
        nodes.append(helper.make_node("DequantizeLinear", names, [tensor.name], axis=axes[tensor.name]))
    graph = helper.make_graph(
        [*nodes, *model.graph.node], model.graph.name, model.graph.input, model.graph.output, [*kept, *rounded]
    )
    model.graph.CopyFrom(graph)
    onnx.checker.check_model(model)
    return model


def weights_to_round(model: ModelProto) -> dict[str, int]:
    """Return the names of the network's large weights, and the axis of their outputs."""
    sizes = {tensor.name: int(np.prod(tensor.dims)) for tensor in model.graph.initializer}
    return {
        node.input[1]: OUTPUT_AXIS[node.op_type]
        for node in model.graph.node
        if node.name.startswith(NETWORK)
        and node.op_type in OUTPUT_AXIS
        and sizes.get(node.input[1], 0) >= LEAST_WEIGHTS
    }


def int8_pair(tensor: TensorProto, axis: int) -> list[TensorProto]:
    """Return weights as int8, and the scale of each of their outputs."""
    weights = numpy_helper.to_array(tensor)
    others = tuple(each for each in range(weights.ndim) if each != axis)
    scale = np.maximum(np.abs(weights).max(axis=others, keepdims=True), np.float32(1e-12)) / np.float32(127)
    steps = np.rint(weights / scale).astype(np.int8)
    return [
        numpy_helper.from_array(steps, f"{tensor.name}_int8"),
        numpy_helper.from_array(scale.ravel(), f"{tensor.name}_scale"),
    ]


def loss_of(
    before: Bundle, after: Bundle, waveforms: Sequence[NDArray[np.floating]], sample_rate: int
) -> dict[str, Any]:
    """Measure how far the probabilities of two bundles lie apart."""
    exact, rounded = (bundle.score(waveforms, sample_rate) for bundle in (before, after))
    difference = np.abs(exact - rounded)
    return {
        "n_waveforms": len(waveforms),
        "greatest_difference": float(difference.max()),
        "mean_difference": float(difference.mean()),
        "same_answer": float((exact.argmax(axis=1) == rounded.argmax(axis=1)).mean()),
        "bytes": (after.path / GRAPH).stat().st_size,
        "bytes_before": (before.path / GRAPH).stat().st_size,
    }
