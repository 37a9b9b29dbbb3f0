"""RAVDESS: 24 actors, two statements, eight emotions; `Actor_01/03-01-05-01-02-01-01.wav`."""

import re
from pathlib import Path

from emospec.corpora.core import Clip, Corpus, Reading, Spellings, audio_files, read_names

EMOTION_CODES = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}
INTENSITIES = {"01": "normal", "02": "strong"}
STATEMENTS = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}

# Modality (with sound: 01 or 03), channel (01 is speech, 02 song), emotion, intensity, statement, repetition, actor.
NAME = re.compile(r"0[13]-01-(0[1-8])-(0[12])-(0[12])-0[12]-(0[1-9]|1\d|2[0-4])")


def read(root: Path, spellings: Spellings) -> Reading:
    """Read the spoken clips; songs are left out, as files of another name are."""
    return read_names(audio_files(root), NAME, clip_of)


def clip_of(path: Path, match: re.Match[str]) -> Clip:
    """Return what the name of a file says."""
    emotion, intensity, statement, actor = match.groups()
    return Clip(
        path,
        key=path.stem,
        emotion=EMOTION_CODES[emotion],
        speaker=actor,
        sex="male" if int(actor) % 2 else "female",
        text=STATEMENTS[statement],
        intensity=INTENSITIES[intensity],
    )


RAVDESS = Corpus(
    name="ravdess",
    title="RAVDESS",
    description="Ryerson Audio-Visual Database of Emotional Speech and Song: 24 actors speak two statements.",
    n_clips=1440,
    n_speakers=24,
    sample_rate=48000,
    emotions=tuple(EMOTION_CODES.values()),
    language="English",
    licence="CC BY-NC-SA 4.0",
    licence_url="https://creativecommons.org/licenses/by-nc-sa/4.0/",
    citation=(
        "Livingstone SR, Russo FA (2018). The Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS). "
        "PLoS ONE 13(5), e0196391. doi:10.1371/journal.pone.0196391"
    ),
    homepage="https://zenodo.org/records/1188976",
    how_to_get="Run `emospec corpora get ravdess --out DIR`, or unpack the speech archive from its home page.",
    downloadable=True,
    layout="Actor_01/03-01-05-01-02-01-01.wav",
    read=read,
)
