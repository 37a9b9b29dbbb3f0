import gzip
import sys

import pytest

from archive_writers import FILES, KINDS, RAR, assert_nothing_written, files_under, write_archive, write_tar, write_zip
from emospec.archives import extract, formats
from emospec.errors import ArchiveError, EmospecError
from rar5 import write_rar


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_cut_short_is_refused_and_leaves_nothing(kind, tmp_path):
    whole = write_archive(tmp_path, kind, FILES).read_bytes()
    full = len(whole.rstrip(b"\0"))
    for length in (full * 2 // 3, full // 3, 600 if kind == "tar" else 20):
        archive = tmp_path / f"corpus.{kind}"
        archive.write_bytes(whole[:length])

        with pytest.raises(ArchiveError, match=r"cut short|no archive of a known kind"):
            extract(archive, tmp_path / "out")

        assert_nothing_written(tmp_path, archive)


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.bz2", "tar.xz", "7z", RAR])
def test_an_archive_with_a_wrong_byte_is_refused(kind, tmp_path):
    archive = write_archive(tmp_path, kind, FILES)
    data = bytearray(archive.read_bytes())
    data[len(data) // 3] ^= 0xFF
    archive.write_bytes(data)

    with pytest.raises(ArchiveError):
        extract(archive, tmp_path / "out")

    assert_nothing_written(tmp_path, archive)


def test_a_tar_that_ends_between_two_files_is_refused(tmp_path):
    archive = write_tar(tmp_path / "a.tar", {"a.wav": b"a", "b.wav": b"b"})
    archive.write_bytes(archive.read_bytes()[:1024])  # the first file: a header and one block

    with pytest.raises(ArchiveError, match="its end is missing"):
        extract(archive, tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"hello", b"<!DOCTYPE html><html>Please log in</html>"])
def test_what_is_no_archive_is_refused_with_the_known_kinds(content, tmp_path):
    (tmp_path / "a.zip").write_bytes(content)

    with pytest.raises(ArchiveError, match=r"expected \.zip, \.7z, \.rar, \.tar\.gz"):
        extract(tmp_path / "a.zip", tmp_path / "out")


def test_a_compressed_file_that_is_no_tar_is_refused(tmp_path):
    (tmp_path / "clip.wav.gz").write_bytes(gzip.compress(b"RIFF" * 1000))

    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        extract(tmp_path / "clip.wav.gz", tmp_path / "out")


def test_an_archive_without_files_is_refused(tmp_path):
    with pytest.raises(ArchiveError, match="holds no files"):
        extract(write_zip(tmp_path / "a.zip", {}), tmp_path / "out")


def test_a_missing_archive_is_refused(tmp_path):
    with pytest.raises(ArchiveError, match="does not exist"):
        extract(tmp_path / "a.zip", tmp_path / "out")


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")

    with pytest.raises(EmospecError, match="not empty"):
        extract(write_zip(tmp_path / "a.zip", FILES), tmp_path / "out")

    assert files_under(tmp_path / "out") == {"mine.txt": b"mine"}


@pytest.mark.parametrize(("kind", "module"), [("7z", "py7zr"), ("rar", "rarfile")])
def test_a_missing_package_is_named_with_the_command_that_installs_it(kind, module, tmp_path, monkeypatch):
    archive = write_archive(tmp_path, kind, FILES)
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(ArchiveError, match=rf'{module}.*pip install "emospec\[archives\]"'):
        extract(archive, tmp_path / "out")


def test_a_rar_that_no_program_reads_is_refused(tmp_path, monkeypatch):
    pytest.importorskip("patoolib")
    monkeypatch.setitem(sys.modules, "unrar.cffi.unrarlib", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    archive = write_rar(tmp_path / "a.rar", FILES)

    with pytest.raises(ArchiveError, match="install"):
        extract(archive, tmp_path / "out")

    assert_nothing_written(tmp_path, archive)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_that_only_appears_when_unpacked_is_refused(tmp_path, monkeypatch):
    archive = write_zip(tmp_path / "a.zip", {"a.wav": b"a"})
    monkeypatch.setattr(formats, "_save", lambda source, target, tick: target.symlink_to("/etc/passwd"))

    with pytest.raises(ArchiveError, match="made a link"):
        extract(archive, tmp_path / "out")

    assert_nothing_written(tmp_path, archive)
