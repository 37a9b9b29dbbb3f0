import os
from pathlib import Path

import pytest

from emospec.corpora import load_corpus
from emospec.errors import CorpusError

DEMOGRAPHICS = '"ActorID","Age","Sex","Race"\n1001,51,"Male","Caucasian"\n1002,,"Female",""\n'


def first_clip(root):
    return load_corpus("crema-d", root).iloc[0]


def test_a_name_tells_speaker_text_emotion_and_intensity(make_files):
    clip = first_clip(make_files("AudioWAV/1091_IEO_FEA_MD.wav"))
    assert clip[["clip", "speaker", "text", "emotion", "intensity"]].tolist() == [
        "1091_IEO_FEA_MD", "1091", "It's eleven o'clock", "fear", "medium",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "emotion"),
    [("ANG", "angry"), ("DIS", "disgust"), ("FEA", "fear"), ("HAP", "happy"), ("NEU", "neutral"), ("SAD", "sad")],
)
def test_each_emotion_has_its_code(code, emotion, make_files):
    assert first_clip(make_files(f"1001_TSI_{code}_XX.wav"))["emotion"] == emotion


@pytest.mark.parametrize(("code", "intensity"), [("LO", "low"), ("MD", "medium"), ("HI", "high")])
def test_each_intensity_has_its_code(code, intensity, make_files):
    assert first_clip(make_files(f"1001_IEO_SAD_{code}.wav"))["intensity"] == intensity


@pytest.mark.parametrize("name", ["1001_DFA_ANG_XX.wav", "1040_ITH_SAD_X.wav"])
def test_an_unspecified_intensity_is_not_known(name, make_files):
    clips = load_corpus("crema-d", make_files(name))
    assert clips["intensity"].isna().all()
    assert clips["clip"].tolist() == [Path(name).stem]


def test_codes_in_small_letters_are_read(make_files):
    assert first_clip(make_files("1001_dfa_ang_xx.wav"))["emotion"] == "angry"


@pytest.mark.parametrize(
    "name", ["1001_DFA_ANG.wav", "1001_DFA_JOY_XX.wav", "101_DFA_ANG_XX.wav", "lfs-pointer_1001_DFA_ANG_XX.wav"]
)
def test_a_name_that_is_nearly_right_is_none_of_the_corpus(name, make_files):
    clips = load_corpus("crema-d", make_files("1001_DFA_ANG_XX.wav", name))
    assert [Path(path).name for path in clips.attrs["unparsed"]] == [name]


@pytest.mark.parametrize("given", [".", "AudioWAV", ".."])
def test_sex_and_age_come_from_the_table_of_the_owners_whichever_root_is_given(given, make_files):
    root = make_files("AudioWAV/1001_DFA_ANG_XX.wav", root="downloads/CREMA-D")
    (root / "VideoDemographics.csv").write_text(DEMOGRAPHICS)
    clip = first_clip(root / given)
    assert (clip["sex"], clip["age"]) == ("male", 51)


def test_an_empty_age_in_the_table_is_not_known(make_files):
    root = make_files("AudioWAV/1002_DFA_ANG_XX.wav")
    (root / "VideoDemographics.csv").write_text(DEMOGRAPHICS)
    clips = load_corpus("crema-d", root)
    assert clips["sex"].tolist() == ["female"]
    assert clips["age"].isna().all()


def test_sex_and_age_are_not_known_without_the_table(make_files):
    clips = load_corpus("crema-d", make_files("AudioWAV/1001_DFA_ANG_XX.wav"))
    assert clips[["sex", "age"]].isna().all(axis=None)


@pytest.mark.parametrize("text", ["Actor,Sex\n1001,Male\n", DEMOGRAPHICS.replace("51", "old")])
def test_a_broken_table_is_refused(text, make_files):
    root = make_files("AudioWAV/1001_DFA_ANG_XX.wav")
    (root / "VideoDemographics.csv").write_text(text)
    with pytest.raises(CorpusError, match=r"VideoDemographics\.csv cannot be read .*expected the columns ActorID"):
        load_corpus("crema-d", root)


@pytest.mark.real_data
@pytest.mark.skipif("EMOSPEC_DATA" not in os.environ, reason="EMOSPEC_DATA names no folder of real corpora")
def test_the_real_clips_of_71_actors_are_read():
    clips = load_corpus("crema-d", Path(os.environ["EMOSPEC_DATA"]) / "crema-d")
    assert (len(clips), clips["speaker"].nunique(), clips.attrs["unparsed"]) == (3964, 71, [])
    assert not clips.drop(columns="intensity").isna().any(axis=None)
