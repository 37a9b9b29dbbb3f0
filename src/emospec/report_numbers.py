"""What a report says beside the scores: people on the same clips, how sure the model is, folds, other corpora."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from emospec.markup import Html, drawing, element, join, table
from emospec.plots_numbers import plot_folds, plot_matrix, plot_reliability, plot_risk_coverage
from emospec.report_folds import folds_section, score_of_folds, several_folds
from emospec.report_parts import Report, Section, chance, count, interval, percent, plain_interval, shared_note


def number_figures(report: Report) -> dict[str, Figure]:
    """Return the pictures that the numbers of a report give, by the names of their files.

    Each bears the share of test speakers that were in training, if there are any.
    """
    note, figures = shared_note(report), {}
    if report.get("reliability"):
        figures["reliability"] = plot_reliability(report["reliability"], note=note)
    if report.get("risk_coverage"):
        overall, people = report["accuracy"]["value"], people_point(report)
        figures["risk_coverage"] = plot_risk_coverage(
            report["risk_coverage"], overall=overall, listeners=people, note=note
        )
    if several_folds(report):
        score = score_of_folds(report)
        figures["folds"] = plot_folds(report["folds"], score=score, pooled=report[score], note=note)
    if report.get("matrix"):
        figures["matrix"] = plot_matrix(report["matrix"], note=note)
    return figures


def number_sections(report: Report) -> list[Section]:
    """Return the sections of a page on these numbers; those that a report lacks are left out."""
    figures = number_figures(report)
    return [
        *_people_section(report),
        *_sureness_section(report, figures),
        *folds_section(report, figures),
    ]


def people_point(report: Report) -> tuple[float, float] | None:
    """Return on which share of the clips the listeners' majority counts, and how often it is right there."""
    if not report.get("listeners"):
        return None
    majority = report["listeners"]["majority"]
    return majority["n_clips"] / report["n_clips"], majority["accuracy"]["value"]


# --- people on the same clips


def _people_section(report: Report) -> list[Section]:
    listeners = report.get("listeners")
    if not listeners:
        return []
    model = listeners["model"] | {"n_clips": listeners["majority"]["n_clips"]}
    named = [
        ("listeners, the most frequent answer", listeners["majority"]),
        ("one listener alone, on average", listeners.get("single")),
        ("this model, on the clips of the first row", model),
    ]
    rows = [[name, *_people_cells(scores)] for name, scores in named if scores]
    head = ("Who", "Accuracy", "UAR", "Clips", "Left out")
    caption = "People and the model, with 95\u00a0% intervals over speakers"
    scores = table(caption, head, rows, class_="numbers", note=shared_note(report))
    sentences = (element("p", text) for text in people_sentences(listeners))
    return [("people", "People on the same clips", join(*sentences, scores))]


def people_sentences(listeners: Mapping[str, Any]) -> list[str]:
    """Say who listened to what, what is left out, and how the model compares with the listeners' majority."""
    majority, share = listeners["majority"], listeners["share_of_clips"]
    clips = "all test clips" if share == 1 else f"{percent(share)} of the test clips"
    known = "" if listeners["source"] == "votes" else "; known is only their most frequent answer"
    heard = f"Listeners judged {clips} ({listeners['n_clips']:,}) by the voice alone{known}."
    left_out, of_all = majority.get("left_out"), majority.get("accuracy_of_all")
    if left_out:
        heard += f" Answers other than the emotions here do not count; {percent(left_out)} of these clips have no other"
        heard += " answer and are left out."
    if of_all and of_all["value"] != majority["accuracy"]["value"]:
        heard += f" If every answer counts, the most frequent one is right for {percent(of_all['value'])} of the clips."
    return [heard, compare_people(listeners)]


def compare_people(listeners: Mapping[str, Any]) -> str:
    """Say how the model compares with the listeners' majority on the same clips, and whether that may be chance."""
    key, name = score_of_people(listeners)
    theirs, its = listeners["majority"][key], listeners["model"][key]
    clips = count(listeners["majority"]["n_clips"], "clip")
    return (
        f"The listeners' most frequent answer reaches {percent(theirs['value'])} {name}, "
        f"the model {percent(its['value'])} on the same {clips}; {_overlap(theirs, its)}."
    )


def score_of_people(listeners: Mapping[str, Any]) -> tuple[str, str]:
    """Return key and name of the score to compare people by: UAR, or accuracy where an emotion has no clip."""
    known = all(listeners[who].get("uar") for who in ("majority", "model"))
    return ("uar", "UAR") if known else ("accuracy", "accuracy")


def _overlap(one: Mapping[str, float | None], other: Mapping[str, float | None]) -> str:
    ends = ((score["low"], score["high"]) for score in (one, other))
    known = [(low, high) for low, high in ends if low is not None and high is not None]
    if len(known) < 2:
        return "without intervals, nobody can say whether the difference is chance"
    overlap = max(low for low, _ in known) <= min(high for _, high in known)
    return "their intervals overlap, so the difference may be chance" if overlap else "their intervals do not overlap"


def _people_cells(scores: Mapping[str, Any]) -> list[object]:
    left_out = scores.get("left_out")
    shares = [_score_cell(scores.get("accuracy")), _score_cell(scores.get("uar"))]
    return [*shares, f"{scores['n_clips']:,}", "" if left_out is None else percent(left_out)]


def _score_cell(score: Mapping[str, float | None] | None) -> Html:
    if not score or score["value"] is None:
        return element("span", "no value")
    between = interval(score)
    return join(percent(score["value"]), element("small", between, class_="under") if between else None)


# --- how sure the model is


def _sureness_section(report: Report, figures: Mapping[str, Figure]) -> list[Section]:
    sentences = sureness_sentences(report)
    labels = {
        "reliability": "How often the model is right, against how sure it says it is",
        "risk_coverage": "How often it is right if it answers only where it is surest",
    }
    drawn = [drawing(figures[name], label, f"number-{name}") for name, label in labels.items() if name in figures]
    if not drawn and report.get("brier") is None:
        return []
    body = join(*(element("p", text) for text in sentences), element("div", *drawn, class_="pair") if drawn else None)
    return [("sureness", "How sure it is", body)]


def sureness_sentences(report: Report) -> list[str]:
    """Say how far the model's certainty can be trusted."""
    sentences = [claimed(report), brier_sentence(report), surest_half(report)]
    return [sentence for sentence in sentences if sentence]


def claimed(report: Report) -> str | None:
    """Say how sure the model is on average, how often it is right, and how far the two are apart."""
    bins = report.get("reliability")
    if not bins:
        return None
    clips = np.array([one["n_clips"] for one in bins])
    sure = float(np.average([one["confidence"] for one in bins], weights=clips))
    right = report["accuracy"]["value"]
    text = f"On average, it is {percent(sure)} sure of its answer, and {percent(right)} of its answers are right"
    if report.get("ece") is None:
        return text + "."
    return (
        f"{text}: it is {_too_sure(sure - right)}. Bin by bin, its certainty and its hit rate are "
        f"{100 * report['ece']:.1f}\u00a0points apart (expected calibration error, ECE)."
    )


def _too_sure(gap: float) -> str:
    if abs(gap) < 0.01:
        return "about as sure as it is right"
    return "too sure of itself" if gap > 0 else "less sure than it could be"


def brier_sentence(report: Report) -> str | None:
    """Say the Brier score and what its scale is."""
    brier = report.get("brier")
    if not brier or brier["value"] is None:
        return None
    between = plain_interval(brier)
    known = f" (95\u00a0% interval {between})" if between else ""
    return (
        f"Its Brier score is {brier['value']:.2f}{known}: 0 is sure and right every time, "
        f"{1 - chance(report):.2f} is knowing nothing and saying so, 2 is sure and wrong every time."
    )


def surest_half(report: Report) -> str | None:
    """Say how often the model is right if it answers only on the half of the clips where it is surest."""
    half = half_point(report)
    if half is None:
        return None
    return (
        f"If it answers only on the surest half of the clips (where it is {percent(half['threshold'], digits=0)} sure "
        f"or more), {percent(half['accuracy'])} are right; of all clips, {percent(report['accuracy']['value'])}."
    )


def half_point(report: Report) -> Mapping[str, float] | None:
    """Return the point of `risk_coverage` where the model answers on half of the clips, if there is one."""
    points = report.get("risk_coverage") or ()
    return next((point for point in points if abs(point["coverage"] - 0.5) < 0.005), None)
