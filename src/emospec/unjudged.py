"""What is told of a run that nobody judged, since all its clips were trained on."""

from typing import Any

import keras
import numpy as np

from emospec.clips import speaker_keys
from emospec.errors import ConfigError
from emospec.files import write_json
from emospec.image_set import ImageSet
from emospec.judging import check_fits, example_images
from emospec.models.diagram import layers_png
from emospec.plots import plot_spectrograms
from emospec.report import write_report_without_scores
from emospec.report_parts import count
from emospec.runs import Run


def tell_without_scores(run: Run, model: keras.Model, images: ImageSet) -> None:
    """Write `report.html` and, last, `report.json`, which say that there are no scores, and why.

    Raises
    ------
    ConfigError
        If the training has come to weights that are no numbers, which no score would show here.
    """
    check_fits(run, images)
    check_finite(run, model)
    settings, layers = run.settings(), layers_png(model)
    notice = {"notice": settings["notice"]} if "notice" in settings else {}
    values = {**account_of(run), "model": run.config.model, "n_parameters": model.count_params(), **notice}
    write_report_without_scores(
        run.path / "report.html",
        report=values,
        settings=settings,
        history=run.history(),
        figures={"What the model sees": plot_spectrograms(*example_images(images))},
        diagram_png=layers,
    )
    write_json(values, run.path / "report.json")


def account_of(run: Run) -> dict[str, Any]:
    """Return what can be said without a test."""
    table = run.split_table()
    n_clips, speakers = len(table), set(speaker_keys(table).dropna())
    voices = f" of {count(len(speakers), 'speaker')}" if speakers else ""
    return {
        "protocol": run.config.protocol,
        "classes": list(run.classes),
        "n_clips": 0,
        "not_judged": f"All {count(n_clips, 'clip')}{voices} were trained on, so none is left to judge this model by.",
    }


def check_finite(run: Run, model: keras.Model) -> None:
    """Raise if a weight is no number."""
    if not all(np.isfinite(weights).all() for weights in model.get_weights()):
        raise ConfigError(
            f"the weights of {run.path} are no finite numbers after {run.config.epochs} epochs; train with a lower "
            "--learning-rate into another --out"
        )
