from dataclasses import replace

import numpy as np
import onnx
import pytest
import tensorflow as tf
from onnx import TensorProto, helper

from emospec.bundle import session_of
from emospec.export import sample_waveforms
from emospec.front_graph import GraphParts, add_front_end
from emospec.images import to_image
from emospec.mel import MelConfig
from emospec.tensor_graph import computed

MEL = MelConfig(n_fft=512, win_length=400, hop_length=256, n_mels=24, height=24, width=24)


@pytest.mark.parametrize("changes", [{}, {"top_db": 30.0}, {"height": 17}, {"hop_length": 100, "n_fft": 600}])
def test_the_front_end_draws_in_tensorflow_what_it_draws_in_numpy(changes: dict) -> None:
    mel = replace(MEL, **changes)
    front = GraphParts("front/")
    name = add_front_end(front, "waveform", mel)
    for waveform in sample_waveforms(mel, seed=3):
        drawn = computed(front, {"waveform": tf.constant(waveform[np.newaxis])})[name].numpy()
        expected = to_image(waveform, mel)
        assert drawn.shape == (1, mel.height, mel.width, 1)
        assert np.abs(drawn[0, :, :, 0] - expected).max() <= 1  # one grey, where a level lies on the edge of two
        assert (drawn[0, :, :, 0] != expected).mean() < 0.01


def test_operators_mean_in_tensorflow_what_they_mean_in_onnxruntime() -> None:
    parts, x = GraphParts("p/"), np.linspace(-3, 3, 12, dtype=np.float32).reshape(2, 6)
    half = parts.add("Add", "x", 0.5)
    whole = parts.add("Round", half)  # 0.5 to the even neighbour
    padded = parts.add("Pad", whole, [0, 1, 0, 2])
    cut = parts.add("Slice", padded, [1], [7], [1])
    soft = parts.add("Softmax", parts.add("Clip", cut, -1.0, 2.0), axis=-1)
    parts.add("ReduceSum", soft, [0], name="y", keepdims=1)
    by_onnx = session_of(as_model(parts).SerializeToString()).run(["y"], {"x": x})[0]
    np.testing.assert_allclose(computed(parts, {"x": tf.constant(x)})["y"].numpy(), by_onnx, rtol=1e-6)


def as_model(parts: GraphParts) -> onnx.ModelProto:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, None]) for name in "xy")
    graph = helper.make_graph(parts.nodes, "made", [x], [y], parts.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
