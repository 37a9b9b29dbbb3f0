import os
from pathlib import Path

import pytest

from emospec.corpora import load_corpus


def first_clip(root, **options):
    return load_corpus("tess", root, **options).iloc[0]


def test_a_name_tells_speaker_sex_age_text_and_emotion(make_files):
    clip = first_clip(make_files("OAF_angry/OAF_back_angry.wav"))
    assert clip[["speaker", "sex", "age", "text", "emotion"]].tolist() == [
        "OAF", "female", 64, "Say the word back", "angry",
    ]  # fmt: skip


def test_the_younger_woman_is_26(make_files):
    assert first_clip(make_files("YAF_back_ps.wav"))["age"] == 26


@pytest.mark.parametrize(
    ("code", "emotion"),
    [
        ("angry", "angry"), ("disgust", "disgust"), ("fear", "fear"), ("happy", "happy"),
        ("neutral", "neutral"), ("ps", "surprise"), ("sad", "sad"),
    ],
)  # fmt: skip
def test_each_emotion_has_its_word(code, emotion, make_files):
    assert first_clip(make_files(f"any folder/OAF_back_{code}.wav"))["emotion"] == emotion


@pytest.mark.parametrize(
    ("folder", "emotion"),
    [
        ("OAF_Fear", "fear"), ("OAF_Pleasant_surprise", "surprise"), ("YAF_pleasant_surprised", "surprise"),
        ("oaf_happy", "happy"), ("OAF_Sad", "sad"), ("YAF_neutral", "neutral"), ("Disgust", "disgust"),
    ],
)  # fmt: skip
def test_a_name_without_emotion_takes_that_of_its_folder(folder, emotion, make_files):
    assert first_clip(make_files(f"{folder}/OAF_back.wav"))["emotion"] == emotion


def test_the_name_counts_where_the_folder_says_otherwise(make_files):
    assert first_clip(make_files("YAF_happy/YAF_back_sad.wav"))["emotion"] == "sad"


def test_the_file_that_is_named_oa_is_of_the_older_woman(make_files):
    clip = first_clip(make_files("OAF_neutral/OA_bite_neutral.wav"))
    assert (clip["clip"], clip["speaker"], clip["age"]) == ("OA_bite_neutral", "OAF", 64)


def test_a_corpus_nested_in_itself_is_read_once(make_files):
    names = [f"{folder}/OAF_{word}_fear.wav" for folder in ("T/OAF_Fear", "T/T/OAF_Fear") for word in ("bar", "bath")]
    clips = load_corpus("tess", make_files(*names))
    assert clips["clip"].tolist() == ["OAF_bar_fear", "OAF_bath_fear"]


def test_a_users_spelling_is_known(make_files):
    clip = first_clip(make_files("OAF_back_verdutzt.wav"), spellings={"verdutzt": "surprise"})
    assert clip["emotion"] == "surprise"


def test_a_clip_without_a_known_emotion_is_left_out_by_name(make_files):
    clips = load_corpus("tess", make_files("a/OAF_back_sad.wav", "a/OAF_back_odd.wav"))
    assert [Path(path).name for path in clips.attrs["unparsed"]] == ["OAF_back_odd.wav"]


@pytest.mark.real_data
@pytest.mark.skipif("EMOSPEC_DATA" not in os.environ, reason="EMOSPEC_DATA names no folder of real corpora")
def test_the_real_sample_has_eight_words_by_two_women_in_four_emotions():
    clips = load_corpus("tess", Path(os.environ["EMOSPEC_DATA"]) / "tess-sample")
    assert clips.groupby(["speaker", "emotion"]).size().tolist() == [8] * 8
    assert clips["text"].nunique() == 8
