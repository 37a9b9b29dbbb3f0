"""Teachers see what the network sees and no more; their mean answer is a share of the labels it learns from."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from emospec import training
from emospec.errors import ConfigError
from emospec.image_set import ImageSet
from emospec.judging import judge_again, predict
from emospec.models import load_model
from emospec.runs import Run, load_run
from emospec.settings import TrainConfig
from emospec.teachers import taught
from emospec.training import train
from emospec.training_data import TrainingData
from fine_tuning_samples import CONFIG as START
from fine_tuning_samples import drawn, interrupt_at, quietly, same_history, weights_of

CONFIG = replace(START, epochs=2, teachers=2, teacher_share=0.75)


@pytest.fixture(scope="module")
def images() -> ImageSet:
    return drawn()


@pytest.fixture(scope="module")
def seen() -> list[tuple[TrainingData, np.ndarray, TrainingData]]:
    """The data before, the answers, and the data after, of each time that a network was taught."""
    return []


@pytest.fixture(scope="module")
def run(images: ImageSet, said: list[str], seen: list, tmp_path_factory: pytest.TempPathFactory) -> Run:
    def taught_and_told(data, answers, share):
        seen.append((data, answers, taught(data, answers, share)))
        return seen[-1][2]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "taught", taught_and_told)
        return train(images, CONFIG, tmp_path_factory.mktemp("runs") / "run", say=said.append)


def teachers_of(run: Run) -> list[Run]:
    return [load_run(path) for path in sorted((run.path / "teachers").iterdir())]


def test_a_share_of_the_training_labels_follows_the_answers(images: ImageSet) -> None:
    config = TrainConfig(text_share=0.3)
    clips = images.clips.assign(text=["one", "two"] * (len(images) // 2))
    data = TrainingData.of(replace(images, clips=clips), np.arange(6), np.arange(6, 9), config)
    answers = np.full((6, 4), 0.25, np.float32)
    after = taught(data, answers, 0.8)
    assert np.allclose(after.targets[:6, :4], 0.2 * data.targets[:6, :4] + 0.8 * 0.25)
    assert np.array_equal(after.targets[6:], data.targets[6:])
    assert np.array_equal(after.targets[:, 4:], data.targets[:, 4:])


def test_the_network_learns_from_the_mean_of_its_teachers_answers(run: Run, images: ImageSet, seen: list) -> None:
    ((before, answers, after),) = seen
    rows = run.split().train
    each = [predict(load_model(teacher.path / "model.keras"), images.images[rows]) for teacher in teachers_of(run)]
    assert np.allclose(answers, np.mean(each, axis=0), atol=1e-6)
    assert np.allclose(after.targets[after.train], 0.25 * before.targets[before.train] + 0.75 * answers, atol=1e-6)


def test_teachers_are_of_the_same_parts_and_of_other_seeds(run: Run, said: list[str]) -> None:
    found = teachers_of(run)
    assert [teacher.config.seed for teacher in found] == [1000, 2000]
    assert all(teacher.split_table().equals(run.split_table()) for teacher in found)
    assert all(replace(teacher.config, seed=run.config.seed) == replace(run.config, teachers=0) for teacher in found)
    first = [weights_of(each)[0] for each in (*found, run)]
    assert not any(np.allclose(first[a], first[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    assert [line for line in said if line.startswith("teacher")] == ["teacher 1 of 2", "teacher 2 of 2"]


def test_nobody_judges_a_teacher_by_the_test_part(run: Run) -> None:
    kept = {path.name for path in (run.path / "teachers" / "1").iterdir()}
    assert kept == {"run.toml", "split.csv", "history.csv", "model.keras"}


@pytest.mark.parametrize("begun", [1, 3], ids=["in a teacher", "in the network itself"])
def test_a_training_with_teachers_goes_on_where_it_stopped(
    begun: int, run: Run, images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = training.fit
    with monkeypatch.context() as patch:
        calls = iter(range(1, 9))

        def fit(*arguments):
            if next(calls) == begun:
                patch.setattr(training.ProgressLine, "on_epoch_begin", interrupt_at(1))
            return fitted(*arguments)

        patch.setattr(training, "fit", fit)
        with pytest.raises(KeyboardInterrupt):
            train(images, CONFIG, tmp_path / "broken", say=quietly)
    told: list[str] = []
    again = train(images, CONFIG, tmp_path / "broken", say=told.append)
    assert [line for line in told if line.startswith("teacher")] == ["teacher 1 of 2", "teacher 2 of 2"][: 3 - begun]
    assert "going on after epoch 1" in told
    same_history(again, run)
    for a, b in zip(weights_of(again), weights_of(run), strict=True):
        assert np.allclose(a, b, atol=1e-4)


def test_each_fold_has_teachers_of_its_own(images: ImageSet, tmp_path: Path) -> None:
    config = replace(CONFIG, protocol="kfold-speakers:3", epochs=1, teachers=1)
    whole = train(images, config, tmp_path / "run", say=quietly)
    assert not (whole.path / "teachers").exists()
    for fold in whole.fold_runs():
        (teacher,) = teachers_of(fold)
        assert teacher.split_table().equals(fold.split_table())
        assert teacher.fold == fold.fold


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="slow in bfloat16")
def test_teachers_and_folds_compute_in_the_precision_of_the_settings(images: ImageSet, tmp_path: Path) -> None:
    config = replace(CONFIG, protocol="kfold-speakers:2", epochs=1, teachers=1, precision="bfloat16")
    before = keras.config.dtype_policy().name
    whole = train(images, config, tmp_path / "run", say=quietly)
    for fold in whole.fold_runs():
        for each in (fold, *teachers_of(fold)):
            assert each.settings()["used"]["precision"] == "bfloat16"
            layers = load_model(each.path / "model.keras").layers
            assert "bfloat16" in {layer.compute_dtype for layer in layers if layer.weights}, each.path
    assert keras.config.dtype_policy().name == before


def test_a_teacher_is_judged_by_nobody(run: Run) -> None:
    with pytest.raises(ConfigError, match=r"teachers/1 is a teacher, whom nobody judges; name the run, .*run$"):
        judge_again(run.path / "teachers" / "1")


def test_numbers_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="teachers is -1; expected 0 or more"):
        TrainConfig(teachers=-1)
    with pytest.raises(ConfigError, match=r"teacher_share is 1\.5"):
        TrainConfig(teacher_share=1.5)
