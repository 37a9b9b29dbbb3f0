"""Pictures of a training run and of an image set: arrays in, Matplotlib figure out.

No function here touches `matplotlib.pyplot`: figures are plain objects, so nothing is kept alive, no window
opens, and a notebook shows them all the same. Colours are those of Okabe and Ito, which stay apart for
colour-blind readers.

References
----------
M. Okabe, K. Ito, "Color universal design", 2008, https://jfly.uni-koeln.de/color/
"""

import io
import math
import textwrap
from collections.abc import Sequence
from typing import Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from emospec.errors import EmospecError

BLUE, ORANGE, GREEN, SKY = "#0072b2", "#d55e00", "#009e73", "#56b4e9"
INK, MUTED, GRID = "#1d2330", "#5b6474", "#d9dde4"
RED = "#a3120a"
RATES = LinearSegmentedColormap.from_list("rates", ["#ffffff", "#b9d7ec", "#3d8fc4", "#00446e"])
CURVES = ("loss", "accuracy", "precision", "recall")
SVG_SALT = "emospec"


def plot_history(history: pd.DataFrame, *, note: str | None = None) -> Figure:
    """Draw loss, accuracy, precision and recall over epochs, the best epoch marked.

    Parameters
    ----------
    history : one row an epoch
        Columns `loss`, `accuracy`, `precision`, `recall`, each also with `val_` in front; `epoch` if it is
        there. What is missing leaves its panel empty.
    note : str, optional
        A warning to be drawn below, such as that the validation speakers are also in training.
    """
    figure = Figure(figsize=(10, 6.4), layout="constrained")
    for axes, name in zip(figure.subplots(2, 2).flat, CURVES, strict=True):
        _draw_curve(axes, history, name)
    draw_note(figure, note)
    return figure


def plot_curve(history: pd.DataFrame, name: str, *, mark_best: bool = True) -> Figure:
    """Draw one quantity of a history (`"loss"`, ...) over epochs, as one panel of `plot_history`.

    Parameters
    ----------
    mark_best : bool
        False where the best epoch plays no role, as where the last one was kept.
    """
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    _draw_curve(figure.subplots(), history, name, mark_best=mark_best)
    return figure


def best_row(history: pd.DataFrame) -> int:
    """Return the position of the best epoch: the lowest validation loss, or loss where nothing was validated.

    Raises
    ------
    EmospecError
        If the history is empty or has neither column.
    """
    column = next((name for name in ("val_loss", "loss") if name in history), None)
    if column is None or not history[column].notna().any():
        raise EmospecError(
            f"this history has no losses (columns: {', '.join(map(str, history.columns)) or 'none'}; "
            f"rows: {len(history)}); expected a row an epoch with `loss` or `val_loss`, as training writes it"
        )
    return int(np.nanargmin(history[column].to_numpy(dtype=float)))


def epochs_of(history: pd.DataFrame) -> NDArray[np.int64]:
    """Return the numbers of the epochs, shape (n_epochs,); counted from 1 where no column tells them."""
    if "epoch" in history:
        return history["epoch"].to_numpy(dtype=np.int64)
    return np.arange(1, len(history) + 1)


def plot_confusion(matrix: NDArray[np.integer], classes: Sequence[str], *, note: str | None = None) -> Figure:
    """Draw a confusion matrix; each cell says its count and its share of the row, which is the truth.

    Parameters
    ----------
    matrix : shape (n_classes, n_classes)
        Counts; rows are the truth, columns the answers.
    classes : (n_classes,)
    note : str, optional
        As for `draw_note`.
    """
    counts = np.asarray(matrix)
    if counts.shape != (len(classes), len(classes)):
        raise EmospecError(f"a confusion matrix of shape {counts.shape} does not fit {len(classes)} classes")
    rates = row_rates(counts)
    figure = Figure(figsize=(1.6 + 1.05 * len(classes), 1.3 + 0.95 * len(classes)), layout="constrained")
    axes = figure.subplots()
    picture = axes.imshow(rates, cmap=RATES, vmin=0, vmax=1)
    for (row, column), rate in np.ndenumerate(rates):
        share = "n/a" if math.isnan(rate) else f"{100 * rate:.0f} %"
        colour = "white" if rate > 0.7 else INK
        axes.text(column, row, f"{counts[row, column]}\n{share}", ha="center", va="center", color=colour, fontsize=10)
    _label_classes(axes, classes)
    figure.colorbar(picture, ax=axes, label="share of the clips of this emotion", shrink=0.85)
    draw_note(figure, note)
    return figure


def draw_note(figure: Figure, note: str | None) -> None:
    """Write what must be read with a score below its picture, in the colour of a warning.

    Parameters
    ----------
    note : str, optional
        Such as that test speakers were also in training; None draws nothing.
    """
    if note:
        lines = textwrap.fill(note, int(11 * figure.get_figwidth()))
        figure.supxlabel(lines, color=RED, fontsize=10, fontweight="bold", parse_math=False)


def row_rates(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return each cell's share of its row; a row without clips is NaN, since it has no shares."""
    totals = counts.sum(axis=1, keepdims=True).astype(float)
    rates: NDArray[np.float64] = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    return rates


def plot_spectrograms(images: Sequence[NDArray[np.uint8]], titles: Sequence[str], columns: int = 4) -> Figure:
    """Draw spectrogram images in a grid, pixel by pixel, as the network sees them.

    Parameters
    ----------
    images : uint8, each of shape (height, width), (height, width, 1) or (height, width, 3)
    titles : one an image
    """
    if len(images) == 0 or len(images) != len(titles):
        raise EmospecError(f"{len(images)} images and {len(titles)} titles; expected at least one, with a title each")
    columns = max(1, min(columns, len(images)))
    rows = math.ceil(len(images) / columns)
    figure = Figure(figsize=(2.2 * columns, 2.45 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes in grid:
        axes.set_axis_off()
    for axes, image, title in zip(grid, images, titles, strict=False):
        axes.imshow(np.squeeze(image), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(title, fontsize=10, color=INK, parse_math=False)
    return figure


def plot_compare(
    rows: Sequence[tuple[str, float, float | None, float | None]],
    *,
    label: str = "UAR",
    chance: float | None = None,
    note: str | None = None,
) -> Figure:
    """Draw one score of several runs as horizontal bars, each with its interval if it has one.

    Parameters
    ----------
    rows : (name, value, low, high)
        Scores in [0, 1]; drawn from the top down in this order. `low` and `high` may be None.
    label : str
        What the score is.
    chance : float, optional
        What guessing would give: a dashed line.
    note : str, optional
        As for `draw_note`.
    """
    figure = Figure(figsize=(5.8, 1.0 + 0.42 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, (_, value, low, high) in enumerate(rows):
        axes.barh(place, 100 * value, color=SKY, height=0.62)
        if low is not None and high is not None:
            axes.plot([100 * low, 100 * high], [place, place], color=INK, linewidth=2, solid_capstyle="butt")
        end = 100 * max(value, high or 0.0)
        axes.text(end + 1.5, place, f"{100 * value:.1f} %", va="center", color=INK, fontsize=10)
    if chance is not None:
        axes.axvline(100 * chance, color=MUTED, linestyle="--", linewidth=1)
        axes.text(100 * chance, -0.55, "guessing", color=MUTED, fontsize=9, ha="center", va="bottom")
    axes.set_yticks(range(len(rows)), [shorten(row[0]) for row in rows], parse_math=False)
    axes.set(xlim=(0, 112), ylim=(len(rows) - 0.5, -0.6), xlabel=f"{label} (%), 95 % interval")
    axes.set_xticks(range(0, 101, 20))
    tidy(axes, grid="x")
    draw_note(figure, note)
    return figure


def figure_to_svg(figure: Figure) -> str:
    """Return a figure as SVG: text stays text, and the same figure always gives the same characters."""
    with io.BytesIO() as buffer, mpl.rc_context({"svg.hashsalt": SVG_SALT, "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        return buffer.getvalue().decode("utf-8")


def figure_to_png(figure: Figure, *, dpi: int = 150) -> bytes:
    """Return a figure as PNG on white, the same bytes for the same figure."""
    with io.BytesIO() as buffer:
        figure.savefig(buffer, format="png", dpi=dpi, facecolor="white", metadata={"Software": None})
        return buffer.getvalue()


def _draw_curve(axes: Axes, history: pd.DataFrame, name: str, *, mark_best: bool = True) -> None:
    epochs = epochs_of(history)
    parts = ((name, "training", BLUE, "-"), (f"val_{name}", "validation", ORANGE, "--"))
    marker = "o" if len(epochs) == 1 else ""
    for column, label, colour, line in parts:
        if column in history:
            axes.plot(epochs, history[column], color=colour, linestyle=line, label=label, marker=marker, linewidth=1.8)
    if mark_best:
        best = epochs[best_row(history)]
        axes.axvline(best, color=MUTED, linewidth=1, linestyle=":", label=f"best epoch ({best})")
    axes.set_title(name, loc="left", color=INK, fontsize=11, fontweight="bold")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=0, top=1.02 if name != "loss" else None)
    axes.legend(frameon=False, fontsize=9, labelcolor=INK)
    tidy(axes, grid="y")


def shorten(name: str, length: int = 32) -> str:
    """Return a name with its middle left out where it is longer than a label may be."""
    return name if len(name) <= length else f"{name[: length // 2 - 2]}...{name[1 - length // 2 :]}"


def _label_classes(axes: Axes, classes: Sequence[str]) -> None:
    places = range(len(classes))
    axes.set_xticks(places, classes, rotation=0 if len(classes) < 6 else 35, parse_math=False)
    axes.set_yticks(places, classes, parse_math=False)
    axes.set_xlabel("answer of the model")
    axes.set_ylabel("truth")
    axes.tick_params(length=0, colors=INK)
    axes.spines[:].set_visible(False)


def tidy(axes: Axes, *, grid: Literal["x", "y"]) -> None:
    """Give axes their grid and take away the frame and the ticks."""
    axes.grid(axis=grid, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, colors=MUTED)
    axes.xaxis.label.set_color(MUTED)
