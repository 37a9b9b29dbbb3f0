import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from emospec.errors import SplitError
from emospec.protocols import find_protocol
from emospec.protocols_general import folder_names
from protocol_samples import splits_of, uneven
from samples import clips_table

# speakers


@pytest.mark.parametrize("n_speakers", [3, 4, 7, 30])
def test_all_speakers_are_shared_out(n_speakers: int) -> None:
    clips = clips_table(n_speakers, 3)
    (split,) = splits_of(clips)
    parts = [set(clips["speaker"].iloc[rows]) for rows in split.parts().values()]
    assert sum(map(len, parts)) == len(set.union(*parts)) == n_speakers


def test_parts_of_many_speakers_have_the_wished_sizes() -> None:
    (split,) = splits_of(clips_table(50, 2))
    assert [len(rows) / 400 for rows in split.parts().values()] == pytest.approx([0.7, 0.1, 0.2], abs=0.03)


@pytest.mark.parametrize("protocol", ["speakers", "loso", "kfold-speakers:2"])
def test_fewer_than_three_speakers_are_refused_with_what_fits(protocol: str) -> None:
    with pytest.raises(SplitError, match=r"at least 3 speakers, got 2 \(made/s0, made/s1\).*kfold-random or notebook"):
        splits_of(clips_table(2, 9), protocol)


def test_two_women_of_tess_are_told_of_their_own_protocol() -> None:
    with pytest.raises(SplitError, match="or use tess/swap, kfold-random"):
        splits_of(clips_table(2, 9).assign(corpus="tess"), "loso")


def test_two_speakers_of_two_corpora_are_told_of_cross_corpus() -> None:
    clips = clips_table(2, 9)
    with pytest.raises(SplitError, match="or use cross-corpus, kfold-random"):
        splits_of(clips.assign(corpus=clips["speaker"]), "loso")


def test_a_class_of_one_speaker_is_refused() -> None:
    clips = clips_table(12, 4)
    with pytest.raises(SplitError, match="leaves class sad without a clip"):
        splits_of(clips[(clips["emotion"] != "sad") | (clips["speaker"] == "s0")].reset_index(drop=True))


def test_a_class_with_fewer_clips_than_parts_is_refused() -> None:
    clips = clips_table(4, 1)
    few = clips[(clips["emotion"] != "sad") | clips["speaker"].isin(["s0", "s1"])].reset_index(drop=True)
    with pytest.raises(SplitError, match="a class has 2 clips; protocol speakers needs at least 3"):
        splits_of(few)


# notebook


def test_protocol_notebook_is_its_two_calls_of_scikit_learn() -> None:
    (split,) = splits_of(clips_table(20, 7), "notebook", 5)
    train, held = train_test_split(np.arange(560), test_size=0.2, random_state=42)
    validation, test = train_test_split(held, test_size=0.5, random_state=42)
    assert [sorted(train), sorted(validation), sorted(test)] == [rows.tolist() for rows in split.parts().values()]


def test_the_notebooks_test_part_has_its_693_images() -> None:
    (split,) = splits_of(clips_table(577, 3), "notebook")
    assert [len(rows) for rows in split.parts().values()] == [5539, 692, 693]


# several folds


def test_each_fold_of_loso_tests_one_speaker_and_bears_the_name() -> None:
    clips = clips_table(4, 2)
    splits = splits_of(clips, "loso")
    assert [split.fold for split in splits] == ["speaker-s0", "speaker-s1", "speaker-s2", "speaker-s3"]
    assert [set(clips["speaker"].iloc[split.test]) for split in splits] == [{"s0"}, {"s1"}, {"s2"}, {"s3"}]


def test_folds_of_equal_names_in_two_corpora_name_the_corpus() -> None:
    clips = pd.concat([clips_table(2, 3), clips_table(2, 3).assign(corpus="b")], ignore_index=True)
    names = [split.fold for split in splits_of(clips, "loso")]
    assert names == ["speaker-b-s0", "speaker-b-s1", "speaker-made-s0", "speaker-made-s1"]


def test_a_speaker_who_lacks_a_class_can_be_tested_but_the_class_must_be_trained() -> None:
    clips = clips_table(5, 4)
    lacking = clips[(clips["emotion"] != "sad") | (clips["speaker"] != "s2")].reset_index(drop=True)
    tested = lacking["emotion"].iloc[splits_of(lacking, "loso")[2].test]
    assert sorted(set(tested)) == ["angry", "fear", "happy"]


def test_validation_is_about_an_eighth_of_the_rest() -> None:
    for split in splits_of(clips_table(40, 2), "kfold-speakers:5"):
        assert [len(rows) for rows in split.parts().values()] == [224, 32, 64]


def test_k_is_five_where_it_is_not_given() -> None:
    assert [split.fold for split in splits_of(clips_table(9, 2), "kfold-speakers")] == [
        f"fold-{k}" for k in range(1, 6)
    ]


def test_more_folds_than_speakers_are_refused() -> None:
    with pytest.raises(SplitError, match="kfold-speakers:90 needs at least 90 speakers, got 71; use kfold-speakers:5"):
        splits_of(clips_table(71, 1), "kfold-speakers:90")


@pytest.mark.parametrize("protocol", ["kfold-speakers:5", "kfold-random:5"])
def test_more_folds_than_clips_of_a_class_are_refused(protocol: str) -> None:
    clips = clips_table(6, 1)
    few = clips[(clips["emotion"] != "sad") | clips["speaker"].isin(["s0", "s1", "s2", "s3"])].reset_index(drop=True)
    with pytest.raises(SplitError, match=f"a class has 4 clips; protocol {protocol} needs at least 5 of each"):
        splits_of(few, protocol)


@pytest.mark.parametrize("argument", ["x", "1", "0", "-3", "2.5"])
@pytest.mark.parametrize("protocol", ["kfold-speakers", "kfold-random"])
def test_what_is_no_number_of_folds_is_refused(protocol: str, argument: str) -> None:
    with pytest.raises(SplitError, match=f"whole number of at least 2, got '{argument}'"):
        find_protocol(f"{protocol}:{argument}")


def test_random_folds_share_speakers_and_each_class_evenly() -> None:
    clips = clips_table(10, 5)
    for split in splits_of(clips, "kfold-random:5"):
        assert clips["emotion"].iloc[split.test].value_counts().tolist() == [10] * 4
        assert len(split.validation) == 20
        assert set(clips["speaker"].iloc[split.test]) & set(clips["speaker"].iloc[split.train])


def test_a_lone_training_speaker_validates_by_text() -> None:
    clips = clips_table(3, 4).assign(text=[f"text {row % 4}" for row in range(48)])
    lone = next(s for s in splits_of(clips, "kfold-speakers:2") if len(set(clips["speaker"].iloc[s.train])) == 1)
    train, validation = (set(clips["text"].iloc[rows]) for rows in (lone.train, lone.validation))
    assert len(train) == 3
    assert not train & validation


def test_a_lone_training_speaker_without_texts_is_refused() -> None:
    with pytest.raises(SplitError, match="alone is left to train and to validate, and not all its clips have a text"):
        splits_of(clips_table(3, 4), "kfold-speakers:2")


# cross-corpus


def test_cross_corpus_trains_on_each_corpus_and_tests_on_the_others_and_on_some_of_its_own() -> None:
    clips = uneven()
    splits = splits_of(clips, "cross-corpus")
    assert [split.fold for split in splits] == ["train-made", "train-other"]
    for split, own in zip(splits, ("made", "other"), strict=True):
        corpus = clips["corpus"]
        assert set(corpus.iloc[split.train]) == set(corpus.iloc[split.validation]) == {own}
        assert set(corpus.iloc[split.test]) == {"made", "other"}
        assert set(np.flatnonzero(corpus != own)) <= set(split.test)


def test_a_corpus_of_two_speakers_is_not_tested_on_its_own() -> None:
    clips = clips_table(6, 3)
    clips = clips.assign(corpus=np.where(clips["speaker"].isin(["s0", "s1"]), "two", "four")).astype("string")
    _, two = splits_of(clips, "cross-corpus")
    assert set(clips["corpus"].iloc[two.test]) == {"four"}
    assert len(set(clips["speaker"].iloc[two.train])) == len(set(clips["speaker"].iloc[two.validation])) == 1


def test_a_corpus_of_one_speaker_validates_by_text() -> None:
    clips = clips_table(4, 8).assign(text=[f"text {row % 8}" for row in range(128)])
    clips = clips.assign(corpus=np.where(clips["speaker"] == "s0", "one", "three")).astype("string")
    one, _ = splits_of(clips, "cross-corpus")
    assert not set(clips["text"].iloc[one.train]) & set(clips["text"].iloc[one.validation])


def test_named_corpora_train_and_all_others_are_tested() -> None:
    clips = clips_table(9, 3)
    clips = clips.assign(corpus=np.array(["a", "b", "c"])[np.arange(len(clips)) // 36]).astype("string")
    (split,) = splits_of(clips, "cross-corpus:a+c")
    assert set(clips["corpus"].iloc[split.test]) == {"b"}
    assert set(clips["corpus"].iloc[np.append(split.train, split.validation)]) == {"a", "c"}


@pytest.mark.parametrize("chosen", ["nobody", "made+other", "made+made", "made+", "+"])
def test_corpora_that_do_not_fit_are_refused(chosen: str) -> None:
    with pytest.raises(SplitError, match=r"doesn't fit clips of made, other; name some of these"):
        splits_of(uneven(), f"cross-corpus:{chosen}")


def test_one_corpus_alone_cannot_be_crossed() -> None:
    with pytest.raises(SplitError, match="at least 2 corpora, got made"):
        splits_of(clips_table(9, 3), "cross-corpus")


def test_folder_names_are_plain_and_all_different() -> None:
    names = folder_names("speaker", ["a/b", "a b", "A-B", "a-b-2", "Zoë", "..", "CON", "x" * 90])
    assert names[:4] == ["speaker-a-b", "speaker-a-b-2", "speaker-A-B-3", "speaker-a-b-2-2"]
    assert names[4:] == ["speaker-Zo", "speaker", "speaker-CON", "speaker-" + "x" * 60]
