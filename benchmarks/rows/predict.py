"""From a recording to an answer."""

import sys
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import child, inputs
from benchmarks.core import OURS, Result, Row, Setup, compared, in_turn, peaks

KERAS = "Keras: load_model, predict"
LIMIT_MB = 400
LIMIT_MS = 15
HOURS = 0.5  # of the long recording


def measure(setup: Setup) -> list[Result]:
    """Measure a new process, one clip, many clips, and a long recording."""
    bundle, clips = inputs.bundle(setup), inputs.clip_list(setup, 200)
    if bundle is None:
        return []
    first = inputs.read_list(clips)["path"][0]
    return [cold(setup, bundle, first), *warm(setup, bundle, clips), long_recording(setup, bundle, clips)]


def cold(setup: Setup, bundle: str, clip: str) -> Result:
    """Time from the start of a process to its end, with one answer in between."""
    command = [sys.executable, "-m", "emospec", "predict", clip, *(["--bundle", bundle] if bundle else [])]
    ours = partial(child.run, command)
    keras = partial(child.call, "benchmarks.rows.predict:answer_by_keras", bundle=bundle, clips=[clip], rounds=1)
    ours()
    found = in_turn({OURS: ours, KERAS: keras}, setup.rounds)
    seconds = {name: [each.seconds for each in values] for name, values in found.items()}
    what = "one clip in a new process, start to end"
    return compared(what, "s", seconds, higher_is_better=False, bound=0.7, memory_mb=peaks(found))


def warm(setup: Setup, bundle: str, clips: str) -> list[Result]:
    """Compare one clip at a time, and many at once, in a process that has everything loaded, on one core."""
    options = {"bundle": bundle, "clips": inputs.read_list(clips)["path"].tolist(), "rounds": 5}
    sides = {
        name: partial(child.call, f"benchmarks.rows.predict:{function}", one_core=True, **options)
        for name, function in ((OURS, "answer_by_emospec"), (KERAS, "answer_by_keras"))
    }
    found = in_turn(sides, min(setup.rounds, 3))
    one = {name: [1000 * each.value["one"] for each in values] for name, values in found.items()}
    many = {name: [each.value["many"] for each in values] for name, values in found.items()}
    memory = peaks(found)
    what = "one clip, file to answer, warm, one core"
    return [
        compared(what, "ms", one, higher_is_better=False, bound=LIMIT_MS, memory_mb=memory),
        compared("many clips, files to answers, one core", "clips/s", many, memory_mb=memory),
        Result("peak memory of predicting", "MB", memory[OURS], bound=LIMIT_MB),
    ]


def answer_by_emospec(bundle: str, clips: list[str], rounds: int) -> dict[str, float]:
    """Answer by the bundle."""
    from emospec.audio import read_audio
    from emospec.bundle import load_bundle

    found = load_bundle(Path(bundle) if bundle else None)
    rate = found.sample_rate
    return times(lambda paths: found.score([read_audio(path, rate) for path in paths], rate), clips, rounds)


def answer_by_keras(bundle: str, clips: list[str], rounds: int) -> dict[str, float]:
    """Answer by the bundle's Keras model, on images that are drawn as it was trained."""
    from emospec.quiet import load_keras

    load_keras()
    import numpy as np

    from emospec.audio import read_audio
    from emospec.bundle import read_facts, shipped_bundle
    from emospec.images import to_image
    from emospec.mel import MelConfig
    from emospec.models import load_model

    folder = Path(bundle) if bundle else shipped_bundle()
    model, mel = load_model(folder / "model.keras"), MelConfig.from_dict(read_facts(folder)["mel"])

    def answer(paths: list[str]) -> Any:
        images = np.stack([to_image(read_audio(path, mel.sample_rate), mel) for path in paths])
        return model.predict(images[..., np.newaxis], verbose=0)

    return times(answer, clips, rounds)


def times(answer: Any, clips: list[str], rounds: int) -> dict[str, float]:
    """Return the seconds for one clip, the median over some, and the clips a second of all at once."""
    single: list[float] = []
    for clip in (clips[:40] if len(clips) > 1 else clips) * min(rounds, 2):
        begun = time.perf_counter()
        answer([clip])
        single.append(time.perf_counter() - begun)
    rates = []
    for _ in range(rounds if len(clips) > 1 else 0):
        begun = time.perf_counter()
        answer(clips)
        rates.append(len(clips) / (time.perf_counter() - begun))
    return {"one": median(single), "many": median(rates or [0.0])}


def long_recording(setup: Setup, bundle: str, clips: str) -> Result:
    """Hear a recording of half an hour, clip after clip with silence in between, as a timeline."""
    out = setup.work / "long.wav"
    if not out.exists():
        write_long(inputs.read_list(clips)["path"].tolist(), out)
    found = [
        child.call("benchmarks.rows.predict:hear_long", bundle=bundle, path=str(out))
        for _ in range(min(setup.rounds, 3))
    ]
    rates = [each.value for each in found]
    memory = peaks({OURS: found})
    return Result(
        "a long recording as a timeline",
        "hours of audio a minute",
        median(rates),
        memory_mb=memory,
        rounds={OURS: rates},
    )


def write_long(paths: list[str], out: Path) -> None:
    """Put clips after each other, at 16 kHz."""
    import numpy as np
    import soundfile

    from emospec.audio import read_audio

    with soundfile.SoundFile(out, "w", 16000, 1, subtype="PCM_16") as file:
        number = 0
        while file.tell() < HOURS * 3600 * 16000:
            file.write(read_audio(paths[number % len(paths)], 16000))
            file.write(np.zeros(8000))
            number += 1


def hear_long(bundle: str, path: str) -> float:
    """Return the hours of audio that are heard in a minute."""
    from emospec.predict import Predictor

    predictor = Predictor(Path(bundle) if bundle else None)
    begun = time.perf_counter()
    timeline = predictor.timeline(path)
    return (timeline.seconds / 3600) / ((time.perf_counter() - begun) / 60)


ROW = Row("predict", "From a recording to an answer", measure)
