"""Several runs side by side, and the reasons not to compare them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from emospec.errors import ConfigError
from emospec.files import write_text
from emospec.markdown import plain, table_row
from emospec.markup import Html, element, inline_svg, join, page, table
from emospec.plots import figure_to_svg, plot_compare, shorten
from emospec.report_parts import Report, chance, count, interval, people_clips, percent, shared_note, shared_speakers
from emospec.run_pairs import compare_pair, pair_sentence, why_not_compared
from emospec.runs import load_run

HEAD = ("Run", "Model", "Protocol", "Clips", "Accuracy", "UAR", "Macro F1", "Test speakers heard in training")
Score = Mapping[str, float | None]
SCORES = ("accuracy", "uar", "macro_f1")


def compare_runs(paths: Sequence[Path], *, out: Path | None = None) -> str:
    """Return a Markdown table of several runs' scores, and write it, or a page of it, if asked to.

    Raises
    ------
    ConfigError
        Without a run, for a run that isn't finished, or for `out` with an unknown suffix.
    """
    if not paths:
        raise ConfigError("no run to compare; name one or more run folders")
    reports = {str(path): load_run(path).report() for path in paths}
    pairs = paired_sentences(reports)
    table = compare_table(reports, pairs)
    if out is None:
        return table
    if out.suffix not in (".html", ".md"):
        raise ConfigError(f"{out}: a comparison is written as .html or .md")
    if out.suffix == ".html":
        compare_html(out, reports, pairs)
    else:
        write_text(table, out)
    return table


def paired_sentences(reports: Mapping[str, Report]) -> list[str]:
    """Say how far each run lies from the first, clip by clip, where both were judged on the same clips.

    Parameters
    ----------
    reports : dict
        The report of each run by its folder.
    """
    first, *others = reports
    sentences = []
    for other in others:
        if same_clips([reports[first], reports[other]]):
            sentences.append(_pair_sentence(first, other))
    return sentences


def compare_table(reports: Mapping[str, Report], pairs: Sequence[str] = ()) -> str:
    """Return the scores of several runs as a Markdown table, and what speaks against comparing them.

    Parameters
    ----------
    reports : dict
        `Report.to_dict()` of each run by its name; optional keys `model` and `clips_sha256`, which is
        equal for equal test clips.
    pairs : sequence of str
        Sentences on pairs of these runs, as of `paired_sentences`.
    """
    lines = [table_row(HEAD), table_row(["---"] * 3 + ["---:"] * 4 + ["---"])]
    lines += [table_row(map(plain, _row(name, report, _score_text))) for name, report in reports.items()]
    lines += ["", "Intervals are 95 %, over speakers."]
    lines += [f"\n{plain(sentence)}" for sentence in [*people_line(reports), *pairs]]
    lines += [f"\n**Warning:** {plain(warning)}" for warning in compare_warnings(reports)]
    return "\n".join(lines) + "\n"


def compare_html(path: Path, reports: Mapping[str, Report], pairs: Sequence[str] = ()) -> None:
    """Write the comparison of several runs as one page that needs nothing but itself; parameters as `compare_table`."""
    warnings = [element("p", warning, class_="banner warning", role="note") for warning in compare_warnings(reports)]
    bars = [(name, r["uar"]["value"], r["uar"]["low"], r["uar"]["high"]) for name, r in reports.items()]
    guesses = {chance(report) for report in reports.values()}
    guess = guesses.pop() if len(guesses) == 1 else None
    figure = plot_compare(bars, chance=guess, note=shared_runs_note(reports))
    drawn = element("figure", inline_svg(figure_to_svg(figure), "UAR of each run", "uar"), class_="chart")
    rows = [_row(name, report, _score_cell) for name, report in reports.items()]
    scores = table("Scores of the runs, with 95\u00a0% intervals over speakers", HEAD, rows, class_="wide")
    below = [element("p", sentence, class_="after") for sentence in [*people_line(reports), *pairs]]
    header = element("header", element("p", "emospec report", class_="eyebrow"), element("h1", "Runs side by side"))
    main = element("main", element("p", best_run(reports), class_="headline"), *warnings, drawn, scores, *below)
    write_text(page("emospec: runs side by side", header, main), path)


def same_clips(reports: Sequence[Report]) -> bool:
    """Tell whether runs are known to have been judged on the same clips."""
    hashes = {report.get("clips_sha256") for report in reports}
    return len(hashes) == 1 and None not in hashes


def people_line(reports: Mapping[str, Report]) -> list[str]:
    """Say what listeners and runs reach, if all runs were judged on the same clips and these have listeners.

    Listeners count on the clips that they took for one of the emotions, so the runs are told on just those.
    """
    known = [report.get("listeners") for report in reports.values()]
    if not all(known) or not same_clips(list(reports.values())):
        return []
    first = next(iter(reports.values()))
    majority = first["listeners"]["majority"]
    named = (("accuracy", "accuracy"), ("uar", "UAR"))
    scores = [f"{name} {_score_text(majority[key])}" for key, name in named if majority.get(key)]
    people = f"People: the listeners' most frequent answer reaches {', '.join(scores)}, on {people_clips(first)}."
    return [f"{people} {_beside_people(reports)}"]


def _beside_people(reports: Mapping[str, Report]) -> str:
    """Say what each run reaches on the clips on which the listeners count."""
    models = {name: report["listeners"]["model"] for name, report in reports.items()}
    key, score = ("uar", "UAR") if all(model.get("uar") for model in models.values()) else ("accuracy", "accuracy")
    return (
        f"On these clips, {', '.join(f'{name} has {score} {_score_text(its[key])}' for name, its in models.items())}."
    )


def shared_runs_note(reports: Mapping[str, Report]) -> str | None:
    """Return the warning that belongs to a picture of several runs, or None if none of them needs one."""
    notes = [f"{shorten(name)}: {note}" for name, report in reports.items() if (note := shared_note(report))]
    return "; ".join(notes) or None


def best_run(reports: Mapping[str, Report]) -> str:
    """Say which run has the highest UAR; one that knew its test speakers is not ranked beside one that did not."""
    fair = {name: report for name, report in reports.items() if report["speakers_seen_in_training"] == 0}
    ranked = sorted((fair or reports).items(), key=lambda item: -item[1]["uar"]["value"])
    name, best = ranked[0]
    text = f"{_among(len(fair), len(reports))}{name} has the highest UAR: {percent(best['uar']['value'])}."
    if len(ranked) == 1:
        return text
    second, other = ranked[1]
    return f"{text} The next is {second} with {percent(other['uar']['value'])}{_overlap(best, other)}."


def _among(n_fair: int, n_runs: int) -> str:
    if n_fair == 0:
        return "No run is known to have been judged on voices that it never heard. Of these runs, "
    return "" if n_fair == n_runs else "Of the runs that were judged on voices they never heard, "


def _overlap(best: Report, other: Report) -> str:
    low, high = best["uar"]["low"], other["uar"]["high"]
    if low is None or high is None:
        return ""
    return (
        "; their intervals overlap, so the order may be chance" if high >= low else "; their intervals do not overlap"
    )


def compare_warnings(reports: Mapping[str, Report]) -> list[str]:
    """Return what speaks against comparing runs: shared or unknown speakers, other test clips, notices."""
    warnings = []
    for name, report in reports.items():
        if shared := shared_speakers(report):
            warnings.append(f"{name}: {shared}")
        elif report["speakers_seen_in_training"] is None:
            warnings.append(f"{name}: nobody can tell whether its test speakers were also in training.")
        if report.get("notice"):
            warnings.append(f"{name}: {report['notice']}")
    if len({_test_clips(report) for report in reports.values()}) > 1:
        warnings.append("These runs were judged on different test clips; a difference may come from the clips alone.")
    return warnings


def _test_clips(report: Report) -> tuple[object, ...]:
    """Return what is equal for runs with equal test clips: their hash if the report has it, or all that is counted."""
    support = tuple((name, report["per_class"][name]["support"]) for name in report["classes"])
    return report.get("clips_sha256"), report["n_clips"], report["n_speakers"], support


def _row(name: str, report: Report, cell: Callable[[Score], str]) -> list[str]:
    model = str(report.get("model", "unknown"))
    scores = [cell(report[key]) for key in SCORES]
    return [name, model, report["protocol"], f"{report['n_clips']:,}", *scores, _heard(report)]


def _pair_sentence(first: str, other: str) -> str:
    lacking = [name for name in (first, other) if not (Path(name) / "predictions.csv").exists()]
    if lacking:
        return f"{first} and {other} are not compared clip by clip: {' and '.join(lacking)} has no predictions.csv."
    pair = compare_pair(Path(first), Path(other))
    if pair is None:
        why = why_not_compared(Path(first), Path(other))
        return f"{first} and {other} are not compared clip by clip: {why}."
    return pair_sentence(pair, first, other)


def _score_text(score: Score) -> str:
    between = interval(score)
    return percent(score["value"]) + (f" ({between})" if between else "")


def _score_cell(score: Score) -> Html:
    between = interval(score)
    return join(percent(score["value"]), element("small", between, class_="under") if between else None)


def _heard(report: Report) -> str:
    seen, n = report["speakers_seen_in_training"], report["n_speakers"]
    if seen is None:
        return "unknown"
    return f"{seen} of {n}" if seen else f"none of {count(n, 'speaker')}"
