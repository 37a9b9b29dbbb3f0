import itertools

import numpy as np
import pytest

from emospec.segments import Stretch, merged, smoothed

SURE, UNSURE = 0.9, 0.45


def rows(*answers: tuple[int, float]) -> np.ndarray:
    """Rows of three probabilities: one class has the share given, the others the rest."""
    scores = np.empty((len(answers), 3))
    for row, (label, share) in enumerate(answers):
        scores[row] = (1 - share) / 2
        scores[row, label] = share
    return scores


def test_windows_that_agree_stay() -> None:
    assert smoothed(rows((1, SURE), (1, SURE), (1, UNSURE)), np.ones(3)).tolist() == [1, 1, 1]


def test_one_unsure_window_changes_nothing() -> None:
    scores = rows((0, SURE), (0, SURE), (1, UNSURE), (0, SURE), (0, SURE))
    assert smoothed(scores, np.ones(5)).tolist() == [0] * 5


def test_a_change_that_lasts_is_followed() -> None:
    scores = rows((0, SURE), (0, SURE), (2, SURE), (2, SURE))
    assert smoothed(scores, np.ones(4)).tolist() == [0, 0, 2, 2]


def test_the_sequence_is_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    scores, weights, cost = rng.dirichlet(np.ones(3), 6), rng.uniform(0.2, 1, 6), 0.5
    gains = np.log(scores) * weights[:, np.newaxis]

    def worth(path: tuple[int, ...]) -> float:
        return sum(gains[i, c] for i, c in enumerate(path)) - cost * sum(a != b for a, b in itertools.pairwise(path))

    paths = [tuple(int(digit) for digit in np.base_repr(n, 3).zfill(6)) for n in range(3**6)]
    assert worth(tuple(smoothed(scores, weights, cost).tolist())) == pytest.approx(max(map(worth, paths)))


def test_stretches_that_touch_and_agree_become_one() -> None:
    a, b = np.array([0.8, 0.2]), np.array([0.6, 0.4])
    (one,) = merged([Stretch(0, 10, a), Stretch(10, 40, b)])
    assert (one.start, one.end) == (0, 40)
    np.testing.assert_allclose(one.scores, [0.65, 0.35])


def test_stretches_with_a_pause_or_another_emotion_stay_apart() -> None:
    a, b = np.array([0.8, 0.2]), np.array([0.3, 0.7])
    assert len(merged([Stretch(0, 10, a), Stretch(12, 20, a), Stretch(20, 30, b)])) == 3
