"""The one look at the test part: scores, the report, its pictures and the worst mistakes."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from emospec.errors import ConfigError
from emospec.evaluation import Report, evaluate
from emospec.files import whole_file, write_json
from emospec.image_set import ImageSet, load_image_set
from emospec.models import load_model
from emospec.models.diagram import layers_png
from emospec.plots import plot_confusion, plot_history, plot_spectrograms
from emospec.report import Mistake, write_report
from emospec.runs import Run, hash_of_images, load_run

N_MISTAKES = 12


def judge(run: Run, model: keras.Model, images: ImageSet) -> Report:
    """Score the test part and write `predictions.csv`, the figures, `report.html` and, last, `report.json`.

    A run counts as finished once `report.json` is there.
    """
    check_fits(run, images)
    split = run.split()
    probabilities = predict(model, images.images[split.test])
    report = evaluate(
        probabilities,
        images.labels[split.test],
        images.clips.iloc[split.test],
        images.classes,
        protocol=run.config.protocol,
        training_speakers=run.training_speakers(),
    )
    write_predictions(run, images, split.test, probabilities)
    write_pages(run, model, images, report, probabilities)
    return report


def judge_again(path: Path, *, images: Path | None = None) -> Report:
    """Judge a finished run anew on its own test part.

    Parameters
    ----------
    images : Path, optional
        The image set, if it no longer lies where the run was trained.
    """
    run = load_run(path)
    run.report()  # refuses a run that isn't finished
    image_set = load_image_set(images or run.images)
    check_fits(run, image_set)
    # The run knows who speaks even where the image set doesn't say, as the notebook's.
    clips, known = image_set.clips.copy(), run.split_table()
    for name in ("corpus", "clip", "speaker"):
        clips[name] = known[name].array
    image_set = replace(image_set, clips=clips)
    return judge(run, load_model(path / "model.keras"), image_set)


def predict(model: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the probabilities of raw images: shape (n, n_classes)."""
    return np.asarray(model.predict(images, batch_size=64, verbose=0), dtype=np.float64)


def check_fits(run: Run, images: ImageSet) -> None:
    """Raise unless the image set is the one that the run was trained on."""
    n_clips = len(run.split_table())
    if hash_of_images(images) != run.images_hash or run.classes != images.classes.classes:
        raise ConfigError(
            f"{images.path} has {len(images)} images of {', '.join(images.classes.classes)}, but {run.path} "
            f"was made from {n_clips} of {', '.join(run.classes)}, with other pixels or labels; "
            "name the image set that it was trained on"
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


def write_pages(
    run: Run, model: keras.Model, images: ImageSet, report: Report, probabilities: NDArray[np.float64]
) -> None:
    """Write the figures, the page and the JSON of a report."""
    settings, layers = run.settings(), layers_png(model)
    notice = {"notice": settings["notice"]} if "notice" in settings else {}
    clips = images.clips.iloc[run.split().test]
    values = {
        **report.to_dict(),
        "model": run.config.model,
        "n_parameters": model.count_params(),
        "clips_sha256": hash_of_clips(clips),
        **notice,
    }
    examples = plot_spectrograms(*example_images(images))
    write_figures(run, report, examples, layers)
    write_report(
        run.path / "report.html",
        report=values,
        settings=settings,
        history=run.history(),
        mistakes=worst_mistakes(images, run.split().test, probabilities),
        figures={"What the model sees": examples},
        diagram_png=layers,
    )
    write_json(values, run.path / "report.json")


def hash_of_clips(clips: pd.DataFrame) -> str:
    """Return a hash of which clips these are, so that two runs can tell whether they were judged by the same ones."""
    names = clips[["corpus", "speaker", "clip"]].astype("string").fillna("").agg("/".join, axis=1)
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def write_figures(run: Run, report: Report, examples: Figure, layers: bytes | None) -> None:
    """Write the pictures of a report as PNG files of their own, for slides and papers."""
    folder, history = run.path / "figures", run.history()
    folder.mkdir(exist_ok=True)
    figures = {"confusion": plot_confusion(np.array(report.confusion_matrix), report.classes), "examples": examples}
    if history is not None:
        figures["history"] = plot_history(history)
    for name, figure in figures.items():
        with whole_file(folder / f"{name}.png") as temporary:
            figure.savefig(temporary, dpi=150, bbox_inches="tight")
    if layers:
        with whole_file(folder / "layers.png") as temporary:
            temporary.write_bytes(layers)


def example_images(images: ImageSet, per_class: int = 2) -> tuple[list[NDArray[np.uint8]], list[str]]:
    """Return the first images of each class, with their titles."""
    rows = [row for label in range(len(images.classes)) for row in np.flatnonzero(images.labels == label)[:per_class]]
    return [images.images[row] for row in rows], images.classes.decode(images.labels[rows])


def worst_mistakes(images: ImageSet, rows: NDArray[np.int64], probabilities: NDArray[np.float64]) -> list[Mistake]:
    """Return the clips to whose true class the model gave the least, among those that it named wrongly."""
    truth, guesses = images.labels[rows], probabilities.argmax(axis=1)
    given_to_truth = probabilities[np.arange(len(rows)), truth]
    wrong = np.flatnonzero(guesses != truth)
    order = wrong[np.argsort(given_to_truth[wrong], kind="stable")][:N_MISTAKES]
    return [mistake(images, rows[place], int(guesses[place]), probabilities[place]) for place in order]


def mistake(images: ImageSet, row: int, guess: int, scores: NDArray[np.float64]) -> Mistake:
    """Describe one mistake."""
    clip = images.clips.iloc[row]
    known = {name: str(clip[name]) for name in ("clip", "path", "speaker", "text") if pd.notna(clip[name])}
    truth, prediction = images.classes.decode([images.labels[row], guess])
    return Mistake(
        clip=known.get("clip", f"image {row}"),
        path=known.get("path"),
        image=images.images[row],
        truth=truth,
        prediction=prediction,
        scores=dict(zip(images.classes.classes, map(float, scores), strict=True)),
        speaker=known.get("speaker"),
        text=known.get("text"),
    )
