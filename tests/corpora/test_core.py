import sys

import pytest

from emospec.corpora import load_corpus
from emospec.corpora.core import audio_files

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")


def test_files_are_sorted_without_regard_to_case(make_files):
    root = make_files("b/1.wav", "A/2.wav", "a/1.wav")
    assert [path.relative_to(root).as_posix() for path in audio_files(root)] == ["a/1.wav", "A/2.wav", "b/1.wav"]


def test_suffixes_may_be_in_any_case_and_other_files_are_none(make_files):
    root = make_files("x.WAV", "y.Flac", "z.txt", "wav")
    assert [path.name for path in audio_files(root)] == ["x.WAV", "y.Flac"]


def test_an_empty_folder_named_like_a_recording_is_found_and_one_around_a_recording_is_entered(make_files):
    root = make_files("x.wav/x.wav")
    (root / "y.wav").mkdir()
    assert [path.relative_to(root).as_posix() for path in audio_files(root)] == ["x.wav/x.wav", "y.wav"]


def test_hidden_files_and_what_a_mac_packs_with_an_archive_are_no_audio(make_files):
    root = make_files("x.wav", "._x.wav", ".cache/y.wav", "__MACOSX/z.wav")
    assert [path.name for path in audio_files(root)] == ["x.wav"]


def test_a_hidden_folder_above_the_root_does_not_hide_the_corpus(make_files):
    assert len(audio_files(make_files("x.wav", root=".hidden/root"))) == 1


@needs_links
def test_a_linked_folder_is_followed(make_files, tmp_path):
    elsewhere = make_files("x.wav", root="elsewhere")
    root = make_files("notes.txt")
    (root / "linked").symlink_to(elsewhere, target_is_directory=True)
    assert audio_files(root) == [root / "linked" / "x.wav"]


@needs_links
@pytest.mark.timeout(10)
def test_links_to_a_folder_above_are_not_followed_in_circles(make_files):
    root = make_files("a/x.wav")
    for name in ("up", "up too"):  # two of them, so that walking in circles takes for ever
        (root / "a" / name).symlink_to(root, target_is_directory=True)
    assert audio_files(root) == [root / "a" / "x.wav"]


def test_of_two_formats_of_a_clip_the_lossless_one_is_read(make_files):
    root = make_files("AudioMP3/1001_DFA_ANG_XX.mp3", "AudioWAV/1001_DFA_ANG_XX.wav")
    clips = load_corpus("crema-d", root)
    assert list(clips["path"]) == [str(root / "AudioWAV/1001_DFA_ANG_XX.wav")]
    assert clips.attrs["copies"] == [str(root / "AudioMP3/1001_DFA_ANG_XX.mp3")]


def test_of_nested_copies_of_a_clip_the_outer_one_is_read(make_files):
    root = make_files("data/data/OAF_angry/OAF_back_angry.wav", "data/OAF_angry/OAF_back_angry.wav")
    clips = load_corpus("tess", root)
    assert list(clips["path"]) == [str(root / "data/OAF_angry/OAF_back_angry.wav")]


def test_copies_alone_are_no_reason_to_warn(make_files, caplog):
    load_corpus("tess", make_files("a/OAF_back_angry.wav", "OAF_back_angry.wav"))
    assert not caplog.records


def test_the_table_does_not_depend_on_the_order_of_the_folder(make_files):
    names = ["OAF_Fear/OAF_back_fear.wav", "OAF_angry/OAF_bar_angry.wav", "OAF_angry/OAF_back_angry.wav"]
    clips = load_corpus("tess", make_files(*names))
    assert list(clips["clip"]) == ["OAF_back_angry", "OAF_bar_angry", "OAF_back_fear"]
