import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audit_samples import angry, model_of, oracle, write_voices
from emospec import audit_scores
from emospec.audit import Audit, audit, run_audit
from emospec.audit_limits import FairnessLimits, Limits, limits_from
from emospec.corpora import load_corpora
from emospec.errors import EmospecError

TESTED = ["correctness", "fairness", "robustness", "calibration", "consistency"]


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"csv={write_voices(tmp_path_factory.mktemp('corpus') / 'voices')}"


@pytest.fixture(scope="module")
def few(voices: str) -> pd.DataFrame:
    """The clips of three speakers, two and a half chunks of five."""
    return load_corpora([voices]).iloc[:12]


@pytest.fixture(scope="module")
def perfect(voices: str, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return run_audit(model_of(oracle, name="an oracle"), [voices], out=tmp_path_factory.mktemp("audits") / "oracle")


@pytest.fixture(scope="module")
def raging(voices: str, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    heard = frozenset({"csv/s0"})
    return run_audit(
        model_of(angry, heard=heard, name="always angry"), [voices],
        out=tmp_path_factory.mktemp("audits") / "angry", speakers="all",
    )  # fmt: skip


def test_a_perfect_oracle_passes_every_check(perfect: Audit) -> None:
    assert perfect.passed
    assert perfect.facts["summary"] == {"pass": len(perfect.verdicts), "fail": 0, "unclear": 0}
    assert sorted({verdict.part for verdict in perfect.verdicts}) == sorted(TESTED)


def test_every_condition_is_scored_once_for_every_clip(perfect: Audit) -> None:
    with np.load(perfect.path / "scores.npz") as arrays:
        shapes = {name: arrays[name].shape for name in arrays.files if not name.startswith("_")}
    assert shapes == dict.fromkeys(audit_scores.conditions(), (48, 4))
    assert len(pd.read_csv(perfect.path / "clips.csv")) == 48


def test_a_model_that_always_says_angry_fails_with_a_clear_account(raging: Audit) -> None:
    assert not raging.passed
    failed = {(v.check, v.of.get("class")) for v in raging.verdicts if v.verdict == "fail"}
    others = ("fear", "happy", "sad")
    assert failed == {
        ("uar", None), ("precision", "angry"), ("share", "angry"), ("ece", None),
        *(("recall", name) for name in others), *(("precision", name) for name in others),
        *(("share", name) for name in others),
    }  # fmt: skip
    said = str(raging)
    assert "FAIL    UAR is 25.0 %" in said
    assert "FAIL    angry is 100.0 % of the answers and 25.0 % of the truth" in said
    assert re.search(r"\d+ of \d+ pass, 13 fail, \d+ unclear", said)


def test_the_share_of_speakers_heard_in_training_stands_on_every_output(raging: Audit) -> None:
    warning = "heard 8% of these 12 speakers in training"
    for name in ("audit.json", "audit.md", "audit.html"):
        assert warning in (raging.path / name).read_text(encoding="utf-8")
    assert warning in str(raging)


def test_the_account_needs_nothing_but_itself(raging: Audit) -> None:
    page = (raging.path / "audit.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert not re.search(r'(src|href)="(?!#|data:)', page)
    assert len(list((raging.path / "figures").glob("*.png"))) == 4


def test_the_json_holds_all_that_the_audit_rests_on(raging: Audit) -> None:
    facts = json.loads((raging.path / "audit.json").read_text(encoding="utf-8"))
    assert facts["strengths"].keys() == facts["limits"]["robustness"].keys()
    assert (facts["n_clips"], facts["n_speakers"], facts["seed"]) == (48, 12, 0)
    assert facts["verdicts"][0]["sentence"].startswith("UAR is 25.0 %")


class Counting:
    """An oracle that counts the clips of each condition, and is interrupted after some calls."""

    def __init__(self, stop_after: int) -> None:
        self.calls, self.stop_after = 0, stop_after

    def __call__(self, waveforms: Sequence[Any], sample_rate: int, clips: pd.DataFrame) -> Any:
        if self.calls == self.stop_after:
            raise KeyboardInterrupt
        self.calls += 1
        assert len(waveforms) == len(clips)
        return oracle(waveforms, sample_rate, clips)


def test_an_interrupted_audit_goes_on_without_scoring_finished_chunks_again(
    few: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_scores, "CHUNK", 5)
    a_chunk = len(audit_scores.conditions())
    with pytest.raises(KeyboardInterrupt):
        audit(model_of(Counting(2 * a_chunk + 3)), few, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    rest = Counting(-1)
    assert audit(model_of(rest), few, out=tmp_path / "out").facts["n_clips"] == 12
    assert rest.calls == 1 + a_chunk  # the clean clips of the first chunk, to see that the model is the same
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_other_limits_judge_the_same_scores_anew(few: pd.DataFrame, tmp_path: Path) -> None:
    audit(model_of(oracle), few, out=tmp_path / "out")
    limits = limits_from({"correctness": {"share": 0.0}, "fairness": {"columns": ["corpus"]}})
    again = audit(model_of(Counting(1)), few, out=tmp_path / "out", limits=limits)  # the second call would interrupt it
    assert {verdict.of.get("column") for verdict in again.verdicts} == {None, "corpus"}
    assert json.loads((tmp_path / "out" / "audit.json").read_text())["limits"]["correctness"]["share"] == 0


def test_the_account_in_markdown_holds_no_html_of_names(few: pd.DataFrame, tmp_path: Path) -> None:
    tag = "<img src=x onerror=alert(1)>"
    clips = few.assign(corpus=tag, sex=few["sex"].map({"female": tag, "male": "![m](http://example.org)"}))
    clips.loc[0, "path"] = str(tmp_path / "<b>none</b>.wav")
    done = audit(replace(model_of(oracle), name=f"{tag} | a *model*"), clips, out=tmp_path / "out")
    account = (done.path / "audit.md").read_text()
    assert account.count("&lt;img src=x onerror=alert(1)&gt;") > 3
    assert "&lt;b&gt;none&lt;/b&gt;.wav" in account
    assert re.findall(r"<\w", account) == []
    assert re.findall(r"(?<!\\)\[m", account) == []


@pytest.mark.parametrize("part", ["fairness", "robustness"])
def test_a_part_without_verdicts_is_left_out(part: str, few: pd.DataFrame, tmp_path: Path) -> None:
    limits = {"fairness": Limits(fairness=FairnessLimits(columns=())), "robustness": Limits(robustness={})}[part]
    audit(model_of(oracle), few, out=tmp_path / "out")
    done = audit(model_of(oracle), few, out=tmp_path / "out", limits=limits)
    assert {verdict.part for verdict in done.verdicts} == {*TESTED} - {part}
    account = (done.path / "audit.md").read_text()
    assert f"({part})" not in account
    assert f'id="{part}"' not in (done.path / "audit.html").read_text()
    drawn = [f"figures/{path.name}" for path in sorted((done.path / "figures").iterdir())]
    assert sorted(re.findall(r"figures/\w+\.png", account)) == drawn
    assert len(drawn) == {"fairness": 3, "robustness": 2}[part]


def test_an_account_that_cannot_be_made_leaves_the_one_that_is_there(
    few: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(facts: Any) -> Any:
        raise ZeroDivisionError

    audit(model_of(oracle), few, out=tmp_path / "out")
    before = (tmp_path / "out" / "audit.md").read_bytes()
    monkeypatch.setattr("emospec.audit_page.page_files", fail)
    with pytest.raises(ZeroDivisionError):
        audit(model_of(oracle), few, out=tmp_path / "out", limits=limits_from({"correctness": {"uar": 1.0}}))
    assert (tmp_path / "out" / "audit.md").read_bytes() == before


def test_a_seed_that_cannot_be_is_told_in_a_line(few: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(EmospecError, match="seed is -1"):
        audit(model_of(oracle), few, out=tmp_path / "out", seed=-1)


def test_a_folder_with_something_else_is_refused_before_anything_is_scored(few: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(EmospecError, match="not empty"):
        audit(
            model_of(oracle), few, out=tmp_path / "out", limits=limits_from({"robustness": {"gain": {"strength": 9}}})
        )


def test_a_strength_that_cannot_be_is_told_before_anything_is_scored(few: pd.DataFrame, tmp_path: Path) -> None:
    limits = limits_from({"robustness": {"gain": {"strength": 900}}})
    with pytest.raises(EmospecError, match="gain of 900 dB cannot be"):
        audit(model_of(Counting(0)), few, out=tmp_path / "out", limits=limits)


def test_a_column_that_is_not_there_is_told_before_anything_is_scored(few: pd.DataFrame, tmp_path: Path) -> None:
    limits = limits_from({"fairness": {"columns": ["height"]}})
    with pytest.raises(EmospecError, match="by 'height'"):
        audit(model_of(Counting(0)), few, out=tmp_path / "out", limits=limits)


def test_a_clip_that_cannot_be_used_is_left_out_with_its_reason(few: pd.DataFrame, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_text("version https://git-lfs.github.com/spec/v1\n")
    clips = pd.concat([few, few.iloc[:1].assign(path=str(broken), clip="broken")], ignore_index=True)
    done = audit(model_of(oracle), clips, out=tmp_path / "out")
    assert done.facts["n_clips"] == 12
    (left_out,) = done.facts["unusable"]
    assert left_out["path"] == str(broken)
    assert left_out["reason"].startswith("is a Git-LFS pointer")
    assert f"{broken} is a Git-LFS pointer" in str(done)


def test_sounds_do_not_depend_on_the_number_of_processes(few: pd.DataFrame, tmp_path: Path) -> None:
    def level(waveforms: Sequence[Any], sample_rate: int, clips: pd.DataFrame) -> Any:
        power = np.array([np.mean(np.abs(waveform)) for waveform in waveforms])
        return np.stack([power, 1 - power, 0 * power, 0 * power], axis=1)

    scores = []
    for workers in (1, 2):
        done = audit(model_of(level), few, out=tmp_path / f"out{workers}", workers=workers)
        with np.load(done.path / "scores.npz") as arrays:
            scores.append({name: arrays[name] for name in audit_scores.conditions()})
    for name in scores[0]:
        np.testing.assert_array_equal(scores[0][name], scores[1][name], err_msg=name)


def test_the_scorer_gets_each_condition_at_its_sample_rate(few: pd.DataFrame, tmp_path: Path) -> None:
    seen = []

    def remember(waveforms: Sequence[Any], sample_rate: int, clips: pd.DataFrame) -> Any:
        seen.append((sample_rate, round(len(waveforms[0]) / sample_rate, 3), waveforms[0].dtype))
        return oracle(waveforms, sample_rate, clips)

    audit(model_of(remember), few, out=tmp_path / "out")
    assert {(rate, length) for rate, length, _ in seen} >= {(8000, 0.3), (8000, 0.15), (44100, 0.3), (48000, 0.3)}
    assert {kind for *_, kind in seen} == {np.dtype(np.float32)}


def test_without_matplotlib_there_is_an_account_all_the_same(
    few: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emospec.audit.find_spec", lambda name: None)
    done = audit(model_of(oracle), few, out=tmp_path / "out")
    assert sorted(path.name for path in done.path.iterdir()) == ["audit.json", "audit.md", "clips.csv", "scores.npz"]
    assert "figures/" not in (done.path / "audit.md").read_text()
    assert "audit.md" in str(done)
