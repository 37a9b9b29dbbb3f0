import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from emospec.clips import speaker_keys
from emospec.errors import SplitError
from emospec.splits import Split, check_classes, check_contents, check_speakers, hold_out, known_speakers
from protocol_samples import LABELS, labels_of
from samples import clips_table

ROWS = np.arange(24)


def held_of(clips: pd.DataFrame, share: float = 0.2, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return hold_out(np.arange(len(clips)), labels_of(clips), known_speakers(clips), share=share, seed=seed)


def planted(train: object, validation: object, test: object, fold: str = "") -> Split:
    return Split(*(np.array(rows, dtype=np.int64) for rows in (train, validation, test)), "planted", 0, fold)


def test_the_part_of_each_clip_is_empty_where_it_has_none() -> None:
    assert planted([0, 3], [1], [4]).part_of_each(6).tolist() == ["train", "validation", "", "train", "test", ""]


def test_a_split_has_no_fold_unless_it_is_given_one() -> None:
    assert Split(ROWS, ROWS, ROWS, "planted", 0).fold == ""


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_speakers", [2, 5, 30])
def test_what_is_held_out_shares_no_speaker_with_what_is_kept(n_speakers: int, seed: int) -> None:
    clips = clips_table(n_speakers, 2)
    kept, held = (set(clips["speaker"].iloc[rows]) for rows in held_of(clips, seed=seed))
    assert not kept & held
    assert len(kept | held) == n_speakers


def test_the_held_out_part_has_the_wished_share() -> None:
    _, held = held_of(clips_table(40, 2), share=1 / 8)
    assert len(held) == 320 / 8


@pytest.mark.parametrize("seed", range(5))
def test_the_share_grows_where_no_speaker_says_all_classes(seed: int) -> None:
    clips = clips_table(4, 8)
    of_pair = clips["emotion"].isin(["angry", "fear"]) == clips["speaker"].isin(["s0", "s2"])
    clips = clips[of_pair].reset_index(drop=True)
    for rows in held_of(clips, share=1 / 8, seed=seed):
        assert set(clips["emotion"].iloc[rows]) == set(LABELS.classes)


def test_a_single_speaker_cannot_be_held_out() -> None:
    with pytest.raises(SplitError, match=r"a single speaker or text \(made/s0\) among 12 clips cannot be divided"):
        held_of(clips_table(1, 3))


def test_a_class_with_one_clip_cannot_be_divided() -> None:
    clips = clips_table(3, 3).drop(index=[10, 11, *range(21, 24), *range(33, 36)]).reset_index(drop=True)
    with pytest.raises(SplitError, match="a class with a single clip among 28 clips"):
        held_of(clips)


def test_clips_without_speaker_are_refused() -> None:
    clips = clips_table(5, 2)
    clips.loc[3, "speaker"] = pd.NA
    with pytest.raises(SplitError, match=r"1 of 40 clips have no speaker.*kfold-random"):
        known_speakers(clips)


def test_equal_names_in_two_corpora_are_two_speakers() -> None:
    clips = pd.concat([clips_table(3, 3), clips_table(3, 3).assign(corpus="other")], ignore_index=True)
    assert len(set(known_speakers(clips))) == 6


def test_a_planted_speaker_in_two_parts_is_found() -> None:
    with pytest.raises(SplitError, match="speaker made/s3 is in train and in validation"):
        check_speakers(planted(ROWS[:13], ROWS[13:16], ROWS[16:]), clips_table(6, 1))


@pytest.mark.parametrize(("bounds", "part"), [((4, 8), "train"), ((8, 13), "validation")])
def test_a_planted_test_speaker_is_found_in_any_part(bounds: tuple[int, int], part: str) -> None:
    clips = clips_table(6, 1).assign(text="the same")
    clips.loc[20:, "speaker"] = clips["speaker"].iloc[bounds[0] if part == "train" else bounds[1] - 1]
    with pytest.raises(SplitError, match=f"is in {part} and in test"):
        check_speakers(planted(ROWS[:8], ROWS[8:16], ROWS[16:]), clips)


def test_a_lone_training_speaker_may_validate_with_other_texts() -> None:
    clips = clips_table(2, 4).assign(text=[f"text {row % 4}" for row in range(32)])
    own, other = ROWS[:16], np.arange(16, 32)
    check_speakers(planted(own[own % 4 > 0], own[own % 4 == 0], other), clips)


def test_a_lone_training_speaker_who_validates_with_a_text_of_training_is_refused() -> None:
    clips = clips_table(2, 4).assign(text="Say the word back")
    with pytest.raises(SplitError, match="text Say the word back is in train and in validation"):
        check_speakers(planted(range(12), range(12, 16), range(16, 32)), clips)


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_a_part_without_a_class_is_refused(part: str) -> None:
    clips = clips_table(3, 4)
    rows = {name: np.flatnonzero(clips["speaker"] == f"s{i}") for i, name in enumerate(("train", "validation", "test"))}
    rows[part] = rows[part][:-4]
    with pytest.raises(SplitError, match=rf"leaves class sad without a clip in the {part} part \(12 clips\)"):
        check_classes(planted(*rows.values()), labels_of(clips), clips["emotion"])


def test_only_the_parts_named_must_have_each_class() -> None:
    clips = clips_table(3, 4)
    split = planted(range(16), range(16, 32), range(32, 36), "fold-2")
    check_classes(split, labels_of(clips), clips["emotion"], parts=("train", "validation"))
    with pytest.raises(SplitError, match="in the test part of fold fold-2"):
        check_classes(split, labels_of(clips), clips["emotion"])


def test_planted_identical_clips_in_two_parts_are_named_with_what_to_do() -> None:
    clips, digests = clips_table(3, 4), np.arange(48)
    digests[40] = digests[3]
    split = planted(range(16), range(16, 32), range(32, 48))
    with pytest.raises(
        SplitError,
        match=r"clips made/0-angry-3 \(train\) and made/2-happy-0 \(test\) are identical; remove one .*emospec doctor",
    ):
        check_contents(split, clips, digests)


def test_identical_clips_in_one_part_or_in_none_are_no_leak() -> None:
    clips, digests = clips_table(3, 4), np.arange(48)
    digests[1] = digests[2]
    digests[47] = digests[5]
    check_contents(planted(range(16), range(16, 32), range(32, 40)), clips, digests)


def test_clips_of_unknown_content_are_not_taken_for_identical() -> None:
    digests = np.array(["a", None, "b", None, "c", None], dtype=object)
    check_contents(planted([0, 1], [2, 3], [4, 5]), clips_table(3, 1).head(6), digests)


def test_speaker_keys_name_the_corpus() -> None:
    assert speaker_keys(clips_table(1, 1))[0] == "made/s0"
