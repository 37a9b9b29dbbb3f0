"""Audits of any model: whether it is right, fair, robust, calibrated and consistent."""

import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from emospec import metrics
from emospec.audit_answers import Answers, answers_of
from emospec.audit_checks import Verdict, check_calibration, check_consistency, check_correctness, check_robustness
from emospec.audit_clips import Choice, Speakers, check_columns, choose_clips
from emospec.audit_fairness import check_fairness, describe_groups
from emospec.audit_limits import Limits, read_limits
from emospec.audit_report import markdown, text_lines
from emospec.audit_scores import (
    CONSISTENCY,
    Pass,
    Scores,
    Sounds,
    checked_strengths,
    choose_voices,
    read_scores,
    score_clips,
    write_scores,
)
from emospec.audited import AuditedModel
from emospec.clips import speaker_keys
from emospec.corpora import load_corpora
from emospec.engine import check_workers
from emospec.files import check_new_folder, read_json, real_path, whole_file, whole_folder, write_json, write_text
from emospec.perturbations import PERTURBATIONS

FORMAT = 1
ACCOUNT, SCORES = "audit.json", "scores.npz"


@dataclass(frozen=True)
class Audit:
    """What an audit found; `str` of it is the account for a terminal.

    Attributes
    ----------
    facts : dict
        What `audit.json` holds.
    path : Path
        The folder that was written.
    """

    facts: dict[str, Any]
    path: Path

    @property
    def passed(self) -> bool:
        """Whether no check failed; one may be unclear."""
        return not self.facts["summary"]["fail"]

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts, part by part."""
        return [Verdict(**verdict) for verdict in self.facts["verdicts"]]

    def __str__(self) -> str:
        page = self.path / "audit.html"
        where = f"page: {page}" if page.exists() else f"account: {self.path / 'audit.md'}"
        return "\n".join([*text_lines(self.facts), where])


def run_audit(
    model: AuditedModel,
    sources: list[str],
    *,
    out: Path,
    limits: Path | None = None,
    max_clips: int | None = None,
    speakers: Speakers = "unseen",
    workers: int = 1,
    seed: int = 0,
) -> Audit:
    """Audit a model on corpora, each given as `NAME=ROOT`; see `audit`.

    Parameters
    ----------
    limits : path, optional
        A TOML file; see `read_limits`.
    """
    asked = read_limits(limits) if limits else Limits()
    clips = load_corpora(sources)
    return audit(
        model, clips, out=out, limits=asked, max_clips=max_clips, speakers=speakers, workers=workers, seed=seed
    )


def audit(
    model: AuditedModel,
    clips: pd.DataFrame,
    *,
    out: Path,
    limits: Limits | None = None,
    max_clips: int | None = None,
    speakers: Speakers = "unseen",
    workers: int = 1,
    seed: int = 0,
) -> Audit:
    """Judge a model by its answers on clips, and on the same clips changed in many ways; write the account.

    Interrupted, it goes on where it stopped. If `out` holds an audit of the same model, clips, strengths and seed, its
    scores are judged anew by the limits given.

    Parameters
    ----------
    clips : DataFrame
        As `load_corpus` gives it; further columns can be judged for fairness.
    out : path
        A new folder: `audit.json`, `audit.md`, `clips.csv`, `scores.npz`, and with Matplotlib `audit.html` and
        `figures`.
    max_clips : int, optional
        Audit a sample of so many clips, balanced by class and speaker.
    speakers : "unseen" or "all"
        Whether clips of speakers that the model heard in training are left out.
    workers : int
        Processes that read and change recordings; 0 takes all cores. The model runs in this one.

    Raises
    ------
    EmospecError
        If a class of the model has no clip, the model returns no probabilities, or `out` holds something else.
    """
    check_workers(workers)
    asked = limits or Limits()
    check_columns(clips, asked.fairness.columns)
    choice = choose_clips(model, clips, speakers=speakers, max_clips=max_clips, seed=seed)
    sounds = Sounds(model.sample_rate, seed, choose_voices(clips, seed), checked_strengths(asked.strengths()))
    work = Pass(model, choice.clips, sounds, workers)
    scores, is_new = _scores(work, out)
    answers = answers_of(choice.clips, scores, model.classes)
    facts = {**_facts(work, choice, answers, scores, speakers), **judge(answers, asked)}
    _write(facts, answers, scores, out, is_new=is_new)
    shutil.rmtree(_work_folder(work, out), ignore_errors=True)
    return Audit(facts, out)


def _scores(work: Pass, out: Path) -> tuple[Scores, bool]:
    """Return the scores, and whether they are new rather than those that `out` holds."""
    has_both = (out / ACCOUNT).is_file() and (out / SCORES).is_file()
    if has_both and read_json(out / ACCOUNT).get("made_from") == work.key:
        return read_scores(out / SCORES), False
    check_new_folder(out)
    return score_clips(work, _work_folder(work, out)), True


def _work_folder(work: Pass, out: Path) -> Path:
    real = real_path(out)
    return real.with_name(f"{real.name}.partial-{work.key[:8]}")


def judge(answers: Answers, limits: Limits) -> dict[str, Any]:
    """Return the verdicts on a model's answers, and the numbers behind the pictures, as they stand in `audit.json`."""
    titles = perturbation_titles(limits)
    verdicts = [
        *check_correctness(answers, limits.correctness),
        *check_fairness(answers, limits.fairness),
        *check_robustness(answers, limits.robustness, titles),
        *check_calibration(answers, limits.calibration),
        *check_consistency(answers, limits.consistency),
    ]
    outcomes = [verdict.verdict for verdict in verdicts]
    return {
        "summary": {name: outcomes.count(name) for name in ("pass", "fail", "unclear")},
        "verdicts": [verdict.to_dict() for verdict in verdicts],
        "conditions": [_condition(answers, name, title) for name, title in {**titles, **CONSISTENCY}.items()],
        "uar": answers.uar().to_dict(),
        "groups": describe_groups(answers, limits.fairness),
        "reliability": metrics.reliability(answers.probabilities, answers.labels),
        "limits": limits.to_dict(),
    }


def perturbation_titles(limits: Limits) -> dict[str, str]:
    """Return each perturbation in plain words, with its strength."""
    own = limits.strengths()
    return {name: f"{change.title} ({change.in_words(own.get(name))})" for name, change in PERTURBATIONS.items()}


def _condition(answers: Answers, name: str, title: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "part": "consistency" if name in CONSISTENCY else "robustness",
        "uar": answers.uar(name).to_dict(),
        "uar_drop": answers.uar_drop(name).to_dict(),
        "unchanged": answers.agreement(name).to_dict(),
    }


def _facts(work: Pass, choice: Choice, answers: Answers, scores: Scores, speakers: Speakers) -> dict[str, Any]:
    model, paths = work.model, choice.clips["path"]
    return {
        "format": FORMAT,
        "model": model.name,
        "classes": list(model.classes.classes),
        "sample_rate": model.sample_rate,
        "corpora": sorted(map(str, answers.clips["corpus"].dropna().unique())),
        "n_clips": len(answers.clips),
        "n_speakers": int(speaker_keys(answers.clips).nunique()),
        "speakers": speakers,
        "share_of_speakers_seen": choice.share_of_speakers_seen,
        "warnings": choice.warnings,
        "left_out": choice.left_out,
        "unusable": [{"path": str(paths.iloc[row]), "reason": reason} for row, reason in scores.skipped.items()],
        "seed": work.sounds.seed,
        "strengths": work.sounds.strengths,
        "n_voices_for_babble": len(work.sounds.voices),
        "made_from": work.key,
    }


def _write(facts: dict[str, Any], answers: Answers, scores: Scores, out: Path, *, is_new: bool) -> None:
    """Write a new folder whole; in one that is judged anew, write each file whole."""
    if not is_new:
        _write_account(facts, out)
        return
    with whole_folder(out) as folder:
        write_scores(scores, folder / SCORES)
        with whole_file(folder / "clips.csv") as temporary:
            answers.clips.to_csv(temporary, index=False)
        _write_account(facts, folder)


def _write_account(facts: dict[str, Any], folder: Path) -> None:
    write_text(markdown(facts, pictures=find_spec("matplotlib") is not None), folder / "audit.md")
    if find_spec("matplotlib") is not None:
        from emospec.audit_page import write_page

        write_page(facts, folder)
    write_json(facts, folder / ACCOUNT)
