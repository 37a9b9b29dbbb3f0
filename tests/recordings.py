"""A few short recordings to make image sets of."""

from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from emospec.mel import MelConfig

MEL = MelConfig(sample_rate=8000, n_fft=256, win_length=256, hop_length=128, n_mels=12, height=12, width=10)
EMOTIONS = ("angry", "fear", "happy", "sad", "neutral")


def recording(path: Path, hertz: float) -> str:
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * hertz * np.arange(1600) / 8000), 8000)
    return str(path)


def recordings(folder: Path) -> pd.DataFrame:
    """Ten clips, two of each emotion; the columns are some of those that `load_corpus` gives."""
    folder.mkdir()
    rows = [
        {"path": recording(folder / f"{n}.wav", 200 + 100 * n), "corpus": "made", "emotion": emotion}
        for n, emotion in enumerate(EMOTIONS * 2)
    ]
    return pd.DataFrame(rows).assign(speaker=["01", "NA"] * 5, age=pd.array([30, None] * 5, dtype="Int64"))
