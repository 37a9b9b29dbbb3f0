"""Archives: listed and checked before anything is written, then unpacked whole or not at all."""

import shutil
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from emospec.archives.formats import FORMATS, Format, one_line
from emospec.archives.members import check_members, check_written
from emospec.errors import ArchiveError
from emospec.files import check_new_folder, expand_home, whole_folder


class Extraction(NamedTuple):
    """What came out of an archive."""

    files: int
    bytes: int


def extract(archive: str | Path, out: str | Path, *, progress: bool = False) -> Extraction:
    """Unpack a .zip, .tar (plain or compressed), .7z or .rar into a new folder.

    Parameters
    ----------
    archive : path
        Its kind is told by its content; the suffix does not matter.
    out : path
        Absent or an empty folder; it takes its name when the last file is written.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    Extraction
        The number of files and of their bytes.

    Raises
    ------
    ArchiveError
        If a member is absolute, leads outside by `..`, is a link or a device, or clashes with another; if the
        archive is encrypted, cut short, of an unknown kind or larger than the disk; if a package is missing.
    EmospecError
        If `out` cannot be a new folder, such as one that is not empty.
    """
    archive, out = expand_home(archive), expand_home(out)
    kind = _find_format(archive)
    check_new_folder(out)
    with one_line(archive):
        members = check_members(kind.listed(archive), archive, free=_free_bytes(out))
    files = [member for member in members if member.kind == "file"]
    total = sum(member.size for member in files)
    bar = tqdm(desc=archive.name, total=total, unit="B", unit_scale=True, disable=not progress)
    with whole_folder(out) as folder, bar:
        with one_line(archive):
            kind.unpack(archive, folder, members, bar.update)
        check_written(folder, members, archive)
    return Extraction(len(files), total)


def _find_format(archive: Path) -> Format:
    if not archive.is_file():
        what = "is a folder" if archive.is_dir() else "does not exist"
        raise ArchiveError(f"{archive} {what}; expected an archive")
    with one_line(archive):
        kind = next((kind for kind in FORMATS if kind.matches(archive)), None)
    if kind is None:
        raise ArchiveError(
            f"{archive} is no archive of a known kind, by its content; "
            f"expected {', '.join(known.name for known in FORMATS)}; was the download complete?"
        )
    return kind


def _free_bytes(out: Path) -> int:
    existing = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists())
    return shutil.disk_usage(existing).free
