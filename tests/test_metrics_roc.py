from unittest.mock import Mock

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from emospec import metrics_roc
from emospec.errors import EmospecError
from emospec.metrics import draw_speakers
from emospec.metrics_roc import bootstrap_roc_auc, roc_auc

RNG = np.random.default_rng(3)


def scores(n: int, n_classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Scores that say something, with many equal ones."""
    labels = RNG.integers(0, n_classes, n)
    return (RNG.dirichlet(np.ones(n_classes), n) + 0.3 * np.eye(n_classes)[labels]).round(1), labels


def test_auc_by_hand() -> None:
    # Of the pairs of a clip of class 0 (0.9, 0.4) and another (0.4, 0.1): three won, one tied.
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.4, 0.6], [0.1, 0.9]])
    assert roc_auc(probabilities, [0, 0, 1, 1]) == pytest.approx([3.5 / 4, 3.5 / 4])


def test_auc_of_each_class_equals_scikit_learns() -> None:
    probabilities, labels = scores(400)
    expected = [roc_auc_score(labels == label, probabilities[:, label]) for label in range(4)]
    assert roc_auc(probabilities, labels) == pytest.approx(expected)


def test_equal_scores_are_guessing() -> None:
    assert roc_auc(np.full((6, 3), 1 / 3), [0, 1, 2, 0, 1, 2]).tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(("labels", "match"), [([0, 1, 1], "class 2 has no clip"), ([0, 0, 0], "class 0 has every")])
def test_a_class_without_clips_or_with_all_is_an_error(labels: list[int], match: str) -> None:
    with pytest.raises(EmospecError, match=match):
        roc_auc(np.full((3, 3), 1 / 3), labels)


def test_the_interval_is_that_of_judging_every_resample_anew() -> None:
    probabilities, labels = scores(200, n_classes=3)
    speakers = RNG.integers(0, 8, 200)
    estimate = bootstrap_roc_auc(probabilities, labels, speakers, n_samples=100, seed=5)
    samples = []
    for times in draw_speakers(8, n_samples=100, seed=5):
        rows = np.repeat(np.arange(200), times[speakers])
        samples.append(roc_auc_score(np.eye(3)[labels[rows]], probabilities[rows], average="macro"))
    assert estimate.value == pytest.approx(roc_auc(probabilities, labels).mean())
    assert (estimate.low, estimate.high) == pytest.approx(tuple(np.percentile(samples, [2.5, 97.5])))


def test_two_speakers_give_no_interval() -> None:
    estimate = bootstrap_roc_auc(np.eye(2), [0, 1], ["a", "b"])
    assert (estimate.value, estimate.low, estimate.high) == (1, None, None)


def test_resamples_do_not_go_through_the_clips_again(monkeypatch: pytest.MonkeyPatch) -> None:
    probabilities, labels = scores(200)
    counted = Mock(wraps=metrics_roc._pairs_won)
    monkeypatch.setattr(metrics_roc, "_pairs_won", counted)
    bootstrap_roc_auc(probabilities, labels, RNG.integers(0, 9, 200), n_samples=2000)
    n_classes = probabilities.shape[1]
    assert counted.call_count == 2 * n_classes  # once for the value, once for all resamples
