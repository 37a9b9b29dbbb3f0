"""Measurements in a process of their own, so that memory and imports are those of one side alone."""

import importlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
MARK = "benchmarks.child:"
EVERY = 0.2  # s between two looks at the memory: each costs milliseconds, which the other side may need
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Child:
    """What a process returned.

    `seconds` is from start to end, imports and all. Memory is the peak over the process and those that it started: each
    page counted once, shared ones by shares; `private_mb` leaves out pages of files.
    """

    value: Any
    seconds: float
    memory_mb: float | None
    private_mb: float | None


def call(function: str, *, one_core: bool = False, env: Mapping[str, str] | None = None, **arguments: Any) -> Child:
    """Call `module:function` with arguments that JSON can hold; `one_core` binds it to a core and its libraries too."""
    command = [sys.executable, "-m", "benchmarks.child", function, json.dumps(arguments), "1" if one_core else ""]
    done = run(command, {**(ONE_THREAD if one_core else {}), **(env or {})})
    lines = [line for line in done.value.splitlines() if line.startswith(MARK)]
    return Child(json.loads(lines[-1].removeprefix(MARK)), done.seconds, done.memory_mb, done.private_mb)


def run(command: list[str], env: Mapping[str, str] | None = None) -> Child:
    """Run a command; its value is what it printed."""
    chosen = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env={**chosen, **(env or {})}
    ) as process:
        watch = Watch(process.pid)
        watch.start()
        printed, errors = process.communicate()
        seconds = time.perf_counter() - begun
        watch.ended.set()
        watch.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:5])} ended with {process.returncode}:\n{errors[-3000:]}")
    return Child(printed, seconds, watch.whole or None, watch.private or None)


class Watch(threading.Thread):
    """Looks at the memory of a process and its children until it ends."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.whole, self.private, self.ended = pid, 0.0, 0.0, threading.Event()

    def run(self) -> None:
        """Keep the greatest sums."""
        while not self.ended.wait(EVERY):
            try:
                processes = [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            sums = [sum(values) for values in zip(*(memory_of(each.pid) for each in processes), strict=True)]
            self.whole, self.private = max(self.whole, sums[0]), max(self.private, sums[1])


def memory_of(pid: int) -> tuple[float, float]:
    """Return the memory of a process in MB, with and without pages of files; nothing where the system doesn't say."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0, 0.0
    found = {line.split(":")[0]: float(line.split()[1]) / 1000 for line in lines if line.endswith("kB")}
    return found.get("Pss", 0.0), found.get("Pss_Anon", found.get("Anonymous", 0.0))


def main() -> None:
    """Be the other process."""
    name, arguments, one_core = sys.argv[1:]
    if one_core and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    module, function = name.split(":")
    value = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    print(f"\n{MARK}{json.dumps(value)}", flush=True)


if __name__ == "__main__":
    main()
