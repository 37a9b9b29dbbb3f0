"""What an archive says that it holds, checked before anything is written and once more after."""

import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Literal

from emospec.errors import ArchiveError
from emospec.files import way_out

Kind = Literal["file", "folder", "link", "device"]

REFUSED_KINDS = {"link": "is a link", "device": "is a device, a pipe or a socket"}


@dataclass(frozen=True)
class Member:
    """One entry of an archive as its list has it; `size` counts bytes once unpacked."""

    name: str
    kind: Kind
    size: int = 0
    encrypted: bool = False

    @cached_property
    def path(self) -> PurePosixPath:
        """Where the member goes, relative to the folder that is filled."""
        return PurePosixPath(*[part for part in re.split(r"[/\\]", self.name) if part not in ("", ".")])


def kind_of_mode(mode: int, *, folder: bool) -> Kind:
    """Return the kind that a Unix mode tells; without a type in it (made on Windows) `folder` decides."""
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_IFMT(mode) and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return "device"
    return "folder" if folder or stat.S_ISDIR(mode) else "file"


def check_members(members: Iterable[Member], archive: Path, *, free: int) -> list[Member]:
    """Return the members of an archive if all of them can be unpacked safely.

    Parameters
    ----------
    members : iterable of Member
        Read one by one, so that a bomb is refused before the rest of the list is unpacked.
    free : bytes
        What the disk has left.

    Raises
    ------
    ArchiveError
        At the first member that is absolute, leads outside by `..`, is a link or a device, is encrypted or clashes
        with another one; if they need more room than there is; if there is no file at all.
    """
    checked: list[Member] = []
    kinds: dict[PurePosixPath, Kind] = {}
    total = 0
    for member in members:
        _check_member(member, archive)
        _check_clash(member, kinds, archive)
        total += member.size
        if total > free:
            raise _too_large(archive, total, free)
        checked.append(member)
    if not any(member.kind == "file" for member in checked):
        raise ArchiveError(f"{archive} holds no files; was it packed or downloaded completely?")
    return checked


def check_written(folder: Path, members: Sequence[Member], archive: Path) -> None:
    """Raise unless `folder` holds what the list of the archive announced, and no link."""
    found: dict[PurePosixPath, int] = {}
    for parent, folders, names in os.walk(folder):
        for path in (Path(parent, name) for name in (*folders, *names)):
            if path.is_symlink():
                raise ArchiveError(f"{archive} made a link, {path.name!r}, that its list did not show; it is not safe")
        found |= {PurePosixPath(Path(parent, n).relative_to(folder).as_posix()): _size(Path(parent, n)) for n in names}
    expected = {member.path: member.size for member in members if member.kind == "file"}
    wrong = sorted(str(path) for path in found.keys() | expected.keys() if found.get(path) != expected.get(path))
    if wrong:
        raise ArchiveError(
            f"{archive}: {wrong[0]!r} did not come out as the archive lists it ({len(wrong):,} such files); "
            "it may be cut short or damaged: get it again"
        )


def _check_member(member: Member, archive: Path) -> None:
    reason = _refusal(member)
    if reason:
        raise ArchiveError(
            f"{archive} is not safe to unpack: its member {member.name!r} {reason}; "
            "nothing was written; get the archive from its owners"
        )
    if member.encrypted:
        raise ArchiveError(
            f"{archive} is encrypted ({member.name!r}); expected an archive without a password; "
            "unpack it with the program that asks for the password"
        )


def _refusal(member: Member) -> str | None:
    name = member.name
    if out := way_out(name):
        return out
    if "\0" in name:
        return "has a NUL in its name"
    if member.kind != "folder" and not member.path.parts:
        return "has no name"
    return REFUSED_KINDS.get(member.kind)


def _check_clash(member: Member, kinds: dict[PurePosixPath, Kind], archive: Path) -> None:
    for folder in member.path.parents[:-1]:
        if kinds.setdefault(folder, "folder") != "folder":
            raise _clash(archive, folder, "is a file and a folder")
    known = kinds.get(member.path)
    if known == member.kind == "file":
        raise _clash(archive, member.path, "is there twice")
    if known not in (None, member.kind):
        raise _clash(archive, member.path, "is a file and a folder")
    kinds[member.path] = member.kind


def _clash(archive: Path, path: PurePosixPath, how: str) -> ArchiveError:
    return ArchiveError(f"{archive}: {str(path)!r} {how}, so one would overwrite the other; nothing was written")


def _size(path: Path) -> int:
    return path.lstat().st_size


def _too_large(archive: Path, total: int, free: int) -> ArchiveError:
    return ArchiveError(
        f"{archive} unpacks to at least {total / 1e9:,.1f} GB, and the disk has {free / 1e9:,.1f} GB left; "
        "make room or name a folder on another disk"
    )
