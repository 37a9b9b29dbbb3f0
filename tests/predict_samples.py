"""Sounds that rise and fall like speech, and bundles that answer on them in a way that can be foretold."""

import struct
from pathlib import Path

import av
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from bundle_samples import write_facts, write_graph
from commands import run
from emospec import cli
from emospec.cli_predict import predict
from emospec.front_graph import GraphParts, add_front_end
from emospec.mel import MelConfig

RATE = 16000
# Of the mean and the greatest sample: above 0 on average is angry, below 0 is fear.
BY_MEAN = np.array([[60, -60, 0, 0], [0, 0, 0, 0]], np.float32)


def voice(seconds: float = 1.0, rate: int = RATE, *, offset: float = 0.1, level: float = 0.5) -> np.ndarray:
    """Syllables, three a second; the offset, which nobody hears, decides on the answer of a bundle `BY_MEAN`."""
    time = np.arange(round(seconds * rate)) / rate
    syllables = 0.5 - 0.45 * np.cos(2 * np.pi * 3 * time)
    return (level * syllables * np.sin(2 * np.pi * 300 * time) + offset).astype(np.float32)


def silence(seconds: float, rate: int = RATE, *, level_db: float | None = None, seed: int = 0) -> np.ndarray:
    """Digital silence, or noise of a level."""
    n_samples = round(seconds * rate)
    if level_db is None:
        return np.zeros(n_samples, np.float32)
    return np.random.default_rng(seed).normal(0, 10 ** (level_db / 20), n_samples).astype(np.float32)


def write_bundle_by_mean(folder: Path) -> Path:
    folder.mkdir(parents=True)
    write_graph(folder / "model.onnx", BY_MEAN)
    write_facts(folder, calibration=None)
    return folder


def write_bundle_that_sees(folder: Path, place: tuple[slice, slice], gain: float = 0.05) -> Path:
    """A bundle with the real way from sound to image, whose first class is the louder a place of the image is."""
    mel = MelConfig()
    weights = np.zeros((mel.height * mel.width, 4), np.float32)
    mask = np.zeros((mel.height, mel.width), np.float32)
    mask[place] = gain / mask[place].size
    weights[:, 0] = mask.ravel()
    front = GraphParts("front/")
    image = add_front_end(front, "waveform", mel)
    nodes = [
        *front.nodes,
        helper.make_node("Reshape", [image, "shape"], ["embedding"], name="network/flat"),
        helper.make_node("MatMul", ["embedding", "weights"], ["network/logits"]),
        helper.make_node("Softmax", ["network/logits"], ["probabilities"]),
    ]
    constants = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(np.array([-1, mask.size]), "shape"),
    ]
    sizes = {"embedding": mask.size, "probabilities": 4}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", size]) for name, size in sizes.items()]
    inputs = [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, ["b", "n"])]
    graph = helper.make_graph(nodes, "made", inputs, outputs, [*front.constants, *constants])
    folder.mkdir(parents=True)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx"
    )
    write_facts(folder, calibration=None)
    return folder


def write_by_ffmpeg(path: Path, codec: str, samples: np.ndarray, rate: int = 48000, form: str | None = None) -> Path:
    """Write a recording as a phone or a browser does."""
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        whole = (samples[np.newaxis] * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(whole), format="s16", layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        fitting = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
        for piece in [*fitting.resample(frame), *fitting.resample(None), None]:
            container.mux(stream.encode(piece))
    return path


def wav_header(n_bytes: int, rate: int = RATE) -> bytes:
    """The header of a mono WAV of 16 bits that promises so many bytes of sound; of RF64 beyond 4 GB."""
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
    if n_bytes < 2**32 - 100:
        return b"RIFF" + struct.pack("<I", n_bytes + 36) + b"WAVE" + form + b"data" + struct.pack("<I", n_bytes)
    sizes = b"ds64" + struct.pack("<IQQQI", 28, n_bytes + 72, n_bytes, n_bytes // 2, 0)
    unknown = b"\xff\xff\xff\xff"
    return b"RF64" + unknown + b"WAVE" + sizes + form + b"data" + unknown


def write_hours_of_silence(path: Path, hours: float, rate: int = 8000) -> Path:
    """A WAV of digital silence that takes no room on the disk."""
    n_bytes = round(hours * 3600) * rate * 2
    with path.open("wb") as file:
        file.write(wav_header(n_bytes, rate))
        file.truncate(file.tell() + n_bytes)
    return path


def run_predict(*arguments: object) -> int:
    """Run `emospec predict` in this process and return its exit code."""
    if "predict" not in list(cli.app):
        cli.app.command(predict)
    return run("predict", *arguments)
