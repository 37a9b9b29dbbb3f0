from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from bundle_samples import write_graph
from emospec.bundle import session_of
from emospec.graph_cut import cut_behind, varint, varint_at
from predict_samples import voice, write_bundle_that_sees


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return write_bundle_that_sees(tmp_path / "made", (slice(0, 20), slice(30, 40))) / "model.onnx"


def test_both_halves_are_valid_models(graph: Path) -> None:
    halves = cut_behind(graph.read_bytes(), "front/")
    assert halves is not None
    for half in (halves.before, halves.after):
        onnx.checker.check_model(onnx.load_from_string(half))


def test_the_halves_one_after_the_other_do_what_the_whole_does(graph: Path) -> None:
    halves = cut_behind(graph.read_bytes(), "front/")
    assert halves is not None
    clip = voice(2.0)[np.newaxis]
    (image,) = session_of(halves.before).run([halves.tensor], {"waveform": clip})
    (scores,) = session_of(halves.after).run(["probabilities"], {halves.tensor: image})
    (expected,) = session_of(graph).run(["probabilities"], {"waveform": clip})
    assert image.shape == (1, 77, 77, 1)
    np.testing.assert_array_equal(scores, expected)


def test_each_half_holds_its_own_nodes_and_constants(graph: Path) -> None:
    halves = cut_behind(graph.read_bytes(), "front/")
    assert halves is not None
    before, after = (onnx.load_from_string(half).graph for half in (halves.before, halves.after))
    assert all(each.output[0].startswith("front/") for each in before.node)
    assert [each.op_type for each in after.node] == ["Reshape", "MatMul", "Softmax"]
    assert sorted(each.name for each in after.initializer) == ["shape", "weights"]
    assert not {each.name for each in before.initializer} & {"shape", "weights"}


def test_a_graph_without_such_nodes_is_not_cut(tmp_path: Path) -> None:
    write_graph(tmp_path / "model.onnx")
    assert cut_behind((tmp_path / "model.onnx").read_bytes(), "front/") is None


def test_a_graph_with_two_ways_across_is_not_cut() -> None:
    nodes = [
        helper.make_node("Neg", ["x"], ["front/a"]),
        helper.make_node("Abs", ["x"], ["front/b"]),
        helper.make_node("Add", ["front/a", "front/b"], ["y"]),
    ]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "two", values[:1], values[1:]))
    assert cut_behind(model.SerializeToString(), "front/") is None


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**31, 2**63])
def test_numbers_of_any_size_are_written_and_read(number: int) -> None:
    assert varint_at(b"\0" + varint(number) + b"\1", 1) == (number, 1 + len(varint(number)))
