from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from emospec import metrics, metrics_paired, metrics_roc
from emospec.errors import EmospecError

HALVES = [[0.5, 0.5], [0.5, 0.5]]
BY_PROBABILITY = [
    metrics.brier_score,
    metrics.expected_calibration_error,
    metrics.reliability,
    metrics.risk_coverage,
]


@pytest.mark.parametrize("score", BY_PROBABILITY)
@pytest.mark.parametrize(
    ("probabilities", "match"),
    [
        ([[np.nan, 0.5], [0.5, 0.5]], "scores are not finite"),
        ([[3.0, -2], [0.5, 0.5]], "scores 3, -2 of clip 0 are no probabilities"),
        ([[0.5, 0.5], [0.9, 0.3]], "scores 0.9, 0.3 of clip 1 are no probabilities"),
        ([["a", "b"], ["c", "d"]], "scores are no array of numbers"),
        ([[0.5, 0.5], [1]], "scores are no array of numbers"),
    ],
    ids=["not a number", "outside", "another sum", "words", "ragged"],
)
def test_what_is_no_probability_is_refused_in_one_line(
    score: Callable[..., Any], probabilities: Any, match: str
) -> None:
    with pytest.raises(EmospecError, match=match) as caught:
        score(probabilities, [0, 1])
    assert "\n" not in str(caught.value)


def test_probabilities_in_half_precision_are_probabilities() -> None:
    probabilities = np.random.default_rng(0).dirichlet(np.ones(8), 500).astype(np.float16)
    assert len(metrics.brier_score(probabilities, np.zeros(500, int))) == 500


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        ([0.7, 1], "label 0.7 is not a whole number"),
        ([0, 5], "label 5 lies outside 0 to 1"),
        ([0, -1], "label -1 lies outside"),
        (["a", "b"], "labels are no array of numbers"),
        ([0, np.nan], "labels are not finite"),
        ([0, None], "labels are not finite|labels are no array"),
        ([[0, 1]], "expected one label a clip"),
    ],
)
@pytest.mark.parametrize(
    "use",
    [
        lambda labels: metrics.confusion_matrix(labels, [0, 1], 2),
        lambda labels: metrics.speaker_confusions(labels, [0, 1], ["a", "b"], 2),
        lambda labels: metrics.brier_score(HALVES, labels),
        lambda labels: metrics_roc.roc_auc(HALVES, labels),
    ],
    ids=["confusion_matrix", "speaker_confusions", "brier_score", "roc_auc"],
)
def test_labels_are_whole_numbers_of_classes(use: Callable[[Any], Any], labels: Any, match: str) -> None:
    with pytest.raises(EmospecError, match=match):
        use(labels)


@pytest.mark.parametrize("predictions", [[0.5, 1], [0, 2], ["a", "b"]])
def test_predictions_are_whole_numbers_of_classes(predictions: Any) -> None:
    with pytest.raises(EmospecError, match="prediction"):
        metrics.speaker_confusions([0, 1], predictions, ["a", "b"], 2)


def test_whole_numbers_may_be_stored_as_floats() -> None:
    assert metrics.confusion_matrix([0.0, 1.0], np.array([0, 1], np.float32), 2).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    "use",
    [
        lambda: metrics.mean_estimate([1.0], ["a", "b"]),
        lambda: metrics.mean_estimate([1.0, 2.0], ["a"]),
        lambda: metrics.speaker_sums(np.ones((2, 3)), ["a"]),
        lambda: metrics.speaker_confusions([0, 1], [0, 1], ["a"], 2),
        lambda: metrics.speaker_confusions([0, 1], [0], ["a", "b"], 2),
        lambda: metrics.confusion_matrix([0, 1], [0], 2),
        lambda: metrics_roc.bootstrap_roc_auc(HALVES, [0, 1], ["a"]),
        lambda: metrics_paired.mcnemar([0, 1], [0, 1], [0]),
    ],
)
def test_arrays_of_different_lengths_are_refused(use: Callable[[], Any]) -> None:
    with pytest.raises(EmospecError, match=r"expected one (speaker|of each) a clip"):
        use()


def test_the_mean_of_what_is_no_number_is_refused() -> None:
    with pytest.raises(EmospecError, match="values are not finite"):
        metrics.mean_estimate([1.0, np.nan], ["a", "b"])
