import numpy as np
import pytest

from audit_samples import FOUR, answers, people, wrong_for
from emospec.audit_answers import Answers, difference, widened
from emospec.audit_checks import (
    check_calibration,
    check_consistency,
    check_correctness,
    check_robustness,
    outcome,
)
from emospec.audit_limits import CalibrationLimits, ChangeLimits, ConsistencyLimits, CorrectnessLimits
from emospec.metrics import Estimate, uar

PEOPLE = people(4, 1)  # 16 clips
LABELS = FOUR.encode(PEOPLE["emotion"])


def by_check(verdicts: list) -> dict:
    return {(verdict.check, *verdict.of.values()): verdict for verdict in verdicts}


def test_a_value_at_its_limit_passes() -> None:
    assert outcome(0.95 - 0.9, 0.05, "at most") == "pass"
    assert outcome(0.5, 0.5, "at least") == "pass"
    assert outcome(-0.16, 0.15, "within") == "fail"


def test_recall_precision_and_shares_are_those_counted_by_hand() -> None:
    guesses = LABELS.copy()
    guesses[LABELS == 3] = [0, 0, 0, 3]  # three of four sad clips are named angry
    found = by_check(check_correctness(answers(PEOPLE, guesses), CorrectnessLimits()))
    assert found["uar",].value == pytest.approx((1 + 1 + 1 + 0.25) / 4)
    assert (found["recall", "sad"].value, found["recall", "sad"].verdict) == (0.25, "fail")
    assert found["precision", "angry"].value == pytest.approx(4 / 7)
    assert found["precision", "sad"].value == 1
    assert found["share", "angry"].value == pytest.approx(7 / 16 - 4 / 16)
    assert (found["share", "angry"].verdict, found["share", "fear"].verdict) == ("fail", "pass")


def test_a_class_that_is_never_answered_fails_its_precision() -> None:
    found = by_check(check_correctness(answers(PEOPLE, np.zeros(16, int)), CorrectnessLimits()))
    assert found["precision", "sad"].verdict == "fail"
    assert "never answered" in found["precision", "sad"].sentence


def test_a_fall_of_uar_and_unchanged_answers_are_judged_by_their_values() -> None:
    changed = wrong_for(LABELS, PEOPLE["speaker"] == "s0")
    found = by_check(
        check_robustness(
            answers(PEOPLE, LABELS, music=changed),
            {"music": ChangeLimits(uar_drop=0.05, unchanged=0.75), "gain": ChangeLimits(unchanged=1.0)},
            {"music": "music", "gain": "gain"},
        )
    )
    assert (found["uar_drop", "music"].value, found["uar_drop", "music"].verdict) == (0.25, "fail")
    assert (found["unchanged", "music"].value, found["unchanged", "music"].verdict) == (0.75, "pass")
    assert (found["unchanged", "gain"].value, found["unchanged", "gain"].verdict) == (1, "pass")
    assert ("uar_drop", "gain") not in found
    assert "UAR falls from 100.0 % to 75.0 %, by 25.0 points" in found["uar_drop", "music"].sentence


def test_an_answer_that_changes_from_wrong_to_right_counts_as_changed() -> None:
    wrong = wrong_for(LABELS, np.ones(16, bool))
    found = by_check(
        check_robustness(answers(PEOPLE, wrong, gain=LABELS), {"gain": ChangeLimits(unchanged=0.5)}, {"gain": "gain"})
    )
    assert found["unchanged", "gain"].value == 0


def test_the_interval_of_a_fall_is_that_of_differences_on_the_same_speakers() -> None:
    clips = people(20, 1)
    labels = FOUR.encode(clips["emotion"])
    hard = clips["speaker"].isin([f"s{number}" for number in range(10)])
    both_wrong = answers(clips, wrong_for(labels, hard), music=wrong_for(labels, hard))
    drop = both_wrong.uar_drop("music")
    assert (drop.low, drop.high) == (0, 0)  # whoever is drawn, nothing falls
    assert both_wrong.uar().high - both_wrong.uar().low > 0.3


def test_calibration_says_how_sure_and_how_often_right() -> None:
    probabilities = np.full((16, 4), 0.1)
    probabilities[:, 0] = 0.7  # always angry with 70 %, right for 4 of 16
    known = answers(PEOPLE, np.zeros(16, int))
    unsure = Answers(known.clips, FOUR, known.labels, probabilities, known.by_condition, known.speakers)
    (verdict,) = check_calibration(unsure, CalibrationLimits())
    assert verdict.value == pytest.approx(0.7 - 0.25)
    assert verdict.verdict == "fail"
    assert "mean confidence 70.0 %, 25.0 % right" in verdict.sentence


def test_the_halves_are_compared_with_the_whole_and_with_each_other() -> None:
    first, second = wrong_for(LABELS, np.arange(16) < 4), wrong_for(LABELS, np.arange(16) >= 12)
    found = by_check(
        check_consistency(answers(PEOPLE, LABELS, first_half=first, second_half=second), ConsistencyLimits())
    )
    shares = [found["agreement", name].value for name in ("first_half", "second_half", "halves", "flac")]
    assert shares == [0.75, 0.75, 0.5, 1]
    assert found["agreement", "halves"].verdict == "fail"


def test_few_speakers_widen_an_interval_by_students_t() -> None:
    # three: sqrt(3 / 2) * 4.3027 / 1.9600 = 2.6886, with t at 97.5 % and two degrees of freedom from a printed table
    wide = widened(Estimate(0.1, 0.0, 0.3), 3)
    assert wide.low == pytest.approx(0.1 - 0.26886, abs=1e-4)
    assert wide.high == pytest.approx(0.1 + 0.53772, abs=1e-4)


def test_a_difference_of_two_speakers_has_no_interval() -> None:
    table = np.ones((2, 4, 4), int)
    assert difference(table, table, uar) == Estimate(0, None, None)
