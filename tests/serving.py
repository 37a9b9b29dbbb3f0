"""A real server in a process of its own, and sounds to send to it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import onnx
import soundfile
from onnx import TensorProto, helper

from bundle_samples import WEIGHTS, write_facts
from emospec.front_graph import GraphParts, add_front_end
from emospec.mel import MelConfig

RATE = 16000
COMMAND = """
from emospec.cli import app, main
from emospec.cli_serve import serve
if "serve" not in app:
    app.command(serve)
main()
"""


@dataclass
class RunningServer:
    process: subprocess.Popen
    url: str
    temporary: Path
    log: list[str] = field(default_factory=list)

    def post(self, what: str, sound: bytes, **options) -> httpx.Response:
        """Send a recording as a form."""
        name = options.pop("name", "speech.wav")
        return httpx.post(f"{self.url}v1/{what}", files={"file": (name, sound)}, timeout=60, **options)

    def get(self, path: str, **options) -> httpx.Response:
        return httpx.get(self.url + path, timeout=60, **options)

    @property
    def workers(self) -> list[int]:
        """The processes that decode and predict."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(child) for child in children.read_text().split()]

    def wait_for(self, line: str) -> None:
        """Wait until the metrics hold a line."""
        for _ in range(200):
            if line in self.get("metrics").text.splitlines():
                return
            time.sleep(0.1)
        raise AssertionError(self.get("metrics").text)

    def left_behind(self) -> list[str]:
        """What lies in the server's temporary folder."""
        return [path.name for path in self.temporary.iterdir()]


def start(folder: Path, *options: object, **variables: str) -> subprocess.Popen:
    """Start a server whose temporary folder is in `folder`."""
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    port = () if any(str(option).startswith("--port") for option in options) else ("--port", 0)
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "serve", *map(str, (*port, *options))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(folder / "tmp")} | variables,
    )


@contextmanager
def running_server(folder: Path, *options: object, **variables: str) -> Iterator[RunningServer]:
    """Run a server until the block ends, with no limit of rate unless one is given."""
    rate = () if "--rate" in options else ("--rate", 0)
    process = start(folder, *options, *rate, **variables)
    first = process.stdout.readline()
    if not first:
        raise AssertionError(process.communicate()[1])
    server = RunningServer(process, first.split(" at ")[1].split()[0], folder / "tmp")
    reader = threading.Thread(target=lambda: server.log.extend(process.stderr), daemon=True)
    reader.start()
    try:
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        reader.join(10)
        process.stdout.close()
        process.stderr.close()


SMALL = MelConfig(n_fft=512, win_length=512, hop_length=256, n_mels=16, height=16, width=24)


def write_seeing_bundle(folder: Path) -> Path:
    """A bundle that sees a picture of the sound: the mean and the greatest of all its cells."""
    folder.mkdir(parents=True)
    front, tail = GraphParts("front/"), GraphParts("tail/")
    image = tail.add("Mul", tail.add("Flatten", add_front_end(front, "waveform", SMALL)), 1 / 255)
    mean, greatest = (tail.add(kind, image, axes=[1]) for kind in ("ReduceMean", "ReduceMax"))
    tail.add("Concat", mean, greatest, name="embedding", axis=1)
    tail.add("Softmax", tail.add("MatMul", "embedding", WEIGHTS), name="probabilities")
    sizes = {"embedding": 2, "probabilities": 4}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", size]) for name, size in sizes.items()]
    inputs = [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, ["b", "n"])]
    nodes, constants = front.nodes + tail.nodes, front.constants + tail.constants
    graph = helper.make_graph(nodes, "seeing", inputs, outputs, constants)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx"
    )
    write_facts(folder, mel=SMALL.to_dict(), name="seeing")
    (folder / "MODEL_CARD.md").write_text("# Seeing\n")
    return folder


def voice(seconds: float = 2.0, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Something like syllables: a buzz that comes and goes, in a little noise."""
    time = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * 140 * n * time) / n for n in range(1, 9))
    noise = np.random.default_rng(seed).normal(0, 0.001, len(time))
    return (0.2 * buzz * np.sin(2 * np.pi * 2 * time).clip(0) + noise).astype(np.float32)


def encoded(sound: np.ndarray, rate: int = RATE, kind: str = "WAV", subtype: str | None = None) -> bytes:
    memory = BytesIO()
    soundfile.write(memory, sound, rate, format=kind, subtype=subtype)
    return memory.getvalue()
