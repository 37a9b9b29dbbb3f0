"""Archives for tests, harmless and not."""

import importlib.util
import io
import shutil
import sys
import tarfile
import zipfile
import zlib

import pytest

from rar5 import write_rar

py7zr = pytest.importorskip("py7zr")
pytest.importorskip("rarfile")
zstd = pytest.importorskip("backports.zstd") if sys.version_info < (3, 14) else pytest.importorskip("compression.zstd")

FILES = {"AudioWAV/1001_DFA_ANG_XX.wav": b"RIFF" + bytes(range(256)) * 8, "AudioWAV/empty.txt": b"", "note.txt": b"n"}
READS_RAR = importlib.util.find_spec("unrar") is not None or shutil.which("unrar") is not None
RAR = pytest.param("rar", marks=pytest.mark.skipif(not READS_RAR, reason="neither unrar2-cffi nor unrar is installed"))
KINDS = ("zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "tar.zst", "7z", RAR)


def write_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_tar(path, files, *, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def write_tar_of(path, name, kind, target=""):
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        archive.addfile(info)
    return path


def write_7z(path, files, **options):
    with py7zr.SevenZipFile(path, "w", **options) as archive:
        for name, content in files.items():
            archive.writestr(content, name)
    return path


def write_archive(folder, kind, files):
    path = folder / f"corpus.{kind}"
    if kind == "zip":
        return write_zip(path, files)
    if kind == "7z":
        return write_7z(path, files)
    if kind == "rar":
        return write_rar(path, files)
    if kind == "tar.zst":
        path.write_bytes(zstd.compress(write_tar(folder / "plain.tar", files).read_bytes()))
        return path
    return write_tar(path, files, mode="w:" + kind.removeprefix("tar").removeprefix("."))


def write_zip_with_mode(path, name, mode):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return path


def files_under(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_nothing_written(tmp_path, archive):
    """Neither the folder, nor a part of it, nor anything outside."""
    assert [path for path in tmp_path.rglob("*") if path.name not in (archive.name, "plain.tar")] == []


def write_7z_of_any_name(path, name):
    """py7zr refuses to write such a name: it is put into the list afterwards, and the two checksums with it."""
    harmless = "x" * len(name)
    with py7zr.SevenZipFile(path, "w") as archive:
        archive.set_encoded_header_mode(False)
        archive.writestr(b"evil", harmless)
    data = bytearray(path.read_bytes().replace(harmless.encode("utf-16-le"), name.encode("utf-16-le")))
    start, size = (int.from_bytes(data[at : at + 8], "little") for at in (12, 20))
    data[28:32] = zlib.crc32(data[32 + start : 32 + start + size]).to_bytes(4, "little")
    data[8:12] = zlib.crc32(data[12:32]).to_bytes(4, "little")
    path.write_bytes(data)
    return path
