"""What the original notebook did, step by step."""

import shutil
import time
from pathlib import Path

import numpy as np


def load(path: str) -> tuple[np.ndarray, float]:
    """Read a clip at librosa's own rate."""
    import librosa

    return librosa.load(path)


def log_mel(samples: np.ndarray, sample_rate: float) -> np.ndarray:
    """Return the log-Mel spectrogram, up to 8 kHz as librosa draws it."""
    import librosa

    power = librosa.feature.melspectrogram(y=samples, sr=sample_rate, n_mels=128, fmax=8000)
    return librosa.power_to_db(power)


def save(spectrogram: np.ndarray, sample_rate: float, path: Path) -> None:
    """Draw the picture as a figure of one inch without axes."""
    import librosa.display
    import matplotlib.pyplot as plt

    plt.figure(figsize=(1, 1))
    plt.axis("off")
    librosa.display.specshow(spectrogram, sr=sample_rate)
    plt.savefig(path, bbox_inches="tight", pad_inches=0)
    plt.close()


def pictures(paths: list[str], out: str) -> float:
    """Turn clips into pictures one after the other; return the seconds, imports and the first clip left out."""
    import matplotlib as mpl

    mpl.use("Agg")
    folder = Path(out)
    shutil.rmtree(folder, ignore_errors=True)  # or files of an earlier round are written over, which takes longer
    folder.mkdir(parents=True)
    picture(paths[0], folder / "first.png")
    begun = time.perf_counter()
    for number, path in enumerate(paths):
        picture(path, folder / f"{number}.png")
    return time.perf_counter() - begun


def picture(path: str, out: Path) -> None:
    """Turn one clip into a picture."""
    samples, sample_rate = load(path)
    save(log_mel(samples, sample_rate), sample_rate, out)


def load_images(files: list[str]) -> np.ndarray:
    """Read pictures into one float32 array in [0, 1]."""
    import cv2

    return np.array([cv2.imread(file) for file in files]).astype(np.float32) / np.float32(255)
