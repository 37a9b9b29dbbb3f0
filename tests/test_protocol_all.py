"""Protocol `all`: every clip trains, exactly as many epochs as asked for, and nobody claims a score."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from emospec import training
from emospec.bundle import load_bundle
from emospec.calibration_runs import calibrate_on_validation
from emospec.errors import ConfigError
from emospec.export import write_bundle
from emospec.image_set import ImageSet
from emospec.judging import judge_again, predict
from emospec.models import load_model
from emospec.report_compare import compare_runs
from emospec.report_text import summary_lines
from emospec.runs import Run, load_run
from emospec.scorers import audited_run
from emospec.training import train
from fine_tuning_samples import CONFIG as START
from fine_tuning_samples import drawn, interrupt_at, quietly, same_history, weights_of
from report_samples import text_of

CONFIG = replace(START, protocol="all", epochs=4, patience=1)


@pytest.fixture(scope="module")
def images() -> ImageSet:
    return drawn()


@pytest.fixture(scope="module")
def run(images: ImageSet, said: list[str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(images, CONFIG, tmp_path_factory.mktemp("runs") / "run", say=said.append)


def test_every_clip_and_every_speaker_trains(run: Run, images: ImageSet) -> None:
    assert run.split_table()["part"].tolist() == ["train"] * len(images)
    assert run.training_speakers() == {f"made/s{number}" for number in range(6)}
    assert run.heard() == {"made": {"n_clips": 96, "speakers": [f"s{number}" for number in range(6)]}}


def test_all_epochs_are_trained_whatever_the_patience(run: Run, said: list[str]) -> None:
    history = run.history()
    assert history is not None
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert not [name for name in history if name.startswith("val_")]
    assert len(said) == 4
    assert not [line for line in said if "validation" in line or "best" in line]


def test_the_report_says_that_there_are_no_scores_and_why(run: Run) -> None:
    account = json.loads((run.path / "report.json").read_text())
    assert (account["protocol"], account["classes"], account["n_clips"]) == ("all", list(run.classes), 0)
    assert account["not_judged"].startswith("All 96 clips of 6 speakers were trained on")
    assert not {"accuracy", "uar", "confusion_matrix"} & set(account)
    assert not (run.path / "predictions.csv").exists()
    page = text_of((run.path / "report.html").read_text(encoding="utf-8"))
    assert account["not_judged"] in page
    assert "all 4 epochs were trained, and the weights of the last are kept" in page
    assert "best epoch" not in page
    assert "UAR" not in page
    assert summary_lines(run.account())[0] == account["not_judged"]


def test_a_notice_stands_on_the_page_without_scores(images: ImageSet, tmp_path: Path) -> None:
    run = train(images, replace(CONFIG, epochs=1), tmp_path / "run", facts={"notice": "Made of noise."}, say=quietly)
    assert "Made of noise." in text_of((run.path / "report.html").read_text(encoding="utf-8"))
    assert "Made of noise." in summary_lines(run.account())


def test_whoever_wants_scores_is_told_how_to_come_to_some(run: Run) -> None:
    match = (
        "has no scores, .*judge it on other speakers with `emospec evaluate .* --corpus NAME=ROOT`, or cross-validate"
    )
    for ask in (run.report, lambda: judge_again(run.path), lambda: compare_runs([run.path])):
        with pytest.raises(ConfigError, match=match):
            ask()
    run.check_finished()


def test_there_is_no_validation_part_to_calibrate_on(run: Run, images: ImageSet) -> None:
    with pytest.raises(ConfigError, match="has no validation part to calibrate on"):
        calibrate_on_validation(run, images, lambda images: np.full((len(images), 4), 0.25))


def test_a_run_without_scores_can_be_exported_and_claims_none(run: Run, tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(run, tmp_path / "bundle"))
    assert bundle.facts["scores"] == {}
    assert bundle.training_speakers == run.training_speakers()
    assert "Not stated." in bundle.card()


def test_a_run_without_scores_can_be_judged_on_recordings_of_others(run: Run) -> None:
    assert audited_run(run.path).training_speakers == run.training_speakers()


def test_a_training_on_all_goes_on_where_it_stopped_with_every_ingredient(
    images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(CONFIG, optimizer="adamw", ema=0.8, schedule="cosine", mixup=0.3, text_share=0.3)
    train(images, config, tmp_path / "whole", say=quietly)
    with monkeypatch.context() as patch:
        patch.setattr(training.ProgressLine, "on_epoch_begin", interrupt_at(2))
        with pytest.raises(KeyboardInterrupt):
            train(images, config, tmp_path / "broken", say=quietly)
    with pytest.raises(ConfigError, match="is not finished"):
        load_run(tmp_path / "broken").check_finished()
    told: list[str] = []
    run = train(images, config, tmp_path / "broken", say=told.append)
    assert load_model(run.path / "model.keras").output_shape == (None, 4)
    assert told[0] == "going on after epoch 2"
    same_history(run, load_run(tmp_path / "whole"))
    for a, b in zip(weights_of(run), weights_of(load_run(tmp_path / "whole")), strict=True):
        assert np.allclose(a, b, atol=1e-4)


def test_the_weights_of_the_last_epoch_are_kept(images: ImageSet, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.Checkpoint, "forget", lambda self: None)
        run = train(images, CONFIG, tmp_path / "run", say=quietly)
    last = load_model(run.path / "model.keras")
    last.load_weights(run.path / "checkpoint" / "epoch-0004" / "latest.weights.h5")
    assert all((a == b).all() for a, b in zip(last.get_weights(), weights_of(run), strict=True))


def test_averaged_weights_are_kept_in_place_of_the_last_ones(images: ImageSet, tmp_path: Path) -> None:
    """One batch an epoch, so that the average of two steps can be worked out from three trainings."""
    config = replace(CONFIG, batch_size=96, optimizer="sgd", learning_rate=0.5)
    plain = [weights_of(train(images, replace(config, epochs=n), tmp_path / f"{n}", say=quietly)) for n in (1, 2)]
    averaged = weights_of(train(images, replace(config, epochs=2, ema=0.75), tmp_path / "ema", say=quietly))
    for first, second, average in zip(*plain, averaged, strict=True):
        np.testing.assert_allclose(average, 0.75 * first + 0.25 * second, atol=1e-5)
    assert not all(np.allclose(a, b, atol=1e-4) for a, b in zip(plain[1], averaged, strict=True))


def test_clips_whose_speakers_nobody_knows_can_be_trained_on(images: ImageSet, tmp_path: Path) -> None:
    unknown = replace(
        images, clips=images.clips.assign(speaker=pd.Series(pd.NA, index=images.clips.index, dtype="string"))
    )
    run = train(unknown, replace(CONFIG, epochs=1), tmp_path / "run", say=quietly)
    assert run.account()["not_judged"].startswith("All 96 clips were trained on")
    assert run.heard() == {"made": {"n_clips": 96, "speakers": [], "n_clips_without_speaker": 96}}


def test_weights_that_are_no_numbers_are_no_model(images: ImageSet, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=2, optimizer="sgd", learning_rate=1e30)
    with pytest.raises(ConfigError, match="are no finite numbers after 2 epochs; train with a lower --learning-rate"):
        train(images, config, tmp_path / "run", say=quietly)
    assert not load_run(tmp_path / "run").finished


def test_the_model_has_learned(images: ImageSet, tmp_path: Path) -> None:
    run = train(images, replace(CONFIG, epochs=15), tmp_path / "run", say=quietly)
    keras.utils.clear_session()
    answers = predict(load_model(run.path / "model.keras"), images.images).argmax(axis=1)
    assert (answers == images.labels).mean() > 0.9
