import csv
import json

import pytest

from emospec.hearing import Heard
from emospec.predict_formats import Origin, as_csv, as_json, as_rows, as_srt, as_text, clock, csv_columns, shown
from emospec.predictions import Prediction, Segment, Timeline, Window

SCORES = {"angry": 0.25, "sad": 0.75}
ORIGIN = Origin("made@1234", ("angry", "sad"), "--window 3 --hop 1")
SAD = Prediction("sad", SCORES, False, 2.0)
UNSURE = Prediction("sad", SCORES, True, 2.0)
CLIP = Heard("a,b\n.wav", 2.0, SAD)
SILENT = Heard("silent.wav", 1.0)
TIMELINE = Heard(
    "long.wav",
    3700.5,
    timeline=Timeline(
        3700.5,
        (Window(0.0, 3.0, None), Window(1.0, 4.0, SAD)),
        (
            Segment(0.0, 1.25, None, None, False, None),
            Segment(1.25, 3699.0, "sad", 0.75, True, SCORES),
            Segment(3699.0, 3700.5, "angry", 0.25, False, SCORES),
        ),
    ),
)


def test_one_answer_is_one_line() -> None:
    assert as_text(CLIP) == "a,b\\n.wav  sad 0.75  (angry 0.25)\n"
    assert as_text(Heard("a.wav", 2.0, UNSURE)) == "a.wav  sad 0.75, uncertain  (angry 0.25)\n"
    assert as_text(SILENT) == "silent.wav  silence\n"


def test_a_timeline_is_a_line_for_each_segment() -> None:
    assert as_text(TIMELINE).splitlines() == [
        "long.wav  1:01:40.5",
        "     0:00.0     0:01.2  silence",
        "     0:01.2  1:01:39.0  sad 0.75, uncertain  (angry 0.25)",
        "  1:01:39.0  1:01:40.5  angry 0.25  (sad 0.75)",
    ]


def test_json_says_all_in_one_line() -> None:
    line = as_json(CLIP, ORIGIN)
    assert "\n" not in line
    assert json.loads(line) == {
        "path": "a,b\n.wav", "model": "made@1234", "settings": "--window 3 --hop 1", "emotion": "sad",
        "confidence": 0.75, "scores": SCORES, "uncertain": False, "seconds": 2.0,
    }  # fmt: skip


def test_json_of_a_timeline_has_windows_and_segments() -> None:
    values = json.loads(as_json(TIMELINE, ORIGIN))
    assert values["seconds"] == 3700.5
    assert values["windows"][0] == {"start": 0.0, "end": 3.0, "emotion": None}
    assert values["windows"][1]["emotion"] == "sad"
    assert values["segments"][1]["uncertain"] is True


def test_json_of_silence_has_no_emotion() -> None:
    values = json.loads(as_json(SILENT, ORIGIN))
    assert (values["emotion"], values["scores"], values["seconds"]) == (None, None, 1.0)


def test_csv_has_a_row_for_each_segment() -> None:
    rows = [row for heard in (CLIP, SILENT, TIMELINE) for row in as_rows(heard, ORIGIN)]
    text = as_csv([csv_columns(ORIGIN.classes), *rows])
    table = list(csv.DictReader(text.splitlines(keepends=True)))
    assert table[0] == {
        "path": "a,b\n.wav", "start": "0.0", "end": "2.0", "emotion": "sad", "confidence": "0.75",
        "uncertain": "false", "angry": "0.25", "sad": "0.75", "model": "made@1234",
        "settings": "--window 3 --hop 1",
    }  # fmt: skip
    assert [(row["path"], row["emotion"]) for row in table[1:]] == [
        ("silent.wav", ""), ("long.wav", ""), ("long.wav", "sad"), ("long.wav", "angry"),
    ]  # fmt: skip


def test_subtitles_are_shown_while_somebody_speaks() -> None:
    assert as_srt(TIMELINE) == (
        "1\n00:00:01,250 --> 01:01:39,000\nsad? (75 %)\n\n2\n01:01:39,000 --> 01:01:40,500\nangry (25 %)\n"
    )
    assert as_srt(SILENT) == ""


@pytest.mark.parametrize(("text", "expected"), [("\x1b[31m.wav", "\\x1b[31m.wav"), ("é ü.wav", "é ü.wav")])
def test_no_name_is_a_command_to_the_terminal(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_times_are_rounded_over_the_minute() -> None:
    assert clock(59.96) == "1:00.0"
    assert clock(3599.9996, hours=True, mark=",", digits=3) == "01:00:00,000"
