"""The one look at the test part: scores, the report, its pictures and the worst mistakes."""

from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec.clips import speaker_keys
from emospec.errors import ConfigError
from emospec.evaluation import Report, evaluate
from emospec.files import whole_file, write_json
from emospec.image_set import ImageSet
from emospec.runs import Run


def judge(run: Run, model: keras.Model, images: ImageSet) -> Report:
    """Score the test part and write `model.keras`, `predictions.csv`, `report.json` and `report.html`."""
    check_fits(run, images)
    split = run.split()
    probabilities = predict(model, images.images[split.test])
    report = evaluate(
        probabilities,
        images.labels[split.test],
        images.clips.iloc[split.test],
        images.classes,
        protocol=run.config.protocol,
        training_speakers=set(speaker_keys(images.clips.iloc[split.train]).dropna()),
    )
    with whole_file(run.path / "model.keras") as temporary:
        model.save(temporary)
    write_predictions(run, images, split.test, probabilities)
    write_json(report.to_dict(), run.path / "report.json")
    return report


def predict(model: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the probabilities of raw images: shape (n, n_classes)."""
    return np.asarray(model.predict(images, batch_size=64, verbose=0), dtype=np.float64)


def check_fits(run: Run, images: ImageSet) -> None:
    """Raise unless the image set is the one that the run was trained on."""
    n_clips = len(pd.read_csv(run.path / "split.csv", usecols=["part"]))
    if n_clips != len(images) or run.classes != images.classes.classes:
        raise ConfigError(
            f"{images.path} has {len(images)} images of {', '.join(images.classes.classes)}, but {run.path} was made from "
            f"{n_clips} of {', '.join(run.classes)}; name the image set that it was trained on"
        )


def write_predictions(run: Run, images: ImageSet, rows: NDArray[np.int64], probabilities: NDArray[Any]) -> None:
    """Write truth, prediction and probabilities of each test clip."""
    table = images.clips.iloc[rows][["corpus", "clip", "speaker"]].assign(
        row=rows,
        truth=images.classes.decode(images.labels[rows]),
        prediction=images.classes.decode(probabilities.argmax(axis=1)),
        **{name: probabilities[:, column].round(6) for column, name in enumerate(run.classes)},
    )
    with whole_file(run.path / "predictions.csv") as temporary:
        table.to_csv(temporary, index=False)
