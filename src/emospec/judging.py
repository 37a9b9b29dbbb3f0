"""The one look at the test part: scores, the report, its pictures and the worst mistakes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from emospec.clips import hash_of_clips, speaker_keys
from emospec.errors import ConfigError
from emospec.evaluation import Report, count_speakers, evaluate
from emospec.files import read_json, whole_file, write_json
from emospec.image_set import ImageSet, load_image_set
from emospec.metrics import confusion_matrix, uar
from emospec.models import load_model
from emospec.models.diagram import layers_png
from emospec.plots import plot_confusion, plot_history, plot_spectrograms
from emospec.protocols import classes_to_keep, find_protocol
from emospec.report import Mistake, write_report
from emospec.report_numbers import number_figures
from emospec.report_parts import shared_note
from emospec.runs import Run, hash_of_images, load_run

N_MISTAKES = 12


@dataclass(frozen=True)
class Judged:
    """The scores of test clips: row numbers in the image set, and probabilities of shape (n, n_classes)."""

    rows: NDArray[np.int64]
    probabilities: NDArray[np.float64]


def images_under(images: ImageSet, protocol: str) -> ImageSet:
    """Return the part of an image set that a protocol works with: all, but for classes that a corpus lacks."""
    return images.of_classes(classes_to_keep(images.clips, images.labels, protocol))


def judge(run: Run, model: keras.Model, images: ImageSet) -> Report | None:
    """Score the test part and write `predictions.csv`, the figures, `report.html` and, last, `report.json`.

    A run counts as finished once `report.json` is there. A fold whose test part lacks a class has no UAR and gets no
    page of its own; its scores count in the pooled report.
    """
    check_fits(run, images)
    rows = run.split().test
    judged = Judged(rows, predict(model, images.images[rows]))
    write_predictions(run, images, judged)
    if run.fold and len(np.unique(images.labels[rows])) < len(run.classes):
        write_json(fold_without_a_class(run, images, judged), run.path / "report.json")
        return None
    report = evaluate_rows(run, images, judged, run.training_speakers())
    facts = {"n_parameters": model.count_params(), "folds": None, **matrix_of(run, [run])}
    write_pages(run, images, judged, {**report.to_dict(), **facts}, layers_png(model))
    return report


def fold_without_a_class(run: Run, images: ImageSet, judged: Judged) -> dict[str, Any]:
    """Return what can be said of a fold whose test part lacks a class."""
    right = judged.probabilities.argmax(axis=1) == images.labels[judged.rows]
    counts = count_speakers(speaker_keys(images.clips.iloc[judged.rows]), run.training_speakers())
    return {"pooled_only": True, "n_clips": len(right), **counts, "accuracy": {"value": float(right.mean())}}


def judge_folds(run: Run, images: ImageSet) -> Report:
    """Pool the test parts of all folds, each scored by the model that didn't see it, and write their report."""
    check_fits(run, images)
    folds = run.fold_runs()
    tables = [fold.predictions().assign(fold=fold.fold) for fold in folds]
    table = pd.concat(tables, ignore_index=True)
    judged = Judged(table["row"].to_numpy(np.int64), table[list(run.classes)].to_numpy(np.float64))
    report = evaluate_rows(run, images, judged, seen_in_folds(folds, tables))
    with whole_file(run.path / "predictions.csv") as temporary:
        table.to_csv(temporary, index=False)
    reports = [read_json(fold.path / "report.json") for fold in folds]
    facts = {
        "n_different_clips": len(np.unique(judged.rows)),
        "n_parameters": next((each["n_parameters"] for each in reports if "n_parameters" in each), None),
        "folds": [fold_row(fold.fold, each) for fold, each in zip(folds, reports, strict=True)],
        **matrix_of(run, folds),
    }
    layers = folds[0].path / "figures" / "layers.png"
    write_pages(run, images, judged, {**report.to_dict(), **facts}, layers.read_bytes() if layers.exists() else None)
    return report


def evaluate_rows(run: Run, images: ImageSet, judged: Judged, heard: Collection[str] | None) -> Report:
    """Judge the scores of some rows of an image set."""
    return evaluate(
        judged.probabilities,
        images.labels[judged.rows],
        images.clips.iloc[judged.rows],
        images.classes,
        protocol=run.config.protocol,
        training_speakers=heard,
    )


def seen_in_folds(folds: Sequence[Run], predictions: Sequence[pd.DataFrame]) -> set[str] | None:
    """Return the speakers of each fold's test part that its own model has heard; None if that isn't known."""
    seen: set[str] = set()
    for fold, table in zip(folds, predictions, strict=True):
        heard = fold.training_speakers()
        if heard is None:
            return None
        seen |= heard & set(speaker_keys(table).dropna())
    return seen


def fold_row(fold: str, report: dict[str, Any]) -> dict[str, Any]:
    """Return what the pooled report says of one fold."""
    counts = {name: report[name] for name in ("n_clips", "n_speakers", "speakers_seen_in_training")}
    return {"fold": fold, **counts, **{name: report.get(name, {}).get("value") for name in ("accuracy", "uar")}}


def matrix_of(run: Run, folds: Sequence[Run]) -> dict[str, Any]:
    """Return the UAR of each model on each corpus, under `cross-corpus`; else None."""
    if find_protocol(run.config.protocol)[0].name != "cross-corpus":
        return {"matrix": None}
    by_model = {trained_on(fold): uar_by_corpus(fold) for fold in folds}
    corpora = sorted(set().union(*by_model.values()))
    scores = [[scores.get(corpus) for corpus in corpora] for scores in by_model.values()]
    return {"matrix": {"train": list(by_model), "test": corpora, "uar": scores}}


def trained_on(run: Run) -> str:
    """Return the corpora that a model was trained on, such as `crema-d+savee`."""
    table = run.split_table()
    return "+".join(sorted(table.loc[table["part"] == "train", "corpus"].unique()))


def uar_by_corpus(run: Run) -> dict[str, float]:
    """Return the UAR on each corpus of the test part; those without a clip of some class are left out."""
    scores = {}
    for corpus, table in run.predictions().groupby("corpus"):
        truth, guess = (table[name].map(run.classes.index) for name in ("truth", "prediction"))
        value = float(uar(confusion_matrix(truth, guess, len(run.classes))))
        if np.isfinite(value):
            scores[str(corpus)] = value
    return scores


def judge_again(path: Path, *, images: Path | None = None) -> Report:
    """Judge a finished run anew on its own test part; of several folds, each and then all together.

    Parameters
    ----------
    images : Path, optional
        The image set, if it no longer lies where the run was trained.
    """
    run = load_run(path)
    run.report()  # refuses a run that isn't finished
    image_set = images_under(load_image_set(images or run.images), run.config.protocol)
    check_fits(run, image_set)
    for each in run.fold_runs():
        keras.utils.clear_session()  # or TensorFlow warns of a graph that it traces again and again
        judge(each, load_model(each.path / "model.keras"), with_known_speakers(image_set, each))
    if run.folds:
        return judge_folds(run, with_known_speakers(image_set, run))
    report = judge(run, load_model(path / "model.keras"), with_known_speakers(image_set, run))
    if report is None:
        raise ConfigError(
            f"{path} is a fold whose test part lacks a class; judge the run of all folds, {path.parents[1]}"
        )
    return report


def with_known_speakers(images: ImageSet, run: Run) -> ImageSet:
    """Take from the run who speaks: it knows that even where the image set doesn't say, as the notebook's."""
    clips, known = images.clips.copy(), run.split_table()
    for name in ("corpus", "clip", "speaker"):
        clips[name] = known[name].array
    return replace(images, clips=clips)


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


def write_predictions(run: Run, images: ImageSet, judged: Judged) -> None:
    """Write truth, prediction and probabilities of each test clip."""
    table = images.clips.iloc[judged.rows][["corpus", "clip", "speaker"]].assign(
        row=judged.rows,
        truth=images.classes.decode(images.labels[judged.rows]),
        prediction=images.classes.decode(judged.probabilities.argmax(axis=1)),
        **{name: judged.probabilities[:, column].round(6) for column, name in enumerate(run.classes)},
    )
    with whole_file(run.path / "predictions.csv") as temporary:
        table.to_csv(temporary, index=False)


def write_pages(run: Run, images: ImageSet, judged: Judged, report: dict[str, Any], layers: bytes | None) -> None:
    """Write the figures, the page and the JSON of a report."""
    settings = run.settings()
    notice = {"notice": settings["notice"]} if "notice" in settings else {}
    clips_sha256 = hash_of_clips(images.clips.iloc[judged.rows])
    values = {**report, "model": run.config.model, "clips_sha256": clips_sha256, **notice}
    examples = plot_spectrograms(*example_images(images))
    write_figures(run, values, examples, layers)
    write_report(
        run.path / "report.html",
        report=values,
        settings=settings,
        history=run.history(),
        mistakes=worst_mistakes(images, judged),
        figures={"What the model sees": examples},
        diagram_png=layers,
    )
    write_json(values, run.path / "report.json")


def write_figures(run: Run, report: dict[str, Any], examples: Figure, layers: bytes | None) -> None:
    """Write the pictures of a report as PNG files of their own, for slides and papers."""
    folder, history = run.path / "figures", run.history()
    folder.mkdir(exist_ok=True)
    figures = {
        "confusion": plot_confusion(np.array(report["confusion_matrix"]), report["classes"], note=shared_note(report)),
        "examples": examples,
        **number_figures(report),
    }
    if history is not None:
        figures["history"] = plot_history(history, note=shared_note(report))
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


def worst_mistakes(images: ImageSet, judged: Judged) -> list[Mistake]:
    """Return the clips to whose true class the model gave the least, among those that it named wrongly."""
    rows, probabilities = judged.rows, judged.probabilities
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
