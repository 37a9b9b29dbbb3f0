"""Guards of what makes the hot paths fast, by counts that are the same on every machine: never by seconds."""

import os
import platform
import subprocess
import sys
import tracemalloc
from collections import Counter
from itertools import count as count_from
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr
from scipy import fft

from bundle_samples import write_made_bundle
from emospec import pixel_store
from emospec.engine import map_in_parallel
from emospec.heap import KEPT, LARGEST
from emospec.image_set import load_image_set, make_images
from emospec.image_work import Drawing, _draw
from emospec.images import DEFAULT_MEL, Picture
from emospec.settings import TrainConfig
from emospec.training_data import Batches, InOrder, TrainingData
from samples import image_set

FRAMEWORKS = {"keras", "tensorflow", "torch", "jax", "librosa", "matplotlib", "sklearn", "numba"}
STYLES = ("gray", "notebook")


@pytest.fixture
def clips(tmp_path: Path) -> pd.DataFrame:
    """Eight clips of two seconds at 11,025 Hz, so that they are resampled."""
    noise = np.random.default_rng(0).normal(0, 0.1, 22050)
    emotions = ["angry", "fear", "happy", "sad"] * 2
    paths = [tmp_path / f"{number}.wav" for number in range(len(emotions))]
    for path in paths:
        soundfile.write(path, noise, 11025)
    return pd.DataFrame({"path": list(map(str, paths)), "emotion": emotions})


def modules_after(code: str, *arguments: object) -> set[str]:
    code = f"import sys; {code}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def count(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, counts: Counter) -> None:
    original = getattr(owner, name)

    def counted(*arguments: object, **options: object) -> object:
        counts[name] += 1
        return original(*arguments, **options)

    monkeypatch.setattr(owner, name, counted)


@pytest.mark.parametrize("style", STYLES)
def test_a_process_that_draws_loads_no_framework_and_nothing_that_it_does_not_use(clips, tmp_path, style):
    code = (
        "from pathlib import Path; from emospec.image_work import Drawing, _draw;"
        "from emospec.images import DEFAULT_MEL;"
        f"_draw((0, sys.argv[1]), folder=Path(sys.argv[2]), drawing=Drawing(DEFAULT_MEL['{style}'], '{style}', 60))"
    )
    loaded = modules_after(code, clips["path"][0], tmp_path)
    assert (tmp_path / "000000.png").exists()
    assert not loaded & (FRAMEWORKS | {"pandas", "joblib", "PIL", "av", "onnxruntime", "cyclopts"})


def test_a_process_that_predicts_loads_no_framework_and_nothing_that_it_does_not_use(clips, tmp_path):
    code = (
        "from pathlib import Path; from emospec.predict import Predictor;"
        "Predictor(Path(sys.argv[1]), threads=1).predict(sys.argv[2])"
    )
    loaded = modules_after(code, write_made_bundle(tmp_path / "bundle"), clips["path"][0])
    assert {"onnxruntime", "soundfile"} <= loaded
    assert not loaded & (FRAMEWORKS | {"pandas", "scipy", "joblib", "PIL", "av"})


def test_each_clip_is_decoded_resampled_transformed_and_compressed_once(clips, tmp_path, monkeypatch):
    counts: Counter = Counter()
    for owner, name in ((soundfile, "SoundFile"), (soxr, "resample"), (fft, "rfft")):
        count(monkeypatch, owner, name, counts)
    monkeypatch.setattr(Picture, "png", property(lambda picture: counts.update(["png"]) or b""))
    make_images(clips, tmp_path / "set")
    assert counts == dict.fromkeys(("SoundFile", "resample", "rfft", "png"), len(clips))


@pytest.mark.parametrize("style", STYLES)
def test_a_clip_takes_few_calls(clips, tmp_path, style):
    drawing = Drawing(DEFAULT_MEL[style], style, 60.0)
    _draw((0, clips["path"][0]), folder=tmp_path, drawing=drawing)  # imports, and fills what is kept
    counts: Counter = Counter()
    sys.setprofile(lambda frame, event, argument: counts.update([event]))
    try:
        _draw((1, clips["path"][1]), folder=tmp_path, drawing=drawing)
    finally:
        sys.setprofile(None)
    assert counts["call"] + counts["c_call"] < 700  # 500 when this was written


@pytest.mark.parametrize("style", STYLES)
def test_a_clip_takes_little_memory(clips, tmp_path, style):
    drawing = Drawing(DEFAULT_MEL[style], style, 60.0)
    _draw((0, clips["path"][0]), folder=tmp_path, drawing=drawing)
    tracemalloc.start()
    _draw((1, clips["path"][1]), folder=tmp_path, drawing=drawing)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3e6  # frames of two seconds and their spectra; the sound alone is 0.1 to 0.2 MB


def test_the_memory_of_making_images_does_not_grow_with_the_clips(clips, tmp_path):
    def peak(copies: int) -> int:
        many = pd.concat([clips] * copies, ignore_index=True)
        tracemalloc.start()
        make_images(many, tmp_path / f"set-{next(number)}")
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    number = count_from(0)
    # The least of several: Python's table of interned names, and what is imported late, come on top of one of them.
    one, forty = (min(peak(copies) for _ in range(3)) for copies in (1, 40))
    assert forty - one < 312 * 2000  # bytes for each further clip: its row and its hash, and not its image


def test_training_data_copies_no_pixels():
    images = image_set(n_speakers=40, clips_per_class=8, size=40)
    rows = np.arange(len(images))
    tracemalloc.start()
    data = TrainingData.of(images, rows[:-100], rows[-100:])
    batches = Batches(data, data.train, TrainConfig(batch_size=32))
    for place in range(len(batches)):
        batches[place]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < images.images.nbytes / 4


def test_pixels_stay_bytes_until_the_batch_and_after():
    images = image_set()
    rows = np.arange(len(images))
    pixels, targets = Batches(TrainingData.of(images, rows, rows[:0]), rows, TrainConfig())[0]
    assert (pixels.dtype, targets.dtype) == (np.uint8, np.float32)


def test_an_epoch_sees_each_clip_once():
    images = image_set()
    numbered = np.arange(len(images), dtype=np.uint8)[:, np.newaxis, np.newaxis, np.newaxis]
    images.images[:] = numbered
    rows = np.arange(5, len(images))
    batches = Batches(TrainingData.of(images, rows, np.arange(5)), np.arange(len(rows)), TrainConfig(batch_size=7))
    seen = np.concatenate([batches[place][0][:, 0, 0, 0] for place in range(len(batches))])
    assert sorted(seen.tolist()) == rows.tolist()


def test_validation_takes_each_clip_once_and_in_order():
    images = image_set()
    rows = np.arange(20, 90)
    batches = InOrder(TrainingData.of(images, np.arange(20), rows), np.arange(20, 90), batch_size=32)
    parts = [batches[place] for place in range(len(batches))]
    np.testing.assert_array_equal(np.concatenate([pixels for pixels, _ in parts]), images.images[rows])
    labels = np.concatenate([targets for _, targets in parts]).argmax(axis=1)
    np.testing.assert_array_equal(labels, images.labels[rows])


def test_each_picture_of_a_set_is_read_once(clips, tmp_path, monkeypatch):
    make_images(clips, tmp_path / "set")
    counts: Counter = Counter()
    count(monkeypatch, pixel_store, "read_image", counts)
    load_image_set(tmp_path / "set")
    assert counts["read_image"] == len(clips) + 1  # one more for the size


FAULTS = """
from emospec.heap import keep_freed_memory
from emospec.image_work import Drawing, _draw
from emospec.images import DEFAULT_MEL
from pathlib import Path
import resource, sys

def draw(count):
    for number in range(count):
        source = sys.argv[2 + number % 3]
        _draw((number, source), folder=Path(sys.argv[1]), drawing=Drawing(DEFAULT_MEL["gray"], "gray", 60.0))

keep_freed_memory()
draw(10)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
draw(50)
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 50)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries treat memory in their own way")
def test_drawing_takes_no_memory_from_the_system_that_it_has_given_back(clips, tmp_path):
    paths = clips["path"][:3].tolist()
    for path, seconds in zip(paths, (2.2, 2.9, 3.6), strict=True):
        soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, int(11025 * seconds)), 11025)
    command = [sys.executable, "-c", FAULTS, str(tmp_path), *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 10  # page faults a clip; 90 without


def test_other_processes_keep_freed_memory_and_use_one_thread():
    names = ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "OMP_NUM_THREADS"]  # as many as are queued for them
    found = [value for _, value in map_in_parallel(os.getenv, names, workers=2, chunk=1)]
    assert found == [str(KEPT), str(LARGEST), "1"]
