"""How each kind of archive is told, listed and unpacked; the libraries are loaded when one is met."""

import importlib
import os
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import IO, Any

from emospec.archives.members import Kind, Member, kind_of_mode
from emospec.errors import ArchiveError

Tick = Callable[[int], object]  # takes the number of bytes just written

RAR5 = b"Rar!\x1a\x07\x01\x00"
ZSTANDARD = b"\x28\xb5\x2f\xfd"
BLOCK = tarfile.BLOCKSIZE


@dataclass(frozen=True)
class Format:
    """One kind of archive.

    Parameters
    ----------
    name : str
        For messages.
    starts : tuple of bytes
        A file that begins with one of these is of this kind, whatever its suffix.
    offset : bytes
        Where they stand.
    listed : callable
        From the archive to its members, one by one.
    unpack : callable
        From the archive, an empty folder, the checked members and a `Tick`; writes them.
    """

    name: str
    starts: tuple[bytes, ...]
    listed: Callable[[Path], Iterator[Member]]
    unpack: Callable[[Path, Path, Sequence[Member], Tick], None]
    offset: int = 0

    def matches(self, path: Path) -> bool:
        """Return whether the content of a file is of this kind."""
        return begins_with(path, *self.starts, offset=self.offset)


def begins_with(path: Path, *starts: bytes, offset: int = 0) -> bool:
    """Return whether the bytes of a file from `offset` on are one of `starts`."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(max(map(len, starts))).startswith(starts)


def list_zip(path: Path) -> Iterator[Member]:
    """List a .zip; its own names are used, before zipfile cuts or converts them."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            kind = kind_of_mode(info.external_attr >> 16, folder=info.orig_filename.endswith(("/", "\\")))
            yield Member(info.orig_filename, kind, info.file_size, encrypted=bool(info.flag_bits & 1))


def unpack_zip(path: Path, folder: Path, members: Sequence[Member], tick: Tick) -> None:
    """Unpack a .zip; zipfile compares each checksum."""
    with zipfile.ZipFile(path) as archive:
        for member, info in zip(members, archive.infolist(), strict=True):
            if member.kind == "folder":
                (folder / member.path).mkdir(parents=True, exist_ok=True)
            else:
                with archive.open(info) as source:
                    _save(source, folder / member.path, tick)


def list_tar(path: Path) -> Iterator[Member]:
    """List a .tar, compressed or not."""
    with _open_tar(path) as archive:
        for info in archive:
            yield Member(info.name, _kind_in_tar(info), info.size if info.isfile() else 0)
        _check_end(archive)


def unpack_tar(path: Path, folder: Path, members: Sequence[Member], tick: Tick) -> None:
    """Unpack a .tar: the content alone, without owners, modes or times."""
    with _open_tar(path) as archive:
        for member, info in zip(members, archive, strict=True):
            source = archive.extractfile(info) if member.kind == "file" else None
            if source is None:
                (folder / member.path).mkdir(parents=True, exist_ok=True)
            else:
                _save(source, folder / member.path, tick)


def list_7z(path: Path) -> Iterator[Member]:
    """List a .7z."""
    with load_optional("py7zr", path).SevenZipFile(path) as archive:
        encrypted = archive.needs_password()
        for info in archive.list() if hasattr(archive, "files") else []:
            kind: Kind = "link" if info.is_symlink else "file" if info.is_file else "device"
            yield Member(info.filename, "folder" if info.is_directory else kind, info.uncompressed, encrypted)


def unpack_7z(path: Path, folder: Path, members: Sequence[Member], tick: Tick) -> None:
    """Unpack a .7z; py7zr compares each checksum and sets modes, which are undone here."""
    with load_optional("py7zr", path).SevenZipFile(path) as archive:
        archive.extract(folder)
    _undo_modes(folder)
    tick(sum(member.size for member in members))


def list_rar(path: Path) -> Iterator[Member]:
    """List a .rar of version 4 or 5, with its further volumes if it has them."""
    rarfile = load_optional("rarfile", path)
    blocks: list[Any] = []
    with rarfile.RarFile(path, errors="strict", info_callback=blocks.append) as archive:
        if archive.needs_password() and not archive.infolist():
            yield Member(path.name, "file", encrypted=True)  # even its list is
        for info in archive.infolist():
            link = info.is_symlink() or bool(getattr(info, "file_redir", None))
            kind: Kind = "link" if link else "folder" if info.is_dir() else "file"
            yield Member(info.filename, kind, info.file_size or 0, encrypted=info.needs_password())
    if begins_with(path, RAR5) and not any(b.type == rarfile.RAR_BLOCK_ENDARC for b in blocks):
        raise EOFError("its end is missing")


def unpack_rar(path: Path, folder: Path, members: Sequence[Member], tick: Tick) -> None:
    """Unpack a .rar in this process with unrar2-cffi, or where that is missing with a program that patool finds."""
    try:
        unrar = importlib.import_module("unrar.cffi.unrarlib")
    except ImportError:
        _unpack_with_patool(path, folder)
        tick(sum(member.size for member in members))
        return
    kinds = {member.path: member.kind for member in members}
    with unrar.RarArchive.open_for_processing(path.resolve()) as archive:
        for header in archive.iterate_headers():
            _unpack_rar_member(header, folder, kinds, tick)


def _unpack_rar_member(header: Any, folder: Path, kinds: dict[PurePosixPath, Kind], tick: Tick) -> None:
    target = Member(header.FileNameW, "file").path
    if target not in kinds:
        raise EOFError(f"its list does not show {header.FileNameW!r}")
    if kinds[target] == "folder":
        (folder / target).mkdir(parents=True, exist_ok=True)
        header.skip()
        return
    (folder / target).parent.mkdir(parents=True, exist_ok=True)
    with (folder / target).open("xb") as file:
        header.test(lambda chunk: tick(file.write(chunk)))


def _unpack_with_patool(path: Path, folder: Path) -> None:
    patool = load_optional("patoolib", path)
    try:
        patool.extract_archive(str(path.resolve()), outdir=str(folder), verbosity=-2, interactive=False, format="rar")
    except patool.util.PatoolError as error:
        raise ArchiveError(
            f"{path} cannot be unpacked ({error}); install the pip package unrar2-cffi or the program unrar"
        ) from None
    _undo_modes(folder)


FORMATS = (
    Format(".zip", (b"PK\x03\x04", b"PK\x05\x06"), list_zip, unpack_zip),
    Format(".7z", (b"7z\xbc\xaf\x27\x1c",), list_7z, unpack_7z),
    Format(".rar", (b"Rar!\x1a\x07\x00", RAR5), list_rar, unpack_rar),
    Format(".tar.gz", (b"\x1f\x8b",), list_tar, unpack_tar),
    Format(".tar.bz2", (b"BZh",), list_tar, unpack_tar),
    Format(".tar.xz", (b"\xfd7zXZ\x00",), list_tar, unpack_tar),
    Format(".tar.zst", (ZSTANDARD,), list_tar, unpack_tar),
    Format(".tar", (b"ustar",), list_tar, unpack_tar, offset=257),
)


@contextmanager
def one_line(path: Path) -> Iterator[None]:
    """Turn what the libraries raise on a broken archive into an `ArchiveError`."""
    try:
        yield
    except _errors_of_libraries() as error:
        of_system = isinstance(error, OSError) and error.errno is not None
        advice = "check the disk and its permissions" if of_system else "it may be cut short or damaged: get it again"
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ArchiveError(f"{path} cannot be unpacked ({reason}); {advice}") from None


def load_optional(module: str, path: Path) -> ModuleType:
    """Import a module of the extra `archives`; where it is missing say how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ArchiveError(
            f'{path} needs the package {module}, which is not installed; run `pip install "emospec[archives]"`'
        ) from None


@contextmanager
def _open_tar(path: Path) -> Iterator[tarfile.TarFile]:
    if not begins_with(path, ZSTANDARD):
        with tarfile.open(path) as archive:
            yield archive
        return
    with _zstandard(path).open(path) as stream, tarfile.open(fileobj=stream) as archive:
        yield archive


def _zstandard(path: Path) -> ModuleType:
    try:
        return importlib.import_module("compression.zstd")  # Python 3.14
    except ImportError:
        return load_optional("backports.zstd", path)


def _kind_in_tar(info: tarfile.TarInfo) -> Kind:
    if info.issym() or info.islnk():
        return "link"
    return "folder" if info.isdir() else "file" if info.isfile() else "device"


def _check_end(archive: tarfile.TarFile) -> None:
    """Raise unless the list ended at a block of zeros: tarfile takes a cut or broken header for the end.

    Reading on to the last byte makes the decompressor compare its checksum, which stands there.
    """
    stream = archive.fileobj
    if stream is not None:
        stream.seek(archive.offset)
        if stream.read(BLOCK) != bytes(BLOCK):
            raise EOFError("its end is missing")
        while stream.read(1 << 20):
            pass


def _save(source: IO[bytes], target: Path, tick: Tick) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        while chunk := source.read(1 << 20):
            tick(file.write(chunk))


def _undo_modes(folder: Path) -> None:
    """Give files and folders the modes that new ones have: nothing executable, nothing that cannot be removed."""
    for parent, folders, names in os.walk(folder):
        for name in folders:
            if not Path(parent, name).is_symlink():
                Path(parent, name).chmod(0o755)
        for name in names:
            if not Path(parent, name).is_symlink():
                Path(parent, name).chmod(0o644)


def _errors_of_libraries() -> tuple[type[Exception], ...]:
    loaded = [(sys.modules.get(module), names) for module, names in ERRORS_OF_EXTRAS.items()]
    extras = [getattr(module, name) for module, names in loaded if module for name in names]
    return (*ERRORS, *extras)


ERRORS: tuple[type[Exception], ...] = (
    *(zipfile.BadZipFile, NotImplementedError),  # the second: a method that zipfile does not know
    *(tarfile.TarError, zlib.error, LZMAError, EOFError, OSError),
)
ERRORS_OF_EXTRAS = {
    "py7zr.exceptions": ("ArchiveError", "PasswordRequired", "AbsolutePathError"),
    "rarfile": ("Error",),
    "unrar.cffi.unrarlib": ("BadRarFile",),
    "backports.zstd": ("ZstdError",),
    "compression.zstd": ("ZstdError",),
}
