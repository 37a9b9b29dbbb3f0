"""The card of an exported file: how large, how fast and how exact it is, and how it wants to be used."""

import platform
import statistics
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from emospec.export import PACKAGES
from emospec.export_formats import Opened, Port
from emospec.exportable import Exportable
from emospec.files import sha256_of

SECONDS, RUNS, FIRST_RUNS = 3.0, 30, 3


def card_of(source: Exportable, opened: Opened, file: Path, parity: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a card says of a file that was written and opened: plain values, ready for JSON."""
    calibration = source.calibration
    return {
        "name": source.name,
        "licence": source.licence,
        "bytes": file.stat().st_size,
        "sha256": sha256_of(file),
        "n_parameters": n_parameters(source),
        "classes": list(source.classes),
        "sample_rate": source.mel.sample_rate,
        "threshold": source.threshold,
        "temperature": None if calibration is None else calibration.temperature,
        "inputs": [described(port) for port in opened.inputs],
        "outputs": [described(port) for port in opened.outputs],
        "images": {"style": source.style, "mel": source.mel.to_dict()},
        "parity": dict(parity),
        "latency": latency_of(opened, source.mel.sample_rate),
        "made_with": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def described(port: Port) -> dict[str, Any]:
    """Return an input or output as plain values."""
    return {**asdict(port), "shape": list(port.shape)}


def n_parameters(source: Exportable) -> int | None:
    """Return the number of weights, or None for a graph that doesn't say."""
    if source.model is not None:
        return int(source.model.count_params())
    network = source.bundle.facts.get("network", {}) if source.bundle else {}
    return network.get("n_parameters")


def latency_of(opened: Opened, sample_rate: int) -> dict[str, Any]:
    """Measure how long one clip of three seconds takes, from what the file takes to what it gives."""
    noise = np.random.default_rng(0).normal(0, 0.1, int(SECONDS * sample_rate)).astype(np.float32)
    prepared = opened.prepare(noise)
    times = []
    for _ in range(FIRST_RUNS + RUNS):
        start = time.perf_counter()
        opened.run(prepared)
        times.append(time.perf_counter() - start)
    return {
        "median_ms": round(1000 * statistics.median(times[FIRST_RUNS:]), 3),
        "of": f"one clip of {SECONDS:g} s, from {opened.inputs[0].name} to {opened.outputs[0].name}",
        "runs": RUNS,
        "threads": opened.threads,
        "processor": processor(),
    }


def processor() -> str:
    """Return what the processor is called, as far as the system tells."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in [*lines, f":{platform.machine()}"] if is_name(line))
    return platform.processor() or platform.machine()


def is_name(line: str) -> bool:
    """Tell whether a line of `/proc/cpuinfo` names the processor."""
    return line.startswith(("model name", ":"))


def use_one_thread() -> None:
    """Let TensorFlow compute on one thread, as latencies are stated; where it has begun, it keeps those that it has."""
    with suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def summary_lines(card: Mapping[str, Any], file: Path) -> list[str]:
    """Return a card in a few lines."""
    parity, latency = card["parity"], card["latency"]
    parameters = "" if card["n_parameters"] is None else f", {card['n_parameters']:,} parameters"
    below = "" if card["threshold"] is None else f"; uncertain below {card['threshold']:.3f}"
    return [
        f"{file}: {card['bytes'] / 1e6:.2f} MB{parameters}",
        *(f"takes {shown(port)}" for port in card["inputs"]),
        *(f"gives {shown(port)}" for port in card["outputs"]),
        f"classes {', '.join(card['classes'])}{below}",
        f"differs by {parity['greatest_difference']:.2g} in probability at the most from {parity['reference']}, "
        f"on {parity['n_waveforms']} sounds (allowed {parity['allowed']:g})",
        f"{latency['of']}: {latency['median_ms']:.2f} ms (median of {latency['runs']}, "
        f"{latency['threads']} thread{'s' * (latency['threads'] > 1)} of {latency['processor']})",
        f"SHA-256 {card['sha256']}",
    ]


def shown(port: Mapping[str, Any]) -> str:
    """Return an input or output in a line."""
    shape = ", ".join(map(str, port["shape"]))
    return f"{port['name']} {port['dtype']} ({shape}): {port['meaning']}"
