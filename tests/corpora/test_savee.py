import pytest

from emospec.corpora import load_corpus


@pytest.mark.parametrize("name", ["AudioData/JK/su03.wav", "ALL/JK_su03.wav", "JK/su03.flac"])
def test_both_layouts_tell_speaker_and_emotion(name, make_files):
    clip = load_corpus("savee", make_files(name)).iloc[0]
    assert (clip["speaker"], clip["emotion"], clip["sex"]) == ("JK", "surprise", "male")


@pytest.mark.parametrize(
    ("code", "emotion"),
    [
        ("a", "angry"), ("d", "disgust"), ("f", "fear"), ("h", "happy"),
        ("n", "neutral"), ("sa", "sad"), ("su", "surprise"),
    ],
)  # fmt: skip
def test_each_emotion_has_its_code(code, emotion, make_files):
    assert load_corpus("savee", make_files(f"DC_{code}15.wav"))["emotion"].tolist() == [emotion]


def test_the_folder_of_one_speaker_is_a_root(make_files):
    clips = load_corpus("savee", make_files("KL/a01.wav") / "KL")
    assert clips["speaker"].tolist() == ["KL"]


def test_one_name_in_the_folders_of_two_speakers_is_two_clips(make_files):
    clips = load_corpus("savee", make_files("DC/a01.wav", "JE/a01.wav"))
    assert clips["clip"].tolist() == ["a01", "a01"]
    assert clips["speaker"].tolist() == ["DC", "JE"]


def test_a_clip_that_lies_in_both_layouts_is_read_once(make_files):
    assert len(load_corpus("savee", make_files("AudioData/DC/a01.wav", "ALL/DC_a01.wav"))) == 1


def test_a_clip_of_an_unknown_speaker_is_left_out_by_name(make_files):
    clips = load_corpus("savee", make_files("DC/a01.wav", "XX/a01.wav"))
    assert clips["speaker"].tolist() == ["DC"]
    assert len(clips.attrs["unparsed"]) == 1


def test_text_and_age_are_not_guessed(make_files):
    assert load_corpus("savee", make_files("DC/a01.wav"))[["text", "age"]].isna().all(axis=None)
