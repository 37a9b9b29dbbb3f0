"""A bundle whose probabilities can be worked out by hand: it hears the mean and the greatest sample of a clip."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from emospec.calibration import Calibration
from emospec.files import sha256_of, write_json
from emospec.mel import MelConfig
from samples import CLASSES

WEIGHTS = np.array([[1, -2, 3, 0.5], [2, 0, -1, 1]], np.float32)  # of mean and maximum, for each class


CALIBRATION = Calibration(1.5, 0.4, 0.8, 100, 5)


def answer(waveform: np.ndarray, weights: np.ndarray = WEIGHTS) -> np.ndarray:
    powers = np.exp(waveform.mean() * weights[0] + waveform.max() * weights[1])
    return powers / powers.sum()


def write_graph(path: Path, weights: np.ndarray = WEIGHTS, names: tuple[str, str] = ("waveform", "embedding")) -> None:
    entry, embedding = names
    nodes = [
        helper.make_node("ReduceMean", [entry], ["mean"], axes=[1]),
        helper.make_node("ReduceMax", [entry], ["greatest"], axes=[1]),
        helper.make_node("Concat", ["mean", "greatest"], [embedding], axis=1),
        helper.make_node("MatMul", [embedding, "weights"], ["logits"], name="network/dense"),
        helper.make_node("Softmax", ["logits"], ["probabilities"]),
    ]
    sizes = {embedding: 2, "probabilities": weights.shape[1]}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", size]) for name, size in sizes.items()]
    inputs = [helper.make_tensor_value_info(entry, TensorProto.FLOAT, ["b", "n"])]
    graph = helper.make_graph(nodes, "made", inputs, outputs, [numpy_helper.from_array(weights, "weights")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def write_made_bundle(folder: Path, **changes: Any) -> Path:
    folder.mkdir(parents=True)
    write_graph(folder / "model.onnx")
    write_facts(folder, **changes)
    return folder


def write_bundle_without_numbers(folder: Path) -> Path:
    """A bundle that returns NaN, as models of others may, where the mean of a clip is below zero."""
    write_made_bundle(folder)
    model = onnx.load(folder / "model.onnx")
    for node in model.graph.node:
        if node.op_type == "Concat":
            node.input[0] = "logarithm"
    model.graph.node.insert(1, helper.make_node("Log", ["mean"], ["logarithm"]))
    onnx.save(model, folder / "model.onnx")
    write_facts(folder)
    (folder / "MODEL_CARD.md").write_text("# Without numbers\n")
    return folder


def write_facts(folder: Path, **changes: Any) -> None:
    facts = {
        "format": 1,
        "name": "made",
        "classes": list(CLASSES),
        "mel": MelConfig().to_dict(),
        "calibration": CALIBRATION.to_dict(),
        "training": {"corpora": {"made": {"n_clips": 3, "speakers": ["s0", "s1"]}}},
        "sha256": sha256_of(folder / "model.onnx"),
    }
    write_json(
        {name: value for name, value in (facts | changes).items() if value != "left out"}, folder / "bundle.json"
    )
