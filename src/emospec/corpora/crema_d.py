"""CREMA-D: 91 actors, 12 sentences, six emotions; `AudioWAV/1001_DFA_ANG_XX.wav`."""

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

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


class Actor(NamedTuple):
    """What `VideoDemographics.csv` tells about an actor."""

    sex: str | None = None
    age: int | None = None


def read(root: Path, spellings: Spellings) -> Reading:
    """Read `root`, which is the corpus, its folder AudioWAV, or a folder that holds them."""
    paths = audio_files(root)
    actors = read_demographics(paths)
    parsed = {path: parse(path, actors) for path in paths}
    clips = [clip for clip in parsed.values() if clip is not None]
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
    folders = dict.fromkeys(folder for path in paths for folder in (path.parent, path.parent.parent))
    table = next((folder / DEMOGRAPHICS for folder in folders if (folder / DEMOGRAPHICS).is_file()), None)
    if table is None:
        return {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            return {row["ActorID"].strip(): _actor(row) for row in csv.DictReader(file, restval="")}
    except (KeyError, ValueError, csv.Error) as error:
        raise CorpusError(
            f"{table} cannot be read ({error!r}); expected the columns ActorID, Age, Sex; "
            "get the owners' file again, or remove it if sex and age are not needed"
        ) from None


def _actor(row: Mapping[str, str]) -> Actor:
    return Actor(sex=row["Sex"].strip().lower() or None, age=int(row["Age"]) if row["Age"].strip() else None)


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
        "Keep VideoDemographics.csv beside AudioWAV: sex and age are read from it."
    ),
    downloadable=True,
    layout="AudioWAV/1001_DFA_ANG_XX.wav",
    read=read,
)
