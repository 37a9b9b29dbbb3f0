"""What the tests of audits need: a small corpus, models that know or don't, and answers without any sound."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile

from emospec.audit_answers import Answers
from emospec.audit_scores import conditions
from emospec.audited import AuditedModel
from emospec.emotions import Labels
from samples import CLASSES, PITCH, clips_table

FOUR = Labels(CLASSES)
Clips = pd.DataFrame


def write_voices(folder: Path, n_speakers: int = 12) -> Path:
    """A CSV corpus: every speaker, half of them female, half of them young, says each emotion once."""
    folder.mkdir()
    rng, time, rows = np.random.default_rng(0), np.arange(2400) / 8000, []
    for speaker in range(n_speakers):
        for emotion, pitch in zip(CLASSES, PITCH.values(), strict=True):
            tone = 0.3 * np.sin(2 * np.pi * pitch * rng.uniform(0.9, 1.1) * time) + rng.normal(0, 0.02, len(time))
            soundfile.write(folder / f"{speaker}-{emotion}.wav", tone, 8000)
            sex, age = ("female", "male")[speaker % 2], (25, 50)[speaker // 2 % 2]
            rows.append((f"{speaker}-{emotion}.wav", emotion, f"s{speaker}", sex, age))
    table = pd.DataFrame(rows, columns=["path", "emotion", "speaker", "sex", "age"])
    table.to_csv(folder / "clips.csv", index=False)
    return folder / "clips.csv"


def model_of(
    score: Callable[[Sequence[Any], int, Clips], Any], *, heard: frozenset[str] | None = frozenset(), name: str = "made"
) -> AuditedModel:
    return AuditedModel(name, score, FOUR, 8000, heard)


def truth_of(clips: Clips) -> Any:
    return np.eye(len(FOUR))[FOUR.encode(clips["emotion"])]


def oracle(waveforms: Sequence[Any], sample_rate: int, clips: Clips) -> Any:
    return truth_of(clips)


def angry(waveforms: Sequence[Any], sample_rate: int, clips: Clips) -> Any:
    return np.tile([1.0, 0, 0, 0], (len(clips), 1))


def people(n_speakers: int, clips_per_class: int) -> Clips:
    """A table of clips, without sound, by women and men in turn."""
    clips = clips_table(n_speakers, clips_per_class)
    number = clips["speaker"].str.removeprefix("s").astype(int)
    return clips.assign(sex=number.mod(2).map({0: "female", 1: "male"}), age=20 + number * 40 // n_speakers)


def answers(clips: Clips, predictions: Any, **changed: Any) -> Answers:
    """Answers that are the same under every condition but those in `changed`, given with full confidence."""
    labels, guesses = FOUR.encode(clips["emotion"]).astype(np.int64), np.asarray(predictions)
    speakers = pd.factorize(clips["speaker"])[0].astype(np.int64)
    by_condition = dict.fromkeys(conditions(), guesses) | {name: np.asarray(new) for name, new in changed.items()}
    return Answers(clips, FOUR, labels, np.eye(len(FOUR))[guesses], by_condition, speakers)


def wrong_for(labels: Any, where: Any) -> Any:
    """The truth, but the next class where `where` holds."""
    return np.where(where, (labels + 1) % len(FOUR), labels)
