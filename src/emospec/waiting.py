"""A line on standard error that tells how long work goes on; quick work prints none."""

import sys
import time
from typing import TextIO

PATIENCE = 1.0  # s before the first line
BETWEEN = 0.25  # s from one to the next in a terminal
BETWEEN_LINES = 30.0  # s in a file


class Progress:
    """Shows how many of the recordings are done, and how much of a long one was heard.

    Parameters
    ----------
    n_recordings : int
    file : text file, optional
        Standard error unless given. In a terminal one line is written over and over.
    """

    def __init__(self, n_recordings: int, file: TextIO | None = None) -> None:
        self._n, self._done, self._name = n_recordings, 0, ""
        self._file = file or sys.stderr
        self._in_terminal = self._file.isatty()
        self._next = time.monotonic() + (PATIENCE if self._in_terminal else BETWEEN_LINES)
        self._width = 0

    def begin(self, name: str) -> None:
        """Say which recording is heard now."""
        self._name = name
        self._show("")

    def heard(self, seconds: float) -> None:
        """Say how much of it was heard."""
        self._show(f", {seconds / 60:.0f} min heard")

    def done(self) -> None:
        """Say that it is over."""
        self._done += 1

    def _show(self, detail: str) -> None:
        if time.monotonic() < self._next:
            return
        line = f"{self._done} of {self._n} recordings done; {self._name}{detail}"
        self._print(line)
        self._next = time.monotonic() + (BETWEEN if self._in_terminal else BETWEEN_LINES)

    def clear(self) -> None:
        """Take the line away, so that something else can be printed."""
        if self._width:
            self._file.write(f"\r{'':{self._width}}\r")
            self._width = 0

    def _print(self, line: str) -> None:
        if self._in_terminal:
            short = line if len(line) < 79 else f"{line[:38]}…{line[-38:]}"
            self._file.write(f"\r{short:{self._width}}")
            self._width = len(short)
        else:
            self._file.write(line + "\n")
        self._file.flush()
