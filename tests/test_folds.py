"""Protocols of several folds: one model a fold, one report of all, and what the random ones are worth."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emospec import training
from emospec.errors import ConfigError, SplitError
from emospec.image_set import ImageSet
from emospec.judging import judge_again
from emospec.leak_gap import gap_sentence, leak_gap
from emospec.run_pairs import compare_pair
from emospec.runs import load_run
from emospec.settings import TrainConfig
from emospec.training import train
from samples import image_set

CONFIG = TrainConfig(model="3layer", filters=(4, 4, 8), epochs=2, batch_size=8, protocol="kfold-speakers:3")


def quietly(line: str) -> None:
    """Take the lines of the progress."""


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(image_set(), CONFIG, tmp_path_factory.mktemp("folds") / "run", say=quietly).path


def test_every_clip_is_tested_once_by_a_model_that_never_heard_its_speaker(pooled: Path) -> None:
    run, images = load_run(pooled), image_set()
    table = pd.read_csv(pooled / "predictions.csv")
    assert sorted(table["row"]) == list(range(len(images)))
    for fold in run.fold_runs():
        tested = set(table.loc[table["fold"] == fold.fold, "speaker"])
        assert tested
        assert fold.training_speakers().isdisjoint(f"made/{speaker}" for speaker in tested)
    assert run.report()["speakers_seen_in_training"] == 0


def test_the_pooled_scores_are_those_of_all_predictions_together(pooled: Path) -> None:
    report, table = load_run(pooled).report(), pd.read_csv(pooled / "predictions.csv")
    right = (table["truth"] == table["prediction"]).mean()
    assert report["accuracy"]["value"] == pytest.approx(right)
    assert report["n_clips"] == len(image_set())
    by_fold = [fold["n_clips"] * fold["accuracy"] for fold in report["folds"]]
    assert sum(by_fold) / report["n_clips"] == pytest.approx(right)


def test_each_fold_is_a_run_of_its_own(pooled: Path) -> None:
    run = load_run(pooled)
    assert len(run.folds) == 3
    for fold in run.fold_runs():
        assert fold.finished
        assert (fold.path / "model.keras").exists()
    assert {fold.fold for fold in run.fold_runs()} == set(run.folds)


def test_an_interrupted_fold_is_taken_up_and_finished_ones_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, whole = image_set(), train(image_set(), CONFIG, tmp_path / "whole", say=quietly)
    fit, fitted = training.fit, []

    def interrupted_in_the_second(*arguments: object) -> None:
        fitted.append(1)
        if len(fitted) == 2:
            raise KeyboardInterrupt
        fit(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training, "fit", interrupted_in_the_second)
        with pytest.raises(KeyboardInterrupt):
            train(images, CONFIG, tmp_path / "broken", say=quietly)
    with pytest.raises(ConfigError, match="is not finished"):
        load_run(tmp_path / "broken").report()
    said: list[str] = []
    run = train(images, CONFIG, tmp_path / "broken", say=said.append)
    assert [line for line in said if line.startswith("fold")] == ["fold 2 of 3: fold-2", "fold 3 of 3: fold-3"]
    assert run.report()["confusion_matrix"] == whole.report()["confusion_matrix"]


def test_a_run_goes_on_only_with_the_split_that_it_was_begun_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = image_set()
    with monkeypatch.context() as patch:
        patch.setattr(training, "fit", interrupted)
        for name, protocol in (("one", "speakers"), ("folds", CONFIG.protocol)):
            with pytest.raises(KeyboardInterrupt):
                train(images, replace(CONFIG, protocol=protocol), tmp_path / name, say=quietly)
    swapped = images.clips.assign(speaker=images.clips["speaker"].replace({"s0": "s5", "s5": "s0"}))
    for name, protocol in (("one", "speakers"), ("folds", CONFIG.protocol)):
        with pytest.raises(ConfigError, match="the speakers or the split have changed"):
            train(replace(images, clips=swapped), replace(CONFIG, protocol=protocol), tmp_path / name, say=quietly)


def test_a_finished_run_of_folds_is_not_trained_again(pooled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "fit", lambda *_: pytest.fail("trained again"))
    assert train(image_set(), CONFIG, pooled, say=quietly).finished


def test_a_speaker_whose_clips_lack_a_class_can_be_a_fold(tmp_path: Path) -> None:
    images = image_set(n_speakers=4)
    kept = ~((images.clips["speaker"] == "s0") & (images.clips["emotion"] == "sad"))
    rows = np.flatnonzero(kept)
    images = replace(
        images, images=images.images[rows], labels=images.labels[rows], clips=images.clips.iloc[rows].reset_index()
    )
    run = train(images, replace(CONFIG, protocol="loso", epochs=1), tmp_path / "run", say=quietly)
    rows_of_folds = {row["fold"]: row for row in run.report()["folds"]}
    without = next(row for row in rows_of_folds.values() if row["n_clips"] == 12)
    assert without["uar"] is None
    assert run.report()["n_clips"] == len(images)
    with pytest.raises(ConfigError, match="lacks a class"):
        load_run(run.fold_path(without["fold"])).report()


def test_clips_with_identical_audio_in_two_parts_are_refused(tmp_path: Path) -> None:
    images = image_set()
    images.images[-1] = images.images[0]  # s0 and s5
    with pytest.raises(SplitError, match=r"made/0-angry-0 .* and made/5-sad-3 .* are identical"):
        train(images, CONFIG, tmp_path / "run", say=quietly)
    assert not (tmp_path / "run").exists()


def test_a_random_protocol_trains_and_counts_the_speakers_that_it_shares(tmp_path: Path) -> None:
    run = train(image_set(), replace(CONFIG, protocol="kfold-random:3"), tmp_path / "run", say=quietly)
    assert run.report()["share_of_speakers_seen"] == 1
    assert "also in training" in (run.path / "report.html").read_text()


def test_a_run_of_folds_can_be_judged_again(pooled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emospec.judging.load_image_set", lambda path: image_set())
    before = load_run(pooled).report()
    judge_again(pooled)
    assert load_run(pooled).report() == before


def two_corpora() -> ImageSet:
    images = image_set(n_speakers=6)
    corpus = np.where(images.clips["speaker"].isin(["s0", "s1", "s2"]), "one", "two")
    labels = images.labels
    keep = np.flatnonzero((corpus == "two") | (labels != 3))  # corpus one has no sad clips
    clips = images.clips.assign(corpus=pd.array(corpus, dtype="string"))
    return replace(
        images, images=images.images[keep], labels=labels[keep], clips=clips.iloc[keep].reset_index(drop=True)
    )


def test_cross_corpus_gives_a_matrix_over_the_shared_classes(tmp_path: Path) -> None:
    run = train(two_corpora(), replace(CONFIG, protocol="cross-corpus"), tmp_path / "run", say=quietly)
    report = run.report()
    assert report["classes"] == ["angry", "fear", "happy"]
    assert report["matrix"]["train"] == report["matrix"]["test"] == ["one", "two"]
    table = pd.read_csv(run.path / "predictions.csv")
    first, other = run.folds[0], table["corpus"] == "two"
    there = table[(table["fold"] == first) & other]
    recalls = (there["truth"] == there["prediction"]).groupby(there["truth"]).mean()
    assert report["matrix"]["uar"][0][1] == pytest.approx(recalls.mean())
    judge_again_finds_the_same_clips(run.path, two_corpora())
    pair = compare_pair(run.path, run.path)
    assert pair is not None
    assert (pair["n_tests"], pair["n_clips"]) == (report["n_clips"], len(two_corpora().of_classes([0, 1, 2])))


def judge_again_finds_the_same_clips(path: Path, images: ImageSet) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emospec.judging.load_image_set", lambda _: images)
        assert judge_again(path).n_clips == load_run(path).report()["n_clips"]


def leaky_set() -> ImageSet:
    """A bright spot tells the emotion by its height, but each speaker, who has a column, has an order of their own."""
    images = image_set(n_speakers=6, clips_per_class=6)
    rng = np.random.default_rng(0)
    orders = [rng.permutation(4) for _ in range(6)]
    images.images[:] = rng.integers(0, 60, images.images.shape)
    for image, speaker, label in zip(images.images, images.clips["speaker"], images.labels, strict=True):
        column, height = int(speaker[1:]), orders[int(speaker[1:])][label]
        image[6 * height : 6 * height + 6, 4 * column : 4 * column + 4] = 255
    return images


def test_a_leak_shows_as_a_gap(tmp_path: Path) -> None:
    config = replace(CONFIG, filters=(8, 8, 16), epochs=30, learning_rate=0.005)
    gap = leak_gap(leaky_set(), config, tmp_path / "gap", folds=3, say=quietly)
    assert gap.random.report()["uar"]["value"] > 0.7
    assert gap.speakers.report()["uar"]["value"] < 0.5
    assert gap.difference["uar"]["low"] > 0.2
    assert gap.difference["uar"]["value"] == pytest.approx(
        gap.random.report()["uar"]["value"] - gap.speakers.report()["uar"]["value"]
    )
    assert "this is more than chance." in (tmp_path / "gap" / "leak-gap.md").read_text()


def a_gap(value: float, low: float | None, high: float | None, p_value: float) -> dict:
    mcnemar = {"only_a_right": 1, "only_b_right": 2, "p_value": p_value}
    return {"n_clips": 3964, "n_speakers": 71, "uar": {"value": value, "low": low, "high": high}, "mcnemar": mcnemar}


@pytest.mark.parametrize(
    ("difference", "sentence"),
    [
        (
            a_gap(0.019, 0.006, 0.032, 0.01),
            "Knowing the speakers is worth 1.9 points of UAR to dscnn (95 % interval 0.6 to 3.2; McNemar p = 0.01; "
            "3,964 clips of 71 speakers): this is more than chance.",
        ),
        (
            a_gap(-0.02, -0.03, -0.01, 0.2),
            "dscnn scored 2.0 points of UAR lower although it knew the speakers "
            "(95 % interval -3.0 to -1.0; McNemar p = 0.2; 3,964 clips of 71 speakers): this may be chance.",
        ),
        (
            a_gap(0.0, None, None, 1.0) | {"n_speakers": None},
            "dscnn reached the same UAR whether it knew the speakers or not (no interval; McNemar p = 1; "
            "3,964 clips): this may be chance.",
        ),
    ],
    ids=["gap", "negative", "none"],
)
def test_a_gap_is_told_with_both_tests_of_chance(difference: dict, sentence: str) -> None:
    assert gap_sentence(difference, "dscnn") == sentence


def test_speaker_1_of_two_corpora_is_two_people_to_a_leak_gap(tmp_path: Path) -> None:
    images = image_set(n_speakers=4)
    speakers = images.clips["speaker"].map({"s0": "s0", "s1": "s1", "s2": "s0", "s3": "s1"}).astype("string")
    corpus = np.where(images.clips["speaker"].isin(["s0", "s1"]), "one", "two")
    clips = images.clips.assign(speaker=speakers, corpus=pd.array(corpus, dtype="string"))
    gap = leak_gap(replace(images, clips=clips), replace(CONFIG, epochs=1), tmp_path / "gap", folds=2, say=quietly)
    assert gap.difference["n_speakers"] == 4


def test_a_leak_gap_needs_three_speakers(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="three or more known speakers"):
        leak_gap(image_set(n_speakers=2), CONFIG, tmp_path / "gap", say=quietly)
