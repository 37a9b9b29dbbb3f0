import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from emospec.errors import ConfigError
from emospec.run_pairs import compare_pair, evidence, may_be_chance, pair_sentence, why_not_compared

CLASSES = ["angry", "sad"]
ROWS = [("made", f"s{speaker}", f"s{speaker}-{take}", CLASSES[take % 2]) for speaker in range(4) for take in range(4)]


@pytest.fixture
def a_run(tmp_path):
    """Return a function that writes the files of a run that named some clips wrongly."""

    def write(name: str, wrong: Iterable[int] = (), rows=ROWS, classes=CLASSES, folds=None) -> Path:
        table = pd.DataFrame(rows, columns=["corpus", "speaker", "clip", "truth"])
        other = {"angry": "sad", "sad": "angry"}
        table["prediction"] = [other[true] if row in set(wrong) else true for row, true in enumerate(table["truth"])]
        if folds:
            table["fold"] = folds
        folder = tmp_path / name
        folder.mkdir()
        table.assign(row=range(len(table)), angry=0.5, sad=0.5).to_csv(folder / "predictions.csv", index=False)
        (folder / "report.json").write_text(json.dumps({"classes": classes}))
        return folder

    return write


def test_the_second_run_is_measured_against_the_first(a_run) -> None:
    pair = compare_pair(a_run("a", wrong=[0, 1, 2]), a_run("b", wrong=[2]))
    assert (pair["n_clips"], pair["n_speakers"]) == (16, 4)
    assert pair["accuracy"]["value"] == pytest.approx(2 / 16)
    assert pair["uar"]["value"] == pytest.approx(2 / 16)
    assert pair["mcnemar"] == {"only_a_right": 0, "only_b_right": 2, "p_value": 0.5}
    assert pair["accuracy"]["low"] == 0  # the only speaker that differs is often not drawn


def test_clips_are_matched_by_name_not_by_order(a_run) -> None:
    a = a_run("a", wrong=[0])
    b = a_run("b", wrong=[15], rows=ROWS[::-1])
    assert compare_pair(a, b)["mcnemar"]["p_value"] == 1
    assert compare_pair(a, b)["accuracy"] == {"value": 0, "low": 0, "high": 0}


def test_the_classes_may_stand_in_another_order(a_run) -> None:
    assert compare_pair(a_run("a"), a_run("b", classes=CLASSES[::-1]))["accuracy"]["value"] == 0


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"rows": ROWS[1:]}, "they were judged on other clips"),
        ({"rows": [("made", "s9", *row[2:]) for row in ROWS]}, "they were judged on other clips"),
        ({"rows": [*ROWS[:-1], (*ROWS[-1][:3], "angry")]}, "their clips bear other labels"),
        ({"classes": ["angry", "fear", "sad"]}, "they know other classes"),
    ],
    ids=["fewer clips", "other speakers", "other truth", "other classes"],
)
def test_runs_on_other_clips_are_not_compared_and_it_is_said_why(other, why, a_run) -> None:
    a, b = a_run("a"), a_run("b", **other)
    assert compare_pair(a, b) is None
    assert why_not_compared(a, b) == why


TWICE = {"rows": [*ROWS, *ROWS[:4]], "folds": ["one"] * 16 + ["two"] * 4}


def test_a_clip_that_is_tested_in_two_folds_is_compared_fold_by_fold(a_run) -> None:
    pair = compare_pair(a_run("a", wrong=[0, 17], **TWICE), a_run("b", wrong=[0], **TWICE))
    assert (pair["n_tests"], pair["n_clips"], pair["n_speakers"]) == (20, 16, 4)
    assert pair["accuracy"]["value"] == pytest.approx(1 / 20)
    assert (pair["mcnemar"]["only_a_right"], pair["mcnemar"]["only_b_right"]) == (0, 1)
    assert "5.0 points more rightly in the same 20 tests of 16 clips than A" in pair_sentence(pair, "A", "B")


def test_a_clip_that_is_tested_once_may_be_in_another_fold(a_run) -> None:
    a, b = a_run("a", wrong=[0], folds=["one", "two"] * 8), a_run("b", folds=["one"] * 8 + ["two"] * 8)
    assert compare_pair(a, b)["accuracy"]["value"] == pytest.approx(1 / 16)
    assert why_not_compared(a, b) is None


def test_a_clip_that_is_tested_twice_in_other_folds_is_not_compared(a_run) -> None:
    a, b = a_run("a", **TWICE), a_run("b", **TWICE | {"folds": ["one"] * 16 + ["three"] * 4})
    assert compare_pair(a, b) is None
    assert why_not_compared(a, b) == "they were judged on other clips, or on the same in other folds"


@pytest.mark.parametrize("name", ["s0-0", ""])
def test_clips_that_cannot_be_told_apart_are_not_compared(name, a_run) -> None:
    rows = [*ROWS[:-1], ("made", "s0", name, "sad")]
    a, b = a_run("a", rows=rows), a_run("b", rows=rows)
    assert compare_pair(a, b) is None
    assert why_not_compared(a, b) == "one of their clips has no name, or the name of another one"


def test_people_may_be_called_na_and_none(a_run) -> None:
    names = {"s0": "NA", "s1": "None", "s2": "nan", "s3": "null"}
    rows = [(corpus, names[speaker], *rest) for corpus, speaker, *rest in ROWS]
    pair = compare_pair(a_run("a", rows=rows), a_run("b", rows=rows))
    assert (pair["n_speakers"], pair["accuracy"]["low"]) == (4, 0)


def test_unknown_speakers_give_no_interval(a_run) -> None:
    rows = [(corpus, "", *rest) for corpus, _, *rest in ROWS]
    pair = compare_pair(a_run("a", [1], rows=rows), a_run("b", rows=rows))
    assert (pair["n_speakers"], pair["accuracy"]) == (None, {"value": 1 / 16, "low": None, "high": None})


@pytest.mark.parametrize(("missing", "match"), [("report.json", "no finished run"), ("predictions.csv", "evaluate")])
def test_a_run_without_its_files_is_refused(missing, match, a_run) -> None:
    a, b = a_run("a"), a_run("b")
    (b / missing).unlink()
    with pytest.raises(ConfigError, match=match):
        compare_pair(a, b)


def a_pair(value: float, low: float | None, high: float | None, p_value: float) -> dict:
    test = {"only_a_right": 1, "only_b_right": 2, "p_value": p_value}
    return {"n_tests": 1791, "n_clips": 1791, "accuracy": {"value": value, "low": low, "high": high}, "mcnemar": test}


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        (
            a_pair(0.021, -0.005, 0.048, 0.08),
            "B named 2.1 points more of the same 1,791 clips rightly than A "
            "(95 % interval -0.5 to 4.8; McNemar p = 0.08): this may be chance.",
        ),
        (
            a_pair(-0.1, -0.15, -0.05, 0.00002),
            "B named 10.0 points fewer of the same 1,791 clips rightly than A "
            "(95 % interval -15.0 to -5.0; McNemar p < 0.001): this is more than chance.",
        ),
        (
            a_pair(0.0, None, None, 1.0),
            "B named as many of the same 1,791 clips rightly as A (no interval; McNemar p = 1): this may be chance.",
        ),
    ],
)
def test_a_sentence_tells_the_difference_and_whether_it_may_be_chance(pair, sentence) -> None:
    assert pair_sentence(pair, "A", "B").replace("\u00a0", " ") == sentence


@pytest.mark.parametrize(("low", "p_value"), [(-0.01, 0.01), (0.01, 0.2)])
def test_interval_and_test_must_both_speak_against_chance(low, p_value) -> None:
    assert pair_sentence(a_pair(0.05, low, 0.1, p_value), "A", "B").endswith("this may be chance.")


def test_each_score_is_judged_by_its_own_interval() -> None:
    pair = a_pair(0.05, 0.01, 0.1, 0.01) | {"uar": {"value": 0.04, "low": -0.01, "high": 0.09}}
    assert not may_be_chance(pair)
    assert may_be_chance(pair, "uar")
    assert evidence(pair, "uar").replace("\u00a0", " ") == "95 % interval -1.0 to 9.0; McNemar p = 0.01"
