"""From audio files to PNG files."""

import shutil
import time
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import child, inputs, notebook_way
from benchmarks.core import OURS, Result, Row, Setup, compared, in_turn, peaks

NOTEBOOK = "librosa, specshow, savefig"
FLOOR = "decode, resample, one FFT pass, write"
N_SLOW = 200  # clips for the notebook's way
LIMIT_MB = 400


def measure(setup: Setup) -> list[Result]:
    """Measure on one core, then on all."""
    some, every = inputs.clip_list(setup, N_SLOW), inputs.clip_list(setup)
    results = [on_one_core(setup, some, style) for style in ("gray", "notebook")]
    results += [pictures_alone(setup, some, style) for style in ("gray", "notebook")]
    results += [above_the_floor(setup, every, style) for style in ("gray", "notebook")]
    return [*results, *on_all_cores(setup, every)]


def drawn(clips: str, work: Path, style: str, *, workers: int = 1) -> child.Child:
    """Make an image set in a process of its own."""
    options = {"clips": clips, "out": str(work / "drawn"), "style": style, "workers": workers}
    return child.call("benchmarks.rows.images:draw_set", one_core=workers == 1, **options)


def on_one_core(setup: Setup, clips: str, style: str) -> Result:
    """Compare with the notebook's way."""
    paths = inputs.read_list(clips)["path"].tolist()
    slow = {"paths": paths, "out": str(setup.work / "slow")}
    sides = {
        OURS: lambda: drawn(clips, setup.work, style),
        NOTEBOOK: lambda: child.call("benchmarks.notebook_way:pictures", one_core=True, **slow),
    }
    found = in_turn(sides, setup.rounds)
    rates = {name: [len(paths) / each.value for each in values] for name, values in found.items()}
    what = f"audio to PNG, {style}, one core"
    return compared(what, "clips/s", rates, goal=15.0, memory_mb=peaks(found))


def draw_set(clips: str, out: str, style: str, workers: int) -> float:
    """Make an image set; return the seconds, imports left out."""
    from emospec.image_set import make_images

    table = inputs.read_list(clips)
    shutil.rmtree(out, ignore_errors=True)
    begun = time.perf_counter()
    make_images(table, out, style=style, workers=workers)
    return time.perf_counter() - begun


def pictures_alone(setup: Setup, clips: str, style: str) -> Result:
    """Compare from the finished log-Mel spectrogram to the PNG file."""
    found = child.call(
        "benchmarks.rows.images:draw_alone", one_core=True, clips=clips, style=style, out=str(setup.work / "alone")
    ).value
    what = f"the picture alone, {style}, one core"
    return compared(what, "ms", found, higher_is_better=False, goal=100.0)


def draw_alone(clips: str, style: str, out: str) -> dict[str, list[float]]:
    """Draw each spectrogram by both ways in turn; return the milliseconds."""
    import matplotlib as mpl

    from emospec.audio import read_audio
    from emospec.images import DEFAULT_MEL, NOTEBOOK_AXES_WIDTH, Picture, gray_image, notebook_picture
    from emospec.spectrogram import log_mel_spectrogram

    mpl.use("Agg")
    mel, folder = DEFAULT_MEL[style], Path(out)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def ours(spectrogram: np.ndarray, path: Path) -> None:
        if style == "gray":
            picture = Picture(gray_image(spectrogram, mel))
        else:
            picture = notebook_picture(spectrogram, mel, axes_width=NOTEBOOK_AXES_WIDTH)
        path.write_bytes(picture.png)

    def as_the_notebook(spectrogram: np.ndarray, path: Path) -> None:
        notebook_way.save(spectrogram, mel.sample_rate, path)

    times: dict[str, list[float]] = {OURS: [], NOTEBOOK: []}
    for number, clip in enumerate(inputs.read_list(clips)["path"]):
        spectrogram = log_mel_spectrogram(read_audio(clip, mel.sample_rate), mel)
        for side, (name, draw) in enumerate(((OURS, ours), (NOTEBOOK, as_the_notebook))):
            # A new file each time, as in an image set: ext4 flushes one that is written over, which takes up to 4 ms.
            path = folder / f"{number}-{side}.png"
            begun = time.perf_counter()
            draw(spectrogram, path)
            times[name].append(1000 * (time.perf_counter() - begun))
    return {name: [median(values[part::5]) for part in range(5)] for name, values in times.items()}


def above_the_floor(setup: Setup, clips: str, style: str) -> Result:
    """Compare with what cannot be left out."""
    floor = {"clips": clips, "style": style, "out": str(setup.work / "floor")}
    sides = {
        OURS: lambda: drawn(clips, setup.work, style),
        FLOOR: lambda: child.call("benchmarks.rows.images:only_the_floor", one_core=True, **floor),
    }
    found = in_turn(sides, setup.rounds)
    seconds = {name: [each.value for each in values] for name, values in found.items()}
    result = compared(
        f"audio to PNG, {style}, against what cannot be left out", "s", seconds, higher_is_better=False, goal=1 / 1.5
    )
    result.note = f"{1 / result.ratio:.2f} times the floor; the goal is at most 1.5"
    return result


def only_the_floor(clips: str, style: str, out: str) -> float:
    """Decode, resample, transform and write, and nothing else; return the seconds."""
    import soundfile
    import soxr
    from scipy import fft

    from emospec.images import DEFAULT_MEL

    mel, folder = DEFAULT_MEL[style], Path(out)
    size, paths = {"gray": 3450, "notebook": 6300}[style], inputs.read_list(clips)["path"].tolist()
    content = np.random.default_rng(0).bytes(size)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    begun = time.perf_counter()
    for number, path in enumerate(paths):
        samples, rate = soundfile.read(path, dtype="float32")
        samples = soxr.resample(samples, rate, mel.sample_rate, quality="HQ")
        frames = np.lib.stride_tricks.sliding_window_view(samples, mel.n_fft)[:: mel.hop_length]
        fft.rfft(frames, axis=1)
        (folder / f"{number}.png").write_bytes(content)
    return time.perf_counter() - begun


def on_all_cores(setup: Setup, clips: str) -> list[Result]:
    """Compare one worker with all cores, and look at the memory."""
    one, every = "one worker", "all cores"
    found = in_turn(
        {one: lambda: drawn(clips, setup.work, "gray"), every: lambda: drawn(clips, setup.work, "gray", workers=0)},
        setup.rounds,
    )
    count = len(inputs.read_list(clips))
    rates = {name: [count / each.value for each in values] for name, values in found.items()}
    faster = compared(
        "audio to PNG, gray, all cores against one", "clips/s", {OURS: rates[every], one: rates[one]}, goal=1.8
    )
    faster.note = "the goal is for two cores"
    memory = Result("peak memory of all processes that make images", "MB", peaks(found)[every], bound=LIMIT_MB)
    return [faster, memory]


ROW = Row("images", "Audio files to PNG files", measure)
