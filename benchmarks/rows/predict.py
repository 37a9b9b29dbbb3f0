"""From a recording to an answer."""

import sys
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import child, inputs
from benchmarks.core import OURS, Result, Row, Setup, compared, in_turn, peaks
from emospec.cli import app

KERAS = "Keras: load_model, predict"
LIMIT_MB = 400
HOURS = 0.5  # of the long recording


def measure(setup: Setup) -> list[Result]:
    """Measure a new process, one clip, many clips, and a long recording."""
    bundle = inputs.bundle(setup)
    if bundle is None:
        return []
    clips, network = inputs.clip_list(setup, 200), network_of(setup, bundle)
    first = inputs.read_list(clips)["path"][0]
    results = [cold(setup, bundle, first, network)]
    results += warm(setup, bundle, clips, network)
    return results + ([long_recording(setup, bundle, clips)] if find_spec("emospec.predict") else [])


def network_of(setup: Setup, bundle: str) -> str:
    """Return the bundle's network as a Keras model; its weights are chance, which costs as much."""
    out = setup.work / "network.keras"
    if not out.exists():
        child.call("benchmarks.rows.predict:write_network", bundle=bundle, out=str(out))
    return str(out)


def write_network(bundle: str, out: str) -> None:
    """Build the network that the bundle was made from."""
    from emospec.bundle import load_bundle
    from emospec.quiet import load_keras

    load_keras()
    from emospec.models import build_model

    found = load_bundle(Path(bundle) if bundle else None)
    name = found.facts["training"]["settings"]["model"]
    shape = (found.mel.height, found.mel.width, 1)
    build_model(name, shape, len(found.classes)).save(out)


def cold(setup: Setup, bundle: str, clip: str, network: str) -> Result:
    """Time from the start of a process to its end, with one answer in between."""
    ours = partial(child.run, command_for(bundle, clip))
    keras = partial(child.call, "benchmarks.rows.predict:answer_by_keras", network=network, clips=[clip], rounds=1)
    ours()
    found = in_turn({OURS: ours, KERAS: keras}, setup.rounds)
    seconds = {name: [each.seconds for each in values] for name, values in found.items()}
    what = "one clip in a new process, start to end"
    return compared(what, "s", seconds, higher_is_better=False, bound=0.7, memory_mb=peaks(found))


def command_for(bundle: str, clip: str) -> list[str]:
    """Return the command that answers on one clip: `emospec predict`, or the bundle by hand where there is none yet."""
    if "predict" in list(app):
        return [sys.executable, "-m", "emospec", "predict", clip, *(["--bundle", bundle] if bundle else [])]
    return [sys.executable, "-c", BY_HAND, clip, bundle]


BY_HAND = """
import sys
from pathlib import Path
from emospec.audio import read_audio
from emospec.bundle import load_bundle
bundle = load_bundle(Path(sys.argv[2]) if sys.argv[2] else None)
print(bundle.score([read_audio(sys.argv[1], bundle.sample_rate)], bundle.sample_rate))
"""


def warm(setup: Setup, bundle: str, clips: str, network: str) -> list[Result]:
    """Compare one clip at a time, and many at once, in a process that has everything loaded."""
    paths = inputs.read_list(clips)["path"].tolist()
    sides = {
        OURS: partial(child.call, "benchmarks.rows.predict:answer_by_emospec", bundle=bundle, clips=paths, rounds=5),
        KERAS: partial(child.call, "benchmarks.rows.predict:answer_by_keras", network=network, clips=paths, rounds=5),
    }
    found = in_turn(sides, min(setup.rounds, 3))
    one = {name: [1000 * each.value["one"] for each in values] for name, values in found.items()}
    many = {name: [each.value["many"] for each in values] for name, values in found.items()}
    memory = peaks(found)
    return [
        compared("one clip, file to answer, warm", "ms", one, higher_is_better=False, memory_mb=memory),
        compared("many clips, files to answers", "clips/s", many, memory_mb=memory),
        Result("peak memory of predicting", "MB", memory[OURS], bound=LIMIT_MB),
    ]


def answer_by_emospec(bundle: str, clips: list[str], rounds: int) -> dict[str, float]:
    """Answer by the bundle."""
    from emospec.audio import read_audio
    from emospec.bundle import load_bundle

    found = load_bundle(Path(bundle) if bundle else None)
    rate = found.sample_rate
    return times(lambda paths: found.score([read_audio(path, rate) for path in paths], rate), clips, rounds)


def answer_by_keras(network: str, clips: list[str], rounds: int) -> dict[str, float]:
    """Answer by the Keras model, on images that are drawn as it was trained."""
    from emospec.quiet import load_keras

    load_keras()
    import numpy as np

    from emospec.audio import read_audio
    from emospec.images import DEFAULT_MEL, to_image
    from emospec.models import load_model

    model, mel = load_model(Path(network)), DEFAULT_MEL["gray"]

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
