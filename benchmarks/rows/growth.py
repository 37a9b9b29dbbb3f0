"""How time and memory grow with the number of clips: copies of real ones under other names, of the same speakers."""

import shutil
import time
from pathlib import Path

import pandas as pd

from benchmarks import child, inputs
from benchmarks.core import Result, Row, Setup
from benchmarks.rows.images import LIMIT_MB

LINEAR = 1.25  # times the smallest size's time a clip


def measure(setup: Setup) -> list[Result]:
    """Make images, train an epoch, and predict, at every size."""
    found: dict[str, dict[int, child.Child]] = {"images": {}, "train": {}, "predict": {}}
    bundle = inputs.bundle(setup)
    for size in setup.sizes:
        clips, work = copies(setup, size), setup.work / f"grown-{size}"
        call = "benchmarks.rows.images:draw_set"
        found["images"][size] = child.call(call, clips=clips, out=str(work / "set"), style="gray", workers=0)
        found["train"][size] = child.call("benchmarks.rows.growth:train_an_epoch", folder=str(work / "set"))
        if bundle is not None:
            call = "benchmarks.rows.growth:predict_all"
            found["predict"][size] = child.call(call, clips=clips, bundle=bundle)
        shutil.rmtree(work)
    return [line for kind, by_size in found.items() if by_size for line in lines(kind, by_size)]


WHAT = {"images": "making images", "train": "an epoch of training (dscnn)", "predict": "predicting"}


def lines(kind: str, by_size: dict[int, child.Child]) -> list[Result]:
    """Return a line on time and one on memory; the last size is ours, and the first one what it is compared with."""
    rates = {size: size / each.value for size, each in by_size.items()}
    private = {size: each.private_mb or 0.0 for size, each in by_size.items()}
    smallest, largest = min(by_size), max(by_size)
    shown = ", ".join(f"{size:,}: {rate:,.0f}" for size, rate in rates.items())
    what = f"{WHAT[kind]}, {largest:,} clips against {smallest:,}"
    speed = Result(
        what, "clips/s", rates[largest], {f"{smallest:,} clips": rates[smallest]}, goal=1 / LINEAR, note=shown
    )
    shown = ", ".join(f"{size:,}: {value:,.0f}" for size, value in private.items())
    memory = Result(
        f"{WHAT[kind]}: memory at {largest:,} clips", "MB", private[largest], note=f"{shown}; files left out"
    )
    memory.bound = None if kind == "train" else LIMIT_MB
    return [speed, memory]


def copies(setup: Setup, size: int) -> str:
    """Give clips other names until there are so many, as links to the same files; return their list."""
    table = inputs.clips(setup)
    rows = table.iloc[[number % len(table) for number in range(size)]].reset_index(drop=True)
    folder = setup.work / f"grown-{size}" / "audio"
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.mkdir(parents=True)
    paths = [folder / f"{number:06}_{Path(path).name}" for number, path in enumerate(rows["path"])]
    for source, path in zip(rows["path"], paths, strict=True):
        path.symlink_to(Path(source).resolve())
    named = rows.assign(path=[str(path) for path in paths], clip=[path.stem for path in paths])
    return inputs.write_list(pd.DataFrame(named), setup.work / f"grown-{size}" / "clips.json")


def train_an_epoch(folder: str) -> float:
    """Load a set and train one epoch in `--precision auto`; return the seconds, imports left out."""
    from emospec.quiet import load_keras

    load_keras()
    import numpy as np

    from emospec.callbacks import SeedEachEpoch
    from emospec.image_set import load_image_set
    from emospec.sessions import in_precision, precision_of
    from emospec.settings import TrainConfig
    from emospec.training import build_compiled
    from emospec.training_data import Batches, TrainingData

    config = TrainConfig(model="dscnn", precision="auto")
    begun = time.perf_counter()
    images = load_image_set(folder)
    data = TrainingData.of(images, np.arange(len(images)), np.arange(0), config)
    with in_precision(precision_of(config)):
        network = build_compiled(config, data)
    batches = Batches(data, data.train, config)
    network.fit(batches, epochs=1, verbose=0, shuffle=False, callbacks=[SeedEachEpoch(0, batches)])
    return time.perf_counter() - begun


def predict_all(clips: str, bundle: str) -> float:
    """Answer on every clip; return the seconds, imports left out."""
    from emospec.audio import read_audio
    from emospec.bundle import load_bundle

    paths = inputs.read_list(clips)["path"].tolist()
    begun = time.perf_counter()
    found = load_bundle(Path(bundle) if bundle else None)
    for start in range(0, len(paths), 64):
        waveforms = [read_audio(path, found.sample_rate) for path in paths[start : start + 64]]
        found.score(waveforms, found.sample_rate)
    return time.perf_counter() - begun


ROW = Row("growth", "Growth", measure, long=True)
