import shutil
import stat
import sys
import tarfile
import zipfile
from collections import namedtuple

import pytest

from archive_writers import (
    FILES,
    assert_nothing_written,
    py7zr,
    write_7z,
    write_7z_of_any_name,
    write_archive,
    write_tar,
    write_tar_of,
    write_zip,
    write_zip_with_mode,
)
from emospec.archives import extract
from emospec.errors import ArchiveError
from rar5 import HARD_LINK, UNIX_SYMLINK, write_rar


@pytest.mark.parametrize("kind", ["zip", "tar", "rar"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/tmp/evil.wav", "absolute path"),
        ("C:/evil.wav", "absolute path"),
        ("C:evil.wav", "absolute path"),
        ("\\\\server\\share\\evil.wav", "absolute path"),
        ("../evil.wav", "leads outside"),
        ("AudioWAV/../../evil.wav", "leads outside"),
        ("AudioWAV\\..\\..\\evil.wav", "leads outside"),
        ("AudioWAV/..", "leads outside"),
    ],
)
def test_a_name_that_leads_outside_is_refused_before_anything_is_written(kind, name, reason, tmp_path):
    archive = write_archive(tmp_path, kind, {"good.wav": b"good", name: b"evil"})

    with pytest.raises(ArchiveError, match=reason) as refusal:
        extract(archive, tmp_path / "out")

    assert name.replace("\\", "/").split("/")[-1] in str(refusal.value)
    assert_nothing_written(tmp_path, archive)


@pytest.mark.parametrize("name", ["/tmp/evil.wav", "../evil.wav"])
def test_a_name_that_leads_outside_a_7z_is_refused(name, tmp_path):
    archive = write_7z_of_any_name(tmp_path / "a.7z", name)

    with pytest.raises(ArchiveError, match=r"absolute path|leads outside"):
        extract(archive, tmp_path / "out")

    assert_nothing_written(tmp_path, archive)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_in_a_tar_is_refused(kind, tmp_path):
    archive = write_tar_of(tmp_path / "a.tar", "link.wav", kind, target="/etc/passwd")

    with pytest.raises(ArchiveError, match=r"'link.wav' is a link"):
        extract(archive, tmp_path / "out")

    assert_nothing_written(tmp_path, archive)


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_device_in_a_tar_is_refused(kind, tmp_path):
    archive = write_tar_of(tmp_path / "a.tar", "null.wav", kind)

    with pytest.raises(ArchiveError, match=r"'null.wav' is a device"):
        extract(archive, tmp_path / "out")

    assert_nothing_written(tmp_path, archive)


@pytest.mark.parametrize(("mode", "reason"), [(stat.S_IFLNK, "is a link"), (stat.S_IFIFO, "is a device")])
def test_a_link_or_a_device_in_a_zip_is_refused(mode, reason, tmp_path):
    archive = write_zip_with_mode(tmp_path / "a.zip", "link.wav", mode | 0o777)

    with pytest.raises(ArchiveError, match=rf"'link.wav' {reason}"):
        extract(archive, tmp_path / "out")

    assert_nothing_written(tmp_path, archive)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_in_a_7z_is_refused(tmp_path):
    link = tmp_path / "link.wav"
    link.symlink_to("note.txt")
    (tmp_path / "note.txt").write_text("n")
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w") as archive:
        archive.write(link, "link.wav")

    with pytest.raises(ArchiveError, match=r"'link.wav' is a link"):
        extract(tmp_path / "a.7z", tmp_path / "out")


@pytest.mark.parametrize("kind", [UNIX_SYMLINK, HARD_LINK])
def test_a_link_in_a_rar_is_refused(kind, tmp_path):
    archive = write_rar(tmp_path / "a.rar", {"a.wav": b"a"}, links={"link.wav": (kind, "../../etc/passwd")})

    with pytest.raises(ArchiveError, match=r"'link.wav' is a link"):
        extract(archive, tmp_path / "out")

    assert_nothing_written(tmp_path, archive)


def test_a_nul_in_a_name_is_refused(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"aXb.wav": b"a"})
    archive.write_bytes(archive.read_bytes().replace(b"aXb.wav", b"a\0b.wav"))

    with pytest.raises(ArchiveError, match="has a NUL"):
        extract(archive, tmp_path / "out")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["a.wav", "./a.wav", "x//..wav/a.wav"])
def test_two_files_of_one_name_are_refused(second, tmp_path):
    first = "x/..wav/a.wav" if second.startswith("x") else "a.wav"
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(first, b"first")
        archive.writestr(second, b"second")

    with pytest.raises(ArchiveError, match="is there twice"):
        extract(tmp_path / "a.zip", tmp_path / "out")


@pytest.mark.parametrize("names", [("a", "a/b.wav"), ("a/b.wav", "a")])
def test_a_file_that_is_a_folder_as_well_is_refused(names, tmp_path):
    with pytest.raises(ArchiveError, match="'a' is a file and a folder"):
        extract(write_tar(tmp_path / "a.tar", dict.fromkeys(names, b"x")), tmp_path / "out")


def test_a_bomb_larger_than_the_disk_is_refused(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**6, 10**6 - 5000, 5000))
    archive = write_zip(tmp_path / "a.zip", {"a.wav": bytes(3000), "b.wav": bytes(3000)})

    with pytest.raises(ArchiveError, match="make room"):
        extract(archive, tmp_path / "out")

    assert_nothing_written(tmp_path, archive)


def test_an_encrypted_zip_is_refused(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"a.wav": b"a"})
    data = bytearray(archive.read_bytes())
    data[6] |= 1  # the flag in the file's own header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and in the list
    archive.write_bytes(data)

    with pytest.raises(ArchiveError, match="is encrypted"):
        extract(archive, tmp_path / "out")


@pytest.mark.parametrize("header_encryption", [False, True])
def test_an_encrypted_7z_is_refused(header_encryption, tmp_path):
    archive = write_7z(tmp_path / "a.7z", FILES, password="secret", header_encryption=header_encryption)

    with pytest.raises(ArchiveError, match=r"is encrypted|[Pp]assword"):
        extract(archive, tmp_path / "out")
