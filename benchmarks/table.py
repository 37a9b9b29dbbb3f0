"""The results as JSON that rows are merged into, as Markdown, and as a chart."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import inputs
from benchmarks.core import OURS, Result, Row, Setup
from emospec.files import read_json, whole_file, write_json, write_text

PACKAGES = (
    *("emospec", "numpy", "scipy", "soundfile", "soxr", "onnxruntime", "keras", "tensorflow", "jax", "torch"),
    *("librosa", "matplotlib", "kaldi-native-fbank", "opencv-python-headless"),
)
HEAD = ["what", "unit", "emospec", "rivals", "times better", "goal", "reached", "peak memory, MB"]


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def processor() -> str:
    """Return the name of the processor, and which of the fast instructions it has."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    found = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in found.get("flags", "").split()]
    return f"{found.get('model name', platform.machine())} ({', '.join(flags) or 'none of AVX2, AVX-512'})"


def versions() -> dict[str, str]:
    """Return the versions of all that was measured."""
    known = {}
    for name in PACKAGES:
        try:
            known[name] = version(name)
        except PackageNotFoundError:
            continue
    return known


def merge(path: Path, row: Row, results: list[Result], setup: Setup) -> dict[str, Any]:
    """Put a row's new results in the place of its old ones; the other rows stay as they were measured."""
    table = read_json(path) if path.exists() else {"rows": {}}
    table["rows"][row.name] = {
        "title": row.title,
        "measured_on": inputs.describe(setup),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "results": [result.to_dict() for result in results],
    }
    write_json(table, path)
    return table


def to_markdown(table: dict[str, Any], order: list[str]) -> str:
    """Return all rows as tables."""
    parts = [row_to_markdown(table["rows"][name]) for name in order if name in table["rows"]]
    return "\n\n".join([TEXT, *parts]) + "\n"


TEXT = """# Benchmarks

Written by `make bench`; the figures themselves, round by round, stand in `benchmarks.json`. Each side ran in turn on
the same input; all figures are medians. "Times better" compares with the best rival. What was done, and where the
limits are: [performance.md](../performance.md)."""


def row_to_markdown(row: dict[str, Any]) -> str:
    """Return one row as a table with its circumstances."""
    where = row["machine"]
    on = f"{where['processor']}, {where['cores']} cores, Python {where['python']}"
    said = f"{row['date']}, on {row['measured_on']}; {on}."
    lines = [HEAD, ["---", "---", *["---:"] * 4, "---", "---"], *(cells(each) for each in row["results"])]
    notes = [f"- {each['what']}: {each['note']}." for each in row["results"] if each.get("note")]
    drawn = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return "\n\n".join([f"## {row['title']}", said, drawn, *(["\n".join(notes)] if notes else [])])


def cells(result: dict[str, Any]) -> list[str]:
    """Return one line of a table."""
    rivals = "; ".join(f"{name}: {short(value)}" for name, value in result.get("rivals", {}).items())
    goal = f"at most {short(result['bound'])}" if "bound" in result else goal_of(result)
    reached = {True: "yes", False: "no", None: ""}[result["reached"]]
    memory = "; ".join(f"{name}: {value:.0f}" for name, value in result.get("memory_mb", {}).items())
    ratio = "" if result["ratio"] is None else f"{result['ratio']:.2f}"
    return [result["what"], result["unit"], short(result["ours"]), rivals, ratio, goal, reached, memory]


def goal_of(result: dict[str, Any]) -> str:
    """Return the ratio that should be reached."""
    return f"{result['goal']:.3g}" if "goal" in result else ""


def short(value: float) -> str:
    """Return a number with three or more figures."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def draw(table: dict[str, Any], order: list[str], path: Path) -> None:
    """Draw all ratios as bars, and the goals as marks."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    rows = [each for name in order if name in table["rows"] for each in table["rows"][name]["results"]]
    rows = [each for each in rows if each["ratio"]][::-1]
    places, mpl.rcParams["svg.hashsalt"] = np.arange(len(rows)), OURS
    figure, axes = plt.subplots(figsize=(9, 0.32 * len(rows) + 1.2), layout="constrained")
    colours = ["#b2452f" if each["reached"] is False else "#2b6a8c" for each in rows]
    axes.barh(places, [each["ratio"] - 1 for each in rows], left=1, color=colours)
    for place, each in zip(places, rows, strict=True):
        if "goal" in each:
            axes.plot([each["goal"]] * 2, [place - 0.4, place + 0.4], color="black", linewidth=2)
        goal = each.get("goal", 1)
        beside = max(each["ratio"], 1, goal if goal < 1.5 * each["ratio"] else 1)  # not upon the mark of the goal
        axes.annotate(f" {each['ratio']:.3g}", (beside, place), va="center", fontsize=8)
    axes.set(xscale="log", yticks=places, yticklabels=[each["what"] for each in rows])
    axes.set_xlabel("times better than the best rival\nblack: the goal; red: goal missed")
    axes.tick_params(axis="y", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    with whole_file(path) as temporary:
        figure.savefig(temporary, metadata={"Date": None})
    plt.close(figure)


def write_all(table: dict[str, Any], order: list[str], folder: Path) -> None:
    """Write the Markdown and the chart."""
    write_text(to_markdown(table, order), folder / "benchmarks.md")
    draw(table, order, folder / "benchmarks.svg")
