import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from calibration_samples import drawn
from emospec.calibration import (
    Calibration,
    apply_temperature,
    calibrate,
    fit_temperature,
    threshold_for,
)
from emospec.errors import ConfigError, EmospecError
from emospec.metrics import expected_calibration_error

# Four answers, the surest first: right, right, wrong, right.
CONFIDENT = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
TRUTH = np.array([0, 0, 0, 0])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_scores_were_made_with_is_found(temperature: float) -> None:
    assert fit_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.03)


def test_for_two_classes_it_is_the_slope_of_a_logistic_regression() -> None:
    scores, labels = drawn(2.5, n=500, n_classes=2)
    log_odds = np.log(scores[:, 1:] / scores[:, :1])
    regression = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10).fit(log_odds, labels)
    assert 1 / fit_temperature(scores, labels) == pytest.approx(regression.coef_.item(), rel=1e-4)


def test_two_in_three_right_answers_at_nine_to_one_make_nine_to_one_two_to_one() -> None:
    temperature = fit_temperature([[0.9, 0.1]] * 3, [0, 0, 1])
    assert temperature == pytest.approx(np.log(9) / np.log(2), rel=1e-5)


def test_a_model_that_is_always_right_gets_the_lowest_temperature() -> None:
    assert fit_temperature([[0.6, 0.4]] * 3, [0, 0, 0]) == pytest.approx(0.05, rel=0.01)


def test_overconfident_scores_are_calibrated_afterwards() -> None:
    scores, labels = drawn(2.5)
    assert expected_calibration_error(scores, labels) > 0.1
    calibrated = apply_temperature(scores, fit_temperature(scores, labels))
    assert expected_calibration_error(calibrated, labels) < 0.02


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_a_temperature_changes_no_answer_and_keeps_sums_of_1(temperature: float) -> None:
    scores, _ = drawn(1.0, n=200)
    changed = apply_temperature(scores, temperature)
    assert (changed.argmax(axis=1) == scores.argmax(axis=1)).all()
    assert changed.sum(axis=1) == pytest.approx(1)


def test_a_temperature_of_1_leaves_probabilities_as_they_are() -> None:
    assert apply_temperature(CONFIDENT, 1.0) == pytest.approx(CONFIDENT)


def test_a_zero_counts_as_one_in_ten_million() -> None:
    scores, labels = [[1.0, 0.0]] * 4, [0, 0, 0, 1]
    # Three of four are right: odds of 3 to 1 where the scores say 10 million to 1.
    assert fit_temperature(scores, labels) == pytest.approx(np.log(1e7) / np.log(3), rel=1e-3)


@pytest.mark.parametrize("scores", [[[np.nan, 1.0]], [[np.inf, 0.0]]])
def test_scores_that_are_not_finite_are_refused(scores: Any) -> None:
    with pytest.raises(EmospecError, match="not finite"):
        fit_temperature(scores, [0])


@pytest.mark.parametrize(
    ("accuracy", "threshold"),
    [(1.0, 0.8), (0.9, 0.8), (0.75, 0.0), (0.7, 0.0)],
    ids=["the two surest", "no three are so good", "all four", "more than asked for"],
)
def test_a_threshold_is_the_lowest_above_which_enough_is_right(accuracy: float, threshold: float) -> None:
    assert threshold_for(CONFIDENT, TRUTH, accuracy=accuracy, min_answers=1) == threshold


def test_equally_sure_answers_stand_on_one_side_of_the_threshold() -> None:
    scores = [[0.9, 0.1], [0.8, 0.2], [0.8, 0.2], [0.6, 0.4]]
    assert threshold_for(scores, [0, 0, 1, 1], accuracy=1.0, min_answers=1) == 0.9


def test_an_accuracy_that_is_never_reached_has_no_threshold() -> None:
    assert threshold_for(CONFIDENT, 1 - TRUTH, accuracy=0.5, min_answers=1) is None


def test_a_few_lucky_answers_make_no_threshold() -> None:
    assert threshold_for(CONFIDENT, TRUTH, accuracy=1.0, min_answers=2) == 0.8
    assert threshold_for(CONFIDENT, TRUTH, accuracy=1.0, min_answers=3) is None
    assert threshold_for(CONFIDENT, TRUTH, accuracy=0.5) is None


@pytest.mark.parametrize("accuracy", [0, 1.1, np.nan])
def test_an_accuracy_that_cannot_be_is_refused(accuracy: float) -> None:
    with pytest.raises(ConfigError, match="expected a share"):
        threshold_for(CONFIDENT, TRUTH, accuracy=accuracy)


def test_a_calibration_says_what_it_rests_on_and_keeps_its_word_on_other_clips() -> None:
    scores, labels = drawn(2.5)
    fitted = calibrate(scores[:10_000], labels[:10_000], [f"made/s{row % 7}" for row in range(10_000)], accuracy=0.8)
    assert (fitted.n_clips, fitted.n_speakers, fitted.stated_accuracy) == (10_000, 7, 0.8)
    calibrated = fitted.apply(scores[10_000:])
    sure = fitted.is_sure(calibrated)
    assert (calibrated.argmax(axis=1) == labels[10_000:])[sure].mean() == pytest.approx(0.8, abs=0.02)
    assert 0.2 < sure.mean() < 0.9


def test_unknown_speakers_are_not_counted() -> None:
    assert calibrate(CONFIDENT, TRUTH, ["a", "b", "a", pd.NA]).n_speakers is None
    assert calibrate(CONFIDENT, TRUTH, ["a", "b", "a", "a"]).n_speakers == 2


def test_without_a_threshold_no_answer_is_sure() -> None:
    assert not Calibration(1.0, None, 0.9, 4, 2).is_sure(CONFIDENT).any()


def test_the_threshold_itself_is_sure() -> None:
    assert Calibration(1.0, 0.8, 0.9, 4, 2).is_sure(CONFIDENT).tolist() == [True, True, False, False]


def test_a_calibration_survives_json() -> None:
    for fitted in (Calibration(1.25, 0.7, 0.8, 100, 7), Calibration(1.25, None, 0.8, 100, None)):
        assert Calibration.from_dict(json.loads(json.dumps(fitted.to_dict()))) == fitted


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"temperature": 0}, "above 0"),
        ({"temperature": float("nan")}, "above 0"),
        ({"threshold": 1.5}, "expected a probability"),
        ({"stated_accuracy": 80}, "expected a share"),
        ({"scale": 2}, "a calibration has temperature, threshold"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Calibration.from_dict({**Calibration(1.0, 0.5, 0.8, 4, 2).to_dict(), **changed})
