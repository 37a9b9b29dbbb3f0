from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from calibration_samples import drawn
from emospec.calibration_runs import calibrate_on_folds, calibrate_on_validation, calibrated_predictions
from emospec.errors import ConfigError
from emospec.runs import Run, open_run
from emospec.settings import TrainConfig
from emospec.splits import Split
from samples import CLASSES, image_set


def one_run(path: Path) -> tuple[Run, Any]:
    """An unfinished run: speakers 0 to 3 train, 4 validates, 5 is the test."""
    images = image_set()
    rows = np.arange(len(images)).reshape(6, -1)
    split = Split(rows[:4].ravel(), rows[4], rows[5], "speakers", 0)
    return open_run(path, TrainConfig(), images, [split]), images


def test_a_run_is_calibrated_on_its_validation_part_alone(tmp_path: Path) -> None:
    run, images = one_run(tmp_path / "run")
    seen = []

    def score(pixels: np.ndarray) -> np.ndarray:
        seen.append(pixels)
        return np.tile([0.7, 0.1, 0.1, 0.1], (len(pixels), 1))

    fitted = calibrate_on_validation(run, images, score)
    assert (fitted.n_clips, fitted.n_speakers) == (16, 1)
    assert np.array_equal(seen[0], images.images[run.split().validation])
    # A quarter of the clips is angry, so the best that 0.7 can become is 0.25.
    assert fitted.apply([0.7, 0.1, 0.1, 0.1]) == pytest.approx(0.25, abs=0.03)


def test_a_run_without_validation_is_refused(tmp_path: Path) -> None:
    images = image_set()
    rows = np.arange(len(images))
    run = open_run(tmp_path / "run", TrainConfig(), images, [Split(rows[:80], rows[:0], rows[80:], "speakers", 0)])
    with pytest.raises(ConfigError, match="no validation part"):
        calibrate_on_validation(run, images, lambda pixels: pixels)


def folds_run(path: Path, temperatures: dict[str, float]) -> Any:
    """What calibration needs of a finished run of several folds, each too sure by a temperature of its own."""
    tables = []
    for number, (fold, temperature) in enumerate(temperatures.items()):
        scores, labels = drawn(temperature, n=4000)
        table = pd.DataFrame(scores, columns=list(CLASSES)).assign(
            corpus="made", speaker=f"s{number}", row=np.arange(len(labels)), fold=fold,
            truth=[CLASSES[label] for label in labels],
        )  # fmt: skip
        tables.append(table)
    pd.concat(tables).to_csv(path / "predictions.csv", index=False)
    return finished_run(path, tuple(temperatures))


def finished_run(path: Path, folds: tuple[str, ...]) -> Run:
    (path / "report.json").write_text("{}")
    return Run(path, TrainConfig(), path, "", CLASSES, folds=folds)


def test_folds_are_calibrated_together(tmp_path: Path) -> None:
    fitted = calibrate_on_folds(folds_run(tmp_path, {"one": 2.0, "two": 2.0, "three": 2.0}))
    assert fitted.temperature == pytest.approx(2, rel=0.05)
    assert (fitted.n_clips, fitted.n_speakers) == (12_000, 3)


def test_a_fold_that_is_left_out_plays_no_role(tmp_path: Path) -> None:
    fitted = calibrate_on_folds(folds_run(tmp_path, {"one": 2.0, "two": 2.0, "odd": 9.0}), leave_out="odd")
    assert fitted.temperature == pytest.approx(2, rel=0.05)
    assert (fitted.n_clips, fitted.n_speakers) == (8000, 2)


def test_each_fold_is_calibrated_by_the_others(tmp_path: Path) -> None:
    run = folds_run(tmp_path, {"two": 2.0, "three": 3.0})
    table = calibrated_predictions(run)
    truth = drawn(1.0, n=4000)[0]
    for fold, expected in (("two", 2 / 3), ("three", 3 / 2)):
        part = table.loc[table["fold"] == fold, list(CLASSES)].to_numpy()
        assert np.median(np.log(part[:, 0] / part[:, 1]) / np.log(truth[:, 0] / truth[:, 1])) == pytest.approx(
            expected, rel=0.05
        )
    assert 0 < table["sure"].mean() < 1


def test_a_fold_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no fold four; folds: one, two"):
        calibrate_on_folds(folds_run(tmp_path, {"one": 1.0, "two": 1.0}), leave_out="four")


def test_a_run_of_folds_has_no_validation_part_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a model for each fold"):
        calibrate_on_validation(folds_run(tmp_path, {"one": 1.0}), image_set(), lambda pixels: pixels)


def test_a_run_of_one_model_has_no_folds(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no folds"):
        calibrate_on_folds(finished_run(tmp_path, ()))
