import pytest

from emospec.corpora import load_corpus


def first_clip(root):
    return load_corpus("emo-db", root).iloc[0]


def test_a_name_tells_speaker_sex_age_text_and_emotion(make_files):
    clip = first_clip(make_files("wav/03a01Fa.wav"))
    assert clip[["speaker", "sex", "age", "text", "emotion"]].tolist() == [
        "03", "male", 31, "Der Lappen liegt auf dem Eisschrank.", "happy",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("letter", "emotion"),
    [
        ("W", "angry"), ("L", "boredom"), ("E", "disgust"), ("A", "fear"),
        ("F", "happy"), ("T", "sad"), ("N", "neutral"),
    ],
)  # fmt: skip
def test_each_emotion_has_the_letter_of_its_german_name(letter, emotion, make_files):
    assert first_clip(make_files(f"16b10{letter}b.wav"))["emotion"] == emotion


def test_two_takes_are_two_clips(make_files):
    assert len(load_corpus("emo-db", make_files("03a02Wb.wav", "03a02Wc.wav"))) == 2


def test_a_name_without_a_letter_for_the_take_is_read(make_files):
    assert first_clip(make_files("08b09N.wav"))["emotion"] == "neutral"


@pytest.mark.parametrize("name", ["03a01Xa.wav", "99a01Wa.wav", "03c01Wa.wav"])
def test_an_unknown_code_is_left_out_by_name(name, make_files):
    root = make_files("03a01Wa.wav", name)
    assert load_corpus("emo-db", root).attrs["unparsed"] == [str(root / name)]
