"""Trained runs as functions from sound to probabilities, for audits."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec.audio import Waveform
from emospec.audited import AuditedModel
from emospec.clips import speaker_keys
from emospec.codecs import resampled
from emospec.emotions import Labels
from emospec.errors import ConfigError
from emospec.files import sha256_of
from emospec.heard import all_known, speakers_of
from emospec.images import Style, to_image
from emospec.mel import NOTEBOOK_MEL, MelConfig
from emospec.models import load_model
from emospec.runs import Run, load_run

Scores = NDArray[np.float64]


def audited_run(path: Path) -> AuditedModel:
    """Return a finished run as a model that can be audited.

    Of a run of several folds, each clip is scored by the folds that have heard its speaker neither in training nor in
    validation, or by all of them where there is none; its `training_speakers` are those whom every fold has heard, or
    None if a fold has heard clips that don't say who speaks.

    Raises
    ------
    ConfigError
        If the folder holds no run, or one that isn't finished.
    """
    run = load_run(path)
    run.check_finished()
    mel, style = drawing_of(run)
    runs = run.fold_runs() or (run,)
    heard = [speakers_heard(each) for each in runs]
    by_all = frozenset(set.intersection(*heard))
    models = [load_model(each.path / "model.keras") for each in runs]
    return AuditedModel(
        name=f"{run.config.model} ({path.name})",
        score=RunScorer(models, heard, mel, style),
        classes=Labels(run.classes),
        sample_rate=mel.sample_rate,
        training_speakers=by_all if all(all_known(each.heard()) for each in runs) else None,
        fingerprint=" ".join(sha256_of(each.path / "model.keras") for each in runs),
        surely_heard=by_all,
    )


def drawing_of(run: Run) -> tuple[MelConfig, Style]:
    """Return how the images of a run were drawn; the notebook's own set doesn't say, but is known to the pixel."""
    settings = run.settings()
    style: Style = settings["style"]
    if settings["mel"]:
        return MelConfig.from_dict(settings["mel"]), style
    if style != "notebook":
        raise ConfigError(
            f"{run.path} doesn't say how its images were drawn; train from a set made by `emospec images`"
        )
    return NOTEBOOK_MEL, style


def speakers_heard(run: Run) -> set[str]:
    """Return whom a run has heard: in training, in choosing its best epoch, or in the model that it started from."""
    return speakers_of(run.heard())


@dataclass(frozen=True)
class RunScorer:
    """Draws waveforms as images and scores each clip by the models that may judge it."""

    models: Sequence[keras.Model]
    heard: Sequence[set[str]]
    mel: MelConfig
    style: Style

    def __call__(self, waveforms: Sequence[Waveform], sample_rate: int, clips: pd.DataFrame) -> Scores:
        """Return probabilities of shape (n, n_classes)."""
        to_rate = [resampled(waveform, sample_rate, self.mel.sample_rate) for waveform in waveforms]
        drawn = np.stack([to_image(waveform, self.mel, self.style) for waveform in to_rate])
        images = drawn if drawn.ndim == 4 else drawn[..., np.newaxis]
        judges = self.judges_of(clips)
        by_model = [self.score_some(model, images, judges[:, column]) for column, model in enumerate(self.models)]
        total: Scores = np.sum(by_model, axis=0) / judges.sum(axis=1, keepdims=True)
        return total

    def judges_of(self, clips: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which models score which clips: shape (n, n_models), at least one a clip."""
        speakers = speaker_keys(clips)
        strange = np.array([[speaker not in heard for heard in self.heard] for speaker in speakers])
        return np.where(strange.any(axis=1, keepdims=True), strange, np.True_)

    def score_some(self, model: keras.Model, images: NDArray[np.uint8], chosen: NDArray[np.bool_]) -> Scores:
        """Return the probabilities of some images, and zeros for the others."""
        scores = np.zeros((len(images), model.output_shape[-1]))
        if chosen.any():
            scores[chosen] = np.asarray(model.predict_on_batch(images[chosen]), dtype=np.float64)
        return scores
