"""Audits of any model: whether it is right, fair, robust, calibrated and consistent."""

import json
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
from emospec.audit_report import FIGURES, markdown, picture_file, text_lines
from emospec.audit_reuse import ACCOUNT, SCORES, judged_anew, new_scores, remove_partial_folders, stored_scores
from emospec.audit_scores import (
    CONSISTENCY,
    Pass,
    Scores,
    Sounds,
    checked_strengths,
    choose_voices,
    write_scores,
)
from emospec.audited import AuditedModel
from emospec.clips import speaker_keys
from emospec.corpora import load_corpora
from emospec.engine import check_workers
from emospec.files import whole_file, whole_folder
from emospec.perturbations import PERTURBATIONS
from emospec.settings import check_number

FORMAT = 1


@dataclass(frozen=True)
class Audit:
    """What an audit found; `str` of it is the account for a terminal.

    Attributes
    ----------
    facts : dict
        What `audit.json` holds.
    path : Path
        The folder that was written.
    note : str
        Which of the scores are from before, if any.
    """

    facts: dict[str, Any]
    path: Path
    note: str = ""

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
        return "\n".join([*text_lines(self.facts), *([self.note] if self.note else []), where])


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
    scores are judged anew by the limits given. Before scores are used again, the model must score the first clips as
    it did then.

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
        If a class of the model has no clip, the model returns no probabilities, or `out` holds something else, be it
        scores that the model no longer gives.
    """
    check_workers(workers)
    check_number("seed", seed, at_least=0, below=2**32)
    asked = limits or Limits()
    check_columns(clips, asked.fairness.columns)
    choice = choose_clips(model, clips, speakers=speakers, max_clips=max_clips, seed=seed)
    sounds = Sounds(model.sample_rate, seed, choose_voices(clips, seed), checked_strengths(asked.strengths()))
    work = Pass(model, choice.clips, sounds, workers)
    stored = stored_scores(work, out)
    scores, note = (stored, judged_anew(out)) if stored else new_scores(work, out)
    answers = answers_of(choice.clips, scores, model.classes)
    facts = {**_facts(work, choice, answers, scores, speakers), **judge(answers, asked)}
    _write(facts, answers, scores, out, is_new=stored is None)
    remove_partial_folders(out)
    return Audit(facts, out, note)


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
    """Write a new folder whole; in one that is judged anew, write each file whole, once all of them are computed."""
    account = _account(facts)
    if not is_new:
        _write_account(account, out)
        return
    with whole_folder(out) as folder:
        write_scores(scores, folder / SCORES)
        with whole_file(folder / "clips.csv") as temporary:
            answers.clips.to_csv(temporary, index=False)
        _write_account(account, folder)


def _account(facts: dict[str, Any]) -> dict[str, bytes]:
    """Return the content of each file of the account; `audit.json`, without which there is no audit, comes last."""
    text = json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    drawn = find_spec("matplotlib") is not None
    account = {"audit.md": markdown(facts, pictures=drawn).encode()}
    if drawn:
        from emospec.audit_page import page_files

        account |= page_files(facts)
    return {**account, ACCOUNT: text.encode()}


def _write_account(account: dict[str, bytes], folder: Path) -> None:
    """Write the account; a page or picture of an earlier one that this one lacks goes."""
    for name, content in account.items():
        with whole_file(folder / name) as temporary:
            temporary.write_bytes(content)
    for name in {"audit.html", *map(picture_file, FIGURES)} - account.keys():
        (folder / name).unlink(missing_ok=True)
