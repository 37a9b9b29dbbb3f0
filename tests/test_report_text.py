from emospec.report_text import summary_lines
from report_samples import make_listeners, make_report, with_numbers


def lines_of(report) -> list[str]:
    return [line.replace("\u00a0", " ") for line in summary_lines(report)]


def test_people_and_the_model_on_their_clips_stand_in_one_line():
    people = "people, on 36 of 40 clips: UAR 68.0 % (60.0 to 74.0)   the model on these: UAR 81.0 % (73.0 to 88.0)"
    assert people in lines_of(with_numbers())


def test_people_stand_with_their_accuracy_where_an_emotion_has_no_clip():
    listeners = make_listeners()
    listeners["majority"]["uar"] = None
    (line,) = [line for line in lines_of(with_numbers(listeners=listeners)) if line.startswith("people")]
    assert line.startswith("people, on 36 of 40 clips: accuracy 70.0 %")


def test_how_sure_the_model_is_stands_in_one_line():
    sure = "calibration error 8.1 points   Brier score 0.25   ROC AUC 0.94   on its surest half 95.1 % right"
    assert sure in lines_of(with_numbers())


def test_the_folds_are_counted():
    assert "2 folds: UAR 75.0 % to 83.0 %" in lines_of(with_numbers())


def test_scores_that_pool_corpora_stand_below_the_matrix_and_say_so():
    lines = lines_of(with_numbers())
    assert lines[1].startswith("Best from savee to tess: 41.2 % UAR; worst from tess to savee: 35.7 %")
    assert lines[2].startswith("all tests pooled: accuracy 85.0 %")
    assert not any("pooled" in line for line in lines_of(with_numbers(matrix=None)))


def test_a_report_of_before_has_no_such_lines():
    lines = lines_of(make_report())
    assert len(lines) == 1 + 1 + 1 + 4, "headline, scores, calibration, and the classes with their head"
    assert lines[2] == "calibration error 8.1 points"


def test_the_share_of_speakers_in_training_stands_above_the_scores():
    lines = lines_of(make_report(speakers_seen_in_training=4))
    assert lines[1].startswith("4 of 5 test speakers were also in training")


def test_that_nobody_knows_the_speakers_is_said():
    lines = lines_of(make_report(speakers_seen_in_training=None))
    assert any(line.startswith("Nobody can tell whether the speakers of the test") for line in lines)
    assert not any("never heard" in line for line in lines)
