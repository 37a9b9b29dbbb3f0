"""What a file of answers holds already, so that a run that was interrupted goes on where it stopped."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from emospec.errors import ConfigError
from emospec.files import read_json, whole_file
from emospec.predict_formats import Row, as_csv, csv_columns

BEGINNING = "0.0"  # where the first row of each recording starts


def as_written(text: str) -> str:
    r"""Return text as files of answers hold it: bytes of a name that are no text are escaped.

    >>> as_written("caf\udce9")
    'caf\\udce9'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def kept_lines(path: Path, model: str) -> set[str]:
    """Return the recordings in a file of JSON lines; a last line that was cut short is removed from it.

    Raises
    ------
    ConfigError
        If it is no such file, or another model's.
    """
    names, end = set(), 0
    with path.open("rb+") as file:
        for line in file:
            if not line.endswith(b"\n"):
                file.truncate(end)
                break
            names.add(as_written(_checked_name(_parsed(line, path), path, model)))
            end += len(line)
    return names


def _parsed(line: bytes, path: Path) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise _foreign(path) from None


def _checked_name(record: Any, path: Path, model: str) -> str:
    if not isinstance(record, dict) or not isinstance(record.get("path"), str):
        raise _foreign(path)
    _check_model(record.get("model"), path, model)
    return str(record["path"])


def _check_model(found: Any, path: Path, model: str) -> None:
    if found != model:
        raise ConfigError(f"{path} holds answers of the model {found}, not of {model}; name another file")


def _foreign(path: Path) -> ConfigError:
    return ConfigError(f"{path} was not written by `emospec predict` in this format; name another file")


def kept_records(path: Path, model: str) -> Iterator[str]:
    """Yield the records of a JSON file as lines."""
    document = read_json(path)
    if not isinstance(document, dict) or not isinstance(document.get("recordings"), list):
        raise _foreign(path)
    for record in document["recordings"]:
        _checked_name(record, path, model)
        yield as_written(json.dumps(record, ensure_ascii=False)) + "\n"


def kept_rows(path: Path, classes: Sequence[str], model: str) -> set[str]:
    """Return the recordings in a CSV file; the last one is removed from it if its rows were cut short."""
    text = path.read_bytes().decode("utf-8", errors="replace")
    header, *rows = list(csv.reader(io.StringIO(text, newline=""))) or [[]]
    if header != csv_columns(classes):
        raise _foreign(path)
    whole = _whole_rows(rows, len(header), text.endswith("\n"))
    for row in whole:
        if len(row) != len(header):
            raise _foreign(path)
        _check_model(row[-1], path, model)
    if len(whole) < len(rows):
        with whole_file(path) as temporary:
            temporary.write_text(as_csv([header, *whole]), encoding="utf-8", newline="")
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
