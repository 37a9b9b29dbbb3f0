"""What every metric demands of its arrays: told in one line where they enter, trusted from there on."""

from collections.abc import Sized

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emospec.errors import EmospecError

Floats = NDArray[np.float64]

SUM_TOLERANCE = 1e-3  # float16 probabilities add up to 1 within half of this


def check_lengths(**arrays: Sized) -> None:
    """Raise unless there is one of each a clip; the names are singular."""
    lengths = {name.replace("_", " "): len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{length} of {name}" for name, length in lengths.items())
        raise EmospecError(f"arrays of different lengths ({counts}); expected one of each a clip")


def finite_numbers(values: ArrayLike, what: str) -> Floats:
    """Return an array in float64; what isn't made of finite numbers is an `EmospecError`."""
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise EmospecError(f"the {what} are no array of numbers; expected an array without names or gaps") from None
    if not np.isfinite(numbers).all():
        raise EmospecError(f"the {what} are not finite; if a model gave them, train it with a lower learning_rate")
    return numbers


def whole_numbers(values: ArrayLike, name: str) -> NDArray[np.int64]:
    """Return whole numbers of shape (n,) as int64; anything else is an `EmospecError`."""
    numbers = finite_numbers(values, f"{name}s")
    if numbers.ndim != 1:
        raise EmospecError(f"{name}s of shape {numbers.shape}; expected one {name} a clip")
    broken = numbers[numbers != np.floor(numbers)]
    if broken.size:
        raise EmospecError(f"{name} {broken[0]:g} is not a whole number; expected the number of a class")
    return numbers.astype(np.int64)


def class_numbers(values: ArrayLike, n_classes: int, name: str = "label") -> NDArray[np.int64]:
    """Return the numbers of classes, shape (n,); one that no class has is an `EmospecError`."""
    numbers = whole_numbers(values, name)
    outside = numbers[(numbers < 0) | (numbers >= n_classes)]
    if outside.size:
        raise EmospecError(f"{name} {outside[0]} lies outside 0 to {n_classes - 1}; do the classes fit the model?")
    return numbers


def check_scores(scores: ArrayLike, labels: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    """Return finite scores, shape (n, n_classes), and labels, shape (n,), as arrays if they fit together.

    Raises
    ------
    EmospecError
        If they don't.
    """
    numbers, truth = finite_numbers(scores, "scores"), whole_numbers(labels, "label")
    if numbers.ndim != 2 or truth.shape != numbers.shape[:1] or not len(truth):
        raise EmospecError(f"scores of shape {numbers.shape} for {len(truth)} labels; expected a row of scores a label")
    return numbers, class_numbers(truth, numbers.shape[1])


def check_probabilities(probabilities: ArrayLike, labels: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    """Return probabilities and labels as arrays, as `check_scores` does, if each row sums to 1."""
    scores, truth = check_scores(probabilities, labels)
    low, high = -SUM_TOLERANCE, 1 + SUM_TOLERANCE
    wrong = ((scores < low) | (scores > high)).any(axis=1) | (abs(scores.sum(axis=1) - 1) > SUM_TOLERANCE)
    if wrong.any():
        row = ", ".join(f"{score:.3g}" for score in scores[wrong.argmax()])
        raise EmospecError(
            f"scores {row} of clip {wrong.argmax()} are no probabilities; expected 0 to 1 with a sum of 1: "
            "apply a softmax to the outputs"
        )
    return scores, truth


def speaker_numbers(speakers: ArrayLike, n_clips: int) -> tuple[NDArray[np.intp], int]:
    """Return for each clip the number of its speaker, and how many speakers there are."""
    names = np.asarray(speakers, dtype=str)
    if names.shape != (n_clips,):
        raise EmospecError(f"speakers of shape {names.shape} for {n_clips} clips; expected one speaker a clip")
    known, numbers = np.unique(names, return_inverse=True)
    return numbers, len(known)
