"""Protocols for any corpus, as pure functions of the table of clips."""

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec.errors import SplitError
from emospec.splits import Division, Indices, group_folds, hold_out, known_speakers, smallest

Labels = NDArray[np.int32]
TEST_SHARE, VALIDATION_SHARE = 1 / 5, 1 / 8


def train_on_all(clips: pd.DataFrame, labels: Labels, seed: int, argument: str) -> list[Division]:
    """Put every clip into training."""
    nobody = np.empty(0, np.int64)
    return [Division(np.arange(len(clips)), nobody, nobody)]


def divide_by_speaker(clips: pd.DataFrame, labels: Labels, seed: int, argument: str) -> list[Division]:
    """Give about 70, 10 and 20 % of the clips to the parts, each speaker to one part alone."""
    speakers = at_least_three_speakers(clips, "speakers")
    if smallest(labels) < 3:
        raise SplitError(
            f"a class has {smallest(labels)} clips; protocol speakers needs at least 3 of each, one a part"
        )
    rest, test = hold_out(np.arange(len(clips)), labels, speakers, share=TEST_SHARE, seed=seed)
    return [Division(*carve_validation(clips, labels, rest, seed), test)]


def divide_as_the_notebook(clips: pd.DataFrame, labels: Labels, seed: int, argument: str) -> list[Division]:
    """Repeat the original notebook's split: a random fifth held out, its halves for validation and test.

    Its random state is 42 whatever the seed, since its published figures belong to that one split.
    """
    from sklearn.model_selection import train_test_split

    if len(clips) < 10:
        raise SplitError(f"protocol notebook needs at least 10 clips, got {len(clips)}")
    train, held = train_test_split(np.arange(len(clips)), test_size=0.2, random_state=42)
    validation, test = train_test_split(held, test_size=0.5, random_state=42)
    return [Division(train, validation, test)]


def leave_one_speaker_out(clips: pd.DataFrame, labels: Labels, seed: int, argument: str) -> list[Division]:
    """Test each speaker in a fold of its own, on a model that others trained and validated."""
    speakers = at_least_three_speakers(clips, "loso")
    everyone = sorted(set(speakers))
    alone = len(set(clips["corpus"])) == 1
    names = folder_names("speaker", (key.partition("/")[2] if alone else key for key in everyone))
    folds = [(np.flatnonzero(speakers != key), np.flatnonzero(speakers == key)) for key in everyone]
    return [
        Division(*carve_validation(clips, labels, rest, seed), test, name)
        for (rest, test), name in zip(folds, names, strict=True)
    ]


def divide_speakers_in_folds(clips: pd.DataFrame, labels: Labels, seed: int, argument: str) -> list[Division]:
    """Divide the speakers between K folds, stratified by class, and test each fold once."""
    n_folds, speakers = n_folds_of(argument), at_least_three_speakers(clips, "kfold-speakers")
    n_speakers = len(set(speakers))
    if n_speakers < n_folds:
        raise SplitError(
            f"kfold-speakers:{n_folds} needs at least {n_folds} speakers, got {n_speakers}; "
            f"use kfold-speakers:{min(5, n_speakers)}, or loso to test each speaker alone"
        )
    check_smallest(labels, n_folds, f"kfold-speakers:{n_folds}")
    folds = group_folds(np.arange(len(clips)), labels, speakers, n_folds, seed)
    return [
        Division(*carve_validation(clips, labels, rest, seed), test, f"fold-{number}")
        for number, (rest, test) in enumerate(folds, 1)
    ]


def divide_clips_in_folds(clips: pd.DataFrame, labels: Labels, seed: int, argument: str) -> list[Division]:
    """Divide the clips between K folds at random, stratified by class: speakers stand in all parts."""
    n_folds = n_folds_of(argument)
    check_smallest(labels, max(3, n_folds), f"kfold-random:{n_folds}")
    names = (clips["corpus"] + "/" + clips["clip"]).fillna("").to_numpy(dtype=str)
    divisions: list[Division] = []
    for rest, test in random_folds(np.argsort(names, kind="stable"), labels, n_folds, seed):
        train, validation = random_folds(rest, labels, min(round(1 / VALIDATION_SHARE), smallest(labels[rest])), seed)[
            0
        ]
        divisions.append(Division(train, validation, test, f"fold-{len(divisions) + 1}"))
    return divisions


def divide_by_corpus(clips: pd.DataFrame, labels: Labels, seed: int, argument: str) -> list[Division]:
    """Train on each corpus in turn, or on those that the argument names, and test on all others."""
    corpora = sorted(set(clips["corpus"]))
    chosen = argument.split("+") if argument else []
    if len(corpora) < 2:
        raise SplitError(f"cross-corpus needs clips of at least 2 corpora, got {corpora[0]}; add one, or use speakers")
    if chosen:
        check_chosen(chosen, corpora)
        own = clips["corpus"].isin(chosen).to_numpy(dtype=bool)
        rest, test = np.flatnonzero(own), np.flatnonzero(~own)
        return [Division(*carve_validation(clips, labels, rest, seed), test)]
    names = folder_names("train", corpora)
    return [
        train_on_one(clips, labels, seed, corpus)._replace(fold=name)
        for corpus, name in zip(corpora, names, strict=True)
    ]


def train_on_one(clips: pd.DataFrame, labels: Labels, seed: int, corpus: str) -> Division:
    """Train on one corpus and test on the others, and on a share of its own speakers if it has three."""
    own = (clips["corpus"] == corpus).to_numpy(dtype=bool)
    rest, test, speakers = np.flatnonzero(own), np.flatnonzero(~own), known_speakers(clips)
    if len(set(speakers[rest])) >= 3:
        rest, held = hold_out(rest, labels, speakers, share=TEST_SHARE, seed=seed)
        test = np.append(test, held)
    return Division(*carve_validation(clips, labels, rest, seed), test)


def carve_validation(clips: pd.DataFrame, labels: Labels, rows: Indices, seed: int) -> tuple[Indices, Indices]:
    """Divide rows into (train, validation) by speaker; those of a single speaker by text."""
    groups = known_speakers(clips)
    if len(set(groups[rows])) == 1:
        speaker, texts = groups[rows][0], clips["text"]
        if texts.iloc[rows].isna().any():
            raise SplitError(
                f"{speaker} alone is left to train and to validate, and not all its clips have a text to part them by; "
                "add speakers, or a text column"
            )
        groups = texts.to_numpy(dtype=object)
    return hold_out(rows, labels, groups, share=VALIDATION_SHARE, seed=seed)


def random_folds(rows: Indices, labels: Labels, n_folds: int, seed: int) -> list[tuple[Indices, Indices]]:
    """Return (others, fold) for each fold, stratified by class alone."""
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return [(rows[others], rows[fold]) for others, fold in folds.split(rows, labels[rows])]


def at_least_three_speakers(clips: pd.DataFrame, protocol: str) -> NDArray[np.object_]:
    """Return the speaker of each clip; fewer than three are a `SplitError` that names what fits."""
    speakers = known_speakers(clips)
    found = sorted(set(speakers))
    if len(found) < 3:
        raise SplitError(
            f"protocol {protocol} needs at least 3 speakers, got {len(found)} ({', '.join(found)}); add a corpus, "
            f"or use {fits_two(clips, len(found))}kfold-random or notebook, at random: those tested are trained on"
        )
    return speakers


def fits_two(clips: pd.DataFrame, n_speakers: int) -> str:
    """Return the protocols that part so few speakers, each with a comma behind it."""
    corpora = set(clips["corpus"])
    return "cross-corpus, " * (len(corpora) > 1) + "tess/swap, " * (corpora == {"tess"} and n_speakers == 2)


def n_folds_of(argument: str) -> int:
    """Return K of `kfold-speakers:K`; 5 if it isn't given."""
    if argument and not (argument.isdecimal() and int(argument) >= 2):
        raise SplitError(
            f"the number of folds must be a whole number of at least 2, got {argument!r}; for example kfold-speakers:5"
        )
    return int(argument or 5)


def check_smallest(labels: Labels, n_clips: int, protocol: str) -> None:
    """Raise if a class has fewer clips than there must be."""
    if smallest(labels) < n_clips:
        raise SplitError(
            f"a class has {smallest(labels)} clips; protocol {protocol} needs at least {n_clips} of each; "
            "use more clips or fewer classes"
        )


def check_chosen(chosen: list[str], corpora: list[str]) -> None:
    """Raise unless the corpora to train on are among those of the clips, and leave one to test on."""
    if set(chosen) - set(corpora) or len(chosen) != len(set(chosen)) or len(chosen) == len(corpora):
        raise SplitError(
            f"cross-corpus:{'+'.join(chosen)} doesn't fit clips of {', '.join(corpora)}; "
            f"name some of these, each once, and leave one to test on, such as cross-corpus:{corpora[0]}"
        )


def folder_names(prefix: str, names: Iterable[str]) -> list[str]:
    """Return a name for each that any file system takes, all different, such as `speaker-1001`."""
    taken: list[str] = []
    for name in names:
        plain = f"{prefix}-{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('-.')[:60]}".strip("-")
        same = {other.lower() for other in taken}
        candidates = (plain, *(f"{plain}-{number}" for number in range(2, len(taken) + 3)))
        taken.append(next(candidate for candidate in candidates if candidate.lower() not in same))
    return taken
