import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from audit_samples import angry, model_of, oracle, write_voices
from emospec import corpus_scores
from emospec.audited import AuditedModel
from emospec.corpora import load_corpora
from emospec.corpus_scores import (
    CorpusReport,
    evaluate_on_clips,
    evaluate_on_corpus,
    evaluation_lines,
    probabilities_within,
    write_evaluation,
)
from emospec.emotions import Labels
from emospec.errors import ConfigError, CorpusError, EmospecError
from samples import CLASSES, PITCH, write_crema_d

SIX = Labels(("angry", "disgust", "fear", "happy", "neutral", "sad"))


def by_pitch(waveforms: Sequence[Any], sample_rate: int, clips: pd.DataFrame) -> Any:
    """Tell the emotion by its tone: the rows of the clips play no role."""
    peaks = [np.abs(np.fft.rfft(wave)).argmax() * sample_rate / len(wave) for wave in waveforms]
    return np.eye(4)[[abs(np.log(np.array(list(PITCH.values())) / peak)).argmin() for peak in peaks]]


def six(row: Sequence[float]) -> AuditedModel:
    """A model of six classes that always says the same."""
    return AuditedModel("of six", lambda sounds, rate, clips: np.tile(row, (len(clips), 1)), SIX, 8000, frozenset())


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Twelve speakers, each emotion once."""
    return f"csv={write_voices(tmp_path_factory.mktemp('corpus') / 'voices')}"


@pytest.fixture(scope="module")
def clips(voices: str) -> pd.DataFrame:
    return load_corpora([voices])


def test_a_model_that_hears_the_truth_gets_every_clip_right(tmp_path: Path) -> None:
    source = f"crema-d={write_crema_d(tmp_path, n_speakers=3)}"
    report = evaluate_on_corpus(replace(model_of(by_pitch), sample_rate=16000), [source])
    assert report.uar.value == 1
    assert (report.n_clips, report.n_speakers, report.protocol) == (24, 3, "corpus:crema-d")
    assert report.classes == list(CLASSES)


def test_every_clip_is_scored_once_at_the_rate_of_the_model_and_in_small_groups(
    clips: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus_scores, "CHUNK", 20)
    calls: list[tuple[list[str], int, int]] = []

    def score(waveforms: Sequence[Any], sample_rate: int, rows: pd.DataFrame) -> Any:
        calls.append((rows["clip"].tolist(), sample_rate, len(waveforms[0])))
        return oracle(waveforms, sample_rate, rows)

    evaluate_on_clips(replace(model_of(score), sample_rate=4000), clips)
    assert [len(names) for names, _, _ in calls] == [20, 20, 8]
    assert [name for names, _, _ in calls for name in names] == clips["clip"].tolist()
    assert {(rate, length) for _, rate, length in calls} == {(4000, 1200)}  # 2400 samples at 8000 Hz


def test_other_processes_give_the_same_report(clips: pd.DataFrame) -> None:
    one, two = (evaluate_on_clips(model_of(by_pitch), clips, workers=workers) for workers in (1, 2))
    assert one == two


def test_speakers_heard_in_training_are_left_out_and_counted(clips: pd.DataFrame) -> None:
    report = evaluate_on_clips(model_of(oracle, heard=frozenset({"csv/s0", "csv/s5"})), clips)
    assert (report.n_clips, report.n_speakers, report.speakers_seen_in_training) == (40, 10, 0)
    assert report.left_out == {"other_emotions": 0, "speakers_heard_in_training": 8}
    assert "left out: 8 clips of speakers heard in training" in evaluation_lines(report)


def test_with_all_speakers_the_report_says_how_many_were_heard(clips: pd.DataFrame) -> None:
    report = evaluate_on_clips(model_of(oracle, heard=frozenset({"csv/s0", "csv/s5"})), clips, speakers="all")
    assert (report.n_speakers, report.speakers_seen_in_training) == (12, 2)
    assert any("2 of 12 test speakers were also in training" in line for line in evaluation_lines(report))


def test_a_model_that_does_not_know_whom_it_heard_is_not_said_to_have_heard_nobody(clips: pd.DataFrame) -> None:
    report = evaluate_on_clips(replace(model_of(oracle, heard=None), surely_heard=frozenset({"csv/s0"})), clips)
    assert (report.n_speakers, report.speakers_seen_in_training) == (11, None)
    lines = evaluation_lines(report)
    assert any(
        line.startswith("Nobody can tell whether the speakers of the test were also in training") for line in lines
    )
    assert not any("never heard" in line for line in lines)


def test_a_model_that_heard_everyone_is_refused_with_the_way_out(clips: pd.DataFrame) -> None:
    heard = frozenset(f"csv/s{number}" for number in range(12))
    with pytest.raises(CorpusError, match="`--speakers all`"):
        evaluate_on_clips(model_of(oracle, heard=heard), clips)


def test_clips_of_emotions_that_the_model_does_not_know_are_left_out(clips: pd.DataFrame) -> None:
    strange = clips.assign(emotion=clips["emotion"].where(clips.index > 3, "boredom"))
    assert evaluate_on_clips(model_of(oracle), strange).left_out["other_emotions"] == 4


def test_some_of_the_classes_are_judged_as_if_there_were_no_others(clips: pd.DataFrame) -> None:
    # Mostly neutral, which no clip is; of the four, angry.
    report = evaluate_on_clips(six([0.2, 0, 0.1, 0.1, 0.6, 0]), clips, classes="four")
    assert report.classes == list(CLASSES)
    assert report.accuracy.value == 0.25
    assert report.reliability[0]["confidence"] == pytest.approx(0.5)  # 0.2 of 0.4
    assert report.other_answers is not None
    assert report.other_answers["classes"] == ["disgust", "neutral"]
    assert report.other_answers["share"]["value"] == 1
    assert report.other_answers["accuracy_of_all"]["value"] == 0
    assert "left to itself it answers disgust, neutral to 100.0% of the clips: accuracy 0.0%" in evaluation_lines(
        report
    )


def test_all_classes_are_those_that_the_clips_have(clips: pd.DataFrame) -> None:
    model = six([0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    assert evaluate_on_clips(model, clips, classes="all").classes == list(CLASSES)


def test_a_class_of_the_model_without_a_clip_is_refused_with_the_way_out(clips: pd.DataFrame) -> None:
    with pytest.raises(CorpusError, match=r"no clip of class disgust, neutral in these corpora.*`--classes all`"):
        evaluate_on_clips(six([1, 0, 0, 0, 0, 0]), clips)


def test_classes_that_the_model_does_not_know_are_refused(clips: pd.DataFrame) -> None:
    with pytest.raises(ConfigError, match="made does not know disgust, neutral; choose among angry, fear, happy, sad"):
        evaluate_on_clips(model_of(oracle), clips, classes="six")


def test_corpora_without_any_emotion_of_the_model_are_refused(clips: pd.DataFrame) -> None:
    with pytest.raises(CorpusError, match="no clip of these corpora has an emotion of made, which knows angry, fear"):
        evaluate_on_clips(model_of(oracle), clips.assign(emotion="boredom"))


def test_a_clip_without_any_probability_within_the_classes_is_a_tie() -> None:
    scores = np.array([[0.2, 0.8, 0.0], [0.0, 1.0, 0.0]])
    within = probabilities_within(scores, Labels(("angry", "fear", "sad")), Labels(("sad", "angry")))
    assert within.tolist() == [[0, 1], [0.5, 0.5]]


@pytest.fixture
def damaged(tmp_path: Path) -> pd.DataFrame:
    """Three speakers; one recording is silent and one is no sound."""
    source = write_voices(tmp_path / "damaged", 3)
    soundfile.write(source.parent / "0-angry.wav", np.zeros(2400), 8000)
    (source.parent / "1-sad.wav").write_text("no sound")
    return load_corpora([f"csv={source}"])


def test_recordings_that_cannot_be_used_are_told_with_the_reason(damaged: pd.DataFrame) -> None:
    report = evaluate_on_clips(model_of(by_pitch), damaged)
    assert report.n_clips == 10
    assert [Path(each["path"]).name for each in report.unusable] == ["0-angry.wav", "1-sad.wav"]
    assert "silent" in report.unusable[0]["reason"]
    assert str(damaged["path"][0]) not in report.unusable[0]["reason"]
    assert any(line.startswith("left out: 2 unusable files, such as") for line in evaluation_lines(report))


def test_a_corpus_without_a_single_usable_recording_is_refused(damaged: pd.DataFrame) -> None:
    for path in damaged["path"]:
        Path(path).write_text("no sound")
    with pytest.raises(CorpusError, match=r"none of 12 recordings can be used; .*angry.wav"):
        evaluate_on_clips(model_of(by_pitch), damaged)


def test_a_class_whose_recordings_are_all_unusable_is_refused(damaged: pd.DataFrame) -> None:
    for path in damaged.loc[damaged["emotion"] == "sad", "path"]:
        Path(path).write_text("no sound")
    with pytest.raises(EmospecError, match="no clip of class sad"):
        evaluate_on_clips(model_of(by_pitch), damaged)


def test_clips_without_a_speaker_are_a_notice(clips: pd.DataFrame) -> None:
    nameless = clips.assign(speaker=clips["speaker"].where(clips.index > 0))
    report = evaluate_on_clips(model_of(oracle), nameless)
    assert report.notice == "1 of 48 clips do not say who speaks; the model may know their voices."
    assert report.uar.low is None


def test_scores_that_are_no_probabilities_are_refused(clips: pd.DataFrame) -> None:
    with pytest.raises(EmospecError, match="apply a softmax"):
        evaluate_on_clips(model_of(lambda sounds, rate, rows: np.full((len(rows), 4), 3.0)), clips)


def test_the_json_holds_the_whole_report(clips: pd.DataFrame, tmp_path: Path) -> None:
    report: CorpusReport = evaluate_on_clips(model_of(angry, name="raging"), clips)
    write_evaluation(report, tmp_path / "new" / "report.json")
    values = json.loads((tmp_path / "new" / "report.json").read_text(encoding="utf-8"))
    assert values == json.loads(json.dumps(report.to_dict()))
    assert (values["model"], values["corpora"], values["speakers"]) == ("raging", ["csv"], "unseen")
    assert values["other_answers"] is values["notice"] is None
    assert len(values["clips_sha256"]) == 64


def test_the_lines_begin_with_the_model_and_its_score(clips: pd.DataFrame) -> None:
    lines = evaluation_lines(evaluate_on_clips(model_of(angry, name="raging"), clips))
    assert lines[0] == "raging on csv"
    assert lines[1].startswith("On 12 voices that the model never heard, it named the emotion of 25.0")


def test_a_negative_number_of_workers_is_refused_before_anything_is_read() -> None:
    with pytest.raises(ConfigError, match="workers -1"):
        evaluate_on_corpus(model_of(oracle), ["csv=nowhere"], workers=-1)


def test_without_matplotlib_the_scores_are_told_all_the_same(
    clips: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = evaluate_on_clips(model_of(angry, name="raging"), clips)
    monkeypatch.setattr(corpus_scores, "find_spec", lambda name: None)
    assert evaluation_lines(report)[1] == "accuracy 25.0%   UAR 25.0%   calibration error 75.0 points   48 clips"
