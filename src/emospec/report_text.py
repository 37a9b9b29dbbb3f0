"""The report in a terminal."""

from collections.abc import Mapping
from typing import Any

from emospec.report_parts import headline, interval, percent, shared_speakers


def summary_lines(report: Mapping[str, Any]) -> list[str]:
    """Return what a report says in a few lines: the headline, the warnings, the scores, and each class."""
    warnings = [text for text in (report.get("notice"), shared_speakers(report)) if text]
    names = (("accuracy", "accuracy"), ("uar", "UAR"), ("macro_f1", "macro F1"))
    scores = "   ".join(f"{name} {score_text(report[key])}" for key, name in names)
    return [headline(report), *warnings, scores, *class_lines(report)]


def score_text(score: Mapping[str, float | None]) -> str:
    """Return a score in per cent with its interval, where it has one."""
    between = interval(score)
    return percent(score["value"]) + (f" ({between})" if between else "")


def class_lines(report: Mapping[str, Any]) -> list[str]:
    """Return a line a class: precision, recall, F1 and the number of clips."""
    rows = [f"{'':10} {'precision':>9} {'recall':>9} {'F1':>9} {'clips':>6}"]
    for name, values in report["per_class"].items():
        figures = " ".join(f"{values[key]:9.1%}" for key in ("precision", "recall", "f1"))
        rows.append(f"{name:10} {figures} {values['support']:6d}")
    return rows
