from pathlib import Path

import pytest

from emospec.report import compare_html, compare_table
from report_samples import HOSTILE, Tags, banners_of, make_report, text_of, without_intervals


def test_a_comparison_has_a_row_a_run_with_scores_and_intervals():
    table = compare_table({"first": make_report(model="dscnn"), "second": without_intervals()})
    rows = table.replace("\u00a0", " ").splitlines()
    intervals = "85.0 % (78.1 to 90.0) | 80.0 % (72.0 to 87.1) | 80.1 % (75.0 to 86.0)"
    assert rows[2] == f"| first | dscnn | speakers | 40 | {intervals} | none of 5 speakers |"
    assert rows[3] == "| second | unknown | speakers | 40 | 85.0 % | 80.0 % | 80.1 % | none of 5 speakers |"


def test_a_fair_comparison_has_no_warning():
    assert "Warning" not in compare_table({"a": make_report(), "b": make_report()})


def test_a_comparison_warns_of_runs_that_knew_their_test_speakers():
    table = compare_table({"a": make_report(), "b": make_report(speakers_seen_in_training=4)})
    assert "**Warning:** b: 4 of 5 test speakers were also in training" in table
    assert "Warning:** a:" not in table


def test_a_comparison_warns_of_runs_whose_speakers_are_unknown():
    table = compare_table({"a": without_intervals(n_speakers=None, speakers_seen_in_training=None)})
    assert "a: nobody can tell whether its test speakers were also in training" in table
    assert "| unknown |\n" in table


@pytest.mark.parametrize("change", [{"n_clips": 39}, {"clips_sha256": "b"}, {"n_speakers": 6}])
def test_a_comparison_warns_of_different_test_clips(change):
    same = make_report(clips_sha256="a")
    assert "different test clips" not in compare_table({"a": same, "b": same})
    assert "different test clips" in compare_table({"a": same, "b": same | change})


def test_names_with_bars_do_not_break_the_table():
    row = compare_table({"a|b\nc": make_report()}).splitlines()[2]
    assert row.startswith("| a\\|b c | ")


def compared(tmp_path: Path, reports) -> str:
    compare_html(tmp_path / "compare.html", reports)
    return (tmp_path / "compare.html").read_text(encoding="utf-8")


def test_the_page_of_a_comparison_ranks_only_runs_on_strangers(tmp_path):
    shared = make_report(speakers_seen_in_training=5, uar={"value": 0.99, "low": 0.98, "high": 1.0})
    text = text_of(compared(tmp_path, {"honest": make_report(), "shared": shared}))
    assert "Of the runs that were judged on voices they never heard, honest has the highest UAR: 80.0 %." in text


@pytest.mark.parametrize(
    ("high", "words"), [(0.73, "their intervals overlap"), (0.71, "their intervals do not overlap")]
)
def test_the_page_of_a_comparison_says_whether_the_best_two_overlap(tmp_path, high, words):
    second = make_report(uar={"value": 0.6, "low": 0.5, "high": high})
    text = text_of(compared(tmp_path, {"a": second, "b": make_report()}))
    assert f"b has the highest UAR: 80.0 %. The next is a with 60.0 %; {words}" in text


def test_the_page_of_a_comparison_escapes_names_and_loads_nothing(tmp_path):
    page = Tags(compared(tmp_path, {HOSTILE: make_report(notice=HOSTILE, model=HOSTILE, protocol=HOSTILE)}))
    assert not page.named("script")
    assert not page.named("img")
    assert not [tag for _, tag in page.tags if "src" in tag]


def test_the_page_of_a_comparison_warns_in_red(tmp_path):
    assert banners_of(compared(tmp_path, {"a": make_report(), "b": make_report(n_clips=4)})) == ["banner warning"]
