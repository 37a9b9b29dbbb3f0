"""Calibration of trained runs: on validation speakers, or on each fold's strangers."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from emospec.calibration import STATED_ACCURACY, Calibration, calibrate
from emospec.clips import speaker_keys
from emospec.errors import ConfigError
from emospec.image_set import ImageSet
from emospec.runs import Run


def calibrate_on_validation(
    run: Run,
    images: ImageSet,
    score: Callable[[NDArray[np.uint8]], ArrayLike],
    *,
    accuracy: float = STATED_ACCURACY,
) -> Calibration:
    """Calibrate the model of a run on its validation part; the test part plays no role.

    The epoch was chosen on the same clips, which look easier than strangers for it: a run of several folds is
    better calibrated with `calibrate_on_folds`.

    Parameters
    ----------
    images : ImageSet
        The one that the run was trained on.
    score : callable
        From raw images to the model's probabilities, shape (n, n_classes).
    """
    if run.folds:
        raise ConfigError(f"{run.path} holds a model for each fold; calibrate one of {run.path / 'folds'}, or on folds")
    rows = run.split().validation
    if not len(rows):
        raise ConfigError(f"{run.path} has no validation part to calibrate on; train it under a protocol that has one")
    return calibrate(
        score(images.images[rows]), images.labels[rows], speaker_keys(images.clips.iloc[rows]), accuracy=accuracy
    )


def calibrate_on_folds(run: Run, *, leave_out: str | None = None, accuracy: float = STATED_ACCURACY) -> Calibration:
    """Calibrate on the test parts of a run's folds, each scored by the model that never heard its speakers.

    This is for a model that is trained on all speakers by the same recipe, and so has no strangers left.

    Parameters
    ----------
    leave_out : str, optional
        A fold whose clips are not used: those that a calibrated score shall be reported on.
    """
    table = _predictions(run)
    if leave_out is not None and leave_out not in run.folds:
        raise ConfigError(f"{run.path} has no fold {leave_out}; folds: {', '.join(run.folds)}")
    used = table[table["fold"] != leave_out] if leave_out else table
    labels = used["truth"].map(run.classes.index).to_numpy()
    return calibrate(used[list(run.classes)].to_numpy(), labels, speaker_keys(used), accuracy=accuracy)


def calibrated_predictions(run: Run, *, accuracy: float = STATED_ACCURACY) -> pd.DataFrame:
    """Return a run's predictions with each fold calibrated on all others, and whether each answer is `sure`.

    It shows what a calibration is worth on speakers that it wasn't fitted on. Columns are those of `predictions.csv`.
    """
    table, classes = _predictions(run), list(run.classes)
    parts = []
    for fold, part in table.groupby("fold", sort=False):
        fitted = calibrate_on_folds(run, leave_out=str(fold), accuracy=accuracy)
        scores = fitted.apply(part[classes].to_numpy())
        parts.append(part.assign(**dict(zip(classes, scores.T, strict=True)), sure=fitted.is_sure(scores)))
    return pd.concat(parts).sort_index()


def _predictions(run: Run) -> pd.DataFrame:
    run.report()  # refuses a run that isn't finished
    if not run.folds:
        raise ConfigError(f"{run.path} has no folds; calibrate its model on its validation part")
    return run.predictions()
