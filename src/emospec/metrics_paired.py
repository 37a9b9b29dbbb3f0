"""Whether one model is better than another, judged on the same clips."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest

from emospec.errors import EmospecError
from emospec.metrics import Estimate, bootstrap, confusion_matrix, speaker_confusions
from emospec.metrics_checks import Floats, check_lengths, whole_numbers


class McNemar(NamedTuple):
    """Clips that only one of two models named rightly, and how often chance splits them so unevenly."""

    only_a_right: int
    only_b_right: int
    p_value: float


def paired_difference(
    score: Callable[[NDArray[Any]], Floats],
    labels: ArrayLike,
    predictions_a: ArrayLike,
    predictions_b: ArrayLike,
    speakers: ArrayLike,
    n_classes: int,
) -> Estimate:
    """Estimate how much higher model b scores than model a, with a 95 % interval.

    Speakers are drawn again, and both models are judged on the same draw: what makes a voice hard for
    both cancels out, so this interval is narrower than two separate ones suggest.

    Parameters
    ----------
    score : callable
        Maps confusion matrices (..., n_classes, n_classes) to scores (...), such as `metrics.uar`.
    labels, predictions_a, predictions_b, speakers : shape (n,)
        Fewer than three speakers give no interval.

    Raises
    ------
    EmospecError
        If the arrays don't fit together, or a class that the score needs has no clip.
    """
    pair = [predictions_a, predictions_b]
    overall = [confusion_matrix(labels, predictions, n_classes) for predictions in pair]
    if np.isnan([score(confusion) for confusion in overall]).any():
        raise EmospecError(f"a class of {n_classes} has no clip to judge by; choose classes that the clips have")
    by_speaker = [speaker_confusions(labels, predictions, speakers, n_classes) for predictions in pair]
    return bootstrap(
        np.stack(by_speaker, axis=1),
        lambda sums: np.asarray(score(sums[..., 1, :, :]) - score(sums[..., 0, :, :])),
    )


def mcnemar(labels: ArrayLike, predictions_a: ArrayLike, predictions_b: ArrayLike) -> McNemar:
    """Test whether two models name equally many clips rightly: the exact, two-sided test of McNemar.

    Only clips that one model got right and the other wrong tell the two apart. The test takes clips for
    independent, which those of one speaker are not; `paired_difference` doesn't.

    References
    ----------
    McNemar 1947, "Note on the sampling error of the difference between correlated proportions or percentages".

    >>> mcnemar([0, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0])
    McNemar(only_a_right=0, only_b_right=3, p_value=0.25)
    """
    truth = whole_numbers(labels, "label")
    a, b = (whole_numbers(predictions, "prediction") for predictions in (predictions_a, predictions_b))
    check_lengths(label=truth, prediction_a=a, prediction_b=b)
    only_a, only_b = int(((a == truth) & (b != truth)).sum()), int(((b == truth) & (a != truth)).sum())
    differing = only_a + only_b
    return McNemar(only_a, only_b, float(binomtest(only_b, differing).pvalue) if differing else 1.0)
