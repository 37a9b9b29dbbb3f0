"""Export: a trained run as a bundle, whose one ONNX graph goes from sound to probabilities."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from numpy.typing import NDArray

from emospec.bundle import CARD, FACTS, FORMAT, GRAPH, Scores, load_bundle
from emospec.calibration import Calibration
from emospec.errors import ConfigError
from emospec.files import check_new_folder, sha256_of, whole_folder, write_json, write_text
from emospec.front_graph import check_can_be_drawn
from emospec.images import to_image
from emospec.keras_graph import build_graph, in_float32
from emospec.mel import MelConfig
from emospec.model_card import model_card
from emospec.models import load_model
from emospec.runs import Run
from emospec.scorers import drawing_of
from emospec.starts import KERAS

TOLERANCE = 1e-4  # in probability
PACKAGES = ("emospec", "keras", "numpy", "onnx", "onnxruntime", "tensorflow", "tf2onnx")
SCORES = ("protocol", "n_clips", "n_speakers", "speakers_seen_in_training", "accuracy", "uar", "macro_f1", "ece")
GIVEN = ("name", "licence", "scores", "sections", "card")


def write_bundle(
    run: Run, out: Path, *, calibration: Calibration | None = None, facts: Mapping[str, Any] | None = None
) -> Path:
    """Export the model of a finished run as a bundle, whole or not at all.

    Parameters
    ----------
    out : Path
        A new folder.
    calibration : Calibration, optional
        Fitted on the run's validation speakers.
    facts : mapping, optional
        What the run doesn't know: `name` and `licence` of the model, `scores` in place of those in the run's report,
        `sections` of the model card in place of the template's (by title), or a whole `card`.

    Returns
    -------
    out

    Raises
    ------
    ConfigError
        If the run isn't finished, has several folds, or its images can't be drawn inside a graph; if the graph's
        probabilities differ by more than 1e-4 from those that Keras gives to the same waveforms.
    """
    given = checked_facts(facts or {})
    check_new_folder(out)
    mel = mel_of(run)
    model = in_float32(load_model(run.path / "model.keras"))
    with whole_folder(out) as folder:
        onnx.save(build_graph(model, mel, calibration), folder / GRAPH)
        model.save(folder / KERAS)  # to fine-tune from
        known = {**facts_of(run, model, mel, calibration), **given, "sha256": sha256_of(folder / GRAPH)}
        write_json({**known, "parity": None}, folder / FACTS)
        write_json({**known, "parity": check_parity(model, folder)}, folder / FACTS)
        write_text(str((facts or {}).get("card") or model_card({**known, **(facts or {})})), folder / CARD)
    return out


def checked_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that go into `bundle.json`; an unknown one is a `ConfigError`."""
    unknown = sorted(set(facts) - set(GIVEN))
    if unknown:
        raise ConfigError(f"unknown facts {', '.join(unknown)} of a bundle; known: {', '.join(GIVEN)}")
    return {name: facts[name] for name in ("name", "licence", "scores") if name in facts}


def check_one_model(run: Run) -> None:
    """Raise unless a run is finished and has one model."""
    run.check_finished()
    if run.folds:
        raise ConfigError(
            f"{run.path} has a model for each of {len(run.folds)} folds; export one of them, such as "
            f"{run.fold_path(run.folds[0])}, or train one model under a protocol without folds"
        )


def mel_of(run: Run) -> MelConfig:
    """Return how a run's images are drawn, if a graph can do the same."""
    check_one_model(run)
    mel, style = drawing_of(run)
    if style != "gray":
        raise ConfigError(
            f"{run.path} was trained on images of style {style!r}, which no graph draws; train on grey images to export"
        )
    check_can_be_drawn(mel)
    return mel


def facts_of(run: Run, model: keras.Model, mel: MelConfig, calibration: Calibration | None) -> dict[str, Any]:
    """Return what `bundle.json` says, as far as the run knows it."""
    return {
        "format": FORMAT,
        "name": run.path.resolve().name,
        "licence": None,
        "classes": list(run.classes),
        "sample_rate": mel.sample_rate,
        "mel": mel.to_dict(),
        "calibration": None if calibration is None else calibration.to_dict(),
        "network": {"name": run.config.model, "n_parameters": model.count_params()},
        "training": {"corpora": run.heard(), **training_of(run)},
        "scores": scores_of(run.account(), calibration),
        "made_with": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def scores_of(report: Mapping[str, Any], calibration: Calibration | None) -> dict[str, Any]:
    """Return the scores of a run's report that still hold: a calibration changes its calibration error.

    A run that nobody judged has none.
    """
    if "uar" not in report:
        return {}
    names = SCORES if calibration is None else SCORES[:-1]
    return {name: report[name] for name in names if name in report}


def training_of(run: Run) -> dict[str, Any]:
    """Return the settings of a training, and the model that it started from by name and hash: folders are private."""
    settings = {name: value for name, value in run.config.to_dict().items() if name != "start_from"}
    if run.start is None:
        return {"settings": settings}
    return {"settings": settings, "started_from": {"name": run.start.path.name, "sha256": run.start.sha256}}


def check_parity(model: keras.Model, folder: Path) -> dict[str, Any]:
    """Compare a bundle with Keras on waveforms of many lengths and levels.

    Raises
    ------
    ConfigError
        If a probability differs by more than 1e-4.
    """
    bundle = load_bundle(folder)
    waveforms = sample_waveforms(bundle.mel)
    steps = step_by_step(model, waveforms, bundle.mel, bundle.calibration)
    difference = float(np.abs(bundle.score(waveforms, bundle.sample_rate) - steps).max())
    if not difference <= TOLERANCE:
        raise ConfigError(
            f"the exported graph differs from Keras by {difference:.2g} in probability, allowed is {TOLERANCE:g}; "
            "nothing was written: this network has an operator that ONNX renders otherwise"
        )
    return {"n_waveforms": len(waveforms), "greatest_difference": difference, "allowed": TOLERANCE}


def step_by_step(
    model: keras.Model, waveforms: Sequence[NDArray[np.floating]], mel: MelConfig, calibration: Calibration | None
) -> Scores:
    """Return the probabilities that Keras gives to the drawn images of waveforms: shape (n, n_classes)."""
    images = np.stack([to_image(waveform, mel) for waveform in waveforms])[..., np.newaxis]
    probabilities = np.asarray(model.predict_on_batch(images), np.float64)
    return probabilities if calibration is None else calibration.apply(probabilities)


def sample_waveforms(mel: MelConfig, seed: int = 0) -> list[NDArray[np.float32]]:
    """Return made-up voices: gliding harmonics in noise, with a pause, from 25 ms to three times the image's width."""
    rng = np.random.default_rng(seed)
    full = mel.width * mel.hop_length
    least = mel.sample_rate // 40
    lengths = [least, mel.n_fft, full // 3, full // 2 + 1, full - mel.hop_length, full, full + 7, 2 * full, 3 * full]
    return [_voice(max(length, least), mel.sample_rate, rng) for length in lengths]


def _voice(n_samples: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    time = np.arange(n_samples) / sample_rate
    pitch = rng.uniform(90, 300) * (1 + 0.2 * np.sin(2 * np.pi * rng.uniform(0.5, 3) * time))
    phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
    voice = np.sum([np.sin(k * phase) / k for k in range(1, 12)], axis=0) + rng.normal(0, 0.05, n_samples)
    voice[n_samples // 2 : n_samples // 2 + n_samples // 8] *= 0.001
    level = 10 ** rng.uniform(-1.5, -0.1)
    return np.asarray(voice * level / np.abs(voice).max(), np.float32)
