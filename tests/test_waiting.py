import io

import pytest

from emospec import waiting
from emospec.waiting import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock shows; set its only element."""
    now = [0.0]
    monkeypatch.setattr(waiting.time, "monotonic", lambda: now[0])
    return now


def test_quick_work_prints_nothing(clock: list[float]) -> None:
    file = Terminal()
    progress = Progress(2, file)
    clock[0] = 0.9
    progress.begin("a.wav")
    progress.done()
    progress.clear()
    assert file.getvalue() == ""


def test_long_work_tells_how_far_it_is(clock: list[float]) -> None:
    file = Terminal()
    progress = Progress(300, file)
    progress.begin("a.wav")
    progress.done()
    progress.begin("talk.mp3")
    clock[0] = 2.0
    progress.heard(750.0)
    assert file.getvalue() == "\r1 of 300 recordings done; talk.mp3, 12 min heard"


def test_the_line_is_taken_away(clock: list[float]) -> None:
    file = Terminal()
    progress = Progress(3, file)
    clock[0] = 2.0
    progress.begin("a.wav")
    shown = len(file.getvalue()) - 1
    progress.clear()
    assert file.getvalue().endswith("\r" + " " * shown + "\r")


def test_a_log_gets_a_line_now_and_then(clock: list[float]) -> None:
    file = io.StringIO()
    progress = Progress(100, file)
    for second in range(100):
        clock[0] = float(second)
        progress.begin(f"{second}.wav")
        progress.done()
    assert file.getvalue().splitlines() == [
        "30 of 100 recordings done; 30.wav",
        "60 of 100 recordings done; 60.wav",
        "90 of 100 recordings done; 90.wav",
    ]


def test_a_long_name_stays_in_one_line(clock: list[float]) -> None:
    file = Terminal()
    clock[0] = -5.0
    progress = Progress(1, file)
    clock[0] = 5.0
    progress.begin("x" * 500)
    assert len(file.getvalue()) < 80
