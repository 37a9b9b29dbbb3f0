import csv
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emospec.clips import COLUMNS
from emospec.emotions import CLASS_SETS, Labels
from emospec.errors import SplitError
from emospec.protocols import PROTOCOLS, make_splits
from emospec.splits import Split
from samples import CLASSES

LABELS = Labels(CLASS_SETS["all"])
TFDS_TEST = {1010, 1013, 1022, 1026, 1037, 1038, 1040, 1045, 1047, 1048}
TFDS_TEST |= {1059, 1065, 1066, 1068, 1071, 1073, 1084, 1086, 1088}
TFDS_VALIDATION = {1015, 1020, 1021, 1030, 1050, 1070, 1079, 1089, 1090}
CREMA_D = [str(actor) for actor in range(1001, 1092)]
RAVDESS = [f"{actor:02}" for actor in range(1, 25)]
SPEAKERS = {
    "crema-d/tfds": CREMA_D,
    "crema-d/emo-superb": CREMA_D,
    "savee/loso": ["DC", "JE", "JK", "KL"],
    "emo-db/loso": ["03", "08", "09", "10", "11", "12", "13", "14", "15", "16"],
    "ravdess/6fold": RAVDESS,
    "tess/swap": ["OAF", "YAF"],
}


def table(corpus: str, speakers: Iterable[str], n_texts: int = 10) -> pd.DataFrame:
    """Every speaker says every text in four emotions."""
    rows = [
        {"corpus": corpus, "clip": f"{speaker}_{text}_{emotion}", "speaker": speaker, "text": f"text {text}"}
        | {"emotion": emotion}
        for speaker in speakers
        for text in range(n_texts)
        for emotion in CLASSES
    ]
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS)).astype("string")


def of(protocol: str, n_texts: int = 10) -> pd.DataFrame:
    return table(protocol.partition("/")[0], SPEAKERS[protocol], n_texts)


def splits_of(clips: pd.DataFrame, protocol: str, seed: int = 0) -> tuple[Split, ...]:
    return make_splits(clips, LABELS.encode(clips["emotion"]), protocol, seed)


def speakers_of(clips: pd.DataFrame, split: Split) -> dict[str, set[str]]:
    return {part: set(clips["speaker"].iloc[rows]) for part, rows in split.parts().items()}


def test_every_protocol_of_a_corpus_is_tested_here() -> None:
    assert set(SPEAKERS) == {name for name, protocol in PROTOCOLS.items() if protocol.corpus}


@pytest.mark.parametrize("protocol", SPEAKERS)
def test_the_order_of_the_clips_does_not_matter(protocol: str) -> None:
    clips = of(protocol)
    shuffled = clips.sample(frac=1, random_state=1).reset_index(drop=True)
    for split, other in zip(splits_of(clips, protocol), splits_of(shuffled, protocol), strict=True):
        for part, rows in split.parts().items():
            assert sorted(clips["clip"].iloc[rows]) == sorted(shuffled["clip"].iloc[other.parts()[part]])


@pytest.mark.parametrize("protocol", [name for name in SPEAKERS if name != "crema-d/tfds"])
def test_every_clip_is_tested_exactly_once(protocol: str) -> None:
    clips = of(protocol)
    tested = np.concatenate([split.test for split in splits_of(clips, protocol)])
    assert sorted(tested.tolist()) == list(range(len(clips)))


@pytest.mark.parametrize("protocol", SPEAKERS)
def test_nobody_who_is_tested_trains_or_validates(protocol: str) -> None:
    clips = of(protocol)
    for split in splits_of(clips, protocol):
        parts = speakers_of(clips, split)
        assert not parts["test"] & (parts["train"] | parts["validation"])


@pytest.mark.parametrize("protocol", SPEAKERS)
def test_clips_of_another_corpus_are_refused(protocol: str) -> None:
    corpus = protocol.partition("/")[0]
    clips = pd.concat([of(protocol), table("stranger", ["x"])], ignore_index=True)
    with pytest.raises(SplitError, match=f"protocol {protocol} divides {corpus} alone, got clips of stranger"):
        splits_of(clips, protocol)


@pytest.mark.parametrize("protocol", ["crema-d/tfds", "crema-d/emo-superb", "ravdess/6fold"])
def test_published_parts_do_not_depend_on_the_seed(protocol: str) -> None:
    clips = of(protocol)
    for split, other in zip(splits_of(clips, protocol, 0), splits_of(clips, protocol, 1), strict=True):
        assert split.part_of_each(len(clips)).tolist() == other.part_of_each(len(clips)).tolist()


@pytest.mark.parametrize("protocol", ["crema-d/tfds", "crema-d/emo-superb", "ravdess/6fold"])
def test_a_stranger_is_refused(protocol: str) -> None:
    clips = of(protocol)
    clips.loc[clips["speaker"] == SPEAKERS[protocol][3], "speaker"] = "9999"
    with pytest.raises(SplitError, match=f"{protocol} knows no speaker 9999; its {len(SPEAKERS[protocol])} are"):
        splits_of(clips, protocol)


# CREMA-D as TensorFlow Datasets divides it


def test_the_actors_of_tfds_are_exactly_the_published_ones() -> None:
    clips = of("crema-d/tfds", 1)
    (split,) = splits_of(clips, "crema-d/tfds")
    parts = {part: set(map(int, speakers)) for part, speakers in speakers_of(clips, split).items()}
    assert parts["test"] == TFDS_TEST
    assert parts["validation"] == TFDS_VALIDATION
    assert parts["train"] == set(range(1001, 1092)) - TFDS_TEST - TFDS_VALIDATION
    assert [len(parts[part]) for part in ("train", "validation", "test")] == [63, 9, 19]


def test_a_part_of_crema_d_keeps_the_actors_of_tfds_in_their_parts() -> None:
    clips = table("crema-d", CREMA_D[:71], 1)
    (split,) = splits_of(clips, "crema-d/tfds")
    parts = {part: set(map(int, speakers)) for part, speakers in speakers_of(clips, split).items()}
    assert parts["test"] == {actor for actor in TFDS_TEST if actor <= 1071}
    assert parts["validation"] == {actor for actor in TFDS_VALIDATION if actor <= 1071}


@pytest.mark.parametrize(
    "name", ["1040_ITH_SAD_XX", "1040_ITH_SAD_X", "1006_TIE_NEU_XX", "1013_WSI_DIS_XX", "1017_IWW_FEA_XX"]
)
def test_the_clips_that_tfds_leaves_out_are_in_no_part(name: str) -> None:
    clips = of("crema-d/tfds", 2)
    row = int(np.flatnonzero(clips["speaker"] == name[:4])[0])
    clips.loc[row, "clip"] = name
    (split,) = splits_of(clips, "crema-d/tfds")
    assert np.flatnonzero(split.part_of_each(len(clips)) == "").tolist() == [row]


@pytest.mark.parametrize(
    ("actors", "part"),
    [([1001, 1002, 1010], "9 of the validation"), ([1001, 1015], "19 of the test"), ([1010, 1015], "63 of the train")],
)
def test_a_part_of_crema_d_without_the_actors_of_a_part_is_refused(actors: list[int], part: str) -> None:
    with pytest.raises(SplitError, match=rf"has its own actors .* none of the {part} part .* is here; get the whole"):
        splits_of(table("crema-d", map(str, actors), 1), "crema-d/tfds")


@pytest.mark.real_data
@pytest.mark.skipif("EMOSPEC_DATA" not in os.environ, reason="EMOSPEC_DATA names no folder of real corpora")
def test_the_full_corpus_has_the_published_numbers_of_clips() -> None:
    codes = {"ANG": "angry", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
    votes = Path(os.environ["EMOSPEC_DATA"]) / "crema-d" / "summaryTable.csv"
    with votes.open(encoding="utf-8-sig", newline="") as file:
        names = [row["FileName"] for row in csv.DictReader(file)]
    rows = [{"corpus": "crema-d", "clip": n, "speaker": n[:4], "emotion": codes[n[9:12]]} for n in names]
    clips = pd.DataFrame(rows).reindex(columns=list(COLUMNS)).astype("string")
    (split,) = splits_of(clips, "crema-d/tfds")
    assert [len(part) for part in split.parts().values()] == [5144, 738, 1556]


# CREMA-D in the sessions of EMO-SUPERB


def test_each_session_of_emo_superb_is_tested_and_the_next_validates() -> None:
    clips = of("crema-d/emo-superb", 1)
    bounds = [(1037, 1054), (1001, 1018), (1073, 1091), (1055, 1072), (1019, 1036)]
    sessions = [{str(actor) for actor in range(first, last + 1)} for first, last in bounds]
    for number, split in enumerate(splits_of(clips, "crema-d/emo-superb")):
        parts = speakers_of(clips, split)
        assert split.fold == f"session-{number + 1}"
        assert parts["test"] == sessions[number]
        assert parts["validation"] == sessions[(number + 1) % 5]
        assert parts["train"] == set(CREMA_D) - parts["test"] - parts["validation"]


def test_a_corpus_without_a_session_is_refused() -> None:
    with pytest.raises(SplitError, match=r"none of 1073 to 1091 is here; .* kfold-speakers:5"):
        splits_of(table("crema-d", CREMA_D[:71], 1), "crema-d/emo-superb")


# one speaker, or four, at a time


@pytest.mark.parametrize("protocol", ["savee/loso", "emo-db/loso"])
def test_each_speaker_is_a_fold(protocol: str) -> None:
    splits = splits_of(of(protocol), protocol)
    assert [split.fold for split in splits] == [f"speaker-{speaker}" for speaker in SPEAKERS[protocol]]


def test_each_fold_of_ravdess_tests_two_men_and_two_women() -> None:
    clips = of("ravdess/6fold", 1)
    splits = splits_of(clips, "ravdess/6fold")
    tested = [{int(actor) for actor in speakers_of(clips, split)["test"]} for split in splits]
    assert tested == [set(range(first, first + 4)) for first in (1, 5, 9, 13, 17, 21)]
    assert [split.fold for split in splits] == [f"fold-{number}" for number in range(1, 7)]
    assert speakers_of(clips, splits[5])["validation"] == {"01", "02", "03", "04"}


# TESS


@pytest.mark.parametrize("seed", range(3))
def test_the_women_of_tess_train_and_are_tested_in_turn(seed: int) -> None:
    clips = of("tess/swap")
    first, second = splits_of(clips, "tess/swap", seed)
    assert (first.fold, second.fold) == ("train-OAF", "train-YAF")
    assert speakers_of(clips, first) == {"train": {"OAF"}, "validation": {"OAF"}, "test": {"YAF"}}
    assert speakers_of(clips, second) == {"train": {"YAF"}, "validation": {"YAF"}, "test": {"OAF"}}


@pytest.mark.parametrize("seed", range(3))
def test_words_that_validate_are_not_trained(seed: int) -> None:
    clips = of("tess/swap", 16)
    for split in splits_of(clips, "tess/swap", seed):
        train, validation = (set(clips["text"].iloc[rows]) for rows in (split.train, split.validation))
        assert (len(train), len(validation), len(train & validation)) == (14, 2, 0)


def test_one_woman_alone_cannot_be_swapped() -> None:
    with pytest.raises(SplitError, match="needs clips of both women of TESS, got tess/OAF"):
        splits_of(table("tess", ["OAF"]), "tess/swap")
