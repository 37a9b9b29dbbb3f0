from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emospec.clips import speaker_keys
from emospec.errors import SplitError
from emospec.protocols import PROTOCOLS, Protocol, check_all, classes_to_keep, find_protocol
from emospec.splits import PARTS, Split
from protocol_samples import LABELS, labels_of, splits_of, uneven
from samples import clips_table

BY_SPEAKER = ("speakers", "loso", "kfold-speakers:2", "kfold-speakers", "kfold-speakers:7", "cross-corpus:made")
ONE_EACH = ("loso", "kfold-speakers:3", "kfold-speakers:7", "kfold-random:2", "kfold-random")


def parts_by_name(clips: pd.DataFrame, split: Split) -> dict[str, list[str]]:
    names = clips["corpus"] + "/" + clips["clip"]
    return {part: sorted(names.iloc[rows]) for part, rows in split.parts().items()}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("protocol", BY_SPEAKER)
def test_no_speaker_is_in_two_parts(protocol: str, seed: int) -> None:
    clips = uneven(seed=seed)
    speakers = speaker_keys(clips)
    for split in splits_of(clips, protocol, seed):
        train, validation, test = (set(speakers.iloc[rows]) for rows in split.parts().values())
        assert not train & validation
        assert not train & test
        assert not validation & test


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("protocol", ONE_EACH)
def test_every_clip_is_tested_exactly_once(protocol: str, seed: int) -> None:
    clips = uneven(seed=seed)
    tested = np.concatenate([split.test for split in splits_of(clips, protocol, seed)])
    assert sorted(tested.tolist()) == list(range(len(clips)))


@pytest.mark.parametrize("protocol", ["notebook", "cross-corpus", *BY_SPEAKER, *ONE_EACH])
def test_every_clip_is_in_at_most_one_part_and_every_part_has_each_class(protocol: str) -> None:
    clips = uneven()
    for split in splits_of(clips, protocol):
        rows = np.concatenate(list(split.parts().values()))
        assert sorted(rows.tolist()) == list(range(len(clips)))
        for part in split.parts().values():
            assert set(clips["emotion"].iloc[part]) == set(LABELS.classes)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("protocol", ["cross-corpus", *BY_SPEAKER, *ONE_EACH])
def test_the_order_of_the_clips_does_not_matter(protocol: str, seed: int) -> None:
    clips = uneven(seed=seed)
    shuffled = clips.sample(frac=1, random_state=seed).reset_index(drop=True)
    first, second = splits_of(clips, protocol), splits_of(shuffled, protocol)
    assert [split.fold for split in first] == [split.fold for split in second]
    for split, other in zip(first, second, strict=True):
        assert parts_by_name(clips, split) == parts_by_name(shuffled, other)


@pytest.mark.parametrize("protocol", ["speakers", "kfold-speakers:3", "kfold-random:3"])
def test_the_same_seed_gives_the_same_split_and_another_seed_another(protocol: str) -> None:
    clips = clips_table(30, 2)
    first, same, other = (splits_of(clips, protocol, seed)[0].test.tolist() for seed in (1, 1, 2))
    assert first == same != other


def test_every_protocol_names_what_it_made_and_its_seed() -> None:
    (split,) = splits_of(uneven(), "cross-corpus:other", 3)
    assert (split.protocol, split.seed, split.fold) == ("cross-corpus:other", 3, "")


@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if not PROTOCOLS[name].random])
def test_a_planted_duplicate_is_refused_unless_the_protocol_is_random(protocol: str) -> None:
    clips = uneven()
    digests = np.arange(len(clips))
    split, chosen = splits_of(clips)[0], PROTOCOLS[protocol]
    digests[split.train[0]] = digests[split.test[0]]
    with pytest.raises(SplitError, match=r"\(train\) and .* are identical|\(test\) and .* are identical"):
        check_all([split], clips, labels_of(clips), chosen, digests)


@pytest.mark.parametrize("protocol", ["speakers", "loso", "kfold-speakers:3", "cross-corpus"])
def test_a_duplicate_said_by_two_speakers_is_refused(protocol: str) -> None:
    clips = uneven()
    digests = np.arange(len(clips))
    digests[clips["speaker"] != "s1"] = digests[0]
    with pytest.raises(SplitError, match="are identical; remove one of the two files"):
        splits_of(clips, protocol, digests=digests)


@pytest.mark.parametrize("protocol", ["notebook", "kfold-random:3"])
def test_random_protocols_refuse_no_duplicate_and_no_unknown_speaker(protocol: str) -> None:
    clips = uneven().assign(speaker=pd.Series(pd.NA, dtype="string"))
    assert splits_of(clips, protocol, digests=np.zeros(len(clips)))


@pytest.mark.parametrize("protocol", [*BY_SPEAKER, "cross-corpus"])
def test_clips_without_speaker_are_refused(protocol: str) -> None:
    clips = uneven()
    clips.loc[3, "speaker"] = pd.NA
    with pytest.raises(SplitError, match=rf"1 of {len(clips)} clips have no speaker"):
        splits_of(clips, protocol)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_planted_speaker_is_refused_unless_the_protocol_is_random(protocol: str) -> None:
    clips, (split,) = uneven(), splits_of(uneven(), "kfold-random:3")[:1]
    chosen = PROTOCOLS[protocol]
    if chosen.random:
        check_all([replace(split, fold="")], clips, labels_of(clips), chosen, None)
    else:
        with pytest.raises(SplitError, match=r"speaker .* is in train and in test"):
            check_all([replace(split, fold="")], clips, labels_of(clips), chosen, None)


def test_only_protocol_all_does_without_a_part() -> None:
    assert [name for name, protocol in PROTOCOLS.items() if protocol.parts != PARTS] == ["all"]
    clips = uneven()
    (split,) = splits_of(clips, "all")
    assert split.train.tolist() == list(range(len(clips)))
    assert len(split.validation) == len(split.test) == 0
    for name in PROTOCOLS.keys() - {"all"}:
        with pytest.raises(SplitError, match="without a clip in the validation part"):
            check_all([split], clips, labels_of(clips), PROTOCOLS[name], None)


def test_all_clips_may_train_though_they_are_identical_and_of_nobody_knows_whom() -> None:
    clips = uneven().assign(speaker=pd.Series(pd.NA, dtype="string"))
    assert len(splits_of(clips, "all", digests=np.zeros(len(clips)))[0].train) == len(clips)


def test_a_class_that_no_fold_tests_is_refused() -> None:
    clips = uneven()
    first, *_ = splits_of(clips, "loso")
    happy = np.flatnonzero(clips["emotion"] == "happy")
    lacking = replace(first, test=np.setdiff1d(first.test, happy))
    with pytest.raises(SplitError, match="leaves class happy without a clip in the test part"):
        check_all([lacking], clips, labels_of(clips), PROTOCOLS["loso"], None)


def test_a_clip_tested_in_two_folds_is_refused() -> None:
    clips, leaky = uneven(), Protocol("leaky", "", PROTOCOLS["loso"].divide)
    first, *_ = splits_of(clips, "loso")
    with pytest.raises(SplitError, match="leaky tests a clip twice"):
        check_all([first, first], clips, labels_of(clips), leaky, None)


# classes


def test_only_shared_classes_are_kept_under_cross_corpus() -> None:
    clips = uneven()
    clips = clips[(clips["emotion"] != "fear") | (clips["corpus"] == "made")].reset_index(drop=True)
    assert classes_to_keep(clips, labels_of(clips), "cross-corpus").tolist() == [0, 2, 3]
    assert classes_to_keep(clips, labels_of(clips), "speakers").tolist() == [0, 1, 2, 3]
    for split in splits_of(clips, "cross-corpus"):
        rows = np.concatenate(list(split.parts().values()))
        assert sorted(clips["clip"].iloc[rows]) == sorted(clips["clip"][clips["emotion"] != "fear"])


def test_digests_follow_the_clips_of_shared_classes() -> None:
    clips = uneven()
    clips = clips[(clips["emotion"] != "angry") | (clips["corpus"] == "made")].reset_index(drop=True)
    digests = np.where(clips["emotion"] == "angry", 0, np.arange(1, len(clips) + 1))
    assert len(splits_of(clips, "cross-corpus", digests=digests)) == 2


def test_corpora_that_share_one_class_are_told_who_has_what() -> None:
    clips = uneven()
    happy = clips["emotion"].isin(["angry", "happy"])
    apart = clips[(happy == (clips["corpus"] == "made")) | (clips["emotion"] == "sad")].reset_index(drop=True)
    with pytest.raises(SplitError, match="got 1: made has angry, happy, sad; other has fear, sad"):
        classes_to_keep(apart, labels_of(apart), "cross-corpus")


# names


def test_an_unknown_protocol_is_told_with_the_known_ones() -> None:
    with pytest.raises(SplitError, match=r"unknown protocol 'x'; known: speakers, .*kfold-speakers\[:K\].*tess/swap"):
        splits_of(clips_table(3, 3), "x")


def test_a_protocol_is_found_with_its_argument() -> None:
    assert find_protocol("kfold-speakers:7") == (PROTOCOLS["kfold-speakers"], "7")
    assert find_protocol("loso") == (PROTOCOLS["loso"], "")


@pytest.mark.parametrize(
    ("name", "what"), [("speakers:3", "takes nothing behind"), ("kfold-random:", "ends in a colon")]
)
def test_an_argument_that_does_not_fit_is_refused(name: str, what: str) -> None:
    with pytest.raises(SplitError, match=what):
        find_protocol(name)


def test_no_clips_are_refused() -> None:
    with pytest.raises(SplitError, match="got no clips"):
        splits_of(clips_table(1, 1).head(0))
