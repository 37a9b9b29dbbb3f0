"""EmoDB: ten actors, ten German sentences, seven emotions; `wav/03a01Wa.wav`."""

import re
from pathlib import Path

from emospec.corpora.core import Clip, Corpus, Reading, Spellings, audio_files, read_names

SPEAKERS = {
    "03": ("male", 31),
    "08": ("female", 34),
    "09": ("female", 21),
    "10": ("male", 32),
    "11": ("male", 26),
    "12": ("male", 30),
    "13": ("female", 32),
    "14": ("female", 35),
    "15": ("male", 25),
    "16": ("female", 31),
}
SENTENCES = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute abend könnte ich es ihm sagen.",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es soweit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}
EMOTION_CODES = {  # Wut, Langeweile, Ekel, Angst, Freude, Trauer, neutral
    "W": "angry",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happy",
    "T": "sad",
    "N": "neutral",
}

# Speaker, sentence, emotion, and a letter that tells several takes apart.
NAME = re.compile(rf"({'|'.join(SPEAKERS)})({'|'.join(SENTENCES)})([{''.join(EMOTION_CODES)}])[a-z]?", re.IGNORECASE)


def read(root: Path, spellings: Spellings) -> Reading:
    """Read `root`, which is the corpus or its folder wav."""
    return read_names(audio_files(root), NAME, clip_of)


def clip_of(path: Path, match: re.Match[str]) -> Clip:
    """Return what the name of a file says."""
    speaker, sentence, emotion = match.groups()
    sex, age = SPEAKERS[speaker]
    return Clip(
        path,
        key=path.stem.lower(),
        emotion=EMOTION_CODES[emotion.upper()],
        speaker=speaker,
        sex=sex,
        age=age,
        text=SENTENCES[sentence.lower()],
    )


EMO_DB = Corpus(
    name="emo-db",
    title="EmoDB",
    description="Berlin Database of Emotional Speech: ten actors speak ten sentences in seven emotions.",
    n_clips=535,
    n_speakers=10,
    sample_rate=16000,
    emotions=tuple(EMOTION_CODES.values()),
    language="German",
    licence="free to download; the owners ask to cite the paper",
    licence_url="http://emodb.bilderbar.info/",
    citation=(
        "Burkhardt F, Paeschke A, Rolfes M, Sendlmeier WF, Weiss B (2005). A database of German emotional speech. "
        "Proc. Interspeech 2005, 1517-1520. doi:10.21437/Interspeech.2005-446"
    ),
    homepage="http://emodb.bilderbar.info/",
    how_to_get="Run `emospec corpora get emo-db --out DIR`, or download and unpack download.zip from its home page.",
    downloadable=True,
    layout="wav/03a01Wa.wav",
    read=read,
)
