"""Examine a corpus before anyone trains on it: measure every file once, then ask what is wrong."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from emospec.clips import COLUMNS
from emospec.corpora import CORPORA, find_corpus, load_corpus
from emospec.corpora.core import audio_files
from emospec.doctor_audio import RULES as AUDIO_RULES
from emospec.doctor_clips import Measurement, measure_files
from emospec.doctor_findings import SEVERITIES, Evidence, Finding
from emospec.doctor_labels import RULES as LABEL_RULES
from emospec.doctor_labels import broken_tables, no_clips
from emospec.errors import CorpusError
from emospec.files import expand_home


@dataclass(frozen=True)
class Examination:
    """What the doctor saw and found; `findings` begins with the gravest."""

    root: Path
    evidence: Evidence
    findings: tuple[Finding, ...]

    @property
    def must_mend(self) -> bool:
        """Whether training on this corpus as it is would be a mistake."""
        return any(finding.severity == "must mend" for finding in self.findings)


def examine(
    name: str, root: str | Path, *, spellings: Mapping[str, str] | None = None, workers: int = 1
) -> Examination:
    """Measure every audio file of a corpus and judge what there is.

    Parameters
    ----------
    name, root, spellings
        As in `load_corpus`.
    workers : int
        Processes; 0 takes all cores.

    Raises
    ------
    CorpusError
        If the name is unknown, or there is no audio under the root.
    """
    clips, trouble = _load(name, expand_home(root), spellings)
    broken = tuple(clips.attrs["broken_tables"])
    evidence = Evidence(find_corpus(name), _measured(clips, workers), trouble, broken)
    return Examination(expand_home(root), evidence, judge(evidence))


def judge(evidence: Evidence) -> tuple[Finding, ...]:
    """Return what every rule finds, the gravest first."""
    rules = (no_clips, broken_tables, *AUDIO_RULES, *LABEL_RULES)
    found = [finding for rule in rules if (finding := rule(evidence)) is not None]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _load(name: str, root: Path, spellings: Mapping[str, str] | None) -> tuple[pd.DataFrame, str]:
    """Return the clips, or none and the reason, if there is at least audio to look at."""
    try:
        return load_corpus(name, root, spellings=spellings, skip_broken_tables=True), ""
    except CorpusError as error:
        paths = audio_files(root.resolve()) if root.is_dir() else []
        if not paths:
            raise
        clips = pd.DataFrame(columns=list(COLUMNS), dtype="string")
        clips.attrs.update(unparsed=list(map(str, paths)), copies=[], broken_tables=[])
        return clips, f"{_fitting(name, root)}{error}"


def _fitting(name: str, root: Path) -> str:
    """Tell which other corpus the names would fit, if one does."""
    owned = [corpus for corpus in CORPORA.values() if corpus.n_clips and corpus.name != name]
    counts = {corpus.name: len(corpus.read(root.resolve(), {}).clips) for corpus in owned}
    best = max(counts, key=lambda other: counts[other])
    return f"{counts[best]:,} names are those of {best}; " if counts[best] else ""


def _measured(clips: pd.DataFrame, workers: int) -> pd.DataFrame:
    """Return one row a file: the clips in their order, then copies, then what could not be parsed."""
    by_kind = {"clip": list(clips["path"]), "copy": clips.attrs["copies"], "unparsed": clips.attrs["unparsed"]}
    paths = [path for paths in by_kind.values() for path in paths]
    table = pd.DataFrame(measure_files(paths, workers=workers), columns=list(Measurement._fields))
    numbers = {"sample_rate": "Int64", "channels": "Int64", "n_bytes": "int64"}
    numbers |= dict.fromkeys(("seconds", "peak", "rms_db", "dc_offset", "clipped"), "float64")
    table = table.astype({field: numbers.get(field, "object") for field in Measurement._fields})
    table.insert(0, "file", _under_one_folder(paths))
    table.insert(1, "kind", [kind for kind, paths in by_kind.items() for _ in paths])
    facts = clips.drop(columns="path").reindex(range(len(paths)))
    facts.attrs = {}
    return pd.concat([table, facts], axis=1)


def _under_one_folder(paths: list[str]) -> list[str]:
    folder = os.path.commonpath([Path(path).parent for path in paths])
    return [Path(os.path.relpath(path, folder)).as_posix() for path in paths]
