"""Corpora as tables: one row a clip, the same columns for every corpus."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from emospec.clips import COLUMNS
from emospec.corpora.core import Clip, Corpus, Reading, without_copies
from emospec.corpora.crema_d import CREMA_D
from emospec.corpora.csv_table import CSV_TABLE
from emospec.corpora.emo_db import EMO_DB
from emospec.corpora.folder import FOLDER
from emospec.corpora.ravdess import RAVDESS
from emospec.corpora.savee import SAVEE
from emospec.corpora.tess import TESS
from emospec.emotions import canonical_emotion
from emospec.errors import CorpusError
from emospec.files import expand_home

CORPORA: dict[str, Corpus] = {
    corpus.name: corpus for corpus in (CREMA_D, SAVEE, TESS, RAVDESS, EMO_DB, FOLDER, CSV_TABLE)
}

logger = logging.getLogger(__name__)


def load_corpus(
    name: str, root: str | Path, *, spellings: Mapping[str, str] | None = None, skip_broken_tables: bool = False
) -> pd.DataFrame:
    """Read a copy of a corpus as it lies on disk; no audio is opened.

    Parameters
    ----------
    name : str
        A key of `CORPORA`.
    root : path
        The folder of the corpus, at any depth above its clips; for `csv` the CSV file.
    spellings : mapping, optional
        Your own names of emotions, such as `{"mad": "angry"}`; used where a corpus writes emotions as words.
    skip_broken_tables : bool
        Whether to load the clips without what a broken table of the owners beside them would tell, such as sex and
        votes; `attrs["broken_tables"]` then says what is wrong with it.

    Returns
    -------
    DataFrame
        One row a clip with `COLUMNS`, sorted by path, `age` as Int64 and the rest as string; what is not known is NA.
        `attrs["unparsed"]` lists the audio files whose names are not of this corpus, `attrs["copies"]` those that
        hold a clip again (a second format, a nested second copy); neither is in the table.

    Raises
    ------
    CorpusError
        If the name is unknown, or the root is missing or holds no clip of this corpus, or a table beside the clips
        is broken.
    ConfigError
        If `spellings` leads to an unknown emotion.
    """
    corpus = find_corpus(name)
    path = _existing(expand_home(root), corpus)
    own = {spelling: canonical_emotion(emotion) for spelling, emotion in (spellings or {}).items()}
    reading = corpus.read(path, own)
    _check_clips(reading, path, corpus)
    if reading.broken and not skip_broken_tables:
        raise CorpusError(reading.broken[0])
    clips, copies = without_copies(reading.clips)
    table = _table(clips, corpus.name)
    table.attrs["unparsed"] = list(map(str, reading.unparsed))
    table.attrs["copies"] = list(map(str, copies))
    if skip_broken_tables:
        table.attrs["broken_tables"] = list(reading.broken)
    _log_left_out(table, path, corpus)
    return table


def load_corpora(sources: Sequence[str], *, spellings: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read several corpora into one table, in the order given.

    Parameters
    ----------
    sources : sequence of str
        Each `NAME=ROOT`, such as `crema-d=data/CREMA-D`.
    spellings : mapping, optional
        As in `load_corpus`.

    Raises
    ------
    CorpusError
        If a source is not of that form, cannot be loaded, or if one file is given twice, by whatever paths and links.
    """
    if not sources:
        raise CorpusError(f"no corpus given; expected NAME=ROOT with a name of {', '.join(CORPORA)}")
    tables = [load_corpus(name, root, spellings=spellings) for name, root in map(name_and_root, sources)]
    clips = pd.concat(tables, ignore_index=True)
    _check_no_file_twice(clips)
    for left_out in ("unparsed", "copies"):
        clips.attrs[left_out] = [path for table in tables for path in table.attrs[left_out]]
    return clips


def find_corpus(name: str) -> Corpus:
    """Return a corpus by its name; an unknown name is a `CorpusError` that lists the known ones."""
    if name not in CORPORA:
        raise CorpusError(
            f"unknown corpus {name!r}; known: {', '.join(CORPORA)} (`emospec corpora list` says more); your own "
            "recordings are folder=ROOT, one folder an emotion, or csv=FILE, which can say who speaks"
        )
    return CORPORA[name]


def name_and_root(source: str) -> tuple[str, str]:
    """Return the two parts of `NAME=ROOT`; anything else is a `CorpusError`."""
    name, equals, root = source.partition("=")
    if not (name.strip() and equals and root.strip()):
        raise CorpusError(
            f"{source!r} does not name a corpus and its folder; expected NAME=ROOT, as in crema-d=data/CREMA-D"
        )
    return name.strip(), root.strip()


def _existing(root: Path, corpus: Corpus) -> Path:
    if not root.exists():
        raise CorpusError(
            f"{root} does not exist; expected the root of {corpus.title} ({corpus.layout}); {_hint(corpus)}"
        )
    return root.resolve() if root.is_dir() else root.parent.resolve() / root.name


def _check_clips(reading: Reading, root: Path, corpus: Corpus) -> None:
    others = ""
    if reading.unparsed:
        others = f"; audio files that do not fit: {len(reading.unparsed):,}, such as {reading.unparsed[0].name}"
    if not reading.clips:
        raise CorpusError(f"no {corpus.title} clips under {root} (looked for {corpus.layout}{others}); {_hint(corpus)}")


def _hint(corpus: Corpus) -> str:
    return f"run `emospec corpora show {corpus.name}` to see its layout and how to get it"


def _table(clips: Sequence[Clip], corpus: str) -> pd.DataFrame:
    rows = [
        {**clip._asdict(), "path": str(clip.path), "corpus": clip.corpus or corpus, "clip": clip.name or clip.path.stem}
        for clip in clips
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype="object")
    return table.astype({column: "Int64" if column == "age" else "string" for column in COLUMNS})


def _log_left_out(table: pd.DataFrame, root: Path, corpus: Corpus) -> None:
    unparsed, copies = table.attrs["unparsed"], table.attrs["copies"]
    if unparsed:
        logger.warning(
            "%s: audio files of %s left out, since they do not fit this corpus: %s, the first %s",
            corpus.name, root, f"{len(unparsed):,}", unparsed[0],
        )  # fmt: skip
    if copies:
        logger.info("%s: second copies of clips left out: %s, the first %s", corpus.name, len(copies), copies[0])


def _check_no_file_twice(clips: pd.DataFrame) -> None:
    twice = clips.loc[clips["path"].map(os.path.realpath).duplicated(), "path"]
    if len(twice):
        raise CorpusError(f"{len(twice):,} files are given twice, the first: {twice.iloc[0]}; name each file once")
