"""What was heard in a recording as text: for people, for programs (JSON, CSV), for players (SRT)."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from emospec.hearing import Heard
from emospec.predictions import Segment

Row = list[Any]


class Origin(NamedTuple):
    """Where answers come from; they state it, so that no others are mixed with them.

    Attributes
    ----------
    model : str
        Its name, and the beginning of its graph's hash.
    classes : sequence of str
        The emotions it knows.
    settings : str
        The options that decide on answers, such as "--window 3 --hop 1".
    """

    model: str
    classes: Sequence[str]
    settings: str


def shown(text: str) -> str:
    r"""Return a name in one line that no terminal takes for a command.

    >>> shown("a\nb.wav")
    'a\\nb.wav'
    """
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def clock(seconds: float, *, hours: bool = False, mark: str = ".", digits: int = 1) -> str:
    """Return a time as players show it.

    >>> clock(83.25), clock(3683.2)
    ('1:23.2', '1:01:23.2')
    >>> clock(83.25, hours=True, mark=",", digits=3)
    '00:01:23,250'
    """
    ticks, part = divmod(round(seconds * 10**digits), 10**digits)
    minutes, second = divmod(ticks, 60)
    hour, minute = divmod(minutes, 60)
    whole = f"{hour:02}:{minute:02}" if hours else f"{hour}:{minute:02}" if hour else f"{minute}"
    return f"{whole}:{second:02}{mark}{part:0{digits}}" if digits else f"{whole}:{second:02}"


def as_text(heard: Heard) -> str:
    """Return what was heard in words: a line, or a line for each segment."""
    if heard.timeline:
        lines = [f"{shown(heard.name)}  {clock(heard.seconds)}", *map(_segment_line, heard.timeline.segments)]
        return "\n".join(lines) + "\n"
    if heard.prediction is None:
        return f"{shown(heard.name)}  silence\n"
    answer = heard.prediction
    return f"{shown(heard.name)}  {_answer_in_words(answer.emotion, answer.uncertain, answer.scores)}\n"


def _segment_line(segment: Segment) -> str:
    words = _answer_in_words(segment.emotion, segment.uncertain, segment.scores or {}) if segment.emotion else "silence"
    return f"{clock(segment.start):>11}  {clock(segment.end):>9}  {words}"


def _answer_in_words(emotion: str, uncertain: bool, scores: Mapping[str, float]) -> str:
    others = sorted((name for name in scores if name != emotion), key=lambda name: -scores[name])
    rest = ", ".join(f"{name} {scores[name]:.2f}" for name in others)
    return f"{emotion} {scores[emotion]:.2f}{', uncertain' if uncertain else ''}  ({rest})"


def as_json(heard: Heard, origin: Origin) -> str:
    """Return what was heard as JSON in one line."""
    values = heard.to_dict()
    stated = {"path": values.pop("path"), "model": origin.model, "settings": origin.settings}
    return json.dumps(stated | values, ensure_ascii=False, allow_nan=False)


def csv_columns(classes: Sequence[str]) -> list[str]:
    """Return the columns of a table of answers."""
    return ["path", "start", "end", "emotion", "confidence", "uncertain", *classes, "model", "settings"]


def as_rows(heard: Heard, origin: Origin) -> list[Row]:
    """Return a row for one answer, or for each segment; the emotion of silence is empty."""
    return [_row(heard.name, segment, origin) for segment in segments_in(heard)]


def _row(name: str, segment: Segment, origin: Origin) -> Row:
    scores = segment.scores or {}
    numbers = [_rounded(scores.get(each)) for each in origin.classes]
    answer = [segment.emotion or "", _rounded(segment.confidence), str(segment.uncertain).lower()]
    return [name, segment.start, segment.end, *answer, *numbers, origin.model, origin.settings]


def _rounded(value: float | None) -> float | str:
    return "" if value is None else round(value, 6)


def as_csv(rows: Iterable[Row]) -> str:
    """Return rows as lines of a CSV file."""
    return "".join(map(_csv_line, rows))


def _csv_line(row: Row) -> str:
    line, end = io.StringIO(), "\r\n"  # the writer puts cells in quotes that hold any of the ends' characters
    csv.writer(line, lineterminator=end).writerow(row)
    return line.getvalue().removesuffix(end) + "\n"


def as_srt(heard: Heard) -> str:
    """Return subtitles: what is heard while it is heard, and nothing in silence."""
    spoken = [segment for segment in segments_in(heard) if segment.emotion]
    return "\n".join(f"{number}\n{_cue(segment)}" for number, segment in enumerate(spoken, 1))


def _cue(segment: Segment) -> str:
    start, end = (clock(time, hours=True, mark=",", digits=3) for time in (segment.start, segment.end))
    doubt = "?" if segment.uncertain else ""
    return f"{start} --> {end}\n{segment.emotion}{doubt} ({100 * (segment.confidence or 0):.0f} %)\n"


def segments_in(heard: Heard) -> tuple[Segment, ...]:
    """Return the segments of a timeline, or one answer as one segment."""
    if heard.timeline:
        return heard.timeline.segments
    end, answer = round(heard.seconds, 3), heard.prediction
    if answer is None:
        return (Segment(0.0, end, None, None, False, None),)
    return (Segment(0.0, end, answer.emotion, answer.confidence, answer.uncertain, answer.scores),)
