"""Load on a server of this machine: 50 uploads at once, 1,000 in all; times, losses and memory are printed.

    python benchmarks/serve_load.py [--bundle FOLDER] [--recordings FOLDER] [--workers N]

It starts a server on 127.0.0.1, sends to that one alone, stops after 1,000 uploads or ten minutes, and ends it. Exit
code 1 if an upload was lost, if memory grew by more than 10 % between the 100th and the last upload, or if a file was
left behind.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import soundfile

RATE = 16_000
AT_ONCE, WARM_UP, IN_ALL = 50, 100, 1000
MOST_SECONDS, MOST_GROWTH = 600.0, 0.10


def main() -> int:
    options = arguments()
    sounds = recordings(options.recordings) if options.recordings else [made(n) for n in range(40)]
    with tempfile.TemporaryDirectory() as folder, server(folder, options) as (url, process):
        took, before = send(url, sounds, WARM_UP), memory_of(process)
        began = time.perf_counter()
        took += send(url, sounds, IN_ALL - WARM_UP)
        lasted, after = time.perf_counter() - began, memory_of(process)
        left = list(Path(folder).iterdir())
    return told(took, lasted, before, after, left)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", help="the one that came with emospec unless given")
    parser.add_argument("--recordings", type=Path, help="folder with clips to send instead of made-up voices")
    parser.add_argument("--workers", default="0", help="processes; 0 takes all cores")
    return parser.parse_args()


def recordings(folder: Path) -> list[bytes]:
    files = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in (".wav", ".flac", ".mp3", ".ogg", ".m4a")
    )
    return [path.read_bytes() for path in files[:200]]


def made(number: int) -> bytes:
    """Return a voice of one to six seconds, in WAV, FLAC or OGG."""
    rng = np.random.default_rng(number)
    time_ = np.arange(int(rng.uniform(1, 6) * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * rng.uniform(100, 250) * n * time_) / n for n in range(1, 9))
    sound = 0.1 * buzz * np.sin(2 * np.pi * 2 * time_).clip(0) + rng.normal(0, 0.002, len(time_))
    memory = BytesIO()
    soundfile.write(memory, sound, RATE, format=("WAV", "FLAC", "OGG")[number % 3])
    return memory.getvalue()


@contextmanager
def server(folder: str, options: argparse.Namespace) -> Iterator[tuple[str, int]]:
    """Run a server with its temporary files in `folder`; yield its address and its process."""
    command = [sys.executable, "-m", "emospec", "serve", "--port", "0", "--rate", "0", "--workers", options.workers]
    command += ["--bundle", options.bundle] if options.bundle else []
    environment = os.environ | {"TMPDIR": folder}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    try:
        line = process.stdout.readline()
        if not line:
            sys.exit("the server did not start; run `emospec serve` to see why")
        yield line.split(" at ")[1].split()[0], process.pid
    finally:
        process.terminate()
        process.wait(30)


def send(url: str, sounds: Sequence[bytes], number: int) -> list[float]:
    """Send uploads, 50 at once, and return the seconds that each took; one that was lost took nan."""
    end = time.perf_counter() + MOST_SECONDS
    limits = httpx.Limits(max_connections=AT_ONCE)
    with httpx.Client(timeout=60, limits=limits) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda n: one(client, url, sounds[n % len(sounds)], end), range(number)))


def one(client: httpx.Client, url: str, sound: bytes, end: float) -> float:
    start = time.perf_counter()
    if start > end:
        return float("nan")
    try:
        answer = client.post(f"{url}v1/predict", files={"file": ("speech", sound)})
    except httpx.HTTPError as error:
        print(f"lost: {error!r}", file=sys.stderr)
        return float("nan")
    if answer.status_code != 200:
        print(f"refused: {answer.status_code} {answer.text[:200]}", file=sys.stderr)
        return float("nan")
    return time.perf_counter() - start


def memory_of(process: int) -> float:
    """Return the MiB that a process and its children hold (Linux)."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    statuses = [Path(f"/proc/{each}/status").read_text() for each in (process, *children)]
    return sum(int(status.split("VmRSS:")[1].split()[0]) for status in statuses) / 1024


def told(took: list[float], lasted: float, before: float, after: float, left: list[Path]) -> int:
    """Print what was measured; return the exit code."""
    answered = np.array([seconds for seconds in took if np.isfinite(seconds)])
    lost, growth = len(took) - len(answered), after / before - 1
    shares = ", ".join(f"{share} %: {1000 * np.percentile(answered, share):.0f} ms" for share in (50, 90, 95, 99, 100))
    print(f"{len(took)} uploads, {AT_ONCE} at once: {lost} lost, {(IN_ALL - WARM_UP) / lasted:.0f} a second")
    print(f"time from request to answer, by share of uploads: {shares}")
    print(f"memory: {before:.0f} MiB after {WARM_UP}, {after:.0f} MiB after {IN_ALL} ({100 * growth:+.1f} %)")
    print(f"files left behind: {len(left)}")
    return int(bool(lost or left) or growth > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
