from dataclasses import replace

import pandas as pd
import pytest

from audit_samples import model_of, oracle, people
from emospec.audit_clips import age_bands, check_columns, choose_clips, sample_clips
from emospec.errors import ConfigError, CorpusError


def test_clips_of_other_emotions_and_of_speakers_in_training_are_left_out_and_counted() -> None:
    clips = people(4, 2)
    clips.loc[0, "emotion"] = "boredom"
    choice = choose_clips(model_of(oracle, heard=frozenset({"made/s3"})), clips, seed=0)
    assert choice.left_out == {"other_emotions": 1, "speakers_heard_in_training": 8, "not_sampled": 0}
    assert set(choice.clips["speaker"]) == {"s0", "s1", "s2"}
    assert choice.warnings == []
    assert choice.share_of_speakers_seen == 0


def test_a_model_that_heard_everyone_is_refused_with_the_way_out() -> None:
    with pytest.raises(CorpusError, match="`--speakers all`"):
        choose_clips(model_of(oracle, heard=frozenset({"made/s0", "made/s1"})), people(2, 1), seed=0)


def test_with_all_speakers_the_share_that_was_heard_is_a_warning() -> None:
    choice = choose_clips(model_of(oracle, heard=frozenset({"made/s1"})), people(4, 1), speakers="all", seed=0)
    assert len(choice.clips) == 16
    assert choice.share_of_speakers_seen == 0.25
    assert "heard 25% of these 4 speakers in training" in choice.warnings[0]


def test_unknown_training_speakers_are_a_warning() -> None:
    assert "Nobody can tell" in choose_clips(model_of(oracle, heard=None), people(2, 1), seed=0).warnings[0]


def test_whom_a_model_has_surely_heard_is_left_out_even_if_it_heard_others_whom_nobody_knows() -> None:
    model = replace(model_of(oracle, heard=None), surely_heard=frozenset({"made/s0"}))
    choice = choose_clips(model, people(3, 1), seed=0)
    assert set(choice.clips["speaker"]) == {"s1", "s2"}
    assert choice.share_of_speakers_seen is None
    assert "Nobody can tell" in choice.warnings[0]


def test_clips_without_a_speaker_are_a_warning() -> None:
    clips = people(3, 1)
    clips.loc[0, "speaker"] = pd.NA
    choice = choose_clips(model_of(oracle), clips, seed=0)
    assert len(choice.warnings) == 1
    assert "1 clips do not say who speaks" in choice.warnings[0]
    assert choice.share_of_speakers_seen is None


def test_a_class_without_a_clip_is_refused() -> None:
    clips = people(2, 1)
    with pytest.raises(CorpusError, match="no clip of class sad in these corpora"):
        choose_clips(model_of(oracle), clips[clips["emotion"] != "sad"], seed=0)


def test_a_class_that_only_heard_speakers_say_is_refused() -> None:
    clips = people(2, 1)
    clips = clips[(clips["emotion"] != "sad") | (clips["speaker"] == "s0")]
    with pytest.raises(CorpusError, match="no clip of class sad by a speaker that the model never heard"):
        choose_clips(model_of(oracle, heard=frozenset({"made/s0"})), clips, seed=0)


def test_a_sample_is_balanced_by_class_and_in_each_class_by_speaker() -> None:
    clips = people(6, 5)
    clips = clips.drop(clips.index[(clips["emotion"] == "sad") & (clips["speaker"] > "s1")])
    sample = sample_clips(clips, 24, seed=0)
    assert sample["emotion"].value_counts().to_dict() == dict.fromkeys(["angry", "fear", "happy", "sad"], 6)
    assert sample[sample["emotion"] == "angry"]["speaker"].nunique() == 6
    assert sample[sample["emotion"] == "sad"]["speaker"].value_counts().to_dict() == {"s0": 3, "s1": 3}


def test_a_sample_depends_on_the_seed_alone_and_keeps_the_order() -> None:
    clips = people(5, 4)
    first, again, other = (sample_clips(clips, 20, seed=seed)["clip"].tolist() for seed in (1, 1, 2))
    assert first == again != other
    assert first == [clip for clip in clips["clip"] if clip in first]


def test_a_sample_larger_than_the_corpus_is_the_corpus() -> None:
    assert len(sample_clips(people(2, 2), 100, seed=0)) == 16


def test_a_sample_without_a_clip_a_class_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected 4 or more"):
        sample_clips(people(2, 2), 3, seed=0)


def test_ages_fall_into_bands_and_unknown_ones_into_none() -> None:
    ages = pd.Series([18, 29, 30, 44, 45, 59, 60, 90, None], dtype="Int64")
    bands = age_bands(ages, (30, 45, 60))
    assert bands[:8].tolist() == [*["under 30"] * 2, *["30 to 44"] * 2, *["45 to 59"] * 2, *["60 and over"] * 2]
    assert pd.isna(bands[8])


def test_a_column_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match="by 'height'; columns: path, corpus"):
        check_columns(people(1, 1), ("sex", "height"))
