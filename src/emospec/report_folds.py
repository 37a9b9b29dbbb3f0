"""What a report says of its single folds, and of models carried from corpus to corpus."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from emospec.markup import Html, drawing, element, join, table
from emospec.report_parts import Report, Section, chance, percent, shared_note

# More folds than this are folded away in the page, to be opened.
SHOWN_FOLDS = 12
NO_UAR = "A fold without a clip of every emotion has no score of its own; its clips count in the scores of all folds."


def several_folds(report: Report) -> bool:
    """Tell whether a report pools the folds of several models."""
    return len(report.get("folds") or ()) > 1


def score_of_folds(report: Report) -> str:
    """Return the key of the score that folds are shown by: UAR, or accuracy where no fold has every emotion."""
    return "uar" if any(fold["uar"] is not None for fold in report["folds"]) else "accuracy"


def range_of_folds(report: Report) -> str | None:
    """Say between which scores the folds lie, or None where no fold has one."""
    key = score_of_folds(report)
    scores = [fold[key] for fold in report["folds"] if fold[key] is not None]
    if not scores:
        return None
    name = "UAR" if key == "uar" else key
    return f"{name} {percent(min(scores))} to {percent(max(scores))}"


def folds_section(report: Report, figures: Mapping[str, Figure]) -> list[Section]:
    """Return the section on the single folds, or none where there is only one."""
    if not several_folds(report):
        return []
    folds, between = report["folds"], range_of_folds(report)
    text = f"{len(folds)} models were trained, each tested on the fold that it did not see; "
    text += "all other scores here pool them."
    text += f" Single folds: {between}." if between else ""
    lacking = any(fold["accuracy"] is None or fold["uar"] is None for fold in folds)
    head = ("Fold", "Clips", "Speakers", "Of them heard in training", "Accuracy", "UAR")
    rows = [[fold["fold"], *_fold_cells(fold)] for fold in folds]
    scores = table("Each fold", head, rows, class_="numbers", note=shared_note(report))
    body = join(
        element("p", text),
        element("p", NO_UAR) if lacking else None,
        element("div", drawing(figures["folds"], "Score of each fold", "number-folds"), class_="chart"),
        scores if len(folds) <= SHOWN_FOLDS else element("details", element("summary", "All folds"), scores),
    )
    return [("folds", "Folds", body)]


def _fold_cells(fold: Mapping[str, Any]) -> list[str]:
    speakers, seen = fold["n_speakers"], fold["speakers_seen_in_training"]
    people = ["unknown" if number is None else f"{number:,}" for number in (speakers, seen)]
    shares = ["none" if fold[key] is None else percent(fold[key]) for key in ("accuracy", "uar")]
    return [f"{fold['n_clips']:,}", *people, *shares]


def matrix_section(report: Report) -> list[Section]:
    """Return the section on models carried from corpus to corpus, or none."""
    matrix = report.get("matrix")
    if not matrix:
        return []
    rows = [[train, *map(_matrix_cell, scores)] for train, scores in zip(matrix["train"], matrix["uar"], strict=True)]
    caption = "UAR: rows are what was trained on, columns what was tested on"
    scores = table(
        caption, ["trained on \\ tested on", *matrix["test"]], rows, class_="confusion", note=shared_note(report)
    )
    return [("corpora", "From corpus to corpus", join(element("p", matrix_sentence(report)), scores))]


def _matrix_cell(score: float | None) -> Html:
    if score is None:
        return element("td", class_="blank")
    shade = f"--rate:{score:.3f}"
    return element("td", element("b", percent(score)), class_="dark" if score > 0.68 else None, style=shade)


def matrix_sentence(report: Report) -> str:
    """Say from where to where a model is carried best and worst."""
    matrix = report["matrix"]
    scores = [
        (score, train, test)
        for train, row in zip(matrix["train"], matrix["uar"], strict=True)
        for test, score in zip(matrix["test"], row, strict=True)
        if score is not None
    ]
    guess = f"guessing would give {100 * chance(report):.3g}\u00a0%"
    if not scores:
        return f"No pair of corpora has a score; {guess}."
    best, worst = max(scores), min(scores)
    text = f"Best from {best[1]} to {best[2]}: {percent(best[0])} UAR"
    if len(scores) > 1:
        text += f"; worst from {worst[1]} to {worst[2]}: {percent(worst[0])}"
    return f"{text}; {guess}."
