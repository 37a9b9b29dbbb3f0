"""Files and folders that are written whole or not at all."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emospec.errors import EmospecError

LFS_POINTER = b"version https://git-lfs.github.com/spec/v1"  # how a Git-LFS pointer to a file begins


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which takes its name only if the block succeeds.

    The temporary name keeps the suffix, since many writers choose their format by it.

    Raises
    ------
    EmospecError
        If there can be no such file, as where its folder is a file or may not be written.
    """
    make_folder(path.parent)
    with _in_one_line(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with _in_one_line(path):
            temporary.chmod(0o644)  # mkstemp makes files that nobody else can read
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`, which takes its name only if the block succeeds.

    Raises
    ------
    EmospecError
        If `path` cannot be a new folder; see `check_new_folder`.
    """
    check_new_folder(path)
    real = real_path(path)
    with _in_one_line(path):
        real.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{real.name}-", dir=real.parent))
    try:
        yield temporary
        with _in_one_line(path):
            temporary.chmod(0o755)
            if real.exists():
                real.rmdir()
            temporary.replace(real)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_new_folder(path: Path) -> None:
    """Raise unless a folder can take the name `path`: nothing that exists is overwritten.

    Raises
    ------
    EmospecError
        If `path` is a file, a folder that is not empty, a mounted disk or the working directory, which would go away
        under the user's feet; or if it lies in a file, or in a folder that may not be written.
    """
    with _in_one_line(path):
        real = real_path(path)
        if real.exists():
            _check_empty(path, real)
        _check_place(path, real.parents)


def _check_empty(path: Path, real: Path) -> None:
    if not real.is_dir():
        raise EmospecError(f"{path} is a file; name a new folder")
    if any(real.iterdir()):
        raise EmospecError(f"{path} exists already and is not empty; name a new folder, or remove this one first")
    if real == real_path(Path()):
        raise EmospecError(f"{path} is the folder that you are in; name a new folder")
    if os.path.ismount(real):
        raise EmospecError(f"{path} is where a disk is mounted; name a new folder inside it")


def _check_place(path: Path, folders: Iterable[Path]) -> None:
    """Raise unless the first of `folders` that exists can take something new."""
    place = next(folder for folder in folders if folder.exists())
    if not place.is_dir():
        raise EmospecError(f"{path} cannot be written, since {place} is a file; name another place")
    if not os.access(place, os.W_OK | os.X_OK):
        raise EmospecError(f"{path} cannot be written, since you may not write to {place}; name another place")


@contextmanager
def _in_one_line(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmospecError(f"{path} cannot be written ({error.strerror}); name another place") from None


def make_folder(path: Path) -> None:
    """Make a folder with its parents, unless it is there; where that cannot be is an `EmospecError`."""
    with _in_one_line(path):
        _check_place(path, (path.absolute(), *path.absolute().parents))
        path.mkdir(parents=True, exist_ok=True)


def way_out(name: str) -> str | None:
    """Say how a name that was read somewhere leads out of the folder that it is meant for; None if it doesn't.

    >>> way_out("AudioWAV/a.wav"), way_out("AudioWAV/../../a.wav")
    (None, "leads outside the folder by '..'")
    """
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        return "has an absolute path"
    return "leads outside the folder by '..'" if ".." in re.split(r"[/\\]", name) else None


def real_path(path: Path) -> Path:
    """Return where a path leads: absolute, with links followed and without `..`."""
    return Path(os.path.realpath(path))


def expand_home(path: str | Path) -> Path:
    """Replace `~` by the user's home and `~name` by that of another; an unknown one is an `EmospecError`."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise EmospecError(f"{path}: no such user; if this begins with ~ by its name, give its whole path") from None


def write_text(text: str, path: Path) -> None:
    """Write UTF-8 text to `path`, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(value: Any, path: Path) -> None:
    """Write `value` as indented JSON to `path`, whole or not at all; NaN is refused, since JSON has none."""
    write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", path)


def read_json(path: Path) -> Any:
    """Read JSON; a missing or broken file is an `EmospecError` that names it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EmospecError(f"{path} does not exist; is {path.parent} the right folder?") from None
    except (ValueError, OSError, RecursionError) as error:
        raise EmospecError(f"{path} cannot be read as JSON ({error}); it may be cut short: make it again") from None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
