"""CSV tables of the owners beside their clips: found, read to the last cell, or refused in one line."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from emospec.errors import CorpusError
from emospec.files import LFS_POINTER

Row = Mapping[str, str]  # cells by column, without blanks around them
Told = TypeVar("Told")


def find_table(paths: Iterable[Path], names: Sequence[str]) -> Path | None:
    """Return the first file of one of these names beside the clips or one folder above them."""
    folders = dict.fromkeys(folder for path in paths for folder in (path.parent, path.parent.parent))
    return next((folder / name for folder in folders for name in names if (folder / name).is_file()), None)


def read_table(table: Path, columns: Sequence[str], tell: Callable[[Row], Told], *, needed: str) -> list[Told]:
    """Return what each row of a table tells.

    Parameters
    ----------
    columns : sequence of str
        Must be in the header; others may be.
    tell : callable
        From a row to what it tells; a `ValueError` names the cell that is wrong.
    needed : str
        What the table is for, and `is` or `are`: for the advice.

    Raises
    ------
    CorpusError
        If the file is a Git-LFS pointer, no text, lacks a column, is cut off, or a cell is wrong.
    """
    try:
        _check_content(table)
        return [_told(line, row, tell) for line, row in _rows(table, columns)]
    except UnicodeDecodeError:
        reason = "cannot be read (it is not text in UTF-8)"
    except OSError as error:
        reason = f"cannot be opened ({error.strerror})"
    except (ValueError, csv.Error) as error:
        reason = f"cannot be read ({error})"
    except _PointerError:
        reason = "is a Git-LFS pointer, not a table"
    raise CorpusError(
        f"{table} {reason}; expected a CSV table with the columns {', '.join(filter(None, columns))}; "
        f"get the owners' file again (in a git clone: `git lfs pull`), or remove it if {needed} not needed"
    )


def number_or_none(row: Row, column: str) -> int | None:
    """Return a whole number, None for an empty cell; anything else is a `ValueError`."""
    cell = row[column]
    if cell and not (cell.isascii() and cell.isdecimal()):
        raise ValueError(f"{column} is {cell!r}, not a whole number")
    return int(cell) if cell else None


class _PointerError(Exception):
    """The table lies elsewhere."""


def _check_content(table: Path) -> None:
    with table.open("rb") as file:
        if file.read(len(LFS_POINTER)) == LFS_POINTER:
            raise _PointerError


def _rows(table: Path, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in columns if name not in header]
        if missing:
            raise ValueError(f"no column {', '.join(map(repr, missing))}, {_found(header)}")
        n_rows = 0
        for cells in filter(None, reader):
            if len(cells) != len(header):
                raise ValueError(f"line {reader.line_num} has {len(cells)} cells, the first line {len(header)}")
            yield reader.line_num, dict(zip(header, map(str.strip, cells), strict=True))
            n_rows += 1
        if not n_rows:
            raise ValueError("no row below the first line")


def _found(header: Sequence[str]) -> str:
    names = ", ".join(header)
    return f"but {names[:60]!r}{' ...' * (len(names) > 60)}" if names else "it is empty"


def _told(line: int, row: Row, tell: Callable[[Row], Told]) -> Told:
    try:
        return tell(row)
    except ValueError as error:
        raise ValueError(f"line {line}: {error}") from None
