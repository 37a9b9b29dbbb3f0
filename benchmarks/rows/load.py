"""From an image set on disk to the batches of an epoch."""

import time
from typing import Any

import numpy as np

from benchmarks import child, inputs, notebook_way
from benchmarks.core import OURS, Result, Row, Setup, compared, in_turn, peaks

NOTEBOOK = "cv2.imread, one float32 array"


def measure(setup: Setup) -> list[Result]:
    """Compare for a coloured and a grey set; ours also from the file of pixels that large sets get."""
    results = []
    for style, folder in (("coloured", inputs.coloured_images(setup)), ("grey", inputs.grey_images(setup))):
        sides = {
            OURS: lambda folder=folder: child.call("benchmarks.rows.load:ours", folder=folder),
            NOTEBOOK: lambda folder=folder: child.call("benchmarks.rows.load:theirs", folder=folder),
        }
        found = in_turn(sides, setup.rounds)
        for key, what in (("load", "load and give one epoch of batches"), ("epoch", "a further epoch of batches")):
            rates = {
                name: [each.value["images"] / each.value[key] for each in values] for name, values in found.items()
            }
            results.append(compared(f"{what}, {style}", "images/s", rates, memory_mb=peaks(found)))
    return results


def ours(folder: str) -> dict[str, float]:
    """Load by emospec, and take the batches of two epochs."""
    from emospec.quiet import load_keras

    load_keras()
    from emospec.image_set import load_image_set
    from emospec.settings import TrainConfig
    from emospec.training_data import Batches, TrainingData

    begun = time.perf_counter()
    images = load_image_set(folder)
    rows = np.arange(len(images))
    batches = Batches(TrainingData.of(images, rows, rows[:0]), rows, TrainConfig())

    def epoch() -> None:
        for place in range(len(batches)):
            _ = batches[place]

    return timed(begun, epoch, len(images))


def theirs(folder: str) -> dict[str, float]:
    """Load as the notebook did, and cut shuffled batches, as Keras does."""
    from emospec.quiet import load_keras

    load_keras()  # as ours does, so that memory is compared with memory
    from emospec.image_set import load_image_set

    found = load_image_set(folder)
    place = next(
        each for each in ("spectograms", "dataset/spectograms", "spectrograms") if (found.path / each).is_dir()
    )
    files = sorted(map(str, (found.path / place).glob("*.png")))
    labels = np.eye(len(found.classes), dtype=np.float32)[found.labels]
    del found
    begun = time.perf_counter()
    images = notebook_way.load_images(files)

    def epoch() -> None:
        order = np.random.default_rng(0).permutation(len(images))
        for start in range(0, len(order), 32):
            _ = images[order[start : start + 32]], labels[order[start : start + 32]]

    return timed(begun, epoch, len(images))


def timed(begun: float, epoch: Any, count: int) -> dict[str, float]:
    """Time the first epoch from the beginning, and a second one alone."""
    epoch()
    loaded = time.perf_counter()
    epoch()
    return {"load": loaded - begun, "epoch": time.perf_counter() - loaded, "images": count}


ROW = Row("load", "Image set to training batches", measure)
