import numpy as np
import pytest
from scipy.stats import binom

from emospec import metrics
from emospec.errors import EmospecError
from emospec.metrics_paired import mcnemar, paired_difference

RNG = np.random.default_rng(11)
TRUTH, SPEAKERS = RNG.integers(0, 3, 300), RNG.integers(10, 22, 300)


def guesses(skill: float) -> np.ndarray:
    return np.where(RNG.random(300) < skill, TRUTH, RNG.integers(0, 3, 300))


def test_the_difference_is_that_of_the_two_scores() -> None:
    a, b = guesses(0.3), guesses(0.6)
    scores = [metrics.uar(metrics.confusion_matrix(TRUTH, each, 3)) for each in (a, b)]
    assert paired_difference(metrics.uar, TRUTH, a, b, SPEAKERS, 3).value == pytest.approx(scores[1] - scores[0])


def test_the_interval_is_that_of_judging_both_models_on_every_resample() -> None:
    a, b = guesses(0.4), guesses(0.5)
    estimate = paired_difference(metrics.accuracy, TRUTH, a, b, SPEAKERS, 3)
    samples = []
    for times in metrics.draw_speakers(12, n_samples=2000, seed=0):
        rows = np.repeat(np.arange(300), times[SPEAKERS - 10])
        samples.append((b == TRUTH)[rows].mean() - (a == TRUTH)[rows].mean())
    assert (estimate.low, estimate.high) == pytest.approx(tuple(np.percentile(samples, [2.5, 97.5])))


def test_a_model_differs_from_itself_by_nothing_at_all() -> None:
    a = guesses(0.5)
    assert paired_difference(metrics.uar, TRUTH, a, a, SPEAKERS, 3) == metrics.Estimate(0, 0, 0)


def test_a_pair_is_surer_than_its_two_intervals() -> None:
    hard = RNG.random(12) < 0.5  # speakers on whom both models fail alike
    a = np.where(hard[SPEAKERS - 10], (TRUTH + 1) % 3, TRUTH)
    b = np.where(RNG.random(300) < 0.05, TRUTH, a)
    pair = paired_difference(metrics.accuracy, TRUTH, a, b, SPEAKERS, 3)
    alone = metrics.bootstrap(metrics.speaker_confusions(TRUTH, a, SPEAKERS, 3), metrics.accuracy)
    assert pair.high - pair.low < (alone.high - alone.low) / 4


def test_a_class_without_clips_is_an_error() -> None:
    with pytest.raises(EmospecError, match="a class of 4 has no clip"):
        paired_difference(metrics.uar, TRUTH, TRUTH, TRUTH, SPEAKERS, 4)


def test_mcnemar_by_hand() -> None:
    truth, a, b = [0] * 10, [0, 1, 1, 1, 1, 1, 0, 0, 1, 1], [1, 0, 0, 0, 0, 0, 0, 0, 1, 2]
    # One clip for a, five for b: two-sided P(at most 1 of 6) = 2 * (1 + 6) / 64.
    assert mcnemar(truth, a, b) == (1, 5, pytest.approx(14 / 64))


def test_mcnemar_is_the_exact_binomial_test() -> None:
    a, b = guesses(0.4), guesses(0.5)
    result = mcnemar(TRUTH, a, b)
    fewer, both = min(result[:2]), sum(result[:2])
    assert result.p_value == pytest.approx(min(1, 2 * binom.cdf(fewer, both, 0.5)))


def test_models_with_the_same_clips_right_are_not_told_apart() -> None:
    assert mcnemar([0, 1], [0, 0], [0, 2]) == (0, 0, 1.0)


def test_predictions_of_other_clips_are_refused() -> None:
    with pytest.raises(EmospecError, match="expected one of each a clip"):
        mcnemar([0, 1], [0, 1], [0])
