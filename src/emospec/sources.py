"""Which recordings a user means: files, folders, patterns, lists, standard input."""

import codecs
import glob
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from emospec.errors import ConfigError
from emospec.files import expand_home

STANDARD_INPUT = "-"
SUFFIXES = frozenset({
    ".3gp", ".aac", ".ac3", ".aif", ".aiff", ".amr", ".ape", ".au", ".avi", ".caf", ".flac", ".flv", ".m4a", ".m4b",
    ".m4v", ".mka", ".mkv", ".mov", ".mp2", ".mp3", ".mp4", ".mpeg", ".mpg", ".mts", ".oga", ".ogg", ".opus", ".ts",
    ".w64", ".wav", ".weba", ".webm", ".wma", ".wmv", ".wv",
})  # fmt: skip

MARKS = (  # the one of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def named_recordings(names: Iterable[str], listed: Iterable[str] = ()) -> list[str]:
    """Return the recordings that names stand for, each once, in the order of the names.

    Parameters
    ----------
    names : iterable of str
        Files; folders, which stand for the recordings in them, by the suffixes of their names, at any depth; patterns
        such as `talks/**/*.wav`, where no file is called so; `-` is standard input. Addresses are no patterns.
    listed : iterable of str
        Further names, which are no patterns: those of a list, see `listed_names`.

    Raises
    ------
    ConfigError
        If a folder or a pattern stands for none, or there are no names.
    """
    meant = [*map(_meant_by, names), *(_meant_by(name, patterns=False) for name in listed)]
    found = dict.fromkeys(chain.from_iterable(meant))
    if not found:
        raise ConfigError("no recordings are named; expected files, folders, patterns such as '*.wav', or - for input")
    return list(found)


def _meant_by(name: str, *, patterns: bool = True) -> Iterator[str]:
    path = Path(name) if os.path.lexists(name) else expand_home(name)
    if name == STANDARD_INPUT or os.path.isfile(path):  # noqa: PTH113 - Path.is_file fails for names that are too long
        yield str(path)
    elif os.path.isdir(path):  # noqa: PTH112
        yield from _or_refused(_in_folder(path), f"folder {name} holds no recordings ({', '.join(sorted(SUFFIXES))})")
    elif patterns and glob.has_magic(name) and "://" not in name:
        matching = (each for each in sorted(glob.glob(str(path), recursive=True)) if Path(each).is_file())  # noqa: PTH207
        # Brackets alone are more likely part of a name, whose file is missing.
        yield from _or_refused(matching, f"no file matches {name}") if set(name) & set("*?") else _or(name, matching)
    else:
        yield str(path)  # what is missing is told in its turn, as all that cannot be used


def _in_folder(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.suffix.lower() in SUFFIXES and path.is_file() and not any(p.startswith(".") for p in inside.parts):
            yield str(path)


def _or(name: str, paths: Iterator[str]) -> Iterator[str]:
    yield next(paths, name)
    yield from paths


def _or_refused(paths: Iterator[str], problem: str) -> Iterator[str]:
    first = next(paths, None)
    if first is None:
        raise ConfigError(f"{problem}; is the path right?")
    yield first
    yield from paths


def listed_names(path: Path) -> list[str]:
    """Return the names in a text file, one a line, or divided by zero bytes as `find -print0` does; `-` is the input.

    The text is UTF-8, or UTF-16 or UTF-32 with a byte order mark, as PowerShell's `>` writes it. Bytes that are no
    UTF-8 are taken as they are, since names may hold any.

    Raises
    ------
    ConfigError
        If the file cannot be read, or its encoding isn't certain: names that nobody listed must not be heard.
    """
    try:
        content = sys.stdin.buffer.read() if str(path) == STANDARD_INPUT else path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"list {path} cannot be read ({error.strerror}); expected a text file with a path a line"
        ) from None
    text = _decoded(content, path)
    names = text.split("\0") if "\0" in text else text.replace("\r\n", "\n").split("\n")
    whole = (name.removeprefix("\ufeff") for name in names)  # where lists were joined
    return [name for name in whole if name.strip()]


def _decoded(content: bytes, path: Path) -> str:
    encoding = next((encoding for mark, encoding in MARKS if content.startswith(mark)), "utf-8-sig")
    if encoding == "utf-8-sig" and _is_in_two_bytes(content):
        raise ConfigError(
            f"list {path} is neither UTF-8 nor UTF-16 with a byte order mark; expected a text file: save it as UTF-8"
        )
    try:
        return content.decode(encoding, errors="surrogateescape" if encoding == "utf-8-sig" else "strict")
    except UnicodeDecodeError:
        raise ConfigError(f"list {path} begins as {encoding.upper()} and goes on otherwise; save it as UTF-8") from None


def _is_in_two_bytes(content: bytes) -> bool:
    """Tell whether zeros are halves of letters: between names they leave no letter alone, and end no line."""
    parts = content.split(b"\0")
    at_an_end = b"\n\0" in content or b"\0\n" in content
    return at_an_end or (len(parts) > 1 and any(len(part) == 1 and part != b"." for part in parts))
