"""Protocols: who trains, who validates and who is tested, as pure functions of the table of clips."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec.clips import speaker_keys
from emospec.errors import SplitError

Indices = NDArray[np.int64]
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """Row numbers of the table of clips in each part, in ascending order; the parts never overlap."""

    train: Indices
    validation: Indices
    test: Indices
    protocol: str
    seed: int

    def parts(self) -> dict[str, Indices]:
        """Return the three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def part_of_each(self, n_clips: int) -> NDArray[np.str_]:
        """Return the name of the part for each of `n_clips` rows (empty: in none)."""
        names = np.full(n_clips, "", dtype="<U10")
        for part, rows in self.parts().items():
            names[rows] = part
        return names


@dataclass(frozen=True)
class Protocol:
    """A way to divide clips, and what it is good for; `random` ones put speakers into several parts."""

    name: str
    summary: str
    divide: Callable[[pd.DataFrame, NDArray[np.int32], int], tuple[Indices, Indices, Indices]]
    random: bool = False


def divide_by_speaker(clips: pd.DataFrame, labels: NDArray[np.int32], seed: int) -> tuple[Indices, Indices, Indices]:
    """Give about 70, 10 and 20 % of the clips to the parts, each speaker to one part alone."""
    speakers = known_speakers(clips)
    if len(set(speakers)) < 3:
        raise SplitError(
            f"protocol speakers needs at least 3 speakers, got {len(set(speakers))} "
            f"({', '.join(sorted(set(speakers)))}); add a corpus, or use protocol notebook and its random split"
        )
    smallest = int(np.bincount(labels).min())
    if smallest < 3:
        raise SplitError(f"a class has {smallest} clips; protocol speakers needs at least 3 of each, one a part")
    everyone = np.arange(len(clips))
    rest, test = hold_out(everyone, labels, speakers, share=1 / 5, seed=seed)
    train, validation = hold_out(rest, labels, speakers, share=1 / 8, seed=seed)
    return train, validation, test


def known_speakers(clips: pd.DataFrame) -> NDArray[np.object_]:
    """Return the speaker of each clip; clips without one are a `SplitError`."""
    speakers = speaker_keys(clips)
    n_unknown = int(speakers.isna().sum())
    if n_unknown:
        raise SplitError(
            f"{n_unknown} of {len(clips)} clips have no speaker, so nobody can be kept out of training; "
            "add a speaker column, or use protocol notebook and its random split"
        )
    return speakers.to_numpy(dtype=object)


def hold_out(
    rows: Indices, labels: NDArray[np.int32], speakers: NDArray[np.object_], *, share: float, seed: int
) -> tuple[Indices, Indices]:
    """Divide rows into (kept, held out) by speaker, the held-out part close to `share` and stratified by class."""
    from sklearn.model_selection import StratifiedGroupKFold

    n_folds = min(round(1 / share), len(set(speakers[rows])))
    smallest_class = int(np.bincount(labels[rows])[np.unique(labels[rows])].min())
    folds = StratifiedGroupKFold(max(2, min(n_folds, smallest_class)), shuffle=True, random_state=seed)
    candidates = [(rows[kept], rows[held]) for kept, held in folds.split(rows, labels[rows], speakers[rows])]
    # Speakers differ in how many clips they have (TESS: 1,400 each, CREMA-D: 82), so folds differ in size.
    return min(
        candidates, key=lambda pair: (class_gaps(labels[pair[1]], labels[rows]), abs(len(pair[1]) - share * len(rows)))
    )


def class_gaps(held: NDArray[np.int32], all_labels: NDArray[np.int32]) -> int:
    """Count the classes that the held-out part lacks."""
    return len(set(all_labels.tolist()) - set(held.tolist()))


def divide_as_the_notebook(
    clips: pd.DataFrame, labels: NDArray[np.int32], seed: int
) -> tuple[Indices, Indices, Indices]:
    """Repeat the original notebook's split: a random fifth held out, its halves for validation and test.

    Its random state is 42 whatever the seed, since its published figures belong to that one split.
    """
    from sklearn.model_selection import train_test_split

    if len(clips) < 10:
        raise SplitError(f"protocol notebook needs at least 10 clips, got {len(clips)}")
    train, held = train_test_split(np.arange(len(clips)), test_size=0.2, random_state=42)
    validation, test = train_test_split(held, test_size=0.5, random_state=42)
    return train, validation, test


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            "speakers", "each speaker in one part alone, stratified by class, seeded (default)", divide_by_speaker
        ),
        Protocol(
            "notebook",
            "the original notebook's random split (random state 42): test speakers are in training too",
            divide_as_the_notebook,
            random=True,
        ),
    )
}


def make_split(clips: pd.DataFrame, labels: NDArray[np.int32], protocol: str, seed: int) -> Split:
    """Divide clips by a named protocol.

    Parameters
    ----------
    clips : DataFrame
        One row a clip, with columns `corpus` and `speaker`.
    labels : int32, shape (n_clips,)
        Class of each clip.

    Raises
    ------
    SplitError
        If the clips don't allow the protocol, a part lacks a class, or a speaker would stand in two parts
        under a protocol that isn't random.
    """
    if protocol not in PROTOCOLS:
        raise SplitError(f"unknown protocol {protocol!r}; known: {', '.join(PROTOCOLS)}")
    train, validation, test = PROTOCOLS[protocol].divide(clips, labels, seed)
    split = Split(np.sort(train), np.sort(validation), np.sort(test), protocol, seed)
    check_classes(split, labels, clips["emotion"])
    if not PROTOCOLS[protocol].random:
        check_speakers(split, speaker_keys(clips))
    return split


def check_classes(split: Split, labels: NDArray[np.int32], emotions: "pd.Series[str]") -> None:
    """Raise if a part lacks a class: its recall would be undefined."""
    for part, rows in split.parts().items():
        missing = sorted(set(labels.tolist()) - set(labels[rows].tolist()))
        if missing:
            name = emotions.iloc[int(np.flatnonzero(labels == missing[0])[0])]
            raise SplitError(
                f"protocol {split.protocol} leaves class {name} without a clip in the {part} part "
                f"({len(rows)} clips); use more clips or fewer classes"
                + ("" if PROTOCOLS[split.protocol].random else ", or another seed")
            )


def check_speakers(split: Split, speakers: "pd.Series[str]") -> None:
    """Raise if a speaker stands in two parts."""
    found: dict[str, str] = {}
    for part, rows in split.parts().items():
        for speaker in speakers.iloc[rows].dropna().unique():
            if found.setdefault(speaker, part) != part:
                raise SplitError(f"speaker {speaker} is in {found[speaker]} and in {part}; a split must part speakers")
