"""The report in a terminal."""

from collections.abc import Mapping
from typing import Any

from emospec.report_folds import headline, matrix_sentence, range_of_folds, several_folds
from emospec.report_numbers import half_point, score_of_people
from emospec.report_parts import ADVICE, UNKNOWN_SPEAKERS, count, interval, percent, shared_speakers


def summary_lines(report: Mapping[str, Any]) -> list[str]:
    """Return what a report says in a few lines: the headline, the warnings, the scores, and each class.

    Where nobody was tested, they say so.
    """
    if "not_judged" in report:
        notice = [report["notice"]] if report.get("notice") else []
        return [report["not_judged"], *notice, *(f"{text} `{command}`" for text, command in ADVICE)]
    unknown = UNKNOWN_SPEAKERS if report["speakers_seen_in_training"] is None else None
    warnings = [text for text in (report.get("notice"), shared_speakers(report), unknown) if text]
    names = (("accuracy", "accuracy"), ("uar", "UAR"), ("macro_f1", "macro F1"))
    scores = "   ".join(f"{name} {score_text(report[key])}" for key, name in names)
    more = (listeners_line(report), sureness_line(report), folds_line(report))
    if report.get("matrix"):
        warnings, scores = [*warnings, matrix_sentence(report)], f"all tests pooled: {scores}"
    return [headline(report), *warnings, scores, *(line for line in more if line), *class_lines(report)]


def score_text(score: Mapping[str, float | None]) -> str:
    """Return a score in per cent with its interval, where it has one."""
    between = interval(score)
    return percent(score["value"]) + (f" ({between})" if between else "")


def listeners_line(report: Mapping[str, Any]) -> str | None:
    """Say what the listeners' majority reaches, and the model on just their clips."""
    listeners = report.get("listeners")
    if not listeners:
        return None
    key, name = score_of_people(listeners)
    theirs, its = (score_text(listeners[who][key]) for who in ("majority", "model"))
    clips = f"{listeners['majority']['n_clips']:,} of {count(report['n_clips'], 'clip')}"
    return f"people, on {clips}: {name} {theirs}   the model on these: {name} {its}"


def sureness_line(report: Mapping[str, Any]) -> str | None:
    """Say how far the model's certainty can be trusted."""
    parts = []
    if report.get("ece") is not None:
        parts.append(f"calibration error {100 * report['ece']:.1f} points")
    if (report.get("brier") or {}).get("value") is not None:
        parts.append(f"Brier score {report['brier']['value']:.2f}")
    if (report.get("roc_auc") or {}).get("value") is not None:
        parts.append(f"ROC AUC {report['roc_auc']['value']:.2f}")
    half = half_point(report)
    if half is not None:
        parts.append(f"on its surest half {percent(half['accuracy'])} right")
    return "   ".join(parts) or None


def folds_line(report: Mapping[str, Any]) -> str | None:
    """Say how many folds there are, and between which scores they lie."""
    if not several_folds(report):
        return None
    between = range_of_folds(report)
    return f"{len(report['folds'])} folds" + (f": {between}" if between else "")


def class_lines(report: Mapping[str, Any]) -> list[str]:
    """Return a line a class: precision, recall, F1 and the number of clips."""
    rows = [f"{'':10} {'precision':>9} {'recall':>9} {'F1':>9} {'clips':>6}"]
    for name, values in report["per_class"].items():
        figures = " ".join(f"{values[key]:9.1%}" for key in ("precision", "recall", "f1"))
        rows.append(f"{name:10} {figures} {values['support']:6d}")
    return rows
