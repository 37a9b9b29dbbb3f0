"""TESS: two women, 200 words, seven emotions; `OAF_angry/OAF_back_angry.wav`."""

import re
from functools import partial
from pathlib import Path

from emospec.corpora.core import Clip, Corpus, Reading, Spellings, audio_files, read_names
from emospec.emotions import canonical_emotion
from emospec.errors import ConfigError

AGES = {"OAF": 64, "YAF": 26}

# The older and the younger actress; one official file says OA. The emotion may be in the name, its folder, or both.
NAME = re.compile(r"(OAF?|YAF?)_([^_]+)(?:_(.+))?", re.IGNORECASE)
FOLDER = re.compile(r"(?:(?:OAF?|YAF?)[_ -])?(.+)", re.IGNORECASE)


def read(root: Path, spellings: Spellings) -> Reading:
    """Read any nesting of the folders; their spelling matters only where a file's name lacks the emotion."""
    return read_names(audio_files(root), NAME, partial(clip_of, spellings=spellings))


def clip_of(path: Path, match: re.Match[str], spellings: Spellings) -> Clip | None:
    """Return what the name of a file, or else its folder, says; None if neither tells the emotion."""
    speaker = match.group(1)[0].upper() + "AF"
    word = match.group(2).lower()
    folder = FOLDER.fullmatch(path.parent.name)
    emotion = _emotion(match.group(3), spellings) or (_emotion(folder.group(1), spellings) if folder else None)
    if emotion is None:
        return None
    return Clip(
        path,
        key=f"{speaker}_{word}_{emotion}",
        emotion=emotion,
        speaker=speaker,
        sex="female",
        age=AGES[speaker],
        text=f"Say the word {word}",
    )


def _emotion(spelling: str | None, spellings: Spellings) -> str | None:
    try:
        return canonical_emotion(spelling or "", spellings)
    except ConfigError:
        return None


TESS = Corpus(
    name="tess",
    title="TESS",
    description='Toronto emotional speech set: two women say "Say the word ..." with 200 words in seven emotions.',
    n_clips=2800,
    n_speakers=2,
    sample_rate=24414,
    emotions=("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
    language="English",
    licence="CC BY-NC-ND 4.0, as commonly cited",
    licence_url="https://creativecommons.org/licenses/by-nc-nd/4.0/",
    citation=(
        "Pichora-Fuller MK, Dupuis K (2020). Toronto emotional speech set (TESS). Borealis. doi:10.5683/SP2/E8H2MF"
    ),
    homepage="https://doi.org/10.5683/SP2/E8H2MF",
    how_to_get="Download it from its home page and unpack it; copies on Kaggle with other folders load as well.",
    downloadable=False,
    layout="OAF_angry/OAF_back_angry.wav",
    read=read,
)
