"""Pictures of how sure a model is of its answers, and of its scores by fold and from corpus to corpus."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emospec.errors import EmospecError
from emospec.plots import BLUE, GREEN, GRID, INK, MUTED, ORANGE, RATES, draw_note, shorten, tidy

# More folds than this have no room for their names.
NAMED_FOLDS = 24
Row = Mapping[str, Any]
Score = Mapping[str, float | None]


def plot_reliability(bins: Sequence[Row], *, note: str | None = None) -> Figure:
    """Draw how often the model is right against how sure it says it is, with the number of clips below.

    Parameters
    ----------
    bins : sequence of {"low", "high", "confidence", "accuracy", "n_clips"}
        As `reliability` of a report: bins of confidence that have clips.
    note : str, optional
        As for `draw_note`.
    """
    _check_some(bins, "bins of confidence")
    figure = Figure(figsize=(5.4, 5.2), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _draw_reliability(above, bins)
    _draw_counts(below, bins)
    below.set_xlabel("how sure the model is of its answer (%)")
    draw_note(figure, note)
    return figure


def _draw_reliability(axes: Axes, bins: Sequence[Row]) -> None:
    places = [50 * (one["low"] + one["high"]) for one in bins]
    width = 90 * (bins[0]["high"] - bins[0]["low"])
    right = np.array([100 * one["accuracy"] for one in bins])
    sure = np.array([100 * one["confidence"] for one in bins])
    axes.bar(places, right, width=width, color=BLUE, alpha=0.75, label="answers that are right")
    gap = np.abs(sure - right)
    axes.bar(places, gap, width, np.minimum(sure, right), facecolor="none", edgecolor=ORANGE, hatch="////", label="gap")
    axes.plot([0, 100], [0, 100], color=MUTED, linestyle="--", linewidth=1, label="as often right as sure")
    axes.set(xlim=(0, 100), ylim=(0, 102), ylabel="right (%)")
    axes.legend(frameon=False, fontsize=9, labelcolor=INK, loc="upper left")
    axes.yaxis.label.set_color(MUTED)
    tidy(axes, grid="y")


def _draw_counts(axes: Axes, bins: Sequence[Row]) -> None:
    width = 90 * (bins[0]["high"] - bins[0]["low"])
    for one in bins:
        place = 50 * (one["low"] + one["high"])
        axes.bar(place, one["n_clips"], width=width, color=MUTED, alpha=0.6)
        axes.text(place, one["n_clips"], str(one["n_clips"]), ha="center", va="bottom", color=INK, fontsize=8)
    axes.set(ylim=(0, 1.25 * max(one["n_clips"] for one in bins)), ylabel="clips", yticks=[])
    axes.yaxis.label.set_color(MUTED)
    tidy(axes, grid="x")


def plot_risk_coverage(
    points: Sequence[Row],
    *,
    overall: float | None = None,
    listeners: tuple[float, float] | None = None,
    note: str | None = None,
) -> Figure:
    """Draw what share of the answers is right if the model answers only where it is surest.

    Parameters
    ----------
    points : sequence of {"coverage", "accuracy", "threshold"}
        As `risk_coverage` of a report.
    overall : float, optional
        The accuracy on all clips: a dotted line.
    listeners : (share of clips, accuracy), optional
        On which share of the clips people gave an answer that counts, and how often it was right: a mark.
    note : str, optional
        As for `draw_note`.
    """
    _check_some(points, "points of coverage")
    figure = Figure(figsize=(5.4, 5.2), layout="constrained")
    axes = figure.subplots()
    coverage, right = ([100 * point[key] for point in points] for key in ("coverage", "accuracy"))
    axes.plot(coverage, right, color=BLUE, marker="o", markersize=4, linewidth=1.8, label="its surest answers")
    if overall is not None:
        text = f"all its answers: {100 * overall:.1f} %"
        axes.axhline(100 * overall, color=MUTED, linestyle=":", linewidth=1.6, label=text)
    if listeners is not None:
        text = f"people (their majority): {100 * listeners[1]:.1f} %"
        axes.plot(100 * listeners[0], 100 * listeners[1], "D", color=GREEN, markersize=8, label=text)
    axes.set(xlim=(0, 103), ylim=(0, 103), xlabel="share of the clips that are answered (%)", ylabel="right (%)")
    axes.legend(frameon=False, fontsize=9, labelcolor=INK, loc="lower left")
    axes.yaxis.label.set_color(MUTED)
    tidy(axes, grid="y")
    draw_note(figure, note)
    return figure


def plot_matrix(matrix: Mapping[str, Any], *, note: str | None = None) -> Figure:
    """Draw the UAR of each pair of training and test corpora; a pair without a score stays blank.

    Parameters
    ----------
    matrix : {"train": names, "test": names, "uar": rows of scores or None}
        Rows are what was trained on, columns what was tested on.
    note : str, optional
        As for `draw_note`.
    """
    train, test = matrix["train"], matrix["test"]
    values = np.array(matrix["uar"], dtype=float)
    if values.shape != (len(train), len(test)):
        raise EmospecError(f"scores of shape {values.shape} do not fit {len(train)} by {len(test)} corpora")
    figure = Figure(figsize=(2.8 + 1.1 * len(test), 1.5 + 0.7 * len(train)), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor(GRID)
    picture = axes.imshow(values, cmap=RATES, vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            colour = "white" if value > 0.7 else INK
            axes.text(column, row, f"{100 * value:.1f} %", ha="center", va="center", color=colour, fontsize=10)
    _label_corpora(axes, train, test)
    figure.colorbar(picture, ax=axes, label="UAR")
    draw_note(figure, note)
    return figure


def _label_corpora(axes: Axes, train: Sequence[str], test: Sequence[str]) -> None:
    axes.set_xticks(range(len(test)), [shorten(name, 20) for name in test], parse_math=False)
    if len(test) > 3:
        axes.tick_params(axis="x", rotation=30)
    axes.set_yticks(range(len(train)), [shorten(name, 24) for name in train], parse_math=False)
    axes.set_xlabel("tested on")
    axes.set_ylabel("trained on")
    axes.tick_params(length=0, colors=INK)
    axes.spines[:].set_visible(False)


def plot_folds(
    folds: Sequence[Row], *, score: str = "uar", pooled: Score | None = None, note: str | None = None
) -> Figure:
    """Draw the score of each fold, and behind them that of all folds together with its interval.

    Parameters
    ----------
    folds : sequence of {"fold", "accuracy", "uar", ...}
        As `folds` of a report, in this order; more than 24 are sorted by their score and bear no names.
        A fold without this score has no mark.
    score : {"uar", "accuracy"}
    pooled : {"value", "low", "high"}, optional
        The score of all folds together.
    note : str, optional
        As for `draw_note`.
    """
    _check_some(folds, "folds")
    named = len(folds) <= NAMED_FOLDS
    figure = Figure(figsize=(5.8, 1.3 + (0.34 if named else 0.05) * len(folds)), layout="constrained")
    axes = figure.subplots()
    _draw_pooled(axes, pooled)
    marks = [(100 * one[score], place) for place, one in enumerate(folds) if one[score] is not None]
    if not named:
        marks = [(value, place) for place, (value, _) in enumerate(sorted(marks))]
    for value, place in marks:
        axes.plot(value, place, "o", color=BLUE, markersize=7 if named else 3)
        if named:
            axes.text(101, place, f"{value:.1f} %", va="center", color=INK, fontsize=9)
    _label_folds(axes, [str(one["fold"]) for one in folds] if named else [], len(folds) if named else len(marks))
    axes.set_xlabel(f"{'UAR' if score == 'uar' else score} (%)")
    tidy(axes, grid="x")
    draw_note(figure, note)
    return figure


def _draw_pooled(axes: Axes, pooled: Score | None) -> None:
    if pooled is None or pooled["value"] is None:
        return
    low, high = pooled["low"], pooled["high"]
    if low is not None and high is not None:
        axes.axvspan(100 * low, 100 * high, color=BLUE, alpha=0.15, linewidth=0, label="95 % interval of all")
    value = 100 * pooled["value"]
    axes.axvline(value, color=ORANGE, linewidth=1.6, label=f"all folds together: {value:.1f} %")
    axes.legend(frameon=False, fontsize=9, labelcolor=INK, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)


def _label_folds(axes: Axes, names: Sequence[str], n_folds: int) -> None:
    axes.set_yticks(range(len(names)), [shorten(name) for name in names], parse_math=False)
    axes.set(xlim=(0, 112), ylim=(n_folds - 0.5, -0.5))
    axes.set_xticks(range(0, 101, 20))
    if not names:
        axes.set_ylabel(f"{n_folds} folds, the lowest first", color=MUTED)


def _check_some(rows: Sequence[Row], what: str) -> None:
    if len(rows) == 0:
        raise EmospecError(f"no {what} to draw; expected at least one, as a report holds them")
