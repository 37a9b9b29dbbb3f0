import pytest

from emospec.corpora import load_corpus


def first_clip(root):
    return load_corpus("ravdess", root).iloc[0]


def test_a_name_tells_speaker_sex_text_emotion_and_intensity(make_files):
    clip = first_clip(make_files("Actor_12/03-01-06-01-02-01-12.wav"))
    assert clip[["speaker", "sex", "text", "emotion", "intensity"]].tolist() == [
        "12", "female", "Dogs are sitting by the door", "fear", "normal",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "emotion"),
    [
        ("01", "neutral"), ("02", "calm"), ("03", "happy"), ("04", "sad"),
        ("05", "angry"), ("06", "fear"), ("07", "disgust"), ("08", "surprise"),
    ],
)  # fmt: skip
def test_each_emotion_has_its_number(code, emotion, make_files):
    assert first_clip(make_files(f"03-01-{code}-01-01-01-01.wav"))["emotion"] == emotion


@pytest.mark.parametrize(("actor", "sex"), [("01", "male"), ("02", "female"), ("23", "male"), ("24", "female")])
def test_actors_with_odd_numbers_are_men(actor, sex, make_files):
    assert first_clip(make_files(f"03-01-05-01-01-01-{actor}.wav"))["sex"] == sex


def test_a_strong_expression_is_told_apart(make_files):
    assert first_clip(make_files("03-01-05-02-01-01-01.wav"))["intensity"] == "strong"


@pytest.mark.parametrize(
    "name",
    ["03-02-05-01-01-01-01.wav", "03-01-09-01-01-01-01.wav", "03-01-05-01-01-01-25.wav", "03-01-05-01.x.wav"],
)
def test_songs_and_unknown_numbers_are_left_out_by_name(name, make_files):
    root = make_files("03-01-05-01-01-01-01.wav", name)
    assert load_corpus("ravdess", root).attrs["unparsed"] == [str(root / name)]


def test_age_is_not_known(make_files):
    assert load_corpus("ravdess", make_files("03-01-05-01-01-01-01.wav"))["age"].isna().all()
