"""What a file of answers holds already, so that a run that was interrupted goes on where it stopped."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from emospec.errors import ConfigError
from emospec.files import make_folder, read_json, whole_file
from emospec.predict_formats import Origin, Row, as_csv, csv_columns

BEGINNING = "0.0"  # where the first row of each recording starts


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
    """Yield the records in a file; an answer that was cut short at its end is removed, anything else left alone."""
    end = 0
    with path.open("rb+") as file:
        for line in file:
            if not line.endswith(b"\n"):
                if not _is_cut_short(line.decode(errors="replace"), model, is_first=not end):
                    raise _foreign(path)
                file.truncate(end)
                break
            yield _parsed(line, path)
            end += len(line)


def _is_cut_short(text: str, model: str, *, is_first: bool) -> bool:
    """Tell whether text is the beginning of a record of ours; the first one of a file has to state the model."""
    begun, stated = '{"path": "', f'", "model": {json.dumps(model, ensure_ascii=False)}, "settings": '
    path = re.match(re.escape(begun) + r'([^"\\]|\\.)*\\?', text)
    if path is None:
        return not is_first and begun.startswith(text)
    rest = text[path.end() :]
    return rest.startswith(stated) or (not is_first and stated.startswith(rest))


def _parsed(line: bytes, path: Path) -> Any:
    try:
        return json.loads(line)
    except ValueError:
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
    document = read_json(path)
    if not isinstance(document, dict) or document.keys() != {"model", "classes", "recordings"}:
        raise _foreign(path)
    if not isinstance(document["recordings"], list):
        raise _foreign(path)
    _check_origin(document["model"], None, path, origin)
    for record in document["recordings"]:
        _checked_name(record, path, origin)
        yield as_written(json.dumps(record, ensure_ascii=False)) + "\n"


def kept_rows(path: Path, origin: Origin) -> set[str]:
    """Return the recordings in a CSV file; the last one is removed from it if its rows were cut short.

    An older file gets the column of the settings, which stays empty for what it holds.
    """
    text = path.read_bytes().decode("utf-8", errors="replace")
    header, *rows = list(csv.reader(io.StringIO(text, newline=""))) or [[]]
    columns = csv_columns(origin.classes)
    if header not in (columns, columns[:-1]):
        raise _foreign(path)
    whole = _whole_rows(rows, len(header), text.endswith("\n"))
    if any(len(row) != len(header) for row in whole):
        raise _foreign(path)
    filled = [row + [""] * (len(columns) - len(header)) for row in whole]
    for row in filled:
        _check_origin(row[-2], row[-1], path, origin)
    if len(whole) < len(rows) or header != columns or not text.endswith("\n"):
        with whole_file(path) as temporary:
            temporary.write_text(as_csv([columns, *filled]), encoding="utf-8", newline="")
    return {row[0] for row in whole}


def _whole_rows(rows: list[Row], width: int, is_ended: bool) -> list[Row]:
    """Return rows without those of a recording in the midst of which the writing stopped."""
    if not rows or (is_ended and len(rows[-1]) == width):
        return rows
    before = rows[:-1]
    last = before[-1][:1] if before else None
    while before and before[-1][:1] == last:
        if before.pop()[1:2] == [BEGINNING]:
            break  # standard input may have been heard several times
    return before


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
