"""Splits: the parts of a table of clips, how a part is held out, and the leaks that must not be in them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec.clips import speaker_keys
from emospec.errors import SplitError

Indices = NDArray[np.int64]
PARTS = ("train", "validation", "test")


class Division(NamedTuple):
    """The rows that one fold of a protocol gives to each part; `fold` is empty where there is only one."""

    train: Indices
    validation: Indices
    test: Indices
    fold: str = ""


@dataclass(frozen=True)
class Split:
    """Row numbers of the table of clips in each part, in ascending order; the parts never overlap.

    `fold` names the fold, and a folder; it is empty for a protocol with one split.
    """

    train: Indices
    validation: Indices
    test: Indices
    protocol: str
    seed: int
    fold: str = ""

    def parts(self) -> dict[str, Indices]:
        """Return the three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def part_of_each(self, n_clips: int) -> NDArray[np.str_]:
        """Return the name of the part for each of `n_clips` rows (empty: in none)."""
        names = np.full(n_clips, "", dtype="<U10")
        for part, rows in self.parts().items():
            names[rows] = part
        return names


def known_speakers(clips: pd.DataFrame) -> NDArray[np.object_]:
    """Return the speaker of each clip; clips without one are a `SplitError`."""
    speakers = speaker_keys(clips)
    n_unknown = int(speakers.isna().sum())
    if n_unknown:
        raise SplitError(
            f"{n_unknown} of {len(clips)} clips have no speaker, so nobody can be kept out of training; "
            "add a speaker column, or use a random protocol: notebook or kfold-random"
        )
    return speakers.to_numpy(dtype=object)


def hold_out(
    rows: Indices, labels: NDArray[np.int32], groups: NDArray[np.object_], *, share: float, seed: int
) -> tuple[Indices, Indices]:
    """Divide rows into (kept, held out) by group, the held-out part close to `share` and stratified by class.

    A group is a speaker, or a text; the answer doesn't depend on the order of the clips. Where the wished share would
    leave a side without some class, the held-out part grows, up to a half.
    """
    n_groups, smallest_class = len(set(groups[rows])), smallest(labels[rows])
    if min(n_groups, smallest_class) < 2:
        scarce = f"a single speaker or text ({groups[rows][0]})" if n_groups < 2 else "a class with a single clip"
        raise SplitError(
            f"{scarce} among {len(rows)} clips cannot be divided between two parts; use more clips or fewer classes"
        )
    for n_folds in range(min(round(1 / share), n_groups, smallest_class), 1, -1):
        pairs = [(rows[kept], rows[held]) for kept, held in group_folds(rows, labels, groups, n_folds, seed)]
        # Speakers differ in how many clips they have (TESS: 1,400 each, CREMA-D: 82), so folds differ in size.
        best = min(pairs, key=lambda pair: (gaps(pair, labels), abs(len(pair[1]) - share * len(rows))))
        if not gaps(best, labels):
            break
    return best


def smallest(labels: NDArray[np.int32]) -> int:
    """Return how many clips the rarest class has, among the classes that occur."""
    return int(np.unique(labels, return_counts=True)[1].min())


def group_folds(
    rows: Indices, labels: NDArray[np.int32], groups: NDArray[np.object_], n_folds: int, seed: int
) -> list[tuple[Indices, Indices]]:
    """Return (others, fold) for each fold as positions within `rows`; every group is in one fold, stratified."""
    from sklearn.model_selection import StratifiedGroupKFold

    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    return list(folds.split(rows, labels[rows], groups[rows]))


def gaps(sides: tuple[Indices, Indices], labels: NDArray[np.int32]) -> int:
    """Count the classes that one of the two sides lacks."""
    first, second = (set(labels[rows].tolist()) for rows in sides)
    return len(first ^ second)


def check_classes(
    split: Split, labels: NDArray[np.int32], emotions: "pd.Series[str]", *, parts: tuple[str, ...] = PARTS
) -> None:
    """Raise if one of the parts named lacks a class: its recall would be undefined."""
    for part, rows in split.parts().items():
        missing = sorted(set(labels.tolist()) - set(labels[rows].tolist()))
        if missing and part in parts:
            name = emotions.iloc[int(np.flatnonzero(labels == missing[0])[0])]
            fold = f" of fold {split.fold}" if split.fold else ""
            raise SplitError(
                f"protocol {split.protocol} leaves class {name} without a clip in the {part} part{fold} "
                f"({len(rows)} clips); use more clips, fewer classes or another protocol"
            )


def check_speakers(split: Split, clips: pd.DataFrame) -> None:
    """Raise if a speaker stands in two parts.

    A single training speaker may also validate, with texts that training doesn't have; nobody may also be tested.
    """
    speakers = speaker_keys(clips)
    check_apart(split, speakers, "speaker", ("train", "test"))
    check_apart(split, speakers, "speaker", ("validation", "test"))
    alone = len(set(speakers.iloc[np.append(split.train, split.validation)])) == 1
    check_apart(split, clips["text"] if alone else speakers, "text" if alone else "speaker", ("train", "validation"))


def check_apart(split: Split, values: "pd.Series[str]", kind: str, parts: tuple[str, str]) -> None:
    """Raise if two parts share a value, such as a speaker."""
    first, second = (set(values.iloc[split.parts()[part]].dropna()) for part in parts)
    for value in sorted(first & second):
        raise SplitError(f"{kind} {value} is in {parts[0]} and in {parts[1]}; a split must part {kind}s")


def check_contents(split: Split, clips: pd.DataFrame, digests: NDArray[np.generic]) -> None:
    """Raise if clips of identical content (equal digests) stand in two parts."""
    names = (clips["corpus"] + "/" + clips["clip"]).fillna("a clip without a name")
    table = pd.DataFrame({"part": split.part_of_each(len(clips)), "digest": digests, "name": names.to_numpy()})
    table = table[table["part"] != ""].dropna(subset="digest")
    first = table.groupby("digest")[["part", "name"]].transform("first")
    table = table.assign(first_part=first["part"], first_name=first["name"])
    leaks = table[table["part"] != table["first_part"]]
    if len(leaks):
        leak = leaks.iloc[0]
        raise SplitError(
            f"clips {leak['first_name']} ({leak['first_part']}) and {leak['name']} ({leak['part']}) are identical; "
            "remove one of the two files and make the images again (`emospec doctor` lists such files)"
        )
