"""The named protocols: who trains, who validates and who is tested."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec import protocols_corpora as of_corpora
from emospec import protocols_general as general
from emospec.errors import SplitError
from emospec.splits import PARTS, Division, Split, check_classes, check_contents, check_speakers

Divide = Callable[[pd.DataFrame, NDArray[np.int32], int, str], list[Division]]


@dataclass(frozen=True)
class Protocol:
    """A way to divide clips, and what it is good for.

    Parameters
    ----------
    divide : callable
        From the clips, the class of each, a seed and the text behind the colon to one division a fold.
    random : bool
        Whether it puts speakers into several parts; then no leak is refused.
    argument : str
        What may stand behind a colon, such as `K`; empty: nothing.
    corpus : str, optional
        The one corpus that it divides.
    shared_classes : bool
        Whether it works with the classes that every corpus has, and tests clips in several folds.
    parts : tuple of str
        The parts that clips are put into; each must have every class.
    """

    name: str
    summary: str
    divide: Divide
    random: bool = False
    argument: str = ""
    corpus: str | None = None
    shared_classes: bool = False
    parts: tuple[str, ...] = PARTS


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            "speakers",
            "each speaker in one part alone, stratified by class, seeded (default)",
            general.divide_by_speaker,
        ),
        Protocol(
            "notebook",
            "the original notebook's random split (random state 42): test speakers are in training too",
            general.divide_as_the_notebook,
            random=True,
        ),
        Protocol("loso", "each speaker tested once, in a fold of its own", general.leave_one_speaker_out),
        Protocol(
            "kfold-speakers",
            "the speakers in K folds (5 if not given), each tested once",
            general.divide_speakers_in_folds,
            argument="K",
        ),
        Protocol(
            "kfold-random",
            "the clips in K random folds: test speakers are in training too; to measure the gap alone",
            general.divide_clips_in_folds,
            random=True,
            argument="K",
        ),
        Protocol(
            "cross-corpus",
            "train on one corpus, test on all others, each in turn; or name those to train on: A+B",
            general.divide_by_corpus,
            argument="CORPORA",
            shared_classes=True,
        ),
        Protocol(
            "crema-d/tfds",
            "CREMA-D as TensorFlow Datasets divides it: 63 / 9 / 19 actors",
            of_corpora.divide_as_tfds,
            corpus="crema-d",
        ),
        Protocol(
            "crema-d/emo-superb",
            "CREMA-D in EMO-SUPERB's five sessions of actors: three train, one validates, one is tested",
            of_corpora.divide_as_emo_superb,
            corpus="crema-d",
        ),
        Protocol(
            "savee/loso", "SAVEE: each of the four men tested once", general.leave_one_speaker_out, corpus="savee"
        ),
        Protocol(
            "emo-db/loso", "EmoDB: each of the ten actors tested once", general.leave_one_speaker_out, corpus="emo-db"
        ),
        Protocol(
            "ravdess/6fold",
            "RAVDESS in six folds of two men and two women, each tested once",
            of_corpora.divide_ravdess,
            corpus="ravdess",
        ),
        Protocol(
            "tess/swap",
            "TESS: train on one woman, test on the other, both ways; words validate",
            of_corpora.swap_the_women,
            corpus="tess",
        ),
        Protocol(
            "all",
            "every clip trains, nobody validates or is tested, so there are no scores; for a final model",
            general.train_on_all,
            parts=("train",),
        ),
    )
}


def find_protocol(name: str) -> tuple[Protocol, str]:
    """Return a protocol and its argument: `kfold-speakers:5` is `kfold-speakers` and `"5"`.

    Raises
    ------
    SplitError
        If there is no such protocol, or its argument doesn't fit.
    """
    known, colon, argument = name.partition(":")
    protocol = PROTOCOLS.get(known)
    if protocol is None:
        spelled = (f"{each.name}[:{each.argument}]" if each.argument else each.name for each in PROTOCOLS.values())
        raise SplitError(f"unknown protocol {name!r}; known: {', '.join(spelled)}")
    if colon and not protocol.argument:
        raise SplitError(f"protocol {known} takes nothing behind a colon, got {name!r}; write {known}")
    if colon and not argument:
        raise SplitError(f"protocol {name!r} ends in a colon; write {known}, or {known}:{protocol.argument}")
    if protocol.argument == "K":
        general.n_folds_of(argument)
    return protocol, argument


def classes_to_keep(clips: pd.DataFrame, labels: NDArray[np.int32], protocol: str) -> NDArray[np.int32]:
    """Return the numbers of the classes that a protocol works with, in ascending order.

    They are all that occur; under `cross-corpus` those that every corpus has, and fewer than two are a `SplitError`.
    """
    kept = np.unique(labels)
    if not find_protocol(protocol)[0].shared_classes:
        return kept
    by_corpus = {
        corpus: np.unique(labels[(clips["corpus"] == corpus).to_numpy(dtype=bool)])
        for corpus in sorted(set(clips["corpus"]))
    }
    for present in by_corpus.values():
        kept = np.intersect1d(kept, present)
    if len(kept) < 2:
        names = dict(zip(labels.tolist(), clips["emotion"], strict=True))
        lists = (f"{corpus} has {', '.join(names[n] for n in n_s.tolist())}" for corpus, n_s in by_corpus.items())
        raise SplitError(
            f"{protocol} needs at least 2 classes that every corpus has, got {len(kept)}: {'; '.join(lists)}"
        )
    return kept


def make_splits(
    clips: pd.DataFrame,
    labels: NDArray[np.int32],
    protocol: str,
    seed: int,
    *,
    digests: NDArray[np.generic] | None = None,
) -> tuple[Split, ...]:
    """Divide clips by a named protocol.

    Parameters
    ----------
    clips : DataFrame
        One row a clip, with the columns of `emospec.clips.COLUMNS`.
    labels : int32, shape (n_clips,)
        Class of each clip. Clips of a class that is not among `classes_to_keep` are in no part.
    digests : shape (n_clips,), optional
        Equal values mark clips of identical content, such as identical pictures.

    Returns
    -------
    tuple of Split
        One a fold. The same clips in another order give the same parts, except under `notebook`.

    Raises
    ------
    SplitError
        If the clips don't allow the protocol, a part lacks a class, or a speaker or a content would stand in two
        parts under a protocol that isn't random.
    """
    chosen, argument = find_protocol(protocol)
    check_corpus(clips, chosen)
    rows = np.flatnonzero(np.isin(labels, classes_to_keep(clips, labels, protocol)))
    kept, kept_labels = clips.iloc[rows], labels[rows]
    splits = [
        Split(np.sort(train), np.sort(validation), np.sort(test), protocol, seed, fold)
        for train, validation, test, fold in chosen.divide(kept, kept_labels, seed, argument)
    ]
    check_all(splits, kept, kept_labels, chosen, digests if digests is None else digests[rows])
    return tuple(
        replace(split, train=rows[split.train], validation=rows[split.validation], test=rows[split.test])
        for split in splits
    )


def check_corpus(clips: pd.DataFrame, protocol: Protocol) -> None:
    """Raise if there are no clips, or some of a corpus that the protocol doesn't divide."""
    if not len(clips):
        raise SplitError(f"protocol {protocol.name} got no clips to divide")
    others = sorted(set(clips["corpus"]) - {protocol.corpus})
    if protocol.corpus and others:
        raise SplitError(
            f"protocol {protocol.name} divides {protocol.corpus} alone, got clips of {', '.join(others)}; "
            f"make an image set of {protocol.corpus}, or use speakers, loso or kfold-speakers"
        )


def check_all(
    splits: Sequence[Split],
    clips: pd.DataFrame,
    labels: NDArray[np.int32],
    protocol: Protocol,
    digests: NDArray[np.generic] | None,
) -> None:
    """Raise if a part lacks what it must have, or two parts share what they must not.

    A fold's test part may lack a class, since the folds are judged together.
    """
    for split in splits:
        check_classes(split, labels, clips["emotion"], parts=PARTS[:2] if split.fold else protocol.parts)
        if not protocol.random:
            check_speakers(split, clips)
        if not protocol.random and digests is not None:
            check_contents(split, clips, digests)
    tested = np.concatenate([split.test for split in splits])
    if "test" in protocol.parts:
        check_classes(replace(splits[0], test=tested, fold=""), labels, clips["emotion"], parts=("test",))
    if not protocol.shared_classes and len(np.unique(tested)) < len(tested):
        raise SplitError(f"protocol {protocol.name} tests a clip twice, so its folds cannot be pooled")
