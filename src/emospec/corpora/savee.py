"""SAVEE: four men, seven emotions; `AudioData/DC/a01.wav`, or flat `ALL/DC_a01.wav`."""

import re
from pathlib import Path

from emospec.corpora.core import Clip, Corpus, Reading, Spellings, audio_files, read_names

SPEAKERS = ("DC", "JE", "JK", "KL")  # men of 27 to 31 years; which is how old is not published
EMOTION_CODES = {
    "a": "angry",
    "d": "disgust",
    "f": "fear",
    "h": "happy",
    "n": "neutral",
    "sa": "sad",
    "su": "surprise",
}

NAME = re.compile(rf"(?:({'|'.join(SPEAKERS)})_)?({'|'.join(EMOTION_CODES)})(\d\d)", re.IGNORECASE)


def read(root: Path, spellings: Spellings) -> Reading:
    """Read either layout; a root that is one speaker's folder is enough."""
    return read_names(audio_files(root), NAME, clip_of)


def clip_of(path: Path, match: re.Match[str]) -> Clip | None:
    """Return what the name of a file and of its folder say, or None if the folder is not a speaker's."""
    speaker = (match.group(1) or path.parent.name).upper()
    if speaker not in SPEAKERS:
        return None
    code = match.group(2).lower()
    return Clip(
        path,
        key=f"{speaker}_{code}{match.group(3)}",
        emotion=EMOTION_CODES[code],
        speaker=speaker,
        sex="male",
    )


SAVEE = Corpus(
    name="savee",
    title="SAVEE",
    description="Surrey Audio-Visual Expressed Emotion: four men speak TIMIT sentences in seven emotions.",
    n_clips=480,
    n_speakers=4,
    sample_rate=44100,
    emotions=tuple(EMOTION_CODES.values()),
    language="English",
    licence="for research, after registration with its owners",
    licence_url="http://kahlan.eps.surrey.ac.uk/savee/Download.html",
    citation=(
        "Haq S, Jackson PJB (2010). Multimodal Emotion Recognition. In: Wang W (ed), Machine Audition: Principles, "
        "Algorithms and Systems, IGI Global, 398-423. doi:10.4018/978-1-61520-919-4.ch017"
    ),
    homepage="http://kahlan.eps.surrey.ac.uk/savee/",
    how_to_get="Register with its owners on their download page, and unpack what they let you download.",
    downloadable=False,
    layout="AudioData/DC/a01.wav, or ALL/DC_a01.wav",
    read=read,
)
