"""The account of the corpus doctor: text for a terminal, JSON for programs, a folder with pictures."""

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec.clips import speaker_keys
from emospec.corpora import name_and_root
from emospec.doctor import Examination, examine
from emospec.doctor_audio import channels_in_words, formats_of
from emospec.doctor_findings import SEVERITIES, Finding, count_of
from emospec.doctor_labels import speakers_by_class
from emospec.files import check_new_folder, make_folder, whole_folder, write_json, write_text

FORMAT = 1
SHOWN = 3  # items of a finding in the text; all are in the JSON
WIDTH = 110


@dataclass(frozen=True)
class Diagnosis:
    """An examination and what was written of it; as a string, the account to print."""

    examination: Examination
    written: tuple[str, ...] = ()

    @property
    def must_mend(self) -> bool:
        """Whether training on this corpus as it is would be a mistake."""
        return self.examination.must_mend

    def __str__(self) -> str:
        return "\n".join([text_of(self.examination), *self.written])


def run_doctor(
    source: str,
    *,
    json: Path | None = None,
    out: Path | None = None,
    workers: int = 0,
    spellings: Mapping[str, str] | None = None,
) -> Diagnosis:
    """Examine a corpus and write what was found.

    Parameters
    ----------
    source : str
        `NAME=ROOT`, such as `crema-d=data/CREMA-D`.
    json : path, optional
        A file for all findings and measurements; one that exists is replaced.
    out : path, optional
        A new folder for `doctor.txt`, `doctor.json`, `clips.csv` and `figures/`.
    workers : int
        Processes; 0 takes all cores.
    spellings : mapping, optional
        As in `load_corpus`.

    Raises
    ------
    CorpusError
        If there is no such corpus, or no audio in it.
    EmospecError
        If `out` or `json` cannot be written; told before the files are measured.
    """
    name, root = name_and_root(source)
    if out:
        check_new_folder(out)
    if json:
        make_folder(json.parent)
    examination = examine(name, root, spellings=spellings, workers=workers)
    written = write_folder(examination, out) if out else []
    if json:
        write_json(to_dict(examination), json)
        written.append(f"all of it: {json}")
    return Diagnosis(examination, tuple(written))


def write_folder(examination: Examination, out: Path) -> list[str]:
    """Write the account as a new folder; return lines that say what is there and what is not."""
    with whole_folder(out) as folder:
        write_text(text_of(examination) + "\n", folder / "doctor.txt")
        write_json(to_dict(examination), folder / "doctor.json")
        examination.evidence.files.to_csv(folder / "clips.csv", index=False)
        drawn = _draw(examination, folder / "figures")
    what = "and pictures: " if drawn else "but no pictures, since Matplotlib is not installed: "
    hint = [] if drawn else ['`pip install "emospec[train]"` brings what draws them']
    return [f"account, JSON, table of clips {what}{out}", *hint]


def _draw(examination: Examination, folder: Path) -> bool:
    """Draw the corpus, unless there is no Matplotlib."""
    try:
        from emospec import plots, plots_corpus
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        return False
    clips, sound = examination.evidence.clips, examination.evidence.sound
    counts, figures = speakers_by_class(clips), {}
    if len(clips):
        figures["classes"] = plots_corpus.plot_classes(_clips_by_sex(clips))
    if counts.size:
        figures["speakers"] = plots_corpus.plot_speakers(counts.to_numpy(), list(counts.index), list(counts.columns))
    for field, title, label in (("seconds", "Durations", "seconds"), ("rms_db", "Levels", "dB of full scale")):
        values = _values_by_class(sound, field)
        if values:
            figures[title.lower()] = plots_corpus.plot_by_class(values, title=title, label=label)
    folder.mkdir()
    for name, figure in figures.items():
        (folder / f"{name}.png").write_bytes(plots.figure_to_png(figure))
    return True


def _clips_by_sex(clips: pd.DataFrame) -> dict[str, dict[str, int]]:
    table = pd.crosstab(clips["emotion"], clips["sex"].fillna("unknown"))
    return {str(emotion): {str(sex): int(n) for sex, n in row.items()} for emotion, row in table.iterrows()}


def _values_by_class(sound: pd.DataFrame, field: str) -> dict[str, NDArray[np.float64]]:
    known = sound[sound[field].notna()]
    return {str(emotion): own.to_numpy(dtype=float) for emotion, own in known.groupby("emotion")[field]}


def text_of(examination: Examination) -> str:
    """Return the account for a terminal: what lies there, the findings, the classes, and the verdict."""
    lines = [_headline(examination)]
    for severity in SEVERITIES:
        found = [finding for finding in examination.findings if finding.severity == severity]
        if found:
            lines += ["", severity.upper(), *(line for finding in found for line in _lines_of(finding))]
    if len(examination.evidence.clips):
        lines += ["", *_table_lines(examination)]
    return "\n".join([*lines, "", _verdict(examination)])


def _headline(examination: Examination) -> str:
    evidence = examination.evidence
    clips, sound = evidence.clips, evidence.sound
    facts = [count_of(len(clips), "clip")] if len(clips) else [count_of(len(evidence.files), "audio file")]
    facts += [count_of(n, "speaker")] if (n := speaker_keys(clips).nunique()) else []
    if len(sound):
        channels, rate = (int(sound[field].mode().iloc[0]) for field in ("channels", "sample_rate"))
        facts += [_in_words(sound["seconds"].sum()), f"{formats_of(sound).mode().iloc[0]}, {rate:,} Hz, "
                  f"{channels_in_words(channels)}"]  # fmt: skip
    return f"{evidence.corpus.title} in {examination.root}: {'; '.join(facts)}"


def _in_words(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{seconds / 60:.1f} min"


def _lines_of(finding: Finding) -> list[str]:
    more = f", ... ({len(finding.items):,} in all)" if len(finding.items) > SHOWN else ""
    named = ", ".join(finding.items[:SHOWN]) + more
    texts = [
        (f"* {finding.says}", "  "),
        (named, "  "),
        (f"-> {finding.what_to_do}" * bool(finding.what_to_do), "     "),
    ]
    return [line for text, indent in texts for line in _wrapped(text, indent) if text]


def _wrapped(text: str, indent: str) -> list[str]:
    first = "" if text.startswith("* ") else "  "
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)


def _table_lines(examination: Examination) -> list[str]:
    summary = summarise(examination)
    head = f"{'':<10}{'clips':>7}{'speakers':>10}  {'female / male':<15}{'seconds (5-95 %)':<22}level in dB (5-95 %)"
    return [head, *(_row(name, row) for name, row in summary.items())]


def _row(name: str, row: Mapping[str, Any]) -> str:
    sexes = f"{row['female']:,} / {row['male']:,}" if row["female"] + row["male"] else "-"
    seconds, level = (_spread(row[key], digits) for key, digits in (("seconds", 2), ("level_db", 1)))
    return f"{name:<10}{row['clips']:>7,}{row['speakers']:>10,}  {sexes:<15}{seconds:<22}{level}".rstrip()


def _spread(spread: Mapping[str, float] | None, digits: int) -> str:
    if spread is None:
        return "-"
    low, median, high = (f"{spread[key]:.{digits}f}" for key in ("p5", "median", "p95"))
    return f"{median} ({low} to {high})"


def summarise(examination: Examination) -> dict[str, dict[str, Any]]:
    """Return clips, speakers, sexes, durations and levels of each class, and of `all`."""
    clips = examination.evidence.clips
    groups = {str(emotion): group for emotion, group in clips.groupby("emotion")}
    return {name: _summary_of(group) for name, group in {**groups, "all": clips}.items()}


def _summary_of(clips: pd.DataFrame) -> dict[str, Any]:
    return {
        "clips": len(clips),
        "speakers": int(speaker_keys(clips).nunique()),
        "female": int((clips["sex"] == "female").sum()),
        "male": int((clips["sex"] == "male").sum()),
        "seconds": _percentiles(clips["seconds"]),
        "level_db": _percentiles(clips["rms_db"]),
    }


def _percentiles(values: "pd.Series[float]") -> dict[str, float] | None:
    known = values.dropna().to_numpy(dtype=float)
    if not known.size:
        return None
    keys = {"min": 0, "p5": 5, "median": 50, "p95": 95, "max": 100}
    return dict(zip(keys, np.percentile(known, list(keys.values())).tolist(), strict=True))


def _verdict(examination: Examination) -> str:
    numbers = [sum(finding.severity == severity for finding in examination.findings) for severity in SEVERITIES]
    if numbers[0]:
        return f"Verdict: mend this corpus before you train on it ({count_of(numbers[0], 'finding')} above all)."
    if numbers[1]:
        return f"Verdict: nothing must be mended; look at {count_of(numbers[1], 'finding')} before you train."
    return "Verdict: nothing stands against training on it."


def to_dict(examination: Examination) -> dict[str, Any]:
    """Return all findings, counts and measurements as JSON can hold them."""
    evidence, corpus = examination.evidence, examination.evidence.corpus
    counts = speakers_by_class(evidence.clips)
    return {
        "format": FORMAT,
        "corpus": corpus.name,
        "root": str(examination.root),
        "must_mend": examination.must_mend,
        "owners": {"n_clips": corpus.n_clips, "n_speakers": corpus.n_speakers, "sample_rate": corpus.sample_rate},
        "findings": [_finding(finding) for finding in examination.findings],
        "classes": summarise(examination) if len(evidence.clips) else {},
        "speakers": {str(name): {str(k): int(n) for k, n in row.items()} for name, row in counts.iterrows()},
        "files": [_without_gaps(row) for row in evidence.files.to_dict("records")],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "severity": finding.severity,
        "count": finding.count,
        "says": finding.says,
        "what_to_do": finding.what_to_do,
        "items": list(finding.items),
    }


def _without_gaps(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): _json_value(value) for key, value in row.items()}


def _json_value(value: Any) -> Any:
    if value is pd.NA or value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value
