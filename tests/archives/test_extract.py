import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from archive_writers import (
    FILES,
    KINDS,
    READS_RAR,
    assert_nothing_written,
    files_under,
    py7zr,
    write_7z,
    write_archive,
    write_zip,
)
from emospec.archives import extract, formats
from emospec.errors import EmospecError
from rar5 import write_rar


@pytest.mark.parametrize("kind", KINDS)
def test_files_come_out_as_they_were_packed(kind, tmp_path):
    extraction = extract(write_archive(tmp_path, kind, FILES), tmp_path / "out")

    assert files_under(tmp_path / "out") == FILES
    assert extraction == (3, sum(map(len, FILES.values())))


def test_the_content_decides_and_not_the_suffix(tmp_path):
    archive = write_7z(tmp_path / "really-a-7z.zip", FILES)

    extract(archive, tmp_path / "out")

    assert files_under(tmp_path / "out") == FILES


@pytest.mark.skipif(not READS_RAR, reason="neither unrar2-cffi nor unrar is installed")
def test_folders_of_a_rar_come_out_even_if_empty(tmp_path):
    extract(write_rar(tmp_path / "a.rar", {"empty": None, "full": None, "full/a.wav": b"a"}), tmp_path / "out")

    assert (tmp_path / "out" / "empty").is_dir()
    assert files_under(tmp_path / "out") == {"full/a.wav": b"a"}


def test_backslashes_of_old_windows_zips_are_folders(tmp_path):
    extract(write_zip(tmp_path / "a.zip", {"wav\\03a01Wa.wav": b"a"}), tmp_path / "out")

    assert files_under(tmp_path / "out") == {"wav/03a01Wa.wav": b"a"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("kind", ["zip", "tar", "7z"])
def test_no_file_comes_out_executable(kind, tmp_path):
    source = tmp_path / "tool.sh"
    source.write_bytes(b"#!/bin/sh\n")
    source.chmod(0o4755)
    archive = tmp_path / f"a.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as packed:
            packed.write(source, "tool.sh")
    elif kind == "tar":
        with tarfile.open(archive, "w") as packed:
            packed.add(source, "tool.sh")
    else:
        with py7zr.SevenZipFile(archive, "w") as packed:
            packed.write(source, "tool.sh")

    extract(archive, tmp_path / "out")

    assert stat.S_IMODE((tmp_path / "out" / "tool.sh").stat().st_mode) & 0o7111 == 0


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "out").mkdir()

    extract(write_zip(tmp_path / "a.zip", FILES), tmp_path / "out")

    assert files_under(tmp_path / "out") == FILES


def test_the_bar_counts_every_byte(tmp_path, capsys):
    extract(write_zip(tmp_path / "a.zip", {"a.wav": bytes(2000)}), tmp_path / "out", progress=True)

    assert "2.00k/2.00k" in capsys.readouterr().err


def test_a_rar_comes_out_by_the_program_that_patool_finds(tmp_path, monkeypatch):
    """No program that reads .rar is installed on most machines: this one stands in for it."""
    patoolib = pytest.importorskip("patoolib")
    monkeypatch.setitem(sys.modules, "unrar.cffi.unrarlib", None)

    def unpack(archive, *, outdir, **_):
        (Path(outdir) / "a.wav").write_bytes(b"abc")

    monkeypatch.setattr(patoolib, "extract_archive", unpack)

    extract(write_rar(tmp_path / "a.rar", {"a.wav": b"abc"}), tmp_path / "out")

    assert files_under(tmp_path / "out") == {"a.wav": b"abc"}


@pytest.mark.skipif(shutil.which("tar") is None, reason="needs the program tar")
def test_a_tar_made_by_the_program_tar_comes_out(tmp_path):
    """It begins with './' and ends in more zeros than Python writes."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.wav").write_bytes(b"abc")
    subprocess.run(["tar", "-czf", tmp_path / "a.tar.gz", "-C", tmp_path / "in", "."], check=True)

    extract(tmp_path / "a.tar.gz", tmp_path / "out")

    assert files_under(tmp_path / "out") == {"a.wav": b"abc"}


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_interrupted_extraction_leaves_nothing(kind, tmp_path, monkeypatch):
    archive = write_archive(tmp_path, kind, FILES)
    save = formats._save

    def interrupted(source, target, tick):
        save(source, target, tick)
        raise KeyboardInterrupt

    monkeypatch.setattr(formats, "_save", interrupted)

    with pytest.raises(KeyboardInterrupt):
        extract(archive, tmp_path / "out")

    assert_nothing_written(tmp_path, archive)


def test_the_folder_that_one_is_in_is_refused(tmp_path, monkeypatch):
    archive = write_zip(tmp_path / "a.zip", FILES)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    with pytest.raises(EmospecError, match="is the folder that you are in"):
        extract(archive, ".")

    assert list(Path().iterdir()) == []


def test_a_home_of_nobody_is_refused(tmp_path):
    with pytest.raises(EmospecError, match="no such user"):
        extract(write_zip(tmp_path / "a.zip", FILES), "~nosuchuser/out")
