"""Any model judged on any corpus of recordings: every clip is read, scored once and compared with the truth."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from emospec import metrics
from emospec.audio import read_or_reason
from emospec.audit_clips import Choice, Speakers, choose_clips
from emospec.audited import AuditedModel, checked_scores
from emospec.clips import hash_of_clips, speaker_keys, speakers_to_draw
from emospec.corpora import load_corpora
from emospec.emotions import Labels, class_set
from emospec.engine import check_workers, map_in_parallel
from emospec.errors import ConfigError, CorpusError
from emospec.evaluation import Report, evaluate
from emospec.files import write_json

CHUNK = 64  # clips in memory at a time


@dataclass(frozen=True, kw_only=True)
class CorpusReport(Report):
    """What is known of a model on corpora, as `Report` has it, and which of their clips count.

    Attributes
    ----------
    model : str
    corpora : list of str
        Those that clips were scored of.
    speakers : "unseen" or "all"
    left_out : dict
        The number of clips of `other_emotions`, and of `speakers_heard_in_training`.
    unusable : list of dict
        `path` and `reason` of each recording that could not be read.
    other_answers : dict or None
        If the model was judged on some of its classes: the `classes` that were taken from it; `share`, an estimate of
        how often one of these was its first answer; and `accuracy_of_all`, its accuracy if such answers are wrong.
    notice : str or None
        What has to be read with the numbers.
    clips_sha256 : str
        Which clips these are.
    """

    model: str
    corpora: list[str]
    speakers: str
    left_out: dict[str, int]
    unusable: list[dict[str, str]]
    other_answers: dict[str, Any] | None
    notice: str | None
    clips_sha256: str


@dataclass(frozen=True)
class _Scored:
    """Clips that could be read, their probabilities over all classes of the model, and why the others couldn't."""

    clips: pd.DataFrame
    probabilities: NDArray[np.float32]
    unusable: list[dict[str, str]]


def evaluate_on_corpus(
    model: AuditedModel,
    sources: Sequence[str],
    *,
    classes: str | Sequence[str] | None = None,
    speakers: Speakers = "unseen",
    workers: int = 1,
) -> CorpusReport:
    """Judge a model on corpora, each given as `NAME=ROOT`; see `evaluate_on_clips`."""
    check_workers(workers)
    return evaluate_on_clips(model, load_corpora(sources), classes=classes, speakers=speakers, workers=workers)


def evaluate_on_clips(
    model: AuditedModel,
    clips: pd.DataFrame,
    *,
    classes: str | Sequence[str] | None = None,
    speakers: Speakers = "unseen",
    workers: int = 1,
) -> CorpusReport:
    """Judge a model by its answers on clips.

    Parameters
    ----------
    clips : DataFrame
        As `load_corpus` gives it.
    classes : str or sequence of str, optional
        Judge on these of the model's classes: a named set, a list, or `all` for those that the clips have. Its
        probabilities are divided by their sum over them, as if it had been told that it is one of these; the report
        also says how it does if its other answers count as wrong. By default all its classes, and all must have clips.
    speakers : "unseen" or "all"
        Whether clips of speakers that the model heard in training are left out. They are told by corpus and speaker:
        give a corpus under the name that the model was trained with.
    workers : int
        Processes that read recordings; 0 takes all cores. The model runs in this one.

    Raises
    ------
    EmospecError
        If the model doesn't know a class, a class has no clip left, or the model returns no probabilities.
    """
    check_workers(workers)
    chosen = Labels(_classes_to_judge(model, clips, classes))
    choice = choose_clips(replace(model, classes=chosen), clips, speakers=speakers, seed=0)
    scored = _score(model, choice.clips, workers)
    report = evaluate(
        probabilities_within(scored.probabilities, model.classes, chosen),
        chosen.encode(scored.clips["emotion"]),
        scored.clips,
        chosen,
        protocol="corpus:" + "+".join(_corpora(scored.clips)),
        training_speakers=model.training_speakers,
    )
    return CorpusReport(**vars(report), **_facts(model, choice, scored, chosen), speakers=speakers)


def write_evaluation(report: CorpusReport, path: Path) -> None:
    """Write a report as JSON; see `docs/evaluate.md` for its keys."""
    write_json(report.to_dict(), path)


def evaluation_lines(report: CorpusReport) -> list[str]:
    """Return what a report says in a few lines, with what was left out."""
    lines = [f"{report.model} on {', '.join(report.corpora)}", *_summary_lines(report)]
    lines += [f"left out: {n:,} clips of {name.replace('_', ' ')}" for name, n in report.left_out.items() if n]
    if report.unusable:
        first = report.unusable[0]
        lines.append(f"left out: {len(report.unusable):,} unusable files, such as {first['path']}: {first['reason']}")
    if report.other_answers:
        share, accuracy = (report.other_answers[key]["value"] for key in ("share", "accuracy_of_all"))
        names = ", ".join(report.other_answers["classes"])
        lines.append(f"left to itself it answers {names} to {share:.1%} of the clips: accuracy {accuracy:.1%}")
    return lines


def _summary_lines(report: CorpusReport) -> list[str]:
    if find_spec("matplotlib") is not None:  # which whoever only judges a model may lack
        from emospec.report_text import summary_lines

        return summary_lines(report.to_dict())
    scores = f"accuracy {report.accuracy.value:.1%}   UAR {report.uar.value:.1%}"
    return [f"{scores}   calibration error {100 * report.ece:.1f} points   {report.n_clips:,} clips"]


def probabilities_within(probabilities: NDArray[Any], classes: Labels, chosen: Labels) -> metrics.Floats:
    """Return probabilities of some of the classes, given that it is one of these: shape (n, len(chosen)).

    Where all of them have the probability 0, each gets the same.
    """
    within = np.asarray(probabilities, dtype=np.float64)[:, classes.encode(chosen.classes)].clip(0)
    total = within.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(within, total, out=np.full_like(within, 1 / len(chosen)), where=total > 0))


def _classes_to_judge(model: AuditedModel, clips: pd.DataFrame, classes: str | Sequence[str] | None) -> tuple[str, ...]:
    known, found = model.classes.classes, set(clips["emotion"])
    if not found & set(known):
        raise CorpusError(f"no clip of these corpora has an emotion of {model.name}, which knows {', '.join(known)}")
    asked = known if classes is None else class_set(classes, found=found & set(known))
    strange, missing = ([name for name in asked if name not in names] for names in (known, found))
    if strange:
        raise ConfigError(f"{model.name} does not know {', '.join(strange)}; choose among {', '.join(known)}")
    if missing:
        raise CorpusError(
            f"no clip of class {', '.join(missing)} in these corpora; name others, or say `--classes all` "
            "to judge by the classes that they have"
        )
    return tuple(asked)


def _score(model: AuditedModel, clips: pd.DataFrame, workers: int) -> _Scored:
    parts = []
    with tqdm(total=len(clips), desc="evaluate", unit="clip", disable=None, mininterval=0.5) as progress:
        for start in range(0, len(clips), CHUNK):  # so that memory does not grow with the corpus
            parts.append(_score_chunk(model, clips.iloc[start : start + CHUNK], workers))
            progress.update(min(CHUNK, len(clips) - start))
    unusable = [each for part in parts for each in part.unusable]
    if len(unusable) == len(clips):
        first = unusable[0]
        raise CorpusError(f"none of {len(clips):,} recordings can be used; {first['path']} {first['reason']}")
    probabilities = np.concatenate([part.probabilities for part in parts])
    return _Scored(pd.concat([part.clips for part in parts], ignore_index=True), probabilities, unusable)


def _score_chunk(model: AuditedModel, rows: pd.DataFrame, workers: int) -> _Scored:
    paths, kept, waveforms, unusable = rows["path"].astype(str).tolist(), [], [], []
    read = partial(read_or_reason, sample_rate=model.sample_rate)
    for place, sound in map_in_parallel(read, paths, workers=workers, chunk=4):
        if isinstance(sound, str):
            unusable.append({"path": paths[place], "reason": sound})
        else:
            kept.append(place)
            waveforms.append(sound)
    clips = rows.iloc[kept].reset_index(drop=True)
    if not kept:
        return _Scored(clips, np.zeros((0, len(model.classes)), np.float32), unusable)
    return _Scored(clips, checked_scores(model, waveforms, model.sample_rate, clips), unusable)


def _corpora(clips: pd.DataFrame) -> list[str]:
    return sorted(map(str, clips["corpus"].dropna().unique()))


def _facts(model: AuditedModel, choice: Choice, scored: _Scored, chosen: Labels) -> dict[str, Any]:
    n_unknown = int(speaker_keys(scored.clips).isna().sum())
    notice = f"{n_unknown:,} of {len(scored.clips):,} clips do not say who speaks; the model may know their voices."
    return {
        "model": model.name,
        "corpora": _corpora(scored.clips),
        "left_out": {name: n for name, n in choice.left_out.items() if name != "not_sampled"},
        "unusable": scored.unusable,
        "other_answers": _other_answers(model.classes, scored, chosen),
        "notice": notice if n_unknown else None,
        "clips_sha256": hash_of_clips(scored.clips),
    }


def _other_answers(classes: Labels, scored: _Scored, chosen: Labels) -> dict[str, Any] | None:
    others = [name for name in classes.classes if name not in chosen.classes]
    if not others:
        return None
    answers, speakers = scored.probabilities.argmax(axis=1), speakers_to_draw(scored.clips)
    right = answers == classes.encode(scored.clips["emotion"])
    return {
        "classes": others,
        "share": metrics.mean_estimate(np.isin(answers, classes.encode(others)), speakers).to_dict(),
        "accuracy_of_all": metrics.mean_estimate(right, speakers).to_dict(),
    }
