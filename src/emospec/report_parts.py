"""What a report says about the scores: sentences, key figures and tables, each from the numbers alone."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from emospec.markup import Html, element, inline_svg, join, table
from emospec.plots import CURVES, best_row, epochs_of, figure_to_svg, plot_curve, row_rates

Report = Mapping[str, Any]
# Name in the address, title, content.
Section = tuple[str, str, Html]
ADVICE = (
    ("To judge it on speakers that it hasn't heard:", "emospec evaluate RUN --corpus NAME=ROOT"),
    ("What its recipe is worth, cross-validation tells:", "emospec train IMAGES --protocol kfold-speakers:5 ..."),
)

UNKNOWN_SPEAKERS = "Nobody can tell whether the speakers of the test were also in training: not all speakers are known."


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share as per cent that does not break over lines; `unknown` for None."""
    return "unknown" if value is None else f"{100 * value:.{digits}f}\u00a0%"


def chance(report: Report) -> float:
    """Return the accuracy of guessing each class equally often."""
    return 1 / len(report["classes"])


def interval(score: Mapping[str, float | None], digits: int = 1) -> str | None:
    """Return `57.0 to 65.1`, or None where the score has no interval."""
    low, high = score.get("low"), score.get("high")
    return None if low is None or high is None else f"{100 * low:.{digits}f} to {100 * high:.{digits}f}"


def plain_interval(score: Mapping[str, float | None]) -> str | None:
    """Return `0.61 to 0.70`, for a score that is no share; None where it has no interval."""
    low, high = score.get("low"), score.get("high")
    return None if low is None or high is None else f"{low:.2f} to {high:.2f}"


def why_no_interval(report: Report) -> str:
    """Say why the scores of this report have no intervals."""
    speakers = report["n_speakers"]
    if not speakers:
        reason = "these clips do not say who speaks"
    elif speakers < 3:
        reason = f"{count(speakers, 'speaker')} cannot give them"
    else:
        reason = "some clips do not say who speaks"
    return f"No intervals: they are taken over speakers, and {reason}"


def count(number: int, noun: str) -> str:
    """Return `1 voice`, `2 voices`, `7,442 clips`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shared_speakers(report: Report) -> str | None:
    """Return the warning that belongs to a score on speakers of the training part, or None."""
    return f"{shared_note(report)}; this score says little about strangers." if _n_seen(report) else None


def shared_note(report: Report) -> str | None:
    """Return what must stand on every picture and table of a score that is no test on strangers, or None.

    That is the share of the test speakers that were in training, or that nobody knows it.
    """
    seen = _n_seen(report)
    if seen is None:
        return "nobody can tell whether the test speakers were also in training"
    if seen == 0:
        return None
    return f"{seen} of {count(report['n_speakers'], 'test speaker')} {'was' if seen == 1 else 'were'} also in training"


def _n_seen(report: Report) -> int | None:
    seen: int | None = report["speakers_seen_in_training"]
    return seen


def banners(report: Report) -> Html:
    """Return what must be read with the numbers: shared speakers in red, unknown speakers, a notice."""
    shown = []
    if warning := shared_speakers(report):
        shown.append(_banner(f"Split “{report['protocol']}” shares speakers.", warning, "warning"))
    elif report["speakers_seen_in_training"] is None:
        shown.append(_banner("Unknown speakers.", UNKNOWN_SPEAKERS, "notice"))
    return join(*shown, notice(report))


def notice(report: Report) -> Html | None:
    """Return the sentence that whoever made a run wants to be read first."""
    return _banner("Please note.", report["notice"], "notice") if report.get("notice") else None


def unjudged(report: Report) -> Html:
    """Say why a run has no scores, and how it comes to some."""
    advice = (element("p", text, " ", element("code", command), class_="note") for text, command in ADVICE)
    return join(element("p", report["not_judged"], class_="headline"), notice(report), *advice)


def _banner(title: str, text: str, kind: str) -> Html:
    return element("p", element("strong", title), " ", text, class_=f"banner {kind}", role="note")


def key_figures(report: Report) -> Html:
    """Return the scores as cards, each with its interval on a scale that also shows what guessing gives."""
    cards = [
        _score(report, "accuracy", "Accuracy", "of all clips were named rightly"),
        _score(report, "uar", "UAR", "unweighted average recall: every emotion counts the same"),
        _score(report, "macro_f1", "Macro F1", "recall and precision in one, averaged over the emotions"),
        *_roc_auc(report),
    ]
    if report.get("ece") is not None:
        points = join(f"{100 * report['ece']:.1f}", element("small", "\u00a0points"))
        cards.append(_card("Calibration error", points, "how far its certainty is from its hit rate, on average"))
    if report.get("test_loss") is not None:
        cards.append(_card("Test loss", f"{report['test_loss']:.3f}", "of the weights that were kept"))
    return join(element("dl", *cards, class_="figures"), element("p", legend(report), class_="note"))


def legend(report: Report) -> str:
    """Say what the marks of the key figures are, and why intervals are missing where they are."""
    between = "Intervals (95\u00a0%) tell how far a score depends on who happened to speak"
    first = between if interval(report["accuracy"]) else why_no_interval(report)
    marks = f"{first}; the dotted mark is what guessing would give."
    people = people_uar(report)
    if people is None:
        return marks
    return f"{marks} The green mark is the listeners' majority: {percent(people)} UAR, on {people_clips(report)}."


def people_clips(report: Report) -> str:
    """Say on how many of the test clips the listeners gave an answer that counts."""
    n_clips = report["listeners"]["majority"]["n_clips"]
    return f"the {n_clips:,} of {count(report['n_clips'], 'clip')} that they took for one of these emotions"


def people_uar(report: Report) -> float | None:
    """Return the UAR of the listeners' majority, or None where it isn't known."""
    listeners = report.get("listeners")
    uar = listeners["majority"].get("uar") if listeners else None
    return uar["value"] if uar else None


def _score(report: Report, key: str, name: str, meaning: str) -> Html:
    score = report[key]
    between = interval(score)
    guess = None if key == "macro_f1" else chance(report)
    scale = _scale(score, guess, people_uar(report) if key == "uar" else None)
    return _card(name, percent(score["value"]), meaning, scale, _interval_note(between))


def _roc_auc(report: Report) -> list[Html]:
    score = report.get("roc_auc")
    if not score or score["value"] is None:
        return []
    meaning = "how often a clip of an emotion scores higher for it than another clip does; 0.5 is guessing"
    value = f"{score['value']:.2f}"
    return [_card("ROC AUC", value, meaning, _scale(score, 0.5), _interval_note(plain_interval(score)))]


def _interval_note(between: str | None) -> Html:
    return element("dd", f"interval {between}" if between else "no interval", class_="note")


def _scale(score: Mapping[str, float | None], guess: float | None, people: float | None = None) -> Html:
    low, high = score.get("low"), score.get("high")
    band = None
    if low is not None and high is not None:
        band = element("i", class_="band", style=f"left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%")
    marks = join(band, _mark("chance", guess), _mark("people", people), _mark("dot", score["value"]))
    return element("dd", marks, class_="scale", aria_hidden="true")


def _mark(kind: str, place: float | None) -> Html | None:
    return None if place is None else element("i", class_=kind, style=f"left:{100 * place:.1f}%")


def _card(name: str, value: object, meaning: str, *more: Html) -> Html:
    return element(
        "div", element("dt", name), element("dd", value, class_="value"), *more, element("dd", meaning), class_="card"
    )


def per_class_table(report: Report) -> Html:
    """Return precision, recall, F1, ROC AUC and the number of clips for each emotion, and their mean."""
    means = {
        "precision": report["macro_precision"],
        "recall": report["macro_recall"],
        "f1": report["macro_f1"]["value"],
        "roc_auc": (report.get("roc_auc") or {}).get("value"),
        "support": report["n_clips"],
    }
    ranked = means["roc_auc"] is not None
    rows = [[name, *_class_cells(report["per_class"][name], ranked)] for name in report["classes"]]
    rows.append(["mean", *_class_cells(means, ranked)])
    head = ("Emotion", "Precision", "Recall", "F1", *(("ROC AUC",) if ranked else ()), "Clips")
    caption = "Each emotion, and the mean over emotions"
    return table(caption, head, rows, class_="numbers totals", note=shared_note(report))


def _class_cells(scores: Mapping[str, Any], ranked: bool) -> list[object]:
    shares = [_bar(scores[key]) for key in ("precision", "recall", "f1")]
    auc = scores.get("roc_auc")
    rank = ["unknown" if auc is None else f"{auc:.2f}"] if ranked else []
    return [*shares, *rank, f"{scores['support']:,}"]


def _bar(share: float | None) -> Html:
    width = 0.0 if share is None else 100 * share
    return join(percent(share), element("i", class_="bar", style=f"--width:{width:.1f}%", aria_hidden="true"))


def confusion_table(report: Report) -> Html:
    """Return the confusion matrix with counts and row rates, shaded by rate."""
    counts = np.asarray(report["confusion_matrix"])
    rates = row_rates(counts)
    rows: list[list[object]] = [[name] for name in report["classes"]]
    for (row, column), number in np.ndenumerate(counts):
        rows[row].append(_confusion_cell(int(number), float(rates[row, column]), right=row == column))
    caption = "Confusion matrix: rows are the truth, columns the answers of the model; counts and shares of the row"
    head = ["truth \\ answer", *report["classes"]]
    return table(caption, head, rows, class_="confusion", note=shared_note(report))


def _confusion_cell(number: int, rate: float, *, right: bool) -> Html:
    share = "no clips" if np.isnan(rate) else percent(rate, digits=0)
    kind = f"{'right' if right else 'wrong'}{' dark' if rate > 0.68 else ''}"
    shade = f"--rate:{np.nan_to_num(rate):.3f}"
    return element("td", element("b", f"{number:,}"), " ", element("small", share), class_=kind, style=shade)


def worst_confusion(report: Report) -> str:
    """Say which emotion is taken for which other one most often."""
    rates = np.nan_to_num(row_rates(np.asarray(report["confusion_matrix"])))
    np.fill_diagonal(rates, 0)
    if not rates.any():
        return "No clip was taken for another emotion."
    truth, answer = np.unravel_index(rates.argmax(), rates.shape)
    row = report["confusion_matrix"][truth]
    names = report["classes"]
    return (
        f"The most frequent mistake: {names[truth]} taken for {names[answer]}, "
        f"{row[answer]:,} of {count(sum(row), 'clip')} ({percent(rates[truth, answer], digits=0)})."
    )


def history_part(history: pd.DataFrame) -> Html:
    """Return the curves of a training, and a sentence on the epoch that was kept."""
    names = [name for name in CURVES if name in history or f"val_{name}" in history]
    validated = "val_loss" in history
    figures = {name: plot_curve(history, name, mark_best=validated) for name in names}
    curves = (
        element("figure", inline_svg(figure_to_svg(figure), f"{name} over epochs", f"curve-{name}"))
        for name, figure in figures.items()
    )
    text = best_epoch(history) if validated else last_epoch(history)
    return join(element("p", text), element("div", *curves, class_="curves"))


def last_epoch(history: pd.DataFrame) -> str:
    """Say what a training came to in which nobody validated."""
    return (
        f"Nobody validated: all {count(len(history), 'epoch')} were trained, and the weights of the last are kept. "
        f"Its training loss was {history['loss'].iloc[-1]:.3f}; that says nothing about other voices."
    )


def best_epoch(history: pd.DataFrame) -> str:
    """Say which epoch was the best, and how far training and validation were apart in it."""
    row = history.iloc[best_row(history)]
    epoch = epochs_of(history)[best_row(history)]
    text = f"Epoch {epoch} of {epochs_of(history)[-1]} had the lowest validation loss, {row['val_loss']:.3f}."
    if "accuracy" in history and "val_accuracy" in history:
        text += (
            f" In it, the model named {percent(row['accuracy'], digits=0)} of the training clips rightly"
            f" and {percent(row['val_accuracy'], digits=0)} of the validation clips."
        )
    return text
