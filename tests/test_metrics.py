import numpy as np
import pytest
from sklearn import metrics as reference

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
