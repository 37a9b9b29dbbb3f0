"""How well scores rank the clips of a class above all others: the area under the ROC curve."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emospec.errors import EmospecError
from emospec.metrics import Estimate, draw_speakers, percentile_interval, ratio
from emospec.metrics_checks import Floats, check_scores, speaker_numbers


def roc_auc(probabilities: ArrayLike, labels: ArrayLike) -> Floats:
    """Return each class's area under the ROC curve, one class against the rest; their mean is the macro AUC.

    It is the chance that a clip of the class scores higher than another clip; 0.5 is guessing. Equal
    scores count half.

    Parameters
    ----------
    probabilities : shape (n, n_classes)
    labels : shape (n,)

    Raises
    ------
    EmospecError
        If a class has no clip, or every clip.

    References
    ----------
    Hanley and McNeil 1982, "The meaning and use of the area under a receiver operating characteristic curve".
    """
    scores, truth = check_scores(probabilities, labels)
    clips = _count_clips(truth, scores.shape[1])
    nobody = np.zeros_like(truth)
    won = [_pairs_won(scores[:, label], truth == label, nobody, 1).item() for label in range(len(clips))]
    return np.asarray(won / (clips * (len(truth) - clips)))


def bootstrap_roc_auc(
    probabilities: ArrayLike, labels: ArrayLike, speakers: ArrayLike, *, n_samples: int = 2000, seed: int = 0
) -> Estimate:
    """Estimate the macro AUC with the 95 % interval of a bootstrap over speakers; fewer than three give none.

    Every pair of a clip of the class and another clip belongs to a pair of speakers, so that a resample needs
    only the pairs won between speakers, weighted by how often each of the two was drawn: exact, and quick.
    """
    value = float(roc_auc(probabilities, labels).mean())
    scores, truth = check_scores(probabilities, labels)
    speaker, n_speakers = speaker_numbers(speakers, len(truth))
    if n_speakers < 3:
        return Estimate(value, None, None)
    times = draw_speakers(n_speakers, n_samples=n_samples, seed=seed).astype(np.float64)
    samples = [_resampled(scores[:, label], truth == label, speaker, times) for label in range(scores.shape[1])]
    return percentile_interval(value, np.mean(samples, axis=0))


def _count_clips(truth: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    clips = np.bincount(truth, minlength=n_classes)
    for label, n_clips in enumerate(clips):
        if n_clips in (0, len(truth)):
            has = "every clip" if n_clips else "no clip"
            raise EmospecError(f"class {label} has {has}, so nothing can be ranked; choose classes that the clips have")
    return clips


def _resampled(score: Floats, is_class: NDArray[np.bool_], speaker: NDArray[np.intp], times: Floats) -> Floats:
    """Return the AUC of one class in each resample; NaN where a resample lacks the class or the rest."""
    won = _pairs_won(score, is_class, speaker, times.shape[1])
    clips, rest = (np.bincount(speaker[which], minlength=times.shape[1]) for which in (is_class, ~is_class))
    return ratio(((times @ won) * times).sum(axis=1), (times @ clips) * (times @ rest))


def _pairs_won(score: Floats, is_class: NDArray[np.bool_], speaker: NDArray[np.intp], n_speakers: int) -> Floats:
    """Count, by speaker of the clip and speaker of the other, the pairs in which the clip of the class is above."""
    own, rest, owner = score[is_class], score[~is_class], speaker[is_class]
    columns = []
    for other in range(n_speakers):
        theirs = np.sort(rest[speaker[~is_class] == other])
        below = (np.searchsorted(theirs, own, "left") + np.searchsorted(theirs, own, "right")) / 2
        columns.append(np.bincount(owner, weights=below, minlength=n_speakers))
    return np.stack(columns, axis=1)
