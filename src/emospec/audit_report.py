"""The account of an audit as text and as Markdown, from what `audit.json` holds."""

from collections.abc import Mapping, Sequence
from typing import Any

from emospec.markdown import plain, table_row

Facts = Mapping[str, Any]
Verdicts = Sequence[Mapping[str, Any]]

PARTS = {
    "correctness": "Is it right?",
    "fairness": "Is it as good for everyone?",
    "robustness": "Does it stand other sound?",
    "calibration": "Does it know how sure it may be?",
    "consistency": "Does the same clip get the same answer?",
}
FIGURES = {
    "uar_by_condition": "UAR under each condition",
    "unchanged_by_condition": "Answers that stay the same under each condition",
    "uar_by_group": "UAR of each group",
    "reliability": "How often the answers are right, by how sure they are",
}
SHOWN_IN = {
    "fairness": ("uar_by_group",),
    "robustness": ("uar_by_condition", "unchanged_by_condition"),
    "calibration": ("reliability",),
}
LEFT_OUT = {
    "other_emotions": "of emotions that the model does not know",
    "speakers_heard_in_training": "of speakers that the model heard in training",
    "not_sampled": "not drawn for the sample",
}
INTERVALS = (
    "Numbers in brackets are 95 % intervals over speakers. A difference between groups fails only if its whole "
    "interval lies beyond the limit; if the interval reaches back inside, the verdict is unclear. Where a group passes "
    "with an interval that reaches beyond the limit, equality is not shown."
)


def headline(facts: Facts) -> str:
    """Say in a sentence what was audited on what."""
    speakers = f" of {count(facts['n_speakers'], 'speaker')}" if facts["n_speakers"] else ""
    heard = ", none of whom it heard in training" if facts["share_of_speakers_seen"] == 0 else ""
    return f"{facts['model']} on {count(facts['n_clips'], 'clip')}{speakers} of {', '.join(facts['corpora'])}{heard}"


def count(number: int, noun: str) -> str:
    """Return `1 clip`, `7,442 clips`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def summary(verdicts: Verdicts) -> str:
    """Return such as `17 of 31 pass, 12 fail, 2 unclear`."""
    outcomes = [verdict["verdict"] for verdict in verdicts]
    rest = [f"{outcomes.count(name)} {said}" for name, said in (("fail", "fail"), ("unclear", "unclear"))]
    return ", ".join([f"{outcomes.count('pass')} of {len(outcomes)} pass", *(text for text in rest if text[0] != "0")])


def left_out_lines(facts: Facts) -> list[str]:
    """Say which clips were not used, and why; of those that cannot be used, name the first."""
    lines = [
        f"left out: {count(facts['left_out'][name], 'clip')} {why}"
        for name, why in LEFT_OUT.items()
        if facts["left_out"][name]
    ]
    unusable = facts["unusable"]
    if unusable:
        lines.append(f"left out: {count(len(unusable), 'clip')} that cannot be used (all are in audit.json):")
        lines += [f"  {clip['path']} {clip['reason']}" for clip in unusable[:5]]
    return lines


def by_part(facts: Facts) -> dict[str, Verdicts]:
    """Return the verdicts of each part that has any."""
    parts = {part: [verdict for verdict in facts["verdicts"] if verdict["part"] == part] for part in PARTS}
    return {part: verdicts for part, verdicts in parts.items() if verdicts}


def pictures_of(facts: Facts) -> list[str]:
    """Return the names of the pictures that belong to the parts that have verdicts."""
    shown = {name for part in by_part(facts) for name in SHOWN_IN.get(part, ())}
    return [name for name in FIGURES if name in shown]


def picture_file(name: str) -> str:
    """Return where a picture lies in the folder of the audit."""
    return f"figures/{name}.png"


def text_lines(facts: Facts) -> list[str]:
    """Return the account for a terminal: a verdict a line, part by part, and the sum."""
    lines = [f"audit of {headline(facts)}", *left_out_lines(facts)]
    warnings = [f"warning: {warning}" for warning in facts["warnings"]]
    for part, verdicts in by_part(facts).items():
        lines += ["", f"{part}: {summary(verdicts)}", *map(verdict_line, verdicts)]
    return [*lines[:1], *warnings, *lines[1:], "", INTERVALS, *warnings, summary(facts["verdicts"])]


def verdict_line(verdict: Mapping[str, Any]) -> str:
    """Return one verdict as a line; failures stand out."""
    word = "FAIL" if verdict["verdict"] == "fail" else verdict["verdict"]
    return f"  {word:8}{verdict['sentence']}"


def markdown(facts: Facts, *, pictures: bool) -> str:
    """Return the account as Markdown.

    Parameters
    ----------
    pictures : bool
        Whether the folder `figures` lies beside it.
    """
    title, said = f"# Audit of {plain(facts['model'])}", f"**{summary(facts['verdicts'])}**"
    lines = [title, f"{plain(headline(facts))}: {said}.", *_notes(facts)]
    lines += [_table(("part", "question", "verdicts"), _part_rows(facts))]
    for part, verdicts in by_part(facts).items():
        rows = [(_word(verdict), plain(verdict["sentence"])) for verdict in verdicts]
        lines += [f"## {PARTS[part]} ({part})", _table(("verdict", "what was found"), rows)]
    if pictures:
        lines += ["## Pictures", *(f"![{FIGURES[name]}]({picture_file(name)})" for name in pictures_of(facts))]
    return "\n\n".join(lines) + "\n"


def _notes(facts: Facts) -> list[str]:
    notes = [f"> **Warning:** {plain(warning)}" for warning in facts["warnings"]]
    left_out = [f"- {plain(line)}" for line in left_out_lines(facts)]
    return [*notes, *(["\n".join(left_out)] if left_out else []), INTERVALS, seeds(facts)]


def seeds(facts: Facts) -> str:
    """Say what the changes depend on."""
    return (
        f"Every change of a clip depends on the seed ({facts['seed']}) and on the clip's name alone; "
        f"recordings were read at {facts['sample_rate']:,} Hz."
    )


def _part_rows(facts: Facts) -> list[tuple[str, str, str]]:
    return [(part, PARTS[part], summary(verdicts)) for part, verdicts in by_part(facts).items()]


def _word(verdict: Mapping[str, Any]) -> str:
    return "**fail**" if verdict["verdict"] == "fail" else str(verdict["verdict"])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(map(table_row, [head, ["---"] * len(head), *rows]))
