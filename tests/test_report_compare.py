from pathlib import Path

import pytest

import emospec.report_compare
from emospec.report import compare_html, compare_table
from emospec.report_compare import paired_sentences, shared_runs_note
from report_samples import (
    HOSTILE,
    Tags,
    banners_of,
    estimate,
    make_listeners,
    make_report,
    text_of,
    with_numbers,
    without_intervals,
)


def test_a_comparison_has_a_row_a_run_with_scores_and_intervals():
    table = compare_table({"first": make_report(model="dscnn"), "second": without_intervals()})
    rows = table.replace("\u00a0", " ").splitlines()
    intervals = "85.0 % (78.1 to 90.0) | 80.0 % (72.0 to 87.1) | 80.1 % (75.0 to 86.0)"
    assert rows[2] == f"| first | dscnn | speakers | 40 | {intervals} | none of 5 speakers |"
    assert rows[3] == "| second | unknown | speakers | 40 | 85.0 % | 80.0 % | 80.1 % | none of 5 speakers |"


def test_a_comparison_in_markdown_holds_no_html_of_names():
    table = compare_table({HOSTILE: make_report(model=HOSTILE), "a": make_report(speakers_seen_in_training=4)})
    assert "&lt;" in table
    assert "<" not in table


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


PEOPLE = (
    "People: the listeners' most frequent answer reaches accuracy 70.0 % (65.0 to 75.0), UAR 68.0 % (60.0 to 74.0), "
    "on the 36 of 40 clips that they took for one of these emotions. "
    "On these clips, a has UAR 81.0 % (73.0 to 88.0), b has UAR 60.0 %."
)


def less_good(**scores):
    model = {"accuracy": estimate(0.55), "uar": estimate(0.6)} | scores
    return with_numbers(listeners=make_listeners(model=model))


def test_people_stand_under_runs_on_the_same_clips(tmp_path):
    reports = {"a": with_numbers(), "b": less_good()}
    assert PEOPLE in compare_table(reports).replace("\u00a0", " ")
    assert PEOPLE in text_of(compared(tmp_path, reports))


def test_runs_stand_beside_people_with_their_accuracy_where_an_emotion_has_no_clip():
    text = compare_table({"a": with_numbers(), "b": less_good(uar=None)}).replace("\u00a0", " ")
    assert "On these clips, a has accuracy 86.0 % (80.0 to 91.0), b has accuracy 55.0 %." in text


@pytest.mark.parametrize("change", [{"clips_sha256": "b"}, {"clips_sha256": None}, {"listeners": None}])
def test_people_are_left_out_where_a_run_has_other_clips_or_no_listeners(change):
    assert "People" not in compare_table({"a": with_numbers(), "b": with_numbers(**change)})


def test_people_need_the_clips_to_be_known_as_the_same():
    assert "People" not in compare_table(dict.fromkeys("ab", with_numbers(clips_sha256=None)))


def test_sentences_on_pairs_stand_under_the_table(tmp_path):
    reports = {"a": make_report(), "b": make_report()}
    assert compare_table(reports, ["b named <more> than a."]).rstrip().endswith("b named &lt;more&gt; than a.")
    compare_html(tmp_path / "pairs.html", reports, ["b named <more> than a."])
    assert "b named <more> than a." in text_of((tmp_path / "pairs.html").read_text(encoding="utf-8"))


@pytest.fixture
def pairs(tmp_path, monkeypatch):
    """Folders of three runs with predictions, and a comparison of pairs that says which ones it was asked for."""
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
        (folder / "predictions.csv").touch()
    monkeypatch.setattr(emospec.report_compare, "compare_pair", lambda a, b: {"runs": f"{b.name} against {a.name}"})
    monkeypatch.setattr(emospec.report_compare, "pair_sentence", lambda pair, a, b: pair["runs"])
    return [str(folder) for folder in folders]


def test_each_run_on_the_same_clips_is_compared_with_the_first(pairs):
    same, other = make_report(clips_sha256="a"), make_report(clips_sha256="b")
    assert paired_sentences(dict(zip(pairs, [same, other, same], strict=True))) == ["c against a"]
    assert paired_sentences(dict.fromkeys(pairs, same)) == ["b against a", "c against a"]


def test_a_pair_that_cannot_be_compared_is_named_with_the_reason(pairs, monkeypatch):
    monkeypatch.setattr(emospec.report_compare, "compare_pair", lambda a, b: None)
    monkeypatch.setattr(emospec.report_compare, "why_not_compared", lambda a, b: "they know other classes")
    (sentence,) = paired_sentences(dict.fromkeys(pairs[:2], make_report(clips_sha256="a")))
    assert sentence == f"{pairs[0]} and {pairs[1]} are not compared clip by clip: they know other classes."


def test_runs_whose_clips_are_not_known_are_not_compared_in_pairs(pairs):
    assert paired_sentences(dict.fromkeys(pairs, make_report())) == []


def test_a_run_without_its_predictions_is_said_to_lack_them(pairs):
    (Path(pairs[1]) / "predictions.csv").unlink()
    first, second = paired_sentences(dict.fromkeys(pairs, make_report(clips_sha256="a")))
    assert first == f"{pairs[0]} and {pairs[1]} are not compared clip by clip: {pairs[1]} has no predictions.csv."
    assert second == "c against a"


def test_the_picture_of_a_comparison_names_the_runs_that_knew_their_test_speakers(tmp_path):
    reports = {"honest": make_report(), "shared": make_report(speakers_seen_in_training=4)}
    assert shared_runs_note(reports) == "shared: 4 of 5 test speakers were also in training"
    assert shared_runs_note({"honest": make_report()}) is None
    svg = compared(tmp_path, reports).split("<svg")[1].split("</svg>")[0]
    assert "shared: 4 of 5 test speakers were also in training" in svg
