from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve

from emospec import metrics
from emospec.errors import EmospecError

RNG = np.random.default_rng(7)
TRUTH, GUESS = RNG.integers(0, 4, 500), RNG.integers(0, 4, 500)
CONFUSION = metrics.confusion_matrix(TRUTH, GUESS, 4)


def test_confusion_matrix_equals_scikit_learns() -> None:
    assert CONFUSION.tolist() == reference.confusion_matrix(TRUTH, GUESS).tolist()


def test_scores_equal_scikit_learns() -> None:
    per_class = reference.precision_recall_fscore_support(TRUTH, GUESS)
    assert metrics.accuracy(CONFUSION) == pytest.approx(reference.accuracy_score(TRUTH, GUESS))
    assert metrics.uar(CONFUSION) == pytest.approx(reference.balanced_accuracy_score(TRUTH, GUESS))
    assert metrics.macro_f1(CONFUSION) == pytest.approx(reference.f1_score(TRUTH, GUESS, average="macro"))
    for ours, theirs in zip((metrics.precision, metrics.recall, metrics.f1), per_class, strict=False):
        assert ours(CONFUSION) == pytest.approx(theirs)


def test_uar_by_hand() -> None:
    assert metrics.uar(np.array([[3, 1], [2, 2]])) == pytest.approx((3 / 4 + 2 / 4) / 2)


def test_a_class_without_clips_is_an_error_and_never_skipped() -> None:
    confusion = metrics.confusion_matrix([0, 0, 1], [0, 1, 1], 3)
    assert np.isnan(metrics.uar(confusion))
    with pytest.raises(EmospecError, match="no clip of class happy"):
        metrics.check_every_class(confusion, ("angry", "fear", "happy"))


def test_a_class_never_predicted_has_precision_zero() -> None:
    assert metrics.precision(np.array([[2, 0], [1, 0]])).tolist() == [2 / 3, 0]


@pytest.mark.parametrize(("labels", "predictions"), [([0, 1], [0]), ([0, 4], [0, 0]), ([0, 0], [-1, 0])])
def test_labels_and_predictions_that_do_not_fit_are_refused(labels: list[int], predictions: list[int]) -> None:
    with pytest.raises(EmospecError):
        metrics.confusion_matrix(labels, predictions, 4)


def test_calibration_error_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.4, 0.6]])
    # Bin of 0.9: two clips, half of them right, gap 0.4; bin of 0.6: two clips, both right, gap 0.4.
    assert metrics.expected_calibration_error(probabilities, [0, 1, 0, 1]) == pytest.approx(0.4)


def test_perfectly_confident_and_right_is_perfectly_calibrated() -> None:
    assert metrics.expected_calibration_error(np.eye(3), [0, 1, 2]) == 0


def test_confusions_of_speakers_add_up_to_that_of_all() -> None:
    speakers = RNG.choice(["a", "b", "c"], 500)
    by_speaker = metrics.speaker_confusions(TRUTH, GUESS, speakers, 4)
    assert by_speaker.shape == (3, 4, 4)
    assert by_speaker.sum(axis=0).tolist() == CONFUSION.tolist()
    assert (
        by_speaker[1].tolist() == metrics.confusion_matrix(TRUTH[speakers == "b"], GUESS[speakers == "b"], 4).tolist()
    )


def test_the_interval_of_independent_speakers_covers_the_truth_as_often_as_it_says() -> None:
    rng, n_speakers, n_clips, hits = np.random.default_rng(0), 40, 20, 0
    for trial in range(200):
        skill = rng.beta(7, 3, n_speakers)  # mean 0.7: speakers differ, so clips are not independent
        right = rng.binomial(n_clips, skill)
        confusions = np.zeros((n_speakers, 2, 2), int)
        confusions[:, 0, 0], confusions[:, 0, 1] = right, n_clips - right
        estimate = metrics.bootstrap(confusions, metrics.accuracy, n_samples=300, seed=trial)
        assert estimate.low is not None
        assert estimate.high is not None
        hits += estimate.low <= 0.7 <= estimate.high
    assert 0.88 <= hits / 200 <= 0.99


def test_two_speakers_give_no_interval() -> None:
    estimate = metrics.bootstrap(np.ones((2, 3, 3), int), metrics.uar)
    assert (estimate.low, estimate.high) == (None, None)


def test_an_interval_is_left_out_if_most_resamples_lack_a_class() -> None:
    confusions = np.zeros((4, 4, 4), int)
    confusions[range(4), range(4), range(4)] = 1  # each class is spoken by one of four speakers: 4!/4**4 draw them all
    estimate = metrics.bootstrap(confusions, metrics.uar)
    assert (estimate.value, estimate.low, estimate.high) == (1, None, None)


def test_sums_by_speaker_by_hand() -> None:
    values = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    assert metrics.speaker_sums(values, ["b", "a", "b"]).tolist() == [[2, 20], [5, 50]]


def test_the_interval_of_a_mean_is_over_speakers_not_clips() -> None:
    values, speakers = np.repeat([0.0, 0.0, 1.0, 1.0, 1.0], 1000), np.repeat(list("abcde"), 1000)
    estimate = metrics.mean_estimate(values, speakers)
    assert estimate.value == pytest.approx(0.6)
    assert estimate.low == pytest.approx(0.2)  # the 2.5 % quantile of Binomial(5, 0.6) is 1 of 5
    assert estimate.high == pytest.approx(1)


def test_brier_score_by_hand() -> None:
    probabilities = [[0.7, 0.2, 0.1], [0, 0, 1], [1 / 3, 1 / 3, 1 / 3]]
    assert metrics.brier_score(probabilities, [0, 1, 2]) == pytest.approx(
        [0.09 + 0.04 + 0.01, 2, 1 / 9 + 1 / 9 + 4 / 9]
    )


@pytest.mark.parametrize("n_classes", [2, 4])
def test_brier_score_equals_scikit_learns(n_classes: int) -> None:
    truth, probabilities = RNG.integers(0, n_classes, 300), RNG.dirichlet(np.ones(n_classes), 300)
    expected = reference.brier_score_loss(truth, probabilities, scale_by_half=False, labels=range(n_classes))
    assert metrics.brier_score(probabilities, truth).mean() == pytest.approx(expected)


def test_bins_of_reliability_by_hand() -> None:
    probabilities = [[0.9, 0.1], [0.95, 0.05], [0.6, 0.4], [0.4, 0.6], [0.5, 0.5]]
    # 0.6 is the upper end of its bin and belongs to it; the bin from 0.6 to 0.8 is empty and left out.
    assert metrics.reliability(probabilities, [0, 1, 0, 1, 1], n_bins=5) == [
        {"low": 0.4, "high": 0.6, "confidence": pytest.approx(1.7 / 3), "accuracy": pytest.approx(2 / 3), "n_clips": 3},
        {"low": 0.8, "high": 1.0, "confidence": pytest.approx(0.925), "accuracy": 0.5, "n_clips": 2},
    ]


def test_bins_of_reliability_equal_scikit_learns_calibration_curve() -> None:
    truth, probabilities = RNG.integers(0, 4, 500), RNG.dirichlet(np.ones(4), 500)
    right = probabilities.argmax(axis=1) == truth
    accuracy, confidence = calibration_curve(right, probabilities.max(axis=1), n_bins=15)
    bins = metrics.reliability(probabilities, truth)
    assert [each["accuracy"] for each in bins] == pytest.approx(accuracy.tolist())
    assert [each["confidence"] for each in bins] == pytest.approx(confidence.tolist())


def test_accuracy_on_the_most_confident_clips_by_hand() -> None:
    probabilities, truth = [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]], [0, 1, 1, 1]
    assert metrics.risk_coverage(probabilities, truth, n_steps=4) == [
        {"coverage": 0.25, "accuracy": 1, "threshold": 0.9},
        {"coverage": 0.5, "accuracy": 1, "threshold": 0.8},
        {"coverage": 0.75, "accuracy": pytest.approx(2 / 3), "threshold": 0.7},
        {"coverage": 1, "accuracy": 0.75, "threshold": 0.6},
    ]


def test_a_share_of_clips_is_rounded_up_to_whole_clips() -> None:
    steps = metrics.risk_coverage([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]], [0, 0, 1])
    assert [round(step["accuracy"], 3) for step in steps] == [1.0] * 13 + [0.667] * 7


def test_equally_confident_clips_count_with_their_mean_in_any_order() -> None:
    probabilities = np.array([[0.9, 0.1]] + [[0.6, 0.4]] * 4)
    for truth in ([0, 0, 1, 1, 1], [0, 1, 1, 1, 0]):
        steps = metrics.risk_coverage(probabilities, truth, n_steps=5)
        assert [step["accuracy"] for step in steps] == pytest.approx([1, 1.25 / 2, 1.5 / 3, 1.75 / 4, 2 / 5])


def test_the_coverage_of_all_clips_has_the_accuracy_and_steps_of_five_per_cent() -> None:
    truth, probabilities = RNG.integers(0, 4, 333), RNG.dirichlet(np.ones(4), 333)
    steps = metrics.risk_coverage(probabilities, truth)
    assert [step["coverage"] for step in steps] == pytest.approx(np.arange(0.05, 1.01, 0.05).tolist())
    assert steps[-1]["accuracy"] == pytest.approx(reference.accuracy_score(truth, probabilities.argmax(axis=1)))


@pytest.mark.parametrize("labels", [[0, 2], [0, -1], [0], [[0, 1]]])
@pytest.mark.parametrize("score", [metrics.brier_score, metrics.reliability, metrics.risk_coverage])
def test_scores_and_labels_that_do_not_fit_are_refused(score: Callable[..., object], labels: list[int]) -> None:
    with pytest.raises(EmospecError, match=r"expected (a row of scores a|one) label|do the classes fit"):
        score([[0.5, 0.5], [0.5, 0.5]], labels)
