"""The picture of an explanation, drawn by Pillow: the spectrogram in grey, warm where it spoke for the answer."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from emospec.explain import Explanation
from emospec.plots_timeline import INK, PAPER, ticks
from emospec.predict_formats import shown

SCALE = 9  # pixels a cell
FOR, AGAINST = np.array([255, 110, 0]), np.array([40, 140, 255])
DEEPEST = 0.75  # of the film over the grey
MARGINS = 30, 84, 30, 70  # pixels left, above, right, below


def draw_explanation(explanation: Explanation, title: str = "") -> Image.Image:
    """Return the spectrogram that the network saw: high frequencies above, time from left to right.

    It is orange where it spoke for the answer and blue where it spoke against it, the stronger the deeper.

    Parameters
    ----------
    title : str
        Such as the name of the clip.
    """
    left, above, right, below = MARGINS
    height, width = (SCALE * size for size in explanation.heat.shape)
    page = Image.new("RGB", (left + width + right, above + height + below), PAPER)
    page.paste(_coloured(explanation).resize((width, height), Image.Resampling.NEAREST), (left, above))
    pen = ImageDraw.Draw(page)
    answer = explanation.prediction
    words = f"{answer.emotion} {100 * answer.confidence:.0f} %{', uncertain' if answer.uncertain else ''}"
    _write(pen, (left, 14), shown(title)[-50:], 24)
    _write(pen, (left, 46), words, 28)
    _draw_seconds(pen, explanation, width, above + height)
    return page


def _coloured(explanation: Explanation) -> Image.Image:
    """Return the spectrogram in grey under a film whose colour tells the sign of the heat, and whose depth its size."""
    heat = explanation.heat[..., np.newaxis]
    grey = explanation.image[..., np.newaxis] * np.ones(3)
    film = np.where(heat > 0, FOR, AGAINST)
    depth = DEEPEST * np.abs(heat)
    return Image.fromarray(np.asarray(grey * (1 - depth) + film * depth, np.uint8))


def _draw_seconds(pen: ImageDraw.ImageDraw, explanation: Explanation, width: int, bottom: int) -> None:
    left, covered = MARGINS[0], explanation.end - explanation.start
    for time in ticks(explanation.prediction.seconds):
        x = left + width * (time - explanation.start) / covered
        if left <= x <= left + width:
            pen.line([(x, bottom), (x, bottom + 8)], fill=INK, width=2)
            _write(pen, (x, bottom + 12), f"{time:g} s", 20, anchor="ma")
    _write(pen, (left, bottom + 40), "orange: spoke for the answer; blue: against it", 20)


def _write(pen: ImageDraw.ImageDraw, place: tuple[float, float], text: str, size: int, anchor: str = "la") -> None:
    pen.text(place, text, fill=INK, anchor=anchor, font=ImageFont.load_default(size))
