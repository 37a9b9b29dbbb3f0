"""The picture of a timeline, drawn by Pillow: what is heard when, and how the probabilities move."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from emospec.predict_formats import clock, shown
from emospec.predictions import Segment, Timeline, Window

# The studio's colours on light paper: apart from each other for colour-blind eyes too.
COLOURS = {
    "angry": "#b02a0c", "fear": "#7e2bb0", "happy": "#b3840f", "sad": "#088dfc", "neutral": "#424456",
    "disgust": "#4f8a4a", "surprise": "#318299", "calm": "#183936", "boredom": "#614409",
}  # fmt: skip
PAPER, INK, FAINT, SILENCE = "#ffffff", "#22242c", "#d9dbe2", "#eef0f4"
WIDTH, HEIGHT = 1600, 640
LEFT, RIGHT, TOP = 90, 40, 96
BAND = 110  # height of the segments
CHART = (250, 520)  # top and bottom of the probabilities
TEXT, SMALL = 30, 24
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800)  # s
MOST_TICKS = 11
MOST_POINTS = 120  # windows; beyond, lines would hide each other
MOST_COLUMNS = 245  # of 6 pixels

RGB = tuple[int, int, int]


class _Page(NamedTuple):
    image: Image.Image
    pen: ImageDraw.ImageDraw
    seconds: float

    def x(self, time: float) -> float:
        """Return where a time lies."""
        return LEFT + (WIDTH - LEFT - RIGHT) * time / self.seconds

    def write(self, place: tuple[float, float], text: str, anchor: str = "la", size: int = SMALL) -> None:
        self.pen.text(place, text, fill=INK, anchor=anchor, font=ImageFont.load_default(size))


def draw_timeline(timeline: Timeline, title: str = "") -> Image.Image:
    """Return the picture of a timeline.

    A band shows the segments, pale and hatched where the answer is uncertain, grey in silence; below it are the
    probabilities of all emotions in the windows: a line each, or in a recording of many windows their means, stacked.

    Parameters
    ----------
    title : str
        Such as the name of the recording.
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    page = _Page(image, ImageDraw.Draw(image), max(timeline.seconds, 1e-3))
    heading = shown(title) if len(title) < 70 else f"…{shown(title[-69:])}"
    page.write((LEFT, 30), f"{heading}  {clock(timeline.seconds)}".strip(), size=TEXT)
    _draw_axes(page)
    for segment in timeline.segments:
        _draw_segment(page, segment)
    classes = _classes_of(timeline)
    _draw_probabilities(page, timeline.windows, classes)
    _draw_legend(page, classes)
    return image


def _classes_of(timeline: Timeline) -> list[str]:
    return list(next((each.prediction.scores for each in timeline.windows if each.prediction), ()))


def colour_of(emotion: str, paleness: float = 0.0) -> RGB:
    """Return the colour of an emotion, mixed with so much of the paper's."""
    colour = np.array(_rgb(COLOURS.get(emotion, INK)))
    mixed = colour + (np.array(_rgb(PAPER)) - colour) * paleness
    red, green, blue = mixed.round().astype(int).tolist()
    return red, green, blue


def _rgb(colour: str) -> RGB:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _draw_axes(page: _Page) -> None:
    top, bottom = CHART
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = bottom - share * (bottom - top)
        page.pen.line([(LEFT, y), (WIDTH - RIGHT, y)], fill=FAINT, width=2)
        page.write((LEFT - 12, y), f"{100 * share:.0f} %", anchor="rm", size=20)
    for time in ticks(page.seconds):
        x = page.x(time)
        page.pen.line([(x, bottom), (x, bottom + 10)], fill=INK, width=2)
        page.write((x, bottom + 16), clock(time, digits=1 if page.seconds < 5 else 0), "ma")


def ticks(seconds: float) -> list[float]:
    """Return times for the axis: round ones, at most eleven.

    >>> ticks(33)
    [0, 5, 10, 15, 20, 25, 30]
    """
    step = next((each for each in STEPS if seconds / each < MOST_TICKS), STEPS[-1])
    return [round(number * step, 1) for number in range(int(seconds / step) + 1)]


def _draw_segment(page: _Page, segment: Segment) -> None:
    left, right = (round(page.x(time)) for time in (segment.start, segment.end))
    box = (left, TOP, max(left, right - 1), TOP + BAND)
    if segment.emotion is None:
        page.pen.rectangle(box, fill=SILENCE)
        return
    page.pen.rectangle(box, fill=colour_of(segment.emotion, 0.72 if segment.uncertain else 0.0))
    if segment.uncertain:
        page.image.paste(_hatched(box, segment.emotion), box[:2])
    _write_inside(page, box, segment)


def _hatched(box: tuple[int, int, int, int], emotion: str) -> Image.Image:
    """Return stripes that fill a box; they go on from one segment to the next."""
    left, top, right, bottom = box
    across = np.add.outer(np.arange(top, bottom + 1), np.arange(left, right + 1))
    stripes = np.where((across % 16 < 3)[..., np.newaxis], colour_of(emotion, 0.35), colour_of(emotion, 0.72))
    return Image.fromarray(stripes.astype(np.uint8))


def _write_inside(page: _Page, box: tuple[int, int, int, int], segment: Segment) -> None:
    """Write the emotion and its probability where there is room."""
    middle, font = ((box[0] + box[2]) / 2, TOP + BAND / 2), ImageFont.load_default(SMALL)
    text = f"{segment.emotion}\n{100 * (segment.confidence or 0):.0f} %"
    left, top, right, bottom = page.pen.multiline_textbbox(middle, text, anchor="mm", font=font, align="center")
    if right - left + 8 > box[2] - box[0]:
        return
    if segment.uncertain:
        page.pen.rectangle((left - 6, top - 6, right + 6, bottom + 6), fill=colour_of(segment.emotion or "", 0.85))
    fill = INK if segment.uncertain else PAPER
    page.pen.multiline_text(middle, text, fill=fill, anchor="mm", font=font, align="center")


def _draw_probabilities(page: _Page, windows: Sequence[Window], classes: Sequence[str]) -> None:
    if len(windows) > MOST_POINTS:
        _draw_shares(page, windows, classes)
        return
    top, bottom = CHART
    for run in _spoken_runs(windows):
        middles = [page.x((each.start + each.end) / 2) for each in run]
        for name in classes:
            heights = [bottom - (bottom - top) * each.prediction.scores[name] for each in run if each.prediction]
            points = list(zip(middles, heights, strict=True))
            page.pen.line(points, fill=colour_of(name), width=4, joint="curve")
            for x, y in points:
                page.pen.ellipse((x - 5, y - 5, x + 5, y + 5), fill=colour_of(name))


def _spoken_runs(windows: Sequence[Window]) -> Iterator[list[Window]]:
    """Yield windows that follow each other and all have an answer."""
    for is_spoken, run in groupby(windows, key=lambda window: window.prediction is not None):
        if is_spoken:
            yield list(run)


def _draw_shares(page: _Page, windows: Sequence[Window], classes: Sequence[str]) -> None:
    """Stack the mean probabilities of many windows; what is missing to the whole is silence."""
    top, bottom = CHART
    at_once = -(-len(windows) // MOST_COLUMNS)
    shares = mean_shares(windows, classes, at_once)
    starts = [page.x(each.start + (each.end - each.start - _hop(windows)) / 2) for each in windows[::at_once]]
    lefts = [LEFT, *map(round, starts[1:]), WIDTH - RIGHT]
    page.pen.rectangle((LEFT, top, WIDTH - RIGHT - 1, bottom), fill=SILENCE)
    levels = np.cumsum(np.pad(shares, ((0, 0), (1, 0))), axis=1)
    for (left, right), column in zip(pairwise(lefts), (bottom - levels * (bottom - top)).round(), strict=True):
        for name, (lower, upper) in zip(classes, pairwise(column.tolist()), strict=True):
            if upper < lower and left < right:
                page.pen.rectangle((left, upper + 1, right - 1, lower), fill=colour_of(name))
    for share in (0.25, 0.5, 0.75):
        y = bottom - share * (bottom - top)
        page.pen.line([(LEFT, y), (WIDTH - RIGHT - 1, y)], fill=PAPER)
    seconds = at_once * _hop(windows)
    each = f"{seconds:.3g} s" if seconds < 60 else clock(seconds, digits=0)
    page.write((LEFT, top - 8), f"stacked: mean probabilities of {each} each, silence above", "ls", size=20)


def mean_shares(windows: Sequence[Window], classes: Sequence[str], at_once: int) -> NDArray[np.float64]:
    """Return how much of the time each emotion has: shape (n_groups, n_classes), of so many windows each.

    A window counts with its probabilities, one in silence with zeros.
    """
    silent = [0.0] * len(classes)
    scores = np.array([[w.prediction.scores[each] for each in classes] if w.prediction else silent for w in windows])
    firsts = np.arange(0, len(windows), at_once)
    counts = np.diff(firsts, append=len(windows))
    return np.add.reduceat(scores, firsts, axis=0) / counts[:, np.newaxis]


def _hop(windows: Sequence[Window]) -> float:
    return windows[1].start - windows[0].start


def _draw_legend(page: _Page, classes: Sequence[str]) -> None:
    x = float(LEFT)
    for name in (*classes, "silence"):
        fill = SILENCE if name == "silence" else colour_of(name)
        page.pen.rectangle((x, HEIGHT - 52, x + 26, HEIGHT - 26), fill=fill, outline=INK if fill == SILENCE else None)
        page.write((x + 36, HEIGHT - 39), name, anchor="lm")
        x += 66 + page.pen.textlength(name, font=ImageFont.load_default(SMALL))
    page.write((WIDTH - RIGHT, HEIGHT - 39), "pale and hatched: uncertain", anchor="rm")
