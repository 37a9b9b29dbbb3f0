"""Pictures of an audit: what `audit.json` holds in, Matplotlib figure out."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from emospec.plots import BLUE, INK, MUTED, ORANGE, SKY, draw_note, shorten, tidy
from emospec.plots_numbers import plot_reliability

Facts = Mapping[str, Any]


class Mark(NamedTuple):
    """One row of a picture: a share with its interval, and the limit that it is judged by, where it has one."""

    name: str
    score: Mapping[str, float | None]
    limit: float | None = None


def plot_uar_by_condition(facts: Facts, *, note: str | None = None) -> Figure:
    """Draw the UAR under each condition beside the lowest that is allowed.

    Parameters
    ----------
    note : str, optional
        As for `draw_note`.
    """
    clean = facts["uar"]["value"]
    robustness, lowest = facts["limits"]["robustness"], facts["limits"]["correctness"]["uar"]
    marks = [Mark("clean", facts["uar"], lowest)]
    for condition in facts["conditions"]:
        drop = robustness.get(condition["name"], {}).get("uar_drop")
        marks.append(Mark(_plain(condition), condition["uar"], None if drop is None else clean - drop))
    return _draw_marks(marks, "UAR (%)", note=note, line=clean)


def plot_unchanged_by_condition(facts: Facts, *, note: str | None = None) -> Figure:
    """Draw the share of answers that stay the same under each condition beside the lowest that is allowed."""
    robustness, consistency = facts["limits"]["robustness"], facts["limits"]["consistency"]
    marks = []
    for condition in facts["conditions"]:
        name = condition["name"]
        limit = consistency.get(name, robustness.get(name, {}).get("unchanged"))
        marks.append(Mark(_plain(condition), condition["unchanged"], limit))
    return _draw_marks(marks, "answers that stay the same (%)", note=note)


def plot_uar_by_group(facts: Facts, *, note: str | None = None) -> Figure:
    """Draw the UAR of each group, and the band around that of all in which it may lie."""
    shown = [group for group in facts["groups"] if group["uar"] is not None]
    marks = [Mark("all", facts["uar"])]
    for group in shown:
        size = f"{group['n_speakers']} speaker{'' if group['n_speakers'] == 1 else 's'}"
        marks.append(Mark(f"{group['column']} {shorten(group['group'], 20)} ({size})", group["uar"]))
    limit = facts["limits"]["fairness"]["uar"]
    return _draw_marks(marks, "UAR (%)", note=note, line=facts["uar"]["value"], band=limit)


def plot_audit_reliability(facts: Facts, *, note: str | None = None) -> Figure:
    """Draw how often the answers are right against how sure they are."""
    return plot_reliability(facts["reliability"], note=note)


def _plain(condition: Mapping[str, Any]) -> str:
    """Return a condition's title without the strength, which has no room."""
    return str(condition["title"].partition(" (")[0])


def _draw_marks(
    marks: Sequence[Mark], label: str, *, note: str | None, line: float | None = None, band: float | None = None
) -> Figure:
    figure = Figure(figsize=(7, 1.3 + 0.3 * len(marks)), layout="constrained")
    axes = figure.subplots()
    if line is not None:
        axes.axvline(100 * line, color=MUTED, linestyle="--", linewidth=1)
    if line is not None and band is not None:
        axes.axvspan(100 * (line - band), 100 * (line + band), color=SKY, alpha=0.18, linewidth=0)
    for place, mark in enumerate(marks):
        _draw_mark(axes, place, mark)
    axes.set_yticks(range(len(marks)), [shorten(mark.name, 44) for mark in marks], parse_math=False)
    axes.set(xlim=(0, 114), ylim=(len(marks) - 0.4, -0.6), xlabel=label)
    axes.set_xticks(range(0, 101, 20))
    tidy(axes, grid="x")
    axes.tick_params(axis="y", colors=INK)
    _legend(figure, has_limits=any(mark.limit is not None for mark in marks), has_band=band is not None)
    draw_note(figure, note)
    return figure


def _draw_mark(axes: Axes, place: int, mark: Mark) -> None:
    value, low, high = (mark.score[key] for key in ("value", "low", "high"))
    assert value is not None  # noqa: S101 - estimates always have a value
    colour = ORANGE if mark.limit is not None and value < mark.limit - 1e-9 else BLUE
    if low is not None and high is not None:
        axes.plot([100 * low, 100 * high], [place, place], color=colour, linewidth=2.5, alpha=0.5)
    axes.plot(100 * value, place, "o", color=colour, markersize=6)
    if mark.limit is not None:
        axes.plot([100 * mark.limit] * 2, [place - 0.36, place + 0.36], color=INK, linewidth=1.6)
    axes.text(103, place, f"{100 * value:.1f}", va="center", color=colour, fontsize=9)


def _legend(figure: Figure, *, has_limits: bool, has_band: bool) -> None:
    handles = [Line2D([], [], color=BLUE, marker="o", linewidth=2.5, label="measured, with 95 % interval")]
    if has_limits:
        handles.append(Line2D([], [], color=ORANGE, marker="o", linewidth=2.5, label="beyond its limit"))
        handles.append(Line2D([], [], color=INK, marker="|", markersize=10, linestyle="", label="lowest allowed"))
    if has_band:
        handles.append(Line2D([], [], color=SKY, alpha=0.4, linewidth=8, label="how far groups may differ from all"))
    figure.legend(handles=handles, frameon=False, fontsize=9, labelcolor=INK, loc="outside upper left", ncols=3)
