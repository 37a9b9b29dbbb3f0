"""Any collection listed in a CSV file: `path,emotion[,speaker,sex,age,text,intensity,corpus,clip,votes]`."""

import csv
import re
from collections.abc import Mapping
from pathlib import Path

from emospec.clips import parse_votes
from emospec.corpora.core import Clip, Corpus, Reading, Spellings
from emospec.emotions import canonical_emotion
from emospec.errors import ConfigError, CorpusError, EmospecError
from emospec.files import expand_home, real_path

REQUIRED = ("path", "emotion")
OPTIONAL = ("speaker", "sex", "age", "text", "intensity", "corpus", "clip", "votes")
SEXES = {"m": "male", "man": "male", "f": "female", "w": "female", "woman": "female"}
ANSWER = re.compile(r"[^\s=\d]+")

Row = Mapping[str, str]


def read(root: Path, spellings: Spellings) -> Reading:
    """Read the CSV file `root`; its paths are relative to its folder, an empty cell is not known.

    Raises
    ------
    CorpusError
        If a column or a file is missing, a row does not fit, or a file is listed twice.
    """
    rows = _read_rows(root)
    clips = [_clip(row, f"{root}, line {line}", root.parent, spellings) for line, row in rows]
    _check_files([(line, clip.path) for (line, _), clip in zip(rows, clips, strict=True)], root)
    return Reading(clips, [])


def _read_rows(table: Path) -> list[tuple[int, Row]]:
    if table.is_dir():
        raise CorpusError(f"{table} is a folder; expected a CSV file with the columns {', '.join(REQUIRED)}")
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = [name.strip().lower() for name in next(reader, [])]
            _check_header(header, table)
            return [(reader.line_num, _row(header, cells, table, reader.line_num)) for cells in reader if any(cells)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{table} cannot be read as CSV ({error}); save it as CSV in UTF-8") from None


def _check_header(header: list[str], table: Path) -> None:
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise CorpusError(
            f"{table} lacks the column {' and '.join(missing)} (found: {', '.join(header) or 'nothing'}); "
            f"expected a first line with {', '.join(REQUIRED)} and, if known, {', '.join(OPTIONAL)}; separate by commas"
        )


def _row(header: list[str], cells: list[str], table: Path, line: int) -> Row:
    if len(cells) != len(header):
        raise CorpusError(
            f"{table}, line {line} has {len(cells)} cells; expected {len(header)} as in the first line; "
            "put a text with commas between double quotes"
        )
    return {name: cell.strip() for name, cell in zip(header, cells, strict=True)}


def _clip(row: Row, where: str, folder: Path, spellings: Spellings) -> Clip:
    if not row["path"]:
        raise CorpusError(f"{where} has no path; name the audio file, or remove the line")
    path = _path(row["path"], where, folder)
    sex = row.get("sex", "").lower()
    return Clip(
        path,
        key=str(path),
        emotion=_emotion(row["emotion"], where, spellings),
        speaker=row.get("speaker") or None,
        sex=SEXES.get(sex, sex) or None,
        age=_age(row.get("age", ""), where),
        text=row.get("text") or None,
        intensity=row.get("intensity") or None,
        corpus=row.get("corpus") or None,
        name=row.get("clip") or None,
        votes=_votes(row.get("votes", ""), where, spellings),
    )


def _path(cell: str, where: str, folder: Path) -> Path:
    """Return the path of a cell in one spelling: with `..` followed, but under the file's own name if it is a link."""
    try:
        path = folder / expand_home(cell)
    except EmospecError as error:
        raise CorpusError(f"{where}: {error}") from None
    return real_path(path.parent) / path.name if ".." in path.parts else path


def _emotion(spelling: str, where: str, spellings: Spellings) -> str:
    try:
        return canonical_emotion(spelling, spellings)
    except ConfigError as error:
        raise CorpusError(f"{where}: {error}") from None


def _age(cell: str, where: str) -> int | None:
    try:
        age = float(cell) if cell else None
        return None if age is None else int(age)
    except (ValueError, OverflowError):
        raise CorpusError(f"{where}: age {cell!r} is not a number of years; leave the cell empty if unknown") from None


def _votes(cell: str, where: str, spellings: Spellings) -> str | None:
    if not cell:
        return None
    try:
        votes = ANSWER.sub(lambda answer: canonical_emotion(answer[0], spellings), cell)
        parse_votes(votes)
    except EmospecError as error:
        raise CorpusError(f"{where}: {error}") from None
    return votes


def _check_files(files: list[tuple[int, Path]], table: Path) -> None:
    missing = [(line, path) for line, path in files if not path.is_file()]
    if missing:
        raise CorpusError(
            f"{table}, line {missing[0][0]}: {missing[0][1]} does not exist ({len(missing):,} of {len(files):,} files "
            "are missing); paths are relative to the folder of the CSV file"
        )
    first: dict[Path, int] = {}
    for line, path in files:
        known = first.setdefault(real_path(path), line)
        if known != line:
            raise CorpusError(f"{table}, line {line}: {path} is on line {known} already; keep one of the two")


CSV_TABLE = Corpus(
    name="csv",
    title="CSV",
    description="Your own collection: a CSV file with a row a clip. What it does not tell is not known.",
    how_to_get=(
        f"Write a CSV file with the columns {', '.join(REQUIRED)} and, if known, {', '.join(OPTIONAL)}; "
        "paths are relative to its folder. With speakers, models are judged by voices that they have not heard."
    ),
    layout="a row a clip in a file such as clips.csv",
    read=read,
)
