"""What every corpus has: its facts, a reader of its files, and the clips that come out."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from emospec.emotions import EMOTIONS
from emospec.errors import CorpusError

# Formats that `read_audio` decodes, best first: of two copies of a clip the one that comes first is read.
AUDIO_SUFFIXES = (".wav", ".flac", ".aiff", ".aif", ".opus", ".ogg", ".oga", ".m4a", ".aac", ".webm", ".mp3")


class Clip(NamedTuple):
    """One recording; `None` is what the corpus does not tell. Two files of one `key` are copies of one clip."""

    path: Path
    key: str
    emotion: str
    speaker: str | None = None
    sex: str | None = None
    age: int | None = None
    text: str | None = None
    intensity: str | None = None
    corpus: str | None = None  # None: the corpus that is being read
    name: str | None = None  # None: the stem of the file
    votes: str | None = None  # what listeners heard, as `format_votes` writes it


class Reading(NamedTuple):
    """What a reader found: the clips, and the audio files that it could not tell the emotion of.

    `broken` says, a message each, which tables beside the clips cannot be read; what they tell is then not known.
    """

    clips: list[Clip]
    unparsed: list[Path]
    broken: tuple[str, ...] = ()


Spellings = Mapping[str, str]


@dataclass(frozen=True)
class Corpus:
    """The facts of one corpus and the function that reads a copy of it; the defaults are those of a user's own.

    Parameters
    ----------
    name : str
        As users type it, and as it stands in the column `corpus`.
    n_clips, n_speakers, sample_rate : int, optional
        Of the complete corpus as its owners publish it; None where that differs from copy to copy.
    layout : str
        An example of a path under the root.
    how_to_get : str
        Plain sentences.
    downloadable : bool
        Whether `emospec corpora get` fetches it.
    read : callable
        From an existing, absolute root and the user's spellings to a `Reading`.
    """

    name: str
    title: str
    description: str
    how_to_get: str
    layout: str
    read: Callable[[Path, Spellings], Reading]
    n_clips: int | None = None
    n_speakers: int | None = None
    sample_rate: int | None = None
    emotions: tuple[str, ...] = EMOTIONS
    language: str = "any"
    licence: str = "that of your recordings"
    licence_url: str = ""
    citation: str = ""
    homepage: str = ""
    downloadable: bool = False

    @property
    def full_licence(self) -> str:
        """The licence with its address, if it has one."""
        return " ".join(filter(None, (self.licence, self.licence_url)))


def audio_files(root: Path) -> list[Path]:
    """Return every audio file under a folder, sorted by path without regard to case.

    Links are followed, each folder is entered once; hidden files and folders and `__MACOSX` are no part of a corpus.
    An empty folder with the name of an audio file is among them: it stands where a recording should.

    Raises
    ------
    CorpusError
        If `root` is a file, or a folder in it cannot be listed.
    """
    if not root.is_dir():
        raise CorpusError(
            f"{root} is a file; expected the folder of a corpus; unpack an archive first with `emospec extract`"
        )
    entered: set[str] = set()
    found: list[Path] = []
    for folder, subfolders, names in os.walk(root, followlinks=True, onerror=_cannot_list):
        real = os.path.realpath(folder)
        subfolders[:] = [] if real in entered else sorted(filter(_is_visible, subfolders))
        if real not in entered:
            found += [Path(folder, name) for name in names if _is_visible(name) and _is_audio(name)]
            if not names and not subfolders and _is_audio(folder) and Path(folder) != root:
                found.append(Path(folder))
        entered.add(real)
    return sorted(found, key=sort_key)


def read_names(
    paths: Iterable[Path], pattern: re.Pattern[str], clip_of: Callable[[Path, re.Match[str]], Clip | None]
) -> Reading:
    """Read files by their names.

    Parameters
    ----------
    pattern : compiled
        Fits the whole stem of a clip's name; a file of any other name is unparsed.
    clip_of : callable
        From a path and the match to a clip, or to None if it is no clip of the corpus after all.
    """
    reading = Reading([], [])
    for path in paths:
        match = pattern.fullmatch(path.stem)
        clip = clip_of(path, match) if match else None
        if clip is None:
            reading.unparsed.append(path)
        else:
            reading.clips.append(clip)
    return reading


def without_copies(clips: Iterable[Clip]) -> tuple[list[Clip], list[Path]]:
    """Keep one file a clip: the best format, then the least nested, then the first by path.

    Returns
    -------
    clips : list of Clip
        Sorted by path.
    copies : list of Path
        The files left out, sorted by path.
    """
    kept: dict[str, Clip] = {}
    copies: list[Path] = []
    for clip in sorted(clips, key=_preference):
        if clip.key in kept:
            copies.append(clip.path)
        else:
            kept[clip.key] = clip
    return sorted(kept.values(), key=lambda clip: sort_key(clip.path)), sorted(copies, key=sort_key)


def sort_key(path: Path) -> tuple[str, str]:
    """Order paths alike on every system and for every spelling of folders."""
    return path.as_posix().casefold(), path.as_posix()


def describe(corpus: Corpus) -> str:
    """Return all that is known of a corpus as text for a terminal."""
    facts = {
        "clips": _number(corpus.n_clips),
        "speakers": _number(corpus.n_speakers),
        "sample rate": f"{corpus.sample_rate:,} Hz" if corpus.sample_rate else "any",
        "language": corpus.language,
        "emotions": ", ".join(corpus.emotions),
        "layout": corpus.layout,
        "licence": corpus.full_licence,
        "cite": corpus.citation,
        "home": corpus.homepage,
        "how to get": corpus.how_to_get,
    }
    lines = [f"{label:<12} {fact}" for label, fact in facts.items() if fact]
    return "\n".join([f"{corpus.title} ({corpus.name})", corpus.description, "", *lines])


def summary(corpus: Corpus) -> str:
    """Return one line on a corpus, for a list.

    The columns line up when such lines are printed below each other.
    """
    known = f"{_number(corpus.n_clips)} clips, {_number(corpus.n_speakers)} speakers"
    size = known if corpus.n_clips else "your own recordings"
    got = "emospec corpora get" if corpus.downloadable else "by hand"
    return f"{corpus.name:<8} {size:<26} {corpus.language:<8} {got:<19} {corpus.licence}"


def _number(count: int | None) -> str:
    return "any" if count is None else f"{count:,}"


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name != "__MACOSX"


def _is_audio(name: str) -> bool:
    return name.lower().endswith(AUDIO_SUFFIXES)


def _preference(clip: Clip) -> tuple[int, int, tuple[str, str]]:
    ranks = {suffix: rank for rank, suffix in enumerate(AUDIO_SUFFIXES)}
    return ranks.get(clip.path.suffix.lower(), len(ranks)), len(clip.path.parts), sort_key(clip.path)


def _cannot_list(error: OSError) -> None:
    raise CorpusError(f"{error.filename} cannot be listed ({error.strerror}); check its permissions") from error
