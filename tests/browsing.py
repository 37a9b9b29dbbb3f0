"""A real browser in front of the studio, a folder served over HTTP, and bundles and sounds to try it with."""

import functools
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import soundfile
from onnx import TensorProto, helper

from bundle_samples import write_facts
from emospec.emotions import CLASS_SETS
from emospec.front_graph import GraphParts, add_front_end
from emospec.mel import MelConfig

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no other machine has a name
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
HEARS = MelConfig(n_mels=16, height=16)  # 3.1 s
SURE = {"temperature": 1.0, "threshold": 0.5, "stated_accuracy": 0.8, "n_clips": 100, "n_speakers": 5}


def write_hearing_bundle(folder: Path, classes: tuple[str, ...] = CLASS_SETS["four"], **facts: Any) -> Path:
    """A bundle that sees a small picture of the sound, and weighs its fields by chance: where a sound is matters."""
    folder.mkdir(parents=True)
    front, tail = GraphParts("front/"), GraphParts("tail/")
    image = tail.add("Mul", tail.add("Flatten", add_front_end(front, "waveform", HEARS)), 1 / 255, name="embedding")
    n_cells = HEARS.height * HEARS.width
    rng = np.random.default_rng(1)
    fields = rng.normal(0, 0.05, (4, 7, len(classes))).repeat(4, axis=0).repeat(11, axis=1).reshape(n_cells, -1)
    weights = (fields + rng.normal(0, 0.2, fields.shape)).astype(np.float32)
    tail.add("Softmax", tail.add("MatMul", image, weights), name="probabilities")
    sizes = {"embedding": n_cells, "probabilities": len(classes)}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", size]) for name, size in sizes.items()]
    inputs = [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, ["b", "n"])]
    parts = front.nodes + tail.nodes, front.constants + tail.constants
    graph = helper.make_graph(parts[0], "hearing", inputs, outputs, parts[1])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "model.onnx")
    given = {"classes": list(classes), "mel": HEARS.to_dict(), "name": "hearing", "calibration": SURE} | facts
    card = given.pop("card", "# Hearing\n")
    write_facts(folder, **given)
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    return folder


def syllables(seconds: float, rate: int, pitch: float = 140.0, seed: int = 0) -> np.ndarray:
    """Something like speech: a buzz that comes and goes, with hiss above it."""
    rng, time = np.random.default_rng(seed), np.arange(round(seconds * rate)) / rate
    tones = range(1, int(min(7000, rate / 2) / pitch))
    buzz = sum(np.sin(2 * np.pi * (pitch * n * time + 0.3 * np.sin(3 * time)) + n) / n for n in tones)
    hiss = rng.normal(0, 0.15, len(time)) * np.sin(2 * np.pi * 1.3 * time).clip(0)
    loudness = np.sin(2 * np.pi * 2.2 * time).clip(0) ** 0.5
    return (0.12 * (buzz + hiss) * loudness + rng.normal(0, 3e-4, len(time))).clip(-1, 1)


def conversation(rate: int = 16000) -> np.ndarray:
    """Half a minute of several voices with silences between them."""
    room = np.random.default_rng(9).normal(0, 3e-4, rate * 2)
    voices = [syllables(seconds, rate, pitch, seed) for seed, (seconds, pitch) in enumerate(
        [(2.5, 110), (4.0, 240), (1.2, 180), (7.5, 130), (3.0, 300)]
    )]  # fmt: skip
    return np.concatenate([part for voice in voices for part in (room, voice)])


def write_sound(path: Path, samples: np.ndarray, rate: int, **options: Any) -> Path:
    soundfile.write(path, samples, rate, **options)
    return path


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder as `python -m http.server` does."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@contextmanager
def chromium(microphone: Path | None = None) -> Iterator[Any]:
    """Start Chromium; its microphone hears a WAV file once."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the studio's tests need playwright")
    if CHROMIUM is None:
        pytest.skip("the studio's tests need Chromium")
    hears = [f"--use-file-for-fake-audio-capture={microphone}%noloop"] if microphone else []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *hears])
        yield browser
        browser.close()


class Visitor:
    """Somebody who uses the studio: what they press, and what they see."""

    def __init__(self, browser: Any, url: str, *, key: str = "", **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 860}, **options)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)
        self.page.on("dialog", lambda dialog: dialog.accept(key))
        self.page.goto(url)
        self.page.locator('.record[aria-disabled="false"]').wait_for(timeout=60_000)

    def _note(self, message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:  # of an answer that is an error
            self.errors.append(message.text)

    def choose(self, path: Path) -> None:
        """Choose a file and wait for the answer."""
        self.page.locator("input[type=file]").set_input_files(path)
        self.page.locator(".take-away .note", has_text=path.name).wait_for(timeout=60_000)

    def record(self, seconds: float) -> None:
        self.page.get_by_role("button", name="Record with the microphone").click()
        self.page.get_by_role("button", name="Stop recording").wait_for()
        self.page.wait_for_timeout(1000 * seconds)

    def stop(self) -> None:
        self.page.get_by_role("button", name="Stop recording").click()
        self.page.locator(".take-away .note", has_text="answered").wait_for(timeout=60_000)

    def save(self, label: str) -> bytes:
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=f"Save {label}").click()
        return Path(download.value.path()).read_bytes()

    def numbers(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.save("JSON"))
        return answer

    def bars(self) -> list[str]:
        """What stands at the bars."""
        return self.page.locator(".bars .value").all_inner_texts()

    def sees_numbers(self) -> bool:
        """Whether every bar shows a number."""
        return all(each.endswith("%") for each in self.bars())

    def headline(self) -> str:
        return str(self.page.locator("#headline").inner_text())
