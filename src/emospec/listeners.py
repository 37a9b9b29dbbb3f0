"""The human line: how well people hear, in the same clips, the emotion that was meant."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from emospec.clips import parse_votes, speakers_to_draw
from emospec.emotions import Labels
from emospec.metrics import Floats, bootstrap, mean_estimate, ratio, speaker_sums


def judge_listeners(
    clips: pd.DataFrame, labels: ArrayLike, predictions: ArrayLike, classes: Labels
) -> dict[str, Any] | None:
    """Judge the listeners whose answers stand in the column `votes`, and the model on just their clips.

    Parameters
    ----------
    clips : DataFrame, n rows
    labels, predictions : shape (n,)
        What was meant, and what the model said.

    Returns
    -------
    dict or None
        None where no clip has votes, or no answer is one of the classes. Else the keys that `docs/formats.md` tells:
        `source`, `n_clips`, `share_of_clips`, `majority`, `single` (None where answers were not counted), `model`.
    """
    known = clips["votes"].notna().to_numpy(dtype=bool) if "votes" in clips else np.zeros(len(clips), dtype=bool)
    if not known.any():
        return None
    answers, counted = read_answers(clips.loc[known, "votes"], classes)
    truth, guesses = np.asarray(labels)[known], np.asarray(predictions)[known]
    lines = judge_lines(answers, truth, guesses == truth, speakers_to_draw(clips)[known], len(classes))
    if lines is None:
        return None
    about = {
        "source": "votes" if counted else "majority",
        "n_clips": int(known.sum()),
        "share_of_clips": float(known.mean()),
    }
    return about | lines | ({} if counted else {"single": None})


def judge_lines(
    answers: Floats, truth: NDArray[Any], right: NDArray[np.bool_], speakers: NDArray[np.str_], n_classes: int
) -> dict[str, Any] | None:
    """Judge the majority, a single listener and the model on the clips with an answer among the classes, if any."""
    among = answers[:, :n_classes]
    answered = among.any(axis=1)
    if not answered.any():
        return None
    # Of each clip: how often it is taken for what was meant, 0 to 1.
    taken = {"majority": hits(most_frequent(among), truth), "single": hits(shares(among), truth), "model": right}
    rates = {
        name: hit_rates(hit[answered], truth[answered], speakers[answered], n_classes) for name, hit in taken.items()
    }
    counts = {"n_clips": int(answered.sum()), "left_out": float(1 - answered.mean())}
    of_all = mean_estimate(hits(most_frequent(answers), truth), speakers).to_dict()
    return {
        "majority": counts | rates["majority"] | {"accuracy_of_all": of_all},
        "single": counts | rates["single"],
        "model": rates["model"],
    }


def read_answers(cells: Iterable[str], classes: Labels) -> tuple[Floats, bool]:
    """Read cells of the column `votes`.

    Returns
    -------
    answers : shape (n, n_answers)
        How often each answer was given: first the classes in their order, then whatever else was answered. Where
        some cells only tell the most frequent answers, it is these that are marked in every cell.
    counted : bool
        Whether every cell has counts.
    """
    votes = [parse_votes(cell) for cell in cells]
    counted = all(None not in cell.values() for cell in votes)
    others = {answer for cell in votes for answer in cell} - set(classes.classes)
    columns = {answer: column for column, answer in enumerate((*classes.classes, *sorted(others)))}
    answers = np.zeros((len(votes), len(columns)))
    for row, cell in enumerate(votes):
        for answer, count in cell.items():
            answers[row, columns[answer]] = 1 if count is None else count
    return (answers if counted else np.ceil(most_frequent(answers))), counted


def most_frequent(answers: Floats) -> Floats:
    """Give each clip to its most frequent answer; equally frequent ones share it. A clip without answers has none."""
    return shares((answers == answers.max(axis=1, keepdims=True)) & (answers > 0))


def shares(answers: NDArray[Any]) -> Floats:
    """Return each answer's share of all answers to a clip; 0 for a clip without answers."""
    return np.asarray(answers / np.maximum(answers.sum(axis=1, keepdims=True), 1))


def hits(given: Floats, truth: NDArray[Any]) -> Floats:
    """Return the share of each clip that was given to the truth."""
    return np.asarray(given[np.arange(len(truth)), truth])


def hit_rates(
    hit: NDArray[Any], truth: NDArray[Any], speakers: NDArray[np.str_], n_classes: int
) -> dict[str, dict[str, float | None] | None]:
    """Return accuracy and UAR, with intervals over speakers; no UAR where a class has no clip."""
    meant = np.eye(n_classes)[truth]
    sums = speaker_sums(np.stack([meant * hit[:, None], meant], axis=-1), speakers)
    accuracy = bootstrap(sums, lambda total: ratio(total[..., 0].sum(axis=-1), total[..., 1].sum(axis=-1)))
    uar = bootstrap(sums, lambda total: ratio(total[..., 0], total[..., 1]).mean(axis=-1))
    return {"accuracy": accuracy.to_dict(), "uar": uar.to_dict() if meant.any(axis=0).all() else None}


def answer_shares(votes: "pd.Series[str]", classes: Labels) -> NDArray[np.float32]:
    """Return how listeners' answers fall on the classes, shape (n, n_classes).

    A row adds up to 1; it is zeros where nobody is known to have listened, or no answer is one of the classes.
    """
    shares_of_all = np.zeros((len(votes), len(classes)), dtype=np.float32)
    known = votes.notna().to_numpy(dtype=bool)
    if known.any():
        among = read_answers(votes[known], classes)[0][:, : len(classes)]
        shares_of_all[known] = np.nan_to_num(shares(among))
    return shares_of_all
