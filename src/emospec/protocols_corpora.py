"""Protocols that belong to one corpus, most of them published by others."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec.errors import SplitError
from emospec.protocols_general import carve_validation, folder_names
from emospec.splits import PARTS, Division, known_speakers

Labels = NDArray[np.int32]

CREMA_D_ACTORS = tuple(str(actor) for actor in range(1001, 1092))
TFDS_SIZES = (63, 9, 19)
TFDS_LEFT_OUT = ("1040_ITH_SAD_XX", "1006_TIE_NEU_XX", "1013_WSI_DIS_XX", "1017_IWW_FEA_XX")
EMO_SUPERB_SESSIONS = ((1037, 1054), (1001, 1018), (1073, 1091), (1055, 1072), (1019, 1036))
RAVDESS_FOLDS = tuple((first, first + 3) for first in range(1, 25, 4))


def tfds_actors() -> tuple[tuple[str, ...], ...]:
    """Return the actors of CREMA-D who train, validate and are tested in TensorFlow Datasets."""
    order = np.random.RandomState(0).permutation(CREMA_D_ACTORS).tolist()
    ends = np.cumsum(TFDS_SIZES)
    return tuple(tuple(sorted(order[end - size : end])) for size, end in zip(TFDS_SIZES, ends, strict=True))


def divide_as_tfds(clips: pd.DataFrame, labels: Labels, seed: int, argument: str) -> list[Division]:
    """Divide CREMA-D by actor as TensorFlow Datasets does, without the four clips that it leaves out."""
    check_known(clips, CREMA_D_ACTORS, "crema-d/tfds")
    # The owners' file 1040_ITH_SAD_X.wav is meant by 1040_ITH_SAD_XX.
    names = clips["clip"].str.upper().str.replace(r"_X$", "_XX", regex=True)
    kept = ~names.isin(TFDS_LEFT_OUT).to_numpy(dtype=bool)
    for part, actors in zip(PARTS, tfds_actors(), strict=True):
        if not spoken_by(clips, actors).any():
            raise SplitError(
                f"protocol crema-d/tfds has its own actors for each part, and none of the {len(actors)} of the {part} "
                f"part ({', '.join(actors[:3])} ...) is here; get the whole corpus, or use speakers"
            )
    train, validation, test = (np.flatnonzero(spoken_by(clips, actors) & kept) for actors in tfds_actors())
    return [Division(train, validation, test)]


def divide_as_emo_superb(clips: pd.DataFrame, labels: Labels, seed: int, argument: str) -> list[Division]:
    """Test each of five sessions of CREMA-D's actors; the next one validates and the other three train."""
    sessions = [tuple(str(actor) for actor in range(first, last + 1)) for first, last in EMO_SUPERB_SESSIONS]
    return rotate(clips, sessions, "session", "crema-d/emo-superb")


def divide_ravdess(clips: pd.DataFrame, labels: Labels, seed: int, argument: str) -> list[Division]:
    """Test each of six folds of two men and two women; the next one validates and the other four train."""
    folds = [tuple(f"{actor:02}" for actor in range(first, last + 1)) for first, last in RAVDESS_FOLDS]
    return rotate(clips, folds, "fold", "ravdess/6fold")


def swap_the_women(clips: pd.DataFrame, labels: Labels, seed: int, argument: str) -> list[Division]:
    """Train on one speaker and test on the other, both ways; words that training lacks validate."""
    speakers = known_speakers(clips)
    both = sorted(set(speakers))
    if len(both) != 2:
        raise SplitError(f"protocol tess/swap needs clips of both women of TESS, got {', '.join(both)}")
    rows = [np.flatnonzero(speakers == speaker) for speaker in both]
    names = folder_names("train", (speaker.partition("/")[2] for speaker in both))
    return [
        Division(*carve_validation(clips, labels, own, seed), other, name)
        for own, other, name in zip(rows, reversed(rows), names, strict=True)
    ]


def rotate(clips: pd.DataFrame, folds: list[tuple[str, ...]], name: str, protocol: str) -> list[Division]:
    """Test each fold of speakers once, validate with the next and train on the rest."""
    check_known(clips, [speaker for speakers in folds for speaker in speakers], protocol)
    rows = [np.flatnonzero(spoken_by(clips, speakers)) for speakers in folds]
    for speakers, found in zip(folds, rows, strict=True):
        if not len(found):
            raise SplitError(
                f"protocol {protocol} tests {len(folds)} groups of actors, and none of {speakers[0]} to {speakers[-1]} "
                f"is here; get the whole corpus, or use kfold-speakers:{len(folds)}"
            )
    divisions = []
    for number, test in enumerate(rows):
        order = [*rows[number + 1 :], *rows[:number]]
        divisions.append(Division(np.concatenate(order[1:]), order[0], test, f"{name}-{number + 1}"))
    return divisions


def spoken_by(clips: pd.DataFrame, speakers: Sequence[str]) -> NDArray[np.bool_]:
    """Return for each clip whether one of the speakers says it."""
    return clips["speaker"].isin(speakers).to_numpy(dtype=bool)


def check_known(clips: pd.DataFrame, speakers: Sequence[str], protocol: str) -> None:
    """Raise if someone speaks whom the protocol doesn't know."""
    known_speakers(clips)
    strangers = sorted(set(clips["speaker"]) - set(speakers))
    if strangers:
        raise SplitError(
            f"protocol {protocol} knows no speaker {strangers[0]}; its {len(speakers)} are "
            f"{min(speakers)} to {max(speakers)}; use kfold-speakers for others"
        )
