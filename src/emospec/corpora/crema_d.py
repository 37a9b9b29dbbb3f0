"""CREMA-D: 91 actors, 12 sentences, six emotions; `AudioWAV/1001_DFA_ANG_XX.wav`."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from emospec.clips import format_votes
from emospec.corpora.core import Clip, Corpus, Reading, Spellings, audio_files
from emospec.errors import CorpusError

SENTENCES = {
    "DFA": "Don't forget a jacket",
    "IEO": "It's eleven o'clock",
    "IOM": "I'm on my way to the meeting",
    "ITH": "I think I have a doctor's appointment",
    "ITS": "I think I've seen this before",
    "IWL": "I would like a new alarm clock",
    "IWW": "I wonder what this is about",
    "MTI": "Maybe tomorrow it will be cold",
    "TAI": "The airplane is almost full",
    "TIE": "That is exactly what happened",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
}
EMOTION_CODES = {"ANG": "angry", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
INTENSITIES = {"LO": "low", "MD": "medium", "HI": "high", "XX": None, "X": None}  # one official file ends in _X

NAME = re.compile(rf"(\d{{4}})_({'|'.join(SENTENCES)})_({'|'.join(EMOTION_CODES)})_(LO|MD|HI|XX?)", re.IGNORECASE)
DEMOGRAPHICS = "VideoDemographics.csv"

VOTE_CODES = {"A": "angry", "D": "disgust", "F": "fear", "H": "happy", "N": "neutral", "S": "sad"}
COUNTED_VOTES = "tabulatedVotes.csv"
SUMMED_UP_VOTES = "summaryTable.csv"
VOICE_ALONE = 1  # 2 is the face alone, 3 both; row 100001 of the counted votes is clip 1 as it was heard

Row = Mapping[str, str]  # a cell that a row lacks is empty


class Actor(NamedTuple):
    """What `VideoDemographics.csv` tells about an actor."""

    sex: str | None = None
    age: int | None = None


def read(root: Path, spellings: Spellings) -> Reading:
    """Read `root`, which is the corpus, its folder AudioWAV, or a folder that holds them."""
    paths = audio_files(root)
    actors, votes = read_demographics(paths), read_votes(paths)
    parsed = {path: parse(path, actors) for path in paths}
    clips = [clip._replace(votes=votes.get(clip.key)) for clip in parsed.values() if clip is not None]
    return Reading(clips, [path for path, clip in parsed.items() if clip is None])


def parse(path: Path, actors: Mapping[str, Actor]) -> Clip | None:
    """Return what the name of a file says, or None if it is not a name of this corpus."""
    match = NAME.fullmatch(path.stem)
    if match is None:
        return None
    speaker, sentence, emotion, intensity = match.group(1), *(code.upper() for code in match.groups()[1:])
    actor = actors.get(speaker, Actor())
    return Clip(
        path,
        key=f"{speaker}_{sentence}_{emotion}_{INTENSITIES[intensity]}",
        emotion=EMOTION_CODES[emotion],
        speaker=speaker,
        sex=actor.sex,
        age=actor.age,
        text=SENTENCES[sentence],
        intensity=INTENSITIES[intensity],
    )


def read_demographics(paths: Iterable[Path]) -> dict[str, Actor]:
    """Return the actors of the first `VideoDemographics.csv` beside the clips or one folder above them.

    Without that file the answer is empty: sex and age are then not known.
    """
    table = _find_table(paths, (DEMOGRAPHICS,))
    if table is None:
        return {}
    try:
        return {row["ActorID"].strip(): _actor(row) for row in _rows(table)}
    except (KeyError, ValueError, csv.Error) as error:
        raise _broken(table, error, "the columns ActorID, Age, Sex", "sex and age are") from None


def read_votes(paths: Sequence[Path]) -> dict[str, str]:
    """Return what listeners heard in the voice alone, by `Clip.key`, as `format_votes` and `parse_votes` have it.

    The owners' table with all counts (`tabulatedVotes.csv`) comes before the one with the most frequent answers
    alone (`summaryTable.csv`). Each is looked for beside the clips and one folder above them, and there also in
    `processedResults`; without any the answer is empty.
    """
    readers: dict[str, Callable[[Path], dict[str, str]]] = {
        COUNTED_VOTES: _counted_votes,
        SUMMED_UP_VOTES: _summed_up_votes,
    }
    for name, read_table in readers.items():
        table = _find_table(paths, (name, f"processedResults/{name}"))
        if table is not None:
            return read_table(table)
    return {}


def _counted_votes(table: Path) -> dict[str, str]:
    try:
        voice = [row for row in _whole_rows(table) if _stimulus(row) == VOICE_ALONE]
        votes = {_key(row["fileName"]): format_votes(_counts(row)) for row in voice}
    except (KeyError, ValueError, csv.Error) as error:
        expected = "row numbers from 100001 (a voice alone) to 307442 and the columns A, D, F, H, N, S, fileName"
        raise _broken(table, error, expected, "the listeners' votes are") from None
    return {key: cell for key, cell in votes.items() if cell is not None}


def _summed_up_votes(table: Path) -> dict[str, str]:
    try:
        answers = {_key(row["FileName"]): row["VoiceVote"].strip() for row in _whole_rows(table)}
        return {key: " ".join(VOTE_CODES[code] for code in codes.split(":")) for key, codes in answers.items() if codes}
    except (KeyError, ValueError, csv.Error) as error:
        expected = "the columns FileName and VoiceVote (A, D, F, H, N, S, or several such as A:H)"
        raise _broken(table, error, expected, "the listeners' votes are") from None


def _stimulus(row: Row) -> int:
    """Return what a row's number, in its first cell, says of what was shown."""
    number = next(iter(row.values()))
    stimulus = int(number) // 100_000
    if stimulus not in (1, 2, 3):
        raise ValueError(f"row number {number}")
    return stimulus


def _counts(row: Row) -> dict[str, int]:
    return {emotion: int(row[code]) for code, emotion in VOTE_CODES.items()}


def _key(name: str) -> str:
    """Return `Clip.key` of a name in a table; the clips that listeners practised with keep their names."""
    clip = parse(Path(name.strip()), {})
    return clip.key if clip else name


def _actor(row: Row) -> Actor:
    return Actor(sex=row["Sex"].strip().lower() or None, age=int(row["Age"]) if row["Age"].strip() else None)


def _find_table(paths: Iterable[Path], names: Sequence[str]) -> Path | None:
    folders = dict.fromkeys(folder for path in paths for folder in (path.parent, path.parent.parent))
    return next((folder / name for folder in folders for name in names if (folder / name).is_file()), None)


def _rows(table: Path) -> Iterator[Row]:
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, restval="")
        if not rows.fieldnames:
            raise ValueError("it is empty")
        yield from rows


def _whole_rows(table: Path) -> Iterator[Row]:
    """Read a table of votes, whose last column is never empty: what was cut off must not pass for unknown votes."""
    for row in _rows(table):
        if not list(row.values())[-1]:
            raise ValueError(f"the row of {next(iter(row.values()))} is cut off")
        yield row


def _broken(table: Path, error: Exception, expected: str, needed: str) -> CorpusError:
    return CorpusError(
        f"{table} cannot be read ({error!r}); expected {expected}; "
        f"get the owners' file again, or remove it if {needed} not needed"
    )


CREMA_D = Corpus(
    name="crema-d",
    title="CREMA-D",
    description="Crowd-sourced Emotional Multimodal Actors Dataset: 91 actors speak 12 sentences in six emotions.",
    n_clips=7442,
    n_speakers=91,
    sample_rate=16000,
    emotions=tuple(EMOTION_CODES.values()),
    language="English",
    licence="Open Database License 1.0, contents Database Contents License 1.0",
    licence_url="https://opendatacommons.org/licenses/odbl/1-0/",
    citation=(
        "Cao H, Cooper DG, Keutmann MK, Gur RC, Nenkova A, Verma R (2014). CREMA-D: Crowd-sourced Emotional Multimodal "
        "Actors Dataset. IEEE Transactions on Affective Computing 5(4), 377-390. doi:10.1109/TAFFC.2014.2336244"
    ),
    homepage="https://github.com/CheyneyComputerScience/CREMA-D",
    how_to_get=(
        "Run `emospec corpora get crema-d --out DIR`, or clone the repository with git-lfs. "
        "GitHub's zip of the repository holds Git-LFS pointers instead of audio. "
        "Keep VideoDemographics.csv beside AudioWAV: sex and age are read from it; what listeners heard is read from "
        "processedResults/tabulatedVotes.csv, or else from summaryTable.csv."
    ),
    downloadable=True,
    layout="AudioWAV/1001_DFA_ANG_XX.wav",
    read=read,
)
