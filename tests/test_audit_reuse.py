import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audit_samples import angry, model_of, oracle, truth_of, write_voices
from emospec import audit_scores
from emospec.audit import audit
from emospec.corpora import load_corpora
from emospec.errors import EmospecError

DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d"


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """The clips of three speakers, two and a half chunks of five."""
    monkeypatch.setattr(audit_scores, "CHUNK", 5)
    return load_corpora([f"csv={write_voices(tmp_path / 'voices', 3)}"])


def failing_after(n_chunks: int) -> Any:
    """Return an oracle that fails after so many chunks."""
    left = [n_chunks * len(audit_scores.conditions())]

    def score(waveforms: Sequence[Any], sample_rate: int, clips: pd.DataFrame) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise ZeroDivisionError
        return oracle(waveforms, sample_rate, clips)

    return score


def a_bit_off(by: float) -> Any:
    """Return an oracle that moves so much from the truth to the class before."""

    def score(waveforms: Sequence[Any], sample_rate: int, clips: pd.DataFrame) -> Any:
        truth = truth_of(clips)
        return truth + by * (np.roll(truth, 1, axis=1) - truth)

    return score


def interrupt(clips: pd.DataFrame, out: Path, n_chunks: int = 1) -> None:
    with pytest.raises(ZeroDivisionError):
        audit(model_of(failing_after(n_chunks)), clips, out=out)


def partial_folders(out: Path) -> list[Path]:
    return list(out.parent.glob(f"{out.name}.partial-*"))


def uar(out: Path) -> float:
    with np.load(out / "scores.npz") as arrays:
        return float((arrays["clean"].argmax(axis=1) == np.tile(range(4), 3)).mean())


def test_stored_scores_that_a_changed_model_no_longer_gives_are_refused(few: pd.DataFrame, tmp_path: Path) -> None:
    audit(model_of(oracle), few, out=tmp_path / "out")
    with pytest.raises(EmospecError, match="out holds scores that made no longer gives: it has changed; name a new"):
        audit(model_of(angry), few, out=tmp_path / "out")


@pytest.mark.parametrize("by", [0.0, 0.0005])
def test_stored_scores_are_judged_anew_and_it_says_from_when_they_are(
    by: float, few: pd.DataFrame, tmp_path: Path
) -> None:
    assert "judged from" not in str(audit(model_of(oracle), few, out=tmp_path / "out"))
    again = audit(model_of(a_bit_off(by)), few, out=tmp_path / "out")
    assert re.search(rf"judged from the scores of {DATE} in {re.escape(str(tmp_path / 'out'))}$", str(again), re.M)


def test_a_difference_of_two_thousandths_is_another_model(few: pd.DataFrame, tmp_path: Path) -> None:
    audit(model_of(oracle), few, out=tmp_path / "out")
    with pytest.raises(EmospecError, match="it has changed"):
        audit(model_of(a_bit_off(0.002)), few, out=tmp_path / "out")


def test_scores_that_an_interrupted_audit_of_the_same_model_left_are_used(few: pd.DataFrame, tmp_path: Path) -> None:
    interrupt(few, tmp_path / "out")
    assert re.search(f"went on from the scores of {DATE}", str(audit(model_of(oracle), few, out=tmp_path / "out")))


def test_scores_that_an_interrupted_audit_of_a_changed_model_left_are_not_used(
    few: pd.DataFrame, tmp_path: Path
) -> None:
    interrupt(few, tmp_path / "out", n_chunks=2)
    done = audit(model_of(angry), few, out=tmp_path / "out")
    assert uar(done.path) == 0.25
    assert "scored anew, since the model no longer gives" in str(done)


def replace_recording(path: str, *, size: int, later: int) -> None:
    state = Path(path).stat()
    Path(path).write_bytes(Path(path).read_bytes() + bytes(size))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + later))


@pytest.mark.parametrize(("size", "later"), [(2, 0), (0, 1000)])
def test_recordings_that_were_replaced_under_their_paths_are_other_clips(
    size: int, later: int, few: pd.DataFrame, tmp_path: Path
) -> None:
    audit(model_of(oracle), few, out=tmp_path / "out")
    replace_recording(few["path"].iloc[-1], size=size, later=later)
    with pytest.raises(EmospecError, match="of other recordings"):
        audit(model_of(oracle), few, out=tmp_path / "out")


def test_an_interrupted_audit_starts_anew_with_other_recordings(few: pd.DataFrame, tmp_path: Path) -> None:
    interrupt(few, tmp_path / "out")
    replace_recording(few["path"].iloc[-1], size=0, later=1000)
    assert "went on" not in str(audit(model_of(oracle), few, out=tmp_path / "out"))


def test_an_audit_that_fails_before_its_first_chunk_leaves_nothing(few: pd.DataFrame, tmp_path: Path) -> None:
    interrupt(few, tmp_path / "out", n_chunks=0)
    assert [path.name for path in tmp_path.iterdir()] == ["voices"]


def test_a_finished_audit_removes_what_earlier_attempts_have_left(few: pd.DataFrame, tmp_path: Path) -> None:
    out = tmp_path / "out"
    interrupt(few, out)
    interrupt(few.iloc[:11], out)
    mine = tmp_path / "out.partial-notes"
    mine.mkdir()
    (tmp_path / "other.partial-0123abcd").mkdir()
    assert len(partial_folders(out)) == 3
    audit(model_of(oracle), few, out=out)
    assert partial_folders(out) == [mine]
    assert (tmp_path / "other.partial-0123abcd").is_dir()
