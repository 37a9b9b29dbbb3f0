"""CREMA-D: 91 actors, 12 sentences, six emotions; `AudioWAV/1001_DFA_ANG_XX.wav`."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from emospec.corpora.core import Clip, Corpus, Reading, Spellings, audio_files, read_names
from emospec.corpora.crema_d_votes import read_votes
from emospec.corpora.owners_table import Row, find_table, number_or_none, read_table
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

Told = TypeVar("Told")


class Actor(NamedTuple):
    """What `VideoDemographics.csv` tells about an actor."""

    sex: str | None = None
    age: int | None = None


def read(root: Path, spellings: Spellings) -> Reading:
    """Read `root`, which is the corpus, its folder AudioWAV, or a folder that holds them."""
    paths, broken = audio_files(root), list[str]()
    actors, votes = _unless_broken(read_demographics, paths, broken), _unless_broken(read_votes, paths, broken)
    heard = {_key(name): cell for name, cell in votes.items()}
    reading = read_names(paths, NAME, partial(clip_of, actors=actors))
    clips = [clip._replace(votes=heard.get(clip.key)) for clip in reading.clips]
    return Reading(clips, reading.unparsed, tuple(broken))


def clip_of(path: Path, match: re.Match[str], actors: Mapping[str, Actor]) -> Clip:
    """Return what the name of a file and the table of actors say."""
    speaker, sentence, emotion, intensity = (code.upper() for code in match.groups())
    actor = actors.get(speaker, Actor())
    return Clip(
        path,
        key=_key(match.string),
        emotion=EMOTION_CODES[emotion],
        speaker=speaker,
        sex=actor.sex,
        age=actor.age,
        text=SENTENCES[sentence],
        intensity=INTENSITIES[intensity],
    )


def read_demographics(paths: Sequence[Path]) -> dict[str, Actor]:
    """Return the actors of the first `VideoDemographics.csv` beside the clips or one folder above them.

    Without that file the answer is empty: sex and age are then not known. A broken one is a `CorpusError`.
    """
    table = find_table(paths, (DEMOGRAPHICS,))
    return dict(read_table(table, ("ActorID", "Age", "Sex"), _actor, needed="sex and age are")) if table else {}


def _actor(row: Row) -> tuple[str, Actor]:
    return row["ActorID"], Actor(sex=row["Sex"].lower() or None, age=number_or_none(row, "Age"))


def _key(name: str) -> str:
    """Return `Clip.key` of a name of a clip; the clips that listeners practised with keep their names."""
    match = NAME.fullmatch(Path(name).stem)
    if match is None:
        return name
    speaker, sentence, emotion, intensity = (code.upper() for code in match.groups())
    return f"{speaker}_{sentence}_{emotion}_{INTENSITIES[intensity]}"


def _unless_broken(
    read_table_of: Callable[[Sequence[Path]], dict[str, Told]], paths: Sequence[Path], broken: list[str]
) -> dict[str, Told]:
    """Return what a table tells; if it cannot be read nothing, and say so in `broken`."""
    try:
        return read_table_of(paths)
    except CorpusError as error:
        broken.append(str(error))
        return {}


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
