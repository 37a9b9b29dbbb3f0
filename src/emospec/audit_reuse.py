"""Scores that an audit finds from before, and whether the model still gives them."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from emospec import audit_scores
from emospec.audio import read_or_reason
from emospec.audit_scores import CLEAN, Pass, Scores, chunk_files, read_scores, score_clips
from emospec.audited import checked_scores
from emospec.errors import EmospecError
from emospec.files import check_new_folder, read_json, real_path

ACCOUNT, SCORES = "audit.json", "scores.npz"
SAME_SCORES = 1e-3  # the same network on another device, or in another batch, is off by less


def stored_scores(work: Pass, out: Path) -> Scores | None:
    """Return the scores that `out` holds, or None where it is a new folder.

    Raises
    ------
    EmospecError
        If it holds something else, an audit of something else, or scores that the model no longer gives.
    """
    if not ((out / ACCOUNT).is_file() and (out / SCORES).is_file()):
        check_new_folder(out)
        return None
    what_to_do = "name a new folder, or remove this one first"
    if read_json(out / ACCOUNT).get("made_from") != work.key:
        raise EmospecError(
            f"{out} holds an audit of another model, of other recordings, with other strengths or another seed, "
            f"or by another version of emospec; {what_to_do}"
        )
    scores = read_scores(out / SCORES)
    if not still_given(work, scores):
        raise EmospecError(f"{out} holds scores that {work.model.name} no longer gives: it has changed; {what_to_do}")
    return scores


def new_scores(work: Pass, out: Path) -> tuple[Scores, str]:
    """Score all clips, but for those that an interrupted audit has scored; say what became of these."""
    folder = _partial_folder(work, out)
    done = chunk_files(folder)
    said = ""
    if done:
        day = date_of(done[0])
        if still_given(work, read_scores(done[0])):
            said = f"went on from the scores of {day} that an interrupted audit had left"
        else:
            shutil.rmtree(folder)
            said = (
                f"scored anew, since the model no longer gives the scores of {day} that an interrupted audit had left"
            )
    return score_clips(work, folder), said


def still_given(work: Pass, stored: Scores) -> bool:
    """Tell whether the model scores the clean clips of the first stored chunk as it did."""
    if not stored.kept.size:
        return True
    first = stored.kept // audit_scores.CHUNK == stored.kept[0] // audit_scores.CHUNK
    clips = work.clips.iloc[stored.kept[first]].reset_index(drop=True)
    read = [read_or_reason(str(path), work.model.sample_rate) for path in clips["path"]]
    waveforms = [waveform for waveform in read if not isinstance(waveform, str)]
    if len(waveforms) < len(read):
        return False
    now = checked_scores(work.model, waveforms, work.model.sample_rate, clips)
    return bool((abs(now - stored.by_condition[CLEAN][first]) <= SAME_SCORES).all())


def remove_partial_folders(out: Path) -> None:
    """Remove what audits that were to be written to `out` have left, now that it is there."""
    real = real_path(out)
    for folder in real.parent.iterdir():
        if re.fullmatch(rf"{re.escape(real.name)}\.partial-[0-9a-f]{{8}}", folder.name):
            shutil.rmtree(folder, ignore_errors=True)


def _partial_folder(work: Pass, out: Path) -> Path:
    real = real_path(out)
    return real.with_name(f"{real.name}.partial-{work.key[:8]}")


def judged_anew(out: Path) -> str:
    """Say that the scores are those that `out` holds, and from when they are."""
    return f"judged from the scores of {date_of(out / SCORES)} in {out}"


def date_of(path: Path) -> str:
    """Return when a file was written, such as `2025-03-09 14:05`."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
