"""Pictures of a corpus: who speaks what, how long, how loud. Arrays in, Matplotlib figure out; see `plots`."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from emospec.errors import EmospecError
from emospec.plots import BLUE, INK, MUTED, ORANGE, SKY, shorten, tidy

COUNTS = LinearSegmentedColormap.from_list("counts", ["#d6e8f5", "#3d8fc4", "#00446e"])
NAMED = 100  # speakers whose names can be read


def plot_speakers(counts: NDArray[np.integer], speakers: Sequence[str], classes: Sequence[str]) -> Figure:
    """Draw the number of clips of each speaker and class; orange where a speaker has none.

    Parameters
    ----------
    counts : shape (n_speakers, n_classes)
    """
    grid = np.asarray(counts).T
    if not grid.size or grid.shape != (len(classes), len(speakers)):
        raise EmospecError(
            f"counts of shape {grid.T.shape} do not fit {len(speakers)} speakers, {len(classes)} classes"
        )
    figure = Figure(figsize=(min(14.0, 4 + 0.16 * len(speakers)), 1.7 + 0.42 * len(classes)), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor(ORANGE)
    columns, rows = np.arange(len(speakers)), np.arange(len(classes))
    line = 0.8 if len(speakers) <= NAMED else 0.0
    shades = axes.pcolormesh(
        columns, rows, np.ma.masked_equal(grid, 0), cmap=COUNTS, vmin=0, edgecolors="white", linewidth=line
    )
    axes.invert_yaxis()
    _title(axes, "Clips by class and speaker")
    _name_cells(axes, speakers, classes, n_empty=int((grid == 0).sum()))
    figure.colorbar(shades, ax=axes, label="clips", ticks=MaxNLocator(nbins=5, integer=True))
    return figure


def _name_cells(axes: Axes, speakers: Sequence[str], classes: Sequence[str], *, n_empty: int) -> None:
    names = [shorten(speaker, 12) for speaker in speakers] if len(speakers) <= NAMED else []
    axes.set_xticks(range(len(names)), names, rotation=90 if len(names) > 6 else 0, fontsize=7, parse_math=False)
    axes.set_yticks(range(len(classes)), classes, parse_math=False)
    axes.tick_params(length=0, colors=INK)
    axes.spines[:].set_visible(False)
    orange = f"; orange: no clip ({n_empty:,})" if n_empty else ""
    axes.set_xlabel(f"{len(speakers):,} speakers{orange}", color=MUTED)


def plot_classes(counts: Mapping[str, Mapping[str, int]]) -> Figure:
    """Draw the number of clips of each class as a bar, in parts such as female, male, unknown.

    Parameters
    ----------
    counts : class -> part -> number of clips
    """
    parts = dict.fromkeys(part for row in counts.values() for part in row)
    colours = dict(zip(parts, (SKY, BLUE, "#c3c9d3", ORANGE), strict=False))
    figure = Figure(figsize=(6.4, 1.3 + 0.42 * len(counts)), layout="constrained")
    axes = figure.subplots()
    left = np.zeros(len(counts))
    for part in parts:
        numbers = np.array([row.get(part, 0) for row in counts.values()])
        axes.barh(range(len(counts)), numbers, left=left, height=0.62, color=colours.get(part, MUTED), label=part)
        left = left + numbers
    for place, total in enumerate(left):
        axes.text(total + 0.01 * left.max(), place, f"{total:,.0f}", va="center", color=INK)
    axes.set_yticks(range(len(counts)), list(counts), parse_math=False)
    axes.set(ylim=(len(counts) - 0.5, -0.5), xlim=(0, 1.12 * max(left.max(), 1)), xlabel="clips")
    figure.legend(loc="outside upper right", ncols=len(parts), frameon=False, fontsize=9, labelcolor=INK)
    _title(axes, "Clips by class")
    tidy(axes, grid="x")
    return figure


def plot_by_class(values: Mapping[str, NDArray[np.floating]], *, title: str, label: str) -> Figure:
    """Draw a histogram a class below each other on one scale, with the median of the class and that of all clips.

    Parameters
    ----------
    values : class -> shape (n_clips,)
        Finite numbers, such as seconds or decibels.
    title, label : str
        What is drawn, and the axis with its unit.
    """
    every = np.concatenate(list(values.values())) if values else np.zeros(0)
    if not every.size:
        raise EmospecError(f"no values to draw for {title!r}; expected at least one clip")
    edges = np.histogram_bin_edges(every, bins=48)
    figure = Figure(figsize=(6.4, 1.2 + 0.62 * len(values)), layout="constrained")
    rows = figure.subplots(len(values), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, own) in zip(rows, values.items(), strict=True):
        axes.hist(own, bins=edges, color=SKY)
        _mark_medians(axes, own, float(np.median(every)))
        axes.set_ylabel(name, rotation=0, ha="right", va="center", color=INK, parse_math=False)
        tidy(axes, grid="x")
        axes.set_yticks([])
    _title(rows[0], f"{title} (orange: median of the class; dotted: of all)")
    rows[-1].set_xlabel(label)
    return figure


def _mark_medians(axes: Axes, own: NDArray[np.floating], of_all: float) -> None:
    axes.axvline(of_all, color=MUTED, linestyle=":", linewidth=1.2)
    if own.size:
        axes.axvline(float(np.median(own)), color=ORANGE, linewidth=1.8)


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", color=INK, fontsize=11, fontweight="bold")
