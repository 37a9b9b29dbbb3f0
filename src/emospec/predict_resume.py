"""What a file of answers holds already, so that a run that was interrupted goes on where it stopped."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path
from typing import Any, NamedTuple

from emospec.errors import ConfigError
from emospec.files import make_folder, whole_file
from emospec.predict_formats import Origin, Row, as_csv, csv_columns

BEGINNING = "0.0"  # where the first row of each recording starts
UTF_8 = codecs.getincrementaldecoder("utf-8")
NUMBER, BEGUN_NUMBER = re.compile(r"(-?\d+(\.\d+)?(e[-+]?\d+)?)?"), re.compile(r"[-+.e\d]*")


def as_written(text: str) -> str:
    r"""Return text as files of answers hold it: bytes of a name that are no text are escaped.

    >>> as_written("caf\udce9")
    'caf\\udce9'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def kept_lines(path: Path, origin: Origin) -> set[str]:
    """Return the recordings in a file of JSON lines; a last line that was cut short is removed from it.

    Raises
    ------
    ConfigError
        If it is no such file, or of another model or other settings.
    """
    return {as_written(_checked_name(record, path, origin)) for record in _records_in(path, origin.model)}


def _records_in(path: Path, model: str) -> Iterator[Any]:
    """Yield the records in a file; one that was cut short at its end is removed, anything else left alone."""
    end = 0
    with path.open("rb+") as file:
        for line in file:
            if not line.endswith(b"\n") and _is_cut_short(line, model, is_first=not end):
                file.truncate(end)
                return
            yield _parsed(line, path)
            end += len(line)
        if end and not line.endswith(b"\n"):
            file.write(b"\n")  # the answer is whole but for that


def _is_cut_short(line: bytes, model: str, *, is_first: bool) -> bool:
    """Tell whether a line is the beginning of a record of ours; the first one of a file has to state the model."""
    text = line.decode(errors="replace")
    begun, stated = '{"path": "', f'", "model": {json.dumps(model, ensure_ascii=False)}, '
    path = re.match(re.escape(begun) + r'([^"\\]|\\.)*\\?', text)
    if path is None:
        return not is_first and begun.startswith(text)
    rest = text[path.end() :]
    return not _begins_whole(text) and (rest.startswith(stated) or (not is_first and stated.startswith(rest)))


def _begins_whole(text: str) -> bool:
    """Tell whether text begins with a whole value: what stands behind it is none of ours."""
    try:
        json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _parsed(line: bytes, path: Path) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise _foreign(path) from None


def _checked_name(record: Any, path: Path, origin: Origin) -> str:
    name = _name_in(record, path)
    _check_origin(record.get("model"), record.get("settings"), path, origin)
    return name


def _name_in(record: Any, path: Path) -> str:
    if not isinstance(record, dict) or not isinstance(record.get("path"), str):
        raise _foreign(path)
    return str(record["path"])


def _check_origin(model: Any, settings: Any, path: Path, origin: Origin) -> None:
    if not isinstance(model, str):
        raise _foreign(path)
    if model != origin.model:
        raise ConfigError(f"{path} holds answers of the model {model}, not of {origin.model}; name another file")
    if settings and settings != origin.settings:  # older files don't state them
        raise ConfigError(
            f"{path} holds answers made with {settings}, not with {origin.settings}; go on with the former, or name "
            "another file"
        )


def _foreign(path: Path) -> ConfigError:
    return ConfigError(f"{path} was not written by `emospec predict` in this format; name another file")


def kept_records(path: Path, origin: Origin) -> Iterator[str]:
    """Yield the records of a JSON file as lines."""
    document = _parsed(path.read_bytes(), path)
    if not isinstance(document, dict) or document.keys() != {"model", "classes", "recordings"}:
        raise _foreign(path)
    if not isinstance(document["recordings"], list):
        raise _foreign(path)
    _check_origin(document["model"], None, path, origin)
    for record in document["recordings"]:
        _checked_name(record, path, origin)
        yield as_written(json.dumps(record, ensure_ascii=False)) + "\n"


def kept_rows(path: Path, origin: Origin, names: Iterable[str]) -> set[str]:
    """Return the recordings in a CSV file; the last one is removed from it if its rows were cut short.

    An older file gets the column of the settings, which stays empty for what it holds.

    Parameters
    ----------
    names : iterable of str
        The recordings that are asked for now: a row that ends within its path is ours if it is one of theirs.
    """
    content, columns = path.read_bytes(), csv_columns(origin.classes)
    header, *rows = _cells_of(content, path)
    if header not in (columns, columns[:-1]):
        raise _foreign(path)
    _check_rows(rows[:-1], header, path, origin)  # the last may be cut short
    whole = _whole_rows(rows, Table(header, origin, set(map(as_written, names))), is_ended=content.endswith(b"\n"))
    if whole is None:
        raise _foreign(path)
    _check_rows(whole, header, path, origin)
    filled = [row + [""] * (len(columns) - len(header)) for row in whole]
    if len(whole) < len(rows) or header != columns or not content.endswith(b"\n"):
        with whole_file(path) as temporary:
            temporary.write_text(as_csv([columns, *filled]), encoding="utf-8", newline="")
    return {row[0] for row in whole}


def _check_rows(rows: Iterable[Row], columns: Sequence[str], path: Path, origin: Origin) -> None:
    for row in rows:
        if len(row) != len(columns):
            raise _foreign(path)
        stated = dict(zip(columns, row, strict=True))
        _check_origin(stated["model"], stated.get("settings"), path, origin)


def _cells_of(content: bytes, path: Path) -> list[Row]:
    text = UTF_8("replace").decode(content)  # a letter that was cut short at the end is left out
    try:
        return list(csv.reader(io.StringIO(text, newline=""))) or [[]]
    except csv.Error:  # a cell of more than 128 KiB
        raise _foreign(path) from None


class Table(NamedTuple):
    """A CSV file of answers: its columns, what its rows state, and the recordings that are asked for now."""

    columns: Sequence[str]
    origin: Origin
    names: Set[str]

    def is_whole(self, row: Row) -> bool:
        """Tell whether a row lacks nothing but the end of its line."""
        named = zip(self.columns[1:], row[1:], strict=False)
        return len(row) == len(self.columns) and all(self._holds(*each) for each in named)

    def has_begun(self, row: Row) -> bool:
        """Tell whether cells are the beginning of a row, the last of them perhaps cut short."""
        if len(row) < 2:
            return any(name.startswith(cell) for name in self.names for cell in row)
        *before, cut = zip(self.columns[1:], row[1:], strict=False)
        return len(row) <= len(self.columns) and all(self._holds(*each) for each in before) and self._begins(*cut)

    def goes_on(self, row: Row, before: Row) -> bool:
        """Tell whether the beginning of a row belongs to the recording of the row before."""
        if len(row) > 2 and row[1] == BEGINNING:  # standard input may have been heard several times
            return False
        return row[0] == before[0] if len(row) > 1 else before[0] in self.names and before[0].startswith(row[0])

    def _words(self, column: str) -> Sequence[str] | None:
        """Return what a column may hold; None if it holds numbers."""
        of_answers = {"emotion": (*self.origin.classes, ""), "uncertain": ("true", "false")}
        return (of_answers | {"model": (self.origin.model,), "settings": (self.origin.settings,)}).get(column)

    def _holds(self, column: str, cell: str) -> bool:
        words = self._words(column)
        return bool(NUMBER.fullmatch(cell)) if words is None else cell in words

    def _begins(self, column: str, cell: str) -> bool:
        words = self._words(column)
        return bool(BEGUN_NUMBER.fullmatch(cell)) if words is None else any(word.startswith(cell) for word in words)


def _whole_rows(rows: list[Row], table: Table, *, is_ended: bool) -> list[Row] | None:
    """Return rows without those of a recording in the midst of which the writing stopped; None if the last is foreign.

    A whole row without the end of its line stays unless its recording is heard again: it may not be the last one of it.
    """
    if not rows or (is_ended and len(rows[-1]) == len(table.columns)):
        return rows
    *before, last = rows
    if table.is_whole(last) and last[0] not in table.names:
        return rows
    within_quotes = len(last) == 1 and last[0].endswith(("\n", "\r"))
    if not table.has_begun(last) or (is_ended and not within_quotes):
        return None
    return _without_last(before) if before and before[-1] and table.goes_on(last, before[-1]) else before


def _without_last(rows: list[Row]) -> list[Row]:
    """Return rows without those of the last recording."""
    kept, last = list(rows), rows[-1][0]
    while kept and kept[-1][:1] == [last] and kept.pop()[1:2] != [BEGINNING]:
        pass
    return kept


def note_subtitles(listed_in: Path, path: Path, origin: Origin) -> None:
    """Add to a list where a file of subtitles comes from."""
    make_folder(listed_in.parent)
    with listed_in.open("a", encoding="utf-8") as file:
        record = {"path": path.name, "model": origin.model, "settings": origin.settings}
        file.write(json.dumps(record, ensure_ascii=False) + "\n")


def check_subtitles(listed_in: Path, paths: Iterable[Path], origin: Origin) -> None:
    """Raise if files of subtitles that exist are of another model or other settings, as far as a list tells.

    Raises
    ------
    ConfigError
        With the first of them.
    """
    if not listed_in.exists():
        return
    listed = {_name_in(record, listed_in): record for record in _records_in(listed_in, origin.model)}
    for path in (each for each in paths if each.name in listed and each.exists()):
        _checked_name(listed[path.name], path, origin)
