"""Start-up of the command line."""

import sys
from statistics import median

from benchmarks import child
from benchmarks.core import Result, Row, Setup

COMMANDS = {"emospec --help": ["--help"], "emospec images --help": ["images", "--help"]}


def measure(setup: Setup) -> list[Result]:
    """Start each command anew several times."""
    results = []
    for what, arguments in COMMANDS.items():
        command = [sys.executable, "-m", "emospec", *arguments]
        child.run(command)  # so that no file is read from the disk, or compiled, while the clock runs
        seconds = [child.run(command).seconds for _ in range(2 * setup.rounds + 1)]
        results.append(Result(what, "s", median(seconds), bound=0.4, rounds={what: seconds}))
    return results


ROW = Row("start", "Start-up", measure)
