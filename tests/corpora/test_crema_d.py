import os
import re
from pathlib import Path

import pytest

from emospec.corpora import load_corpus
from emospec.emotions import CLASS_SETS
from emospec.errors import CorpusError

DEMOGRAPHICS = '"ActorID","Age","Sex","Race"\n1001,51,"Male","Caucasian"\n1002,,"Female",""\n'

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n"


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


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Actor,Sex\n1001,Male\n", "no column 'ActorID', 'Age', but 'Actor, Sex'"),
        ("one,two,three\n", "no column 'ActorID', 'Age', 'Sex', but"),
        (DEMOGRAPHICS[:17], "no column 'Sex', but 'ActorID, Age"),
        (DEMOGRAPHICS[:29], "no row below the first line"),
        (DEMOGRAPHICS[:43], "line 2 has 3 cells, the first line 4"),
        (DEMOGRAPHICS.replace("51", "old"), "line 2: Age is 'old', not a whole number"),
        ("", "it is empty"),
    ],
    ids=["other columns", "a header of others", "a cut header", "a header alone", "a cut row", "a word", "empty"],
)
def test_a_broken_table_is_refused_with_the_place(text, reason, make_files):
    root = make_files("AudioWAV/1001_DFA_ANG_XX.wav")
    (root / "VideoDemographics.csv").write_text(text)
    expected = re.escape("expected a CSV table with the columns ActorID, Age, Sex; get the owners' file again")
    with pytest.raises(CorpusError, match=rf"VideoDemographics\.csv cannot be read \(.*{reason}.*\); {expected}"):
        load_corpus("crema-d", root)


def test_clips_can_be_loaded_without_what_a_broken_table_would_tell(make_files):
    root = make_files("AudioWAV/1001_DFA_ANG_XX.wav")
    (root / "VideoDemographics.csv").write_text(DEMOGRAPHICS)
    (root / "summaryTable.csv").write_text(POINTER)
    clips = load_corpus("crema-d", root, skip_broken_tables=True)
    assert (clips["sex"].tolist(), clips["votes"].isna().tolist()) == (["male"], [True])
    assert ["is a Git-LFS pointer" in message for message in clips.attrs["broken_tables"]] == [True]


COUNTED = """"","A","D","F","H","N","S","fileName","numResponses","agreement","emoVote","meanEmoRespNorm"
"100001",1,0,0,0,9,0,"1001_DFA_ANG_XX",10,0.9,"N",NA
"100002",0,0,0,0,0,0,"1002_DFA_ANG_XX",0,NA,"",NA
"107443",9,0,0,0,1,0,"ANG_HI_practice",10,0.9,"A",NA
"200001",8,2,0,0,0,0,"1001_DFA_ANG_XX",10,0.8,"A",NA
"300001",7,3,0,0,0,0,"1001_DFA_ANG_XX",10,0.7,"A",NA
"""
SUMMED_UP = """"","FileName","VoiceVote","VoiceLevel","FaceVote","FaceLevel","MultiModalVote","MultiModalLevel"
"1","1001_DFA_ANG_XX","A:H","69.1","N","92.22","N","64.78"
"2","1002_DFA_ANG_XX","","","A","69.54","A","1"
"""


@pytest.fixture
def heard(make_files):
    """Return a function that writes tables of votes beside AudioWAV, and returns the votes of the two clips."""

    def load(tables, root="."):
        corpus = make_files("AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1002_DFA_ANG_XX.wav", root="downloads/CREMA-D")
        for name, text in tables.items():
            (corpus / name).parent.mkdir(exist_ok=True)
            (corpus / name).write_text(text)
        return load_corpus("crema-d", corpus / root)["votes"].fillna("").tolist()

    return load


@pytest.mark.parametrize("root", [".", "AudioWAV", ".."])
@pytest.mark.parametrize("folder", ["", "processedResults/", "AudioWAV/"])
def test_the_counted_votes_are_those_by_voice_alone(folder, root, heard):
    assert heard({f"{folder}tabulatedVotes.csv": COUNTED}, root) == ["angry=1 neutral=9", ""]


@pytest.mark.parametrize("folder", ["", "processedResults/"])
def test_the_most_frequent_answers_are_read_where_nothing_is_counted(folder, heard):
    assert heard({f"{folder}summaryTable.csv": SUMMED_UP}) == ["angry happy", ""]


def test_counted_votes_come_before_the_most_frequent_answers(heard):
    tables = {"summaryTable.csv": SUMMED_UP, "processedResults/tabulatedVotes.csv": COUNTED}
    assert heard(tables) == ["angry=1 neutral=9", ""]


def test_what_listeners_heard_is_not_known_without_a_table(heard):
    assert heard({}) == ["", ""]


def test_the_one_file_with_a_short_name_has_the_votes_of_its_clip(make_files):
    root = make_files("1040_ITH_SAD_X.wav")
    (root / "summaryTable.csv").write_text(SUMMED_UP.replace("1001_DFA_ANG_XX", "1040_ITH_SAD_XX"))
    assert first_clip(root)["votes"] == "angry happy"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("summaryTable.csv", SUMMED_UP.replace("A:H", "A;H")),
        ("summaryTable.csv", ""),
        ("tabulatedVotes.csv", COUNTED.replace('"100001",1', '"100001",many')),
        ("tabulatedVotes.csv", COUNTED.replace('"",', "").replace('"100001",', "")),
        ("tabulatedVotes.csv", COUNTED.replace("100001", "1")),
        ("tabulatedVotes.csv", COUNTED[:-40]),
    ],
    ids=["another separator", "empty", "no number", "no row numbers", "other row numbers", "cut off"],
)
def test_a_broken_table_of_votes_is_refused_in_one_line(name, text, heard):
    with pytest.raises(CorpusError, match=rf"{name} cannot be read \(.*expected .*; get the owners' file") as caught:
        heard({name: text})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["summaryTable.csv", "tabulatedVotes.csv"])
def test_a_pointer_in_place_of_votes_is_called_one_and_says_how_to_get_them(name, heard):
    with pytest.raises(CorpusError, match=rf"{name} is a Git-LFS pointer, not a table; .*`git lfs pull`"):
        heard({name: POINTER})


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("summaryTable.csv", SUMMED_UP.replace("A:H", "Q"), "line 2: VoiceVote is 'Q', not A, D, F, H, N, S"),
        ("tabulatedVotes.csv", COUNTED.replace('"100001",1', '"100001",many'), "line 2: A is 'many', not a whole"),
        ("tabulatedVotes.csv", COUNTED.replace("100002", "2"), "line 3: row number '2', not from 100001"),
        ("summaryTable.csv", "a\udcffb", "it is not text in UTF-8"),
    ],
    ids=["another code", "no number", "another row number", "garbage"],
)
def test_what_is_wrong_with_votes_is_named_with_its_line(name, text, reason, make_files):
    root = make_files("1001_DFA_ANG_XX.wav")
    (root / name).write_text(text, errors="surrogateescape", encoding="utf-8")
    with pytest.raises(CorpusError, match=re.escape(f"{name} cannot be read ({reason}")):
        load_corpus("crema-d", root)


@pytest.mark.real_data
@pytest.mark.skipif("EMOSPEC_DATA" not in os.environ, reason="EMOSPEC_DATA names no folder of real corpora")
def test_the_real_clips_of_71_actors_are_read():
    clips = load_corpus("crema-d", Path(os.environ["EMOSPEC_DATA"]) / "crema-d")
    assert (len(clips), clips["speaker"].nunique(), clips.attrs["unparsed"]) == (5803, 71, [])
    assert clips["emotion"].isin(CLASS_SETS["four"]).sum() == 3964
    assert not clips.drop(columns="intensity").isna().any(axis=None)
