"""A small clean corpus to do harm to, and what the doctor finds in it."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from emospec.doctor import Examination, examine
from emospec.doctor_findings import Finding
from samples import write_crema_d

RATE = 16000
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4665\nsize 72\n"
CLIP = "1001_DFA_ANG_LO.wav"


def small_corpus(root: Path) -> Path:
    """Five speakers, four classes, 40 clips of half a second; with the owners' table of actors."""
    write_crema_d(root)
    rows = [f"{speaker},30,{'Female' if speaker % 2 else 'Male'}" for speaker in range(1001, 1006)]
    (root / "VideoDemographics.csv").write_text("\n".join(["ActorID,Age,Sex", *rows]))
    return root


def finding_of(root: Path, name: str, *, corpus: str = "crema-d") -> Finding:
    found = {finding.name: finding for finding in examine(corpus, root).findings}
    assert name in found, f"found only {', '.join(found)}"
    return found[name]


def names_of(examination: Examination, severity: str) -> set[str]:
    return {finding.name for finding in examination.findings if finding.severity == severity}


def change(root: Path, function: Callable[[np.ndarray], np.ndarray], clip: str = CLIP, rate: int = RATE) -> None:
    path = root / "AudioWAV" / clip
    samples, _ = soundfile.read(path)
    soundfile.write(path, function(samples), rate)


def write_csv(root: Path, rows: list[dict[str, object]]) -> Path:
    """A row a clip of a corpus of tones, each different."""
    root.mkdir()
    for number, row in enumerate(rows):
        row.setdefault("path", f"{number}.wav")
        tone = 0.3 * np.sin(np.arange(4000) * (0.02 + 0.001 * number))
        soundfile.write(root / str(row["path"]), tone, RATE)
    with (root / "clips.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return root / "clips.csv"
