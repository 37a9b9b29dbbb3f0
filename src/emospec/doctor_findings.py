"""What the rules of the corpus doctor work on, and what they find."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from emospec.corpora.core import Corpus

Severity = Literal["must mend", "look at", "for your information"]
SEVERITIES: tuple[Severity, ...] = ("must mend", "look at", "for your information")


@dataclass(frozen=True)
class Finding:
    """One thing that the doctor has to say.

    Parameters
    ----------
    name : str
        For programs: it stays the same, whatever the numbers are.
    says : str
        What is the case, in one line.
    what_to_do : str
        A sentence; empty if there is nothing to do.
    items : tuple of str
        All files, pairs, speakers ... that it is about.
    number : int, optional
        How many clips it is about, where that is more than the items tell.
    """

    name: str
    severity: Severity
    says: str
    what_to_do: str = ""
    items: tuple[str, ...] = ()
    number: int = 0

    @property
    def count(self) -> int:
        """How many things it is about."""
        return self.number or len(self.items)


@dataclass(frozen=True)
class Evidence:
    """A corpus as it lies on disk, measured.

    Parameters
    ----------
    files : DataFrame, one row a file
        `file` (its path under the folder that holds all of them), `kind` ("clip", "copy" or "unparsed"), the fields of
        `Measurement`, and for clips the columns of `load_corpus`.
    trouble : str
        Why no clips could be read from the names of the files, if so.
    broken_tables : tuple of str
        What is wrong with tables of the owners beside the clips, and what to do.
    """

    corpus: Corpus
    files: pd.DataFrame
    trouble: str = ""
    broken_tables: tuple[str, ...] = ()

    @property
    def clips(self) -> pd.DataFrame:
        """The files that hold a clip of the corpus."""
        return self.files[self.files["kind"] == "clip"]

    @property
    def wanted(self) -> pd.DataFrame:
        """The clips, or all files where no name was understood."""
        return self.files if self.trouble else self.clips

    @property
    def sound(self) -> pd.DataFrame:
        """The clips that could be decoded."""
        return self.clips[self.clips["audio_sha256"] != ""]


Rule = Callable[[Evidence], Finding | None]


def about(items: Iterable[str], name: str, severity: Severity, says: str, what_to_do: str) -> Finding | None:
    """Return a finding about some items, or None if there are none."""
    known = tuple(items)
    return Finding(name, severity, says, what_to_do, known) if known else None


def count_of(number: int, noun: str) -> str:
    """Return `1 clip` or `1,200 clips`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def by_count(counts: "pd.Series[int]", noun: str) -> tuple[str, ...]:
    """Return `angry: 3 clips` for each entry of counts."""
    return tuple(f"{name}: {count_of(int(count), noun)}" for name, count in counts.items())


def with_values(clips: pd.DataFrame, values: Iterable[object], between: str = ": ") -> list[str]:
    """Return `file: value` for each clip."""
    return [f"{file}{between}{value}" for file, value in zip(clips["file"], values, strict=True)]
