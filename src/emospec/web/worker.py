"""A process that decodes recordings and predicts on them, a line of JSON at a time; the server ends it when it must."""

import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from emospec.errors import AudioError, EmospecError, ScoreError
from emospec.predict import Predictor
from emospec.sounds import NAME
from emospec.web.decoding import LONGEST_CLIP, decoded
from emospec.web.limits import LONGEST_ANSWER, MIB

GRACE = 5.0  # s of processor time beyond that in which the server ends a worker by itself


def main() -> None:
    """Answer jobs until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    setup = json.loads(sys.stdin.readline())
    predictor = _load(setup["bundle"])
    _limit_memory(setup["memory"])
    _say({"ready": True}, answers)
    for line in sys.stdin:
        _limit_time(setup["max_time"] + GRACE)
        _say(answer_to(json.loads(line), predictor, setup["max_duration"]), answers)


def _say(answer: Mapping[str, Any], answers: IO[str]) -> None:
    answers.write(line_of(answer))
    answers.flush()


def line_of(answer: Mapping[str, Any]) -> str:
    """Return an answer as a line, or that it is too long for one."""
    with suppress(MemoryError):
        line = json.dumps(answer, allow_nan=False) + "\n"
        if len(line) <= LONGEST_ANSWER:
            return line
    detail = f"the answer is larger than {LONGEST_ANSWER // MIB} MiB; send a shorter recording, or set a larger hop"
    return json.dumps({"refused": detail, "kind": "costly-recording"}) + "\n"


def _load(bundle: str | None) -> Predictor:
    """Load the model and the decoders before any limit holds, and use them once."""
    import av  # noqa: F401
    import soundfile  # noqa: F401
    import soxr  # noqa: F401

    predictor = Predictor(None if bundle is None else Path(bundle), threads=1)
    rate = predictor.bundle.sample_rate
    with suppress(ScoreError):  # a model may find no numbers in silence
        predictor.bundle.score([np.zeros(rate, np.float32)], rate)
    return predictor


def _limit_memory(more: int) -> None:
    """Let this process take so many bytes more than now, and leave no picture of its memory when it crashes."""
    try:
        import resource

        now = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return  # a system without limits or without their measure; the server still limits the time
    resource.setrlimit(resource.RLIMIT_AS, (now + more, now + more))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_time(seconds: float) -> None:
    """Let this process compute so much longer, should the server be gone that would end it."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1, hard))


def answer_to(job: Mapping[str, Any], predictor: Predictor, max_seconds: float) -> dict[str, Any]:
    """Return the answer to a job, or why the recording cannot be used, without its path.

    Parameters
    ----------
    job : mapping
        `do` (predict, timeline or explain), `path`, `channel`, and `options` of what is to be done.
    max_seconds : float
        Longer recordings are refused.
    """
    longest = max_seconds if job["do"] == "timeline" else min(max_seconds, LONGEST_CLIP)
    path, rate, start = Path(job["path"]), predictor.bundle.sample_rate, time.perf_counter()
    try:
        sound = decoded(path, rate, job["channel"], longest)
        middle = time.perf_counter()
        answer: dict[str, Any] = getattr(predictor, job["do"])(sound, rate, **job["options"]).to_dict()
    except EmospecError as error:
        kind = "bad-recording" if isinstance(error, AudioError) else "bad-parameter"
        return {"refused": _without(str(error), path, predictor.bundle.path), "kind": kind}
    except MemoryError:
        return {"refused": "decoding it takes more memory than is allowed; send less", "kind": "costly-recording"}
    times = {"decode_ms": middle - start, "predict_ms": time.perf_counter() - middle}
    return answer | {"timings": {step: round(1000 * took, 2) for step, took in times.items()}}


def _without(message: str, recording: Path, bundle: Path) -> str:
    """Return a message in one line that names no path of this machine."""
    for path, name in ((str(recording), "the recording"), (NAME, "the recording"), (str(bundle), "the model")):
        message = message.replace(path, name)
    return " ".join(message.split())


if __name__ == "__main__":
    main()
