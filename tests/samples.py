"""Small things that many tests need: a table of clips and an image set whose classes a tiny network can tell apart."""

from pathlib import Path

import numpy as np
import pandas as pd

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
