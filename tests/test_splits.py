import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from emospec.clips import speaker_keys
from emospec.emotions import CLASS_SETS, Labels
from emospec.errors import SplitError
from emospec.splits import PROTOCOLS, Split, check_speakers, make_split
from samples import clips_table

LABELS = Labels(CLASS_SETS["four"])


def split_of(clips: pd.DataFrame, protocol: str = "speakers", seed: int = 0) -> Split:
    return make_split(clips, LABELS.encode(clips["emotion"]), protocol, seed)


@pytest.mark.parametrize("n_speakers", [3, 4, 7, 30])
def test_no_speaker_is_in_two_parts(n_speakers: int) -> None:
    clips = clips_table(n_speakers, 3)
    parts = [set(clips["speaker"].iloc[rows]) for rows in split_of(clips).parts().values()]
    assert len(set.union(*parts)) == n_speakers
    assert sum(map(len, parts)) == n_speakers


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_clip_is_in_exactly_one_part(protocol: str) -> None:
    split = split_of(clips_table(10, 5), protocol)
    assert sorted(np.concatenate(list(split.parts().values()))) == list(range(200))


def test_equal_names_in_two_corpora_are_two_speakers() -> None:
    clips = pd.concat([clips_table(3, 3), clips_table(3, 3).assign(corpus="other")], ignore_index=True)
    split = split_of(clips)
    assert speaker_keys(clips).nunique() == 6
    assert len(set(speaker_keys(clips.iloc[split.test]))) < 6


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    clips = clips_table(30, 2)
    assert split_of(clips, seed=1).test.tolist() == split_of(clips, seed=1).test.tolist()
    assert split_of(clips, seed=1).test.tolist() != split_of(clips, seed=2).test.tolist()


def test_parts_of_many_speakers_have_the_wished_sizes() -> None:
    split = split_of(clips_table(50, 2))
    assert [len(rows) / 400 for rows in split.parts().values()] == pytest.approx([0.7, 0.1, 0.2], abs=0.03)


def test_fewer_than_three_speakers_are_refused_with_what_fits() -> None:
    with pytest.raises(SplitError, match=r"at least 3 speakers, got 2 .*notebook"):
        split_of(clips_table(2, 9))


def test_clips_without_speaker_are_refused() -> None:
    clips = clips_table(5, 2)
    clips.loc[3, "speaker"] = pd.NA
    with pytest.raises(SplitError, match="1 of 40 clips have no speaker"):
        split_of(clips)


def test_protocol_notebook_is_its_two_calls_of_scikit_learn() -> None:
    split = split_of(clips_table(20, 7), "notebook")
    train, held = train_test_split(np.arange(560), test_size=0.2, random_state=42)
    validation, test = train_test_split(held, test_size=0.5, random_state=42)
    assert [sorted(train), sorted(validation), sorted(test)] == [rows.tolist() for rows in split.parts().values()]


def test_the_notebooks_test_part_has_its_693_images() -> None:
    split = split_of(pd.concat([clips_table(577, 3)], ignore_index=True), "notebook")
    assert [len(rows) for rows in split.parts().values()] == [5539, 692, 693]


def test_a_part_without_a_class_is_refused() -> None:
    clips = clips_table(12, 2)
    one_speaker = (clips["emotion"] != "sad") | (clips["speaker"] == "s0")
    only_one = pd.concat([clips[one_speaker], clips_table(1, 2)], ignore_index=True)
    with pytest.raises(SplitError, match="leaves class sad without a clip"):
        split_of(only_one)


def test_a_class_with_fewer_clips_than_parts_is_refused() -> None:
    clips = clips_table(4, 1)
    few = clips[(clips["emotion"] != "sad") | clips["speaker"].isin(["s0", "s1"])].reset_index(drop=True)
    with pytest.raises(SplitError, match="a class has 2 clips; protocol speakers needs at least 3"):
        split_of(few)


def test_a_planted_speaker_in_two_parts_is_found() -> None:
    clips = clips_table(6, 1)
    rows = np.arange(24)
    leaky = Split(rows[:13], rows[13:16], rows[16:], "planted", 0)
    with pytest.raises(SplitError, match="speaker made/s3 is in train and in validation"):
        check_speakers(leaky, speaker_keys(clips))


def test_an_unknown_protocol_is_told_with_the_known_ones() -> None:
    with pytest.raises(SplitError, match="unknown protocol 'x'; known: speakers, notebook"):
        split_of(clips_table(3, 3), "x")
