"""Small things that many tests need: a table of clips and an image set whose classes a tiny network can tell apart."""

from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from emospec.clips import COLUMNS
from emospec.emotions import Labels
from emospec.image_set import ImageSet

CLASSES = ("angry", "fear", "happy", "sad")


def clips_table(n_speakers: int, clips_per_class: int, classes: tuple[str, ...] = CLASSES) -> pd.DataFrame:
    """Every speaker says every class equally often."""
    rows = [
        {"corpus": "made", "clip": f"{speaker}-{emotion}-{take}", "speaker": f"s{speaker}", "emotion": emotion}
        for speaker in range(n_speakers)
        for emotion in classes
        for take in range(clips_per_class)
    ]
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS)).astype("string")


def image_set(n_speakers: int = 6, clips_per_class: int = 4, size: int = 24, path: Path = Path("made")) -> ImageSet:
    """Noise with a bright band whose height is the class."""
    clips, labels = clips_table(n_speakers, clips_per_class), Labels(CLASSES)
    encoded = labels.encode(clips["emotion"])
    images = np.random.default_rng(0).integers(0, 120, (len(clips), size, size, 1), dtype=np.uint8)
    band = size // len(CLASSES)
    for image, label in zip(images, encoded, strict=True):
        image[label * band : (label + 1) * band] += 100
    return ImageSet(images, encoded, clips, labels, None, "gray", path)


PITCH = {"ANG": 400.0, "FEA": 800.0, "HAP": 1600.0, "SAD": 3200.0}


def write_crema_d(root: Path, n_speakers: int = 5, takes: tuple[str, ...] = ("LO", "HI")) -> Path:
    """A corpus in CREMA-D's layout whose emotions are tones of different pitch, in noise."""
    (root / "AudioWAV").mkdir(parents=True)
    rng = np.random.default_rng(0)
    time = np.arange(8000) / 16000
    for speaker in range(1001, 1001 + n_speakers):
        for code, pitch in PITCH.items():
            for take in takes:
                tone = 0.3 * np.sin(2 * np.pi * pitch * rng.uniform(0.9, 1.1) * time) + rng.normal(0, 0.01, len(time))
                soundfile.write(root / "AudioWAV" / f"{speaker}_DFA_{code}_{take}.wav", tone, 16000, subtype="PCM_16")
    return root
