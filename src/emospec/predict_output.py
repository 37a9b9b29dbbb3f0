"""Where answers go: line by line, so that an interruption loses none, or whole; what is there can be gone on with."""

import io
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Literal, Protocol, TextIO

from emospec.errors import ConfigError
from emospec.files import make_folder, whole_file, write_text
from emospec.hearing import Heard
from emospec.predict_formats import Origin, as_csv, as_json, as_rows, as_srt, as_text, csv_columns
from emospec.predict_resume import as_written, check_subtitles, kept_lines, kept_records, kept_rows, note_subtitles
from emospec.sources import STANDARD_INPUT

Format = Literal["text", "json", "jsonl", "csv", "srt"]
SUFFIXES: dict[str, Format] = {".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".srt": "srt"}

SUBTITLES = ".emospec.jsonl"  # in a folder of subtitles, which cannot say themselves where they come from
LONGEST_STEM = 150  # bytes of a file's name


class Output(Protocol):
    """Takes answers; `has` tells whether one is there already."""

    def has(self, name: str) -> bool:
        """Tell whether the answer on a recording need not be given again."""

    def write(self, heard: Heard) -> None:
        """Take what was heard in a recording."""


class Lines:
    """Answers that are appended to a file, each with a single write."""

    def __init__(self, file: TextIO, render: Callable[[Heard], str], done: set[str]) -> None:
        self._file, self._render, self._done = file, render, done
        self.n_written = 0

    def has(self, name: str) -> bool:
        """Tell whether the file held the answer when it was opened; what comes by standard input is always new."""
        return name != STANDARD_INPUT and as_written(name) in self._done

    def write(self, heard: Heard) -> None:
        """Append an answer, at once."""
        self.n_written += 1
        self._file.write(self._render(heard))
        self._file.flush()


class Subtitles:
    """A file of subtitles for each recording, written whole; a list in their folder says where they come from."""

    def __init__(self, paths: dict[str, Path], origin: Origin, listed_in: Path | None) -> None:
        self._paths, self._origin, self._list = paths, origin, listed_in

    def has(self, name: str) -> bool:
        """Tell whether the file of a recording exists."""
        return self._paths[name].exists()

    def write(self, heard: Heard) -> None:
        """Write the file of a recording."""
        path = self._paths[heard.name]
        if self._list:
            note_subtitles(self._list, path, self._origin)
        write_text(as_srt(heard), path)


def format_for(out: Path | None, named: Format | None) -> Format:
    """Return the format that was named, or that the suffix of the file says."""
    return named or SUFFIXES.get(out.suffix.lower() if out else "", "text")


def open_output(
    out: Path | None, kind: Format, origin: Origin, names: Sequence[str], *, resume: bool
) -> AbstractContextManager[Output]:
    """Open where the answers on recordings go.

    Parameters
    ----------
    out : Path, optional
        A file, or a folder for the subtitles of several recordings; standard output unless given.
    names : sequence of str
        The recordings.
    resume : bool
        Go on with a file that exists; else it is refused.

    Raises
    ------
    ConfigError
        If it exists and isn't to be gone on with, cannot be, or is of another model or other settings.
    """
    if resume and (out is None or kind == "text"):
        raise ConfigError("--resume needs --out with a file that can be read back: .jsonl, .csv, .json or .srt")
    if kind == "srt" and (out or len(names) > 1):
        return nullcontext(_subtitles(out, names, origin, resume=resume))
    if out is None:
        return _printed(kind, origin)
    if out.is_dir():
        raise ConfigError(f"{out} is a folder; name a file for the answers")
    if not resume:
        _check_new(out)
    elif out.exists() and not os.access(out, os.R_OK | os.W_OK):
        raise ConfigError(f"{out} cannot be gone on with, since you may not read and write it; name another file")
    make_folder(out.parent)
    return _document(out, origin) if kind == "json" else _appended(out, kind, origin, names)


def _check_new(out: Path) -> None:
    if out.exists():
        raise ConfigError(f"{out} exists already; add --resume to go on with it, or name another file")
    if journal_of(out).exists():
        raise ConfigError(
            f"{out} was begun before and is unfinished (its answers are in {journal_of(out)}); add --resume to go on "
            "with it, or name another file"
        )


def _subtitles(out: Path | None, names: Sequence[str], origin: Origin, *, resume: bool) -> Subtitles:
    if out is None:
        raise ConfigError("subtitles of several recordings are several files; name a folder for them with --out")
    is_file = len(names) == 1 and not out.is_dir()
    paths = {names[0]: out} if is_file else files_for(names, out, ".srt")
    check_not_there(paths, "add --resume to go on, or name another place", resume=resume)
    listed_in = None if is_file else out / SUBTITLES
    if listed_in:
        check_subtitles(listed_in, paths.values(), origin)
    return Subtitles(paths, origin, listed_in)


def check_not_there(paths: Mapping[str, Path], what_to_do: str, *, resume: bool) -> None:
    """Raise if the file of a recording exists and isn't gone on with; what comes by standard input is always new."""
    checked = [path for name, path in paths.items() if name == STANDARD_INPUT or not resume]
    found = next((path for path in checked if path.exists()), None)
    if found and resume:
        raise ConfigError(f"{found} exists already, and standard input is new each time; name another place")
    if found:
        raise ConfigError(f"{found} exists already; {what_to_do}")


def files_for(names: Sequence[str], folder: Path, suffix: str) -> dict[str, Path]:
    """Return a file in `folder` for each recording: by its name, numbered where two have the same.

    >>> [path.name for path in files_for(["a/x.wav", "b/x.mp3", "../.."], Path("out"), ".srt").values()]
    ['x.srt', 'x-2.srt', 'recording.srt']
    """
    counts: Counter[str] = Counter()
    stems: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        stem = numbered = _stem_of(name)
        while numbered.lower() in taken:  # by another recording of that name, or one that is called so by itself
            counts[stem.lower()] += 1
            numbered = f"{stem}-{counts[stem.lower()] + 1}"
        taken.add(numbered.lower())
        stems[name] = numbered
    return {name: folder / f"{stem}{suffix}" for name, stem in stems.items()}


def _stem_of(name: str) -> str:
    stem = "".join(each if each.isprintable() and each not in '\\/:*?"<>|' else "_" for each in Path(name).stem)
    return stem.strip(". ").encode()[:LONGEST_STEM].decode(errors="ignore") or "recording"


def _render(kind: Format, origin: Origin) -> Callable[[Heard], str]:
    """Return how a format writes an answer."""
    return {
        "text": as_text,
        "srt": as_srt,
        "csv": lambda heard: as_csv(as_rows(heard, origin)),
    }.get(kind, lambda heard: as_json(heard, origin) + "\n")


@contextmanager
def _printed(kind: Format, origin: Origin) -> Iterator[Output]:
    """Print answers as they come; JSON as a list of them, once they are all there."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may hold bytes that are no text
    if kind == "csv":
        print(as_csv([csv_columns(origin.classes)]), end="")
    if kind != "json":
        yield Lines(sys.stdout, _render(kind, origin), set())
        return
    records = io.StringIO()
    yield Lines(records, _render("jsonl", origin), set())
    sys.stdout.writelines(document(records.getvalue().split("\n")[:-1], origin))


@contextmanager
def _appended(out: Path, kind: Format, origin: Origin, names: Sequence[str] = ()) -> Iterator[Output]:
    done: set[str] = set()
    is_new = not out.exists()
    if is_new:
        write_text(as_csv([csv_columns(origin.classes)]) if kind == "csv" else "", out)
    elif kind == "csv":
        done = kept_rows(out, origin, names)
    elif kind == "jsonl":
        done = kept_lines(out, origin)
    with out.open("a", encoding="utf-8", errors="backslashreplace", newline="") as file:
        lines = Lines(file, _render(kind, origin), done)
        try:
            yield lines
        finally:
            if is_new and not lines.n_written:
                out.unlink()  # or the next try would be refused for a file without an answer


@contextmanager
def _document(out: Path, origin: Origin) -> Iterator[Output]:
    """Append answers to a journal beside the document, which is made of it when all are there."""
    journal = journal_of(out)
    if out.exists() and not journal.exists():
        write_text("".join(kept_records(out, origin)), journal)
    with _appended(journal, "jsonl", origin) as lines:
        yield lines
    if not journal.exists():
        return  # nothing was heard
    with (
        whole_file(out) as temporary,
        temporary.open("w", encoding="utf-8") as file,
        journal.open(encoding="utf-8") as lines,
    ):
        file.writelines(document(lines, origin))
    journal.unlink()


def journal_of(out: Path) -> Path:
    """Return where the answers of a JSON document are kept until all are there."""
    return out.with_name(f".{out.name}.unfinished")


def document(lines: Iterable[str], origin: Origin) -> Iterator[str]:
    """Yield a JSON document around records that are lines of JSON."""
    yield f'{{"model": {json.dumps(origin.model)}, "classes": {json.dumps(list(origin.classes))}, "recordings": ['
    for number, line in enumerate(lines):
        yield f"{',' if number else ''}\n  {line.rstrip()}"
    yield "\n]}\n"
