import pytest

from emospec.corpora import load_corpus
from emospec.errors import CorpusError


@pytest.mark.parametrize(
    ("folder", "emotion"), [("anger", "angry"), ("Happiness", "happy"), ("FEARFUL", "fear"), ("W", "angry")]
)
def test_folders_are_read_in_every_usual_spelling(folder, emotion, make_files):
    assert load_corpus("folder", make_files(f"{folder}/x.wav"))["emotion"].tolist() == [emotion]


def test_a_stem_with_dots_is_not_shortened(make_files):
    assert load_corpus("folder", make_files("sad/03-01.take2.wav"))["clip"].tolist() == ["03-01.take2"]


def test_stems_that_differ_after_a_dot_are_two_clips(make_files):
    assert len(load_corpus("folder", make_files("sad/a.1.wav", "sad/a.2.wav"))) == 2


def test_one_name_in_two_folders_is_two_clips(make_files):
    assert len(load_corpus("folder", make_files("sad/a.wav", "happy/a.wav"))) == 2


def test_speakers_are_not_known(make_files):
    assert load_corpus("folder", make_files("sad/a.wav"))["speaker"].isna().all()


def test_unknown_folders_are_refused_by_name_with_the_remedy(make_files):
    root = make_files("sad/a.wav", "meh/b.wav", "wow/c.wav")
    with pytest.raises(CorpusError, match=r"no known emotion .*: meh, wow; .*such as \{'meh': 'angry'"):
        load_corpus("folder", root)


def test_an_unknown_folder_can_be_mapped(make_files):
    clips = load_corpus("folder", make_files("Meh/b.wav"), spellings={"meh": "boredom"})
    assert clips["emotion"].tolist() == ["boredom"]


def test_the_users_spelling_goes_before_ours(make_files):
    clips = load_corpus("folder", make_files("w/b.wav"), spellings={"w": "sadness"})
    assert clips["emotion"].tolist() == ["sad"]


def test_folders_without_audio_are_no_emotions(make_files):
    assert len(load_corpus("folder", make_files("sad/a.wav", "docs/readme.txt", ".git/x.wav"))) == 1
