"""A small corpus of synthetic emotional speech, in the layouts of CREMA-D, SAVEE and TESS."""

import csv
from collections.abc import Iterator
from dataclasses import astuple, fields
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emospec.corpora import crema_d, savee, tess
from emospec.engine import map_in_parallel
from emospec.errors import ConfigError
from emospec.files import whole_folder, write_json, write_text
from emospec.synthesis import (
    ACCENTS,
    TIMBRE_BANDS,
    VARIANTS,
    Delivery,
    Take,
    Voice,
    check_synthesizer,
    record,
)

NOTICE = """Synthetic speech made by emospec demo: eSpeak voices inside Praat, with four emotions acted by rule.
The files lie as in CREMA-D, SAVEE and TESS, but none comes from them. Scores on this corpus say nothing about people.
"""

DETAILS = "demo.json"  # what the corpus was made with

# How an actor at full strength departs from neutral. The directions are those of Juslin and Laukka (2003),
# Psychological Bulletin 129(5); the amounts make a small CNN right on about 3 of 4 clips of unknown voices.
ACTING = {
    "angry": Delivery(pitch=1, pitch_range=0.6, slope=-4, rate=0.2, level=6, tilt=4, breath=-6, jitter=0.6),
    "fear": Delivery(pitch=7, pitch_range=-1, slope=2, rate=0.25, level=-2, tilt=-1, breath=16, tremor=1.2, jitter=0.2),
    "happy": Delivery(pitch=6, pitch_range=0.9, slope=4, rate=-0.05, level=3, tilt=0.3, breath=-2, formants=0.12),
    "sad": Delivery(
        pitch=-2, pitch_range=-0.8, slope=-3, rate=-0.3, level=-4, tilt=-3.5, breath=6, tremor=0.2, formants=-0.05
    ),
}
# What varies from clip to clip whatever the emotion: one standard deviation.
CHANCE = Delivery(
    pitch=1.2,
    pitch_range=0.35,
    slope=1.5,
    rate=0.1,
    level=2.5,
    tilt=0.5,
    breath=2.5,
    tremor=0.1,
    jitter=0.05,
    formants=0.015,
)
# How much of the acting an actor uses, drawn for each feature and emotion: one raises the voice, another the pitch.
STYLE = (0.7, 1.3)
# How strongly a clip is acted, drawn from a range for each intensity of CREMA-D's names.
STRENGTH = {"LO": (0.5, 0.7), "MD": (0.7, 1.0), "HI": (1.0, 1.3), "XX": (0.5, 1.3)}

SAVEE_SENTENCES = (
    "Will you tell me why?",
    "Who authorized the expense?",
    "Call an ambulance for help.",
    "The carpet cleaners came.",
    "He stole a dime from a beggar.",
    "The bill is paid in full.",
    "Tell her it is late.",
    "She is taller than he is.",
    "The morning dew was cold.",
    "We went out to the garden.",
    "They moved to the city.",
    "The fish began to leap.",
)
MAX_VOICES = 91  # as many as CREMA-D has
TESS_WORDS = ("back", "bar", "base", "bath", "bean", "beg", "bite", "boat", "bone", "book", "burn", "cab")


class Speaker(NamedTuple):
    """A synthetic actor: a name, a voice, and an own way of acting each emotion at full strength."""

    name: str
    sex: str
    age: int
    voice: Voice
    acting: dict[str, Delivery]


def make_demo_corpus(
    out: Path, *, seed: int = 0, workers: int = 1, n_voices: int = 12, n_texts: int = 8
) -> dict[str, Path]:
    """Synthesise angry, fearful, happy and sad speech of several speakers and write it as three corpora.

    Parameters
    ----------
    out : path
        A new or empty folder; it is filled whole or not at all.
    seed : 0 or more
        The same seed gives the same bytes, however many workers there are.
    n_voices : 1 to 91
        Speakers in the layout of CREMA-D, to which SAVEE adds four and TESS two.
    n_texts : 1 to 12
        Clips of each speaker in each emotion.

    Returns
    -------
    dict
        The roots of `crema-d`, `savee` and `tess`, as `load_corpus` takes them.

    Raises
    ------
    EmospecError
        If praat-parselmouth is missing, a number is out of range, or `out` is not empty.
    """
    check_synthesizer()
    _check_numbers(seed, n_voices, n_texts)
    casts = _casts(n_voices, seed)
    takes = [take for name in casts for take in _takes(name, casts[name], n_texts, seed)]
    with whole_folder(out) as folder:
        list(map_in_parallel(partial(record, folder=folder), takes, workers=workers, progress="speaking"))
        _write_demographics(casts["crema-d"], folder / "crema-d" / crema_d.DEMOGRAPHICS)
        write_text(NOTICE, folder / "README.txt")
        write_json({"seed": seed, "n_voices": n_voices, "n_texts": n_texts, "corpora": list(casts)}, folder / DETAILS)
    return {name: out / name for name in casts}


def _check_numbers(seed: int, n_voices: int, n_texts: int) -> None:
    texts = len(SAVEE_SENTENCES)
    if seed < 0 or not 1 <= n_voices <= MAX_VOICES or not 1 <= n_texts <= texts:
        raise ConfigError(
            f"seed {seed}, n_voices {n_voices}, n_texts {n_texts}: "
            f"expected a seed of 0 or more, 1 to {MAX_VOICES} voices and 1 to {texts} texts"
        )


def _casts(n_voices: int, seed: int) -> dict[str, list[Speaker]]:
    """Return the speakers of each corpus; a speaker is the same however many there are."""
    identities = {
        "crema-d": [(str(1001 + i), ("male", "female")[i % 2], 20 + 7 * i % 50) for i in range(n_voices)],
        "savee": [(name, "male", 29) for name in savee.SPEAKERS],
        "tess": [(name, "female", age) for name, age in tess.AGES.items()],
    }
    return {
        corpus: [_speaker(*who, np.random.default_rng([seed, c, s])) for s, who in enumerate(people)]
        for c, (corpus, people) in enumerate(identities.items())
    }


def _speaker(name: str, sex: str, age: int, rng: np.random.Generator) -> Speaker:
    """Draw a voice and a way of acting."""
    female = sex == "female"
    voice = Voice(
        variant=str(rng.choice(VARIANTS)),
        accent=str(rng.choice(ACCENTS)),
        formants=rng.uniform(*((1.08, 1.24) if female else (0.92, 1.06))),
        pitch=rng.uniform(*((165, 235) if female else (90, 145))),
        pitch_range=rng.uniform(1.5, 2.5),
        rate=rng.uniform(200, 260),
        level=rng.uniform(-35, -27),
        breath=rng.uniform(-40, -31),
        room=rng.uniform(-75, -60),
        timbre=tuple(rng.normal(0, 2, len(TIMBRE_BANDS))),
    )
    shares = {emotion: rng.uniform(*STYLE, len(fields(Delivery))) for emotion in ACTING}
    acting = {emotion: Delivery(*(astuple(full) * shares[emotion])) for emotion, full in ACTING.items()}
    return Speaker(name, sex, age, voice, acting)


def _takes(corpus: str, cast: list[Speaker], n_texts: int, seed: int) -> Iterator[Take]:
    """Yield every speaker's clips of one corpus, each with chance of its own."""
    for s, speaker in enumerate(cast):
        for e, (emotion, acting) in enumerate(speaker.acting.items()):
            for t in range(n_texts):
                path, text, intensity = SCRIPTS[corpus](speaker.name, emotion, t)
                take_seed = (seed, *corpus.encode(), s, e, t)
                delivery = _deliver(acting, STRENGTH[intensity], np.random.default_rng(take_seed))
                yield Take(f"{corpus}/{path}", text, speaker.voice, delivery, (*take_seed, 1))


def _deliver(acting: Delivery, strengths: tuple[float, float], rng: np.random.Generator) -> Delivery:
    """Return the acting at a strength drawn between two, and by chance a little off."""
    chance = rng.standard_normal(len(fields(Delivery))) * astuple(CHANCE)
    return Delivery(*(rng.uniform(*strengths) * np.array(astuple(acting)) + chance))


def _crema_d_script(speaker: str, emotion: str, number: int) -> tuple[str, str, str]:
    """Return the path, the text and the intensity of a speaker's clip."""
    code, text = list(crema_d.SENTENCES.items())[number]
    intensity = list(STRENGTH)[(int(speaker) + number) % len(STRENGTH)]
    return f"AudioWAV/{speaker}_{code}_{CREMA_D_CODES[emotion]}_{intensity}.wav", f"{text}.", intensity


def _savee_script(speaker: str, emotion: str, number: int) -> tuple[str, str, str]:
    return f"AudioData/{speaker}/{SAVEE_CODES[emotion]}{number + 1:02d}.wav", SAVEE_SENTENCES[number], "XX"


def _tess_script(speaker: str, emotion: str, number: int) -> tuple[str, str, str]:
    word = TESS_WORDS[number]
    return f"{speaker}_{emotion}/{speaker}_{word}_{emotion}.wav", f"Say the word {word}.", "XX"


CREMA_D_CODES = {emotion: code for code, emotion in crema_d.EMOTION_CODES.items()}
SAVEE_CODES = {emotion: code for code, emotion in savee.EMOTION_CODES.items()}
SCRIPTS = {"crema-d": _crema_d_script, "savee": _savee_script, "tess": _tess_script}


def _write_demographics(cast: list[Speaker], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("ActorID", "Age", "Sex"), *((s.name, s.age, s.sex.title()) for s in cast)])
