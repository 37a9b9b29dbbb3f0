"""What a report says first of all, of its single folds, and of models carried from corpus to corpus."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from matplotlib.figure import Figure

from emospec.markup import Html, drawing, element, join, table
from emospec.report_parts import Report, Section, chance, count, interval, percent, shared_note

# More folds than this are folded away in the page, to be opened.
SHOWN_FOLDS = 12
# More pairs of corpora than this are counted in the headline, not named.
SHOWN_PAIRS = 6
NO_UAR = "A fold without a clip of every emotion has no score of its own; its clips count in the scores of all folds."


def headline(report: Report) -> str:
    """Say in one plain sentence how good the model is, for whom, and what guessing would give."""
    if report.get("matrix"):
        return _transfer_headline(report)
    clips = f"{percent(report['accuracy']['value'])} of {count(report['n_clips'], 'clip')}"
    between = interval(report["accuracy"], digits=0)
    between = f" (95\u00a0% interval {between})" if between else ""
    return f"{_on_whom(report)} named the emotion of {clips}{between}; {_guessing(report)}."


def _on_whom(report: Report) -> str:
    n, seen = report["n_speakers"], report["speakers_seen_in_training"]
    if not n:
        return "On unknown voices, the model"
    if seen is None:
        return f"On {count(n, 'voice')}, the model"
    folds = len(report.get("folds") or ())
    if seen == 0 and folds > 1:
        return f"Over {folds} folds, on {count(n, 'voice')} that the model of their fold never heard, it"
    if seen == 0:
        return f"On {count(n, 'voice')} that the model never heard, it"
    return f"On {count(n, 'voice')}, {'all' if seen == n else seen} of which it had heard in training, the model"


def _transfer_headline(report: Report) -> str:
    """Say how good models are on corpora that they never heard; scores at home would flatter the mean."""
    away, counted = transfers(report["matrix"]), ""
    if not away:
        return matrix_sentence(report)
    if report.get("n_different_clips"):
        counted = f"; {count(report['n_clips'], 'test')} of {count(report['n_different_clips'], 'clip')} in all"
    where, score = ("a corpus", "a UAR") if len(away) == 1 else ("corpora", "a mean UAR")
    lead = f"On {where} that it never heard, the model reaches {score} of {percent(fmean(s for s, *_ in away))}"
    return f"{lead} ({_named_pairs(away)}{counted}); {_guessing(report)}."


def _named_pairs(away: Sequence[tuple[float, str, str]]) -> str:
    if len(away) > SHOWN_PAIRS:
        return f"{len(away)} pairs of corpora"
    return "trained on -> tested on: " + ", ".join(f"{train} -> {test}" for _, train, test in away)


def _guessing(report: Report) -> str:
    return f"guessing would give {100 * chance(report):.3g}\u00a0%"


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
    """Say from where to where a model is carried best and worst, leaving out corpora that it was trained on."""
    scores = transfers(report["matrix"])
    if not scores:
        return f"No pair of corpora has a score; {_guessing(report)}."
    best, worst = max(scores), min(scores)
    text = f"Best from {best[1]} to {best[2]}: {percent(best[0])} UAR"
    if len(scores) > 1:
        text += f"; worst from {worst[1]} to {worst[2]}: {percent(worst[0])}"
    return f"{text}; {_guessing(report)}."


def transfers(matrix: Mapping[str, Any]) -> list[tuple[float, str, str]]:
    """Return UAR, training and test corpus of each pair with a score whose test corpus was not trained on."""
    return [
        (score, train, test)
        for train, row in zip(matrix["train"], matrix["uar"], strict=True)
        for test, score in zip(matrix["test"], row, strict=True)
        if score is not None and test != train and test not in train.split("+")
    ]
