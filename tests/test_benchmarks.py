"""The benchmarks themselves, without measuring anything."""

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("psutil")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import child, inputs, table
from benchmarks.__main__ import parser_of_arguments, setup_of
from benchmarks.core import OURS, Result, Row, Setup, compared, in_turn
from benchmarks.rows import ROWS
from benchmarks.rows.images import drawn

from recordings import recordings


def row(name: str, *results: Result) -> Row:
    return Row(name, name.title(), lambda setup: list(results))


def test_sides_take_turns_and_nobody_is_always_first():
    order: list[str] = []
    found = in_turn({"a": lambda: order.append("a") or 1, "b": lambda: order.append("b") or 2}, 3)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert found == {"a": [1, 1, 1], "b": [2, 2, 2]}


@pytest.mark.parametrize(("higher", "ratio"), [(True, 2.5), (False, 0.4)])
def test_the_ratio_is_to_the_best_rival(higher, ratio):
    best = 4.0 if higher else 25.0
    result = compared(
        "x", "s", {OURS: [9, 10, 11], "b": [best], "c": [2.0 if higher else 30.0]}, higher_is_better=higher
    )
    assert result.ratio == pytest.approx(ratio if higher else best / 10)


def test_a_goal_is_reached_by_the_ratio_and_a_bound_by_ours():
    assert Result("x", "s", 3.0, {"b": 6.0}, higher_is_better=False, goal=2.0).reached is True
    assert Result("x", "s", 3.0, {"b": 6.0}, higher_is_better=False, goal=2.1).reached is False
    assert Result("x", "MB", 401.0, bound=400).reached is False
    assert Result("x", "MB", 1.0).reached is None


def test_a_row_that_is_measured_again_leaves_the_others(tmp_path):
    path = tmp_path / "benchmarks.json"
    for name, value in (("first", 1.0), ("second", 2.0), ("first", 3.0)):
        table.merge(path, row(name), [Result("x", "s", value)], Setup(tmp_path))
    rows = json.loads(path.read_text())["rows"]
    assert {name: each["results"][0]["ours"] for name, each in rows.items()} == {"first": 3.0, "second": 2.0}
    assert rows["first"]["machine"]["cores"] >= 1
    assert "numpy" in rows["first"]["versions"]


def test_the_table_and_the_chart_are_written_from_what_is_stored(tmp_path):
    results = [
        Result("speed", "clips/s", 30.0, {"other": 10.0}, goal=2.0, note="on foot"),
        Result("size", "MB", 5, bound=4),
    ]
    found = table.merge(tmp_path / "benchmarks.json", row("images", *results), results, Setup(tmp_path))
    table.write_all(found, ["images"], tmp_path)
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "| speed | clips/s | 30 | other: 10 | 3.00 | 2 | yes |" in text
    assert "| size | MB | 5 |  |  | at most 4 | no |" in text
    assert "- speed: on foot." in text
    assert (tmp_path / "benchmarks.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_what_a_process_returns_comes_back_with_its_time_and_memory():
    found = child.call("benchmarks.table:short", one_core=True, value=1234.5)
    assert found.value == "1,234"
    assert found.seconds > 0
    assert sys.platform != "linux" or found.memory_mb > 1


def test_a_process_that_fails_says_why():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        child.run([sys.executable, "-c", "1 / 0"])


def test_a_row_measures_what_the_product_does(tmp_path):
    clips = recordings(tmp_path / "audio").assign(clip="c")
    assert drawn(inputs.write_list(clips, tmp_path / "clips.json"), tmp_path, "gray").value > 0
    assert (tmp_path / "drawn" / "image_set.json").exists()


def test_rows_are_named_as_the_command_line_says():
    assert all(name == each.name for name, each in ROWS.items())
    given = parser_of_arguments().parse_args(["images", "--sizes", "10", "20", "--data", "nowhere"])
    setup = setup_of(given)
    assert (given.rows, setup.sizes, setup.data) == (["images"], (10, 20), None)
