from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emospec import judging
from emospec.errors import ConfigError
from emospec.judging import Judged, judge_again, worst_mistakes
from emospec.report_compare import compare_runs
from emospec.runs import load_run
from emospec.settings import TrainConfig
from emospec.training import train
from samples import CLASSES, image_set

CONFIG = TrainConfig(model="3layer", filters=(4, 4, 4), epochs=1, batch_size=16)


@pytest.fixture(scope="module")
def run_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(image_set(), CONFIG, tmp_path_factory.mktemp("runs") / "run", say=lambda line: None).path


def test_judging_again_gives_the_same_report(run_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_run(run_path).report()
    monkeypatch.setattr(judging, "load_image_set", lambda path, **_: image_set())
    judge_again(run_path)
    assert load_run(run_path).report() == before


def test_speakers_are_known_to_the_run_even_if_the_image_set_forgot_them(
    run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = image_set()
    forgetful = replace(images, clips=images.clips.assign(speaker=pd.NA))
    monkeypatch.setattr(judging, "load_image_set", lambda path, **_: forgetful)
    assert judge_again(run_path).n_speakers == load_run(run_path).report()["n_speakers"]


def test_another_image_set_is_refused(run_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "load_image_set", lambda path, **_: image_set(n_speakers=7))
    with pytest.raises(ConfigError, match=r"has 112 images .* made from 96"):
        judge_again(run_path)


def test_the_same_clips_with_other_pixels_are_refused(run_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, images = (run_path / "report.json").read_bytes(), image_set()
    brighter = replace(images, images=images.images + 1)
    monkeypatch.setattr(judging, "load_image_set", lambda path, **_: brighter)
    with pytest.raises(ConfigError, match="with other pixels or labels"):
        judge_again(run_path)
    assert (run_path / "report.json").read_bytes() == before


def test_a_speaker_may_be_called_na(tmp_path: Path) -> None:
    images = image_set()
    called = images.clips.assign(speaker=images.clips["speaker"].replace({"s0": "NA", "s1": "None"}))
    run = train(replace(images, clips=called), CONFIG, tmp_path / "run", say=lambda line: None)
    assert set(run.split_table()["speaker"]) == {"NA", "None", "s2", "s3", "s4", "s5"}


def test_runs_on_other_test_clips_are_told_apart_though_their_numbers_agree(run_path: Path, tmp_path: Path) -> None:
    other = train(image_set(), replace(CONFIG, seed=1), tmp_path / "other", say=lambda line: None)
    same = train(image_set(), replace(CONFIG, epochs=2), tmp_path / "same", say=lambda line: None)
    assert load_run(run_path).split().test.tolist() != other.split().test.tolist()
    assert "different test clips" in compare_runs([run_path, other.path])
    assert "different test clips" not in compare_runs([run_path, same.path])


def test_predictions_stand_beside_the_truth(run_path: Path) -> None:
    table, run = pd.read_csv(run_path / "predictions.csv"), load_run(run_path)
    images = image_set()
    assert table["row"].tolist() == run.split().test.tolist()
    assert table["truth"].tolist() == images.clips["emotion"].iloc[run.split().test].tolist()
    scores = table[list(CLASSES)].to_numpy()
    assert scores.sum(axis=1) == pytest.approx(np.ones(len(table)), abs=1e-5)
    assert table["prediction"].tolist() == [CLASSES[i] for i in scores.argmax(axis=1)]
    share = (table["truth"] == table["prediction"]).mean()
    assert run.report()["accuracy"]["value"] == pytest.approx(share)


def test_training_speakers_are_those_of_the_training_part_alone(run_path: Path) -> None:
    run = load_run(run_path)
    clips, split = image_set().clips, run.split()
    assert run.training_speakers() == {f"made/{speaker}" for speaker in clips["speaker"].iloc[split.train]}
    assert run.training_speakers().isdisjoint({f"made/{speaker}" for speaker in clips["speaker"].iloc[split.test]})


def test_the_worst_mistake_is_the_one_that_gave_the_truth_least() -> None:
    images = image_set()
    truth = images.labels[:4]
    probabilities = np.full((4, 4), 0.1)
    probabilities[np.arange(4), (truth + 1) % 4] = [0.5, 0.6, 0.7, 0.5]
    probabilities[np.arange(4), truth] = [0.3, 0.01, 0.2, 0.9]  # the last one is right
    found = worst_mistakes(images, Judged(np.arange(4), probabilities))
    assert [m.clip for m in found] == [images.clips["clip"][row] for row in (1, 2, 0)]
    assert found[0].truth == images.classes.classes[truth[1]]


def test_a_comparison_is_a_table_and_a_page(run_path: Path, tmp_path: Path) -> None:
    table = compare_runs([run_path], out=tmp_path / "runs.html")
    uar = load_run(run_path).report()["uar"]["value"]
    assert f"{100 * uar:.1f}" in table
    assert "<html" in (tmp_path / "runs.html").read_text(encoding="utf-8")


def test_what_cannot_be_compared_is_refused(run_path: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no run to compare"):
        compare_runs([])
    with pytest.raises(ConfigError, match="holds no run"):
        compare_runs([tmp_path])
    with pytest.raises(ConfigError, match=r"written as \.html or \.md"):
        compare_runs([run_path], out=tmp_path / "runs.pdf")
