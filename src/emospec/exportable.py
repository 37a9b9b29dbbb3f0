"""Models that can be taken away as one file: where they come from, and what is known of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from emospec.bundle import FACTS, Bundle, Scores, folder_of, load_bundle
from emospec.calibration import Calibration
from emospec.calibration_runs import calibrate_on_folds
from emospec.errors import ConfigError
from emospec.export import check_one_model, mel_of
from emospec.images import Pixels, Style, to_image
from emospec.keras_graph import in_float32
from emospec.mel import MelConfig
from emospec.models import load_model
from emospec.runs import Run, load_run
from emospec.scorers import drawing_of
from emospec.starts import KERAS


@dataclass(frozen=True)
class Exportable:
    """A trained model, from a run or a bundle.

    Attributes
    ----------
    model : keras.Model, optional
        In float32; None for a bundle that holds its graph only.
    bundle : Bundle, optional
        That it comes from.
    """

    path: Path
    name: str
    licence: str | None
    classes: tuple[str, ...]
    mel: MelConfig
    style: Style
    calibration: Calibration | None
    model: keras.Model | None
    bundle: Bundle | None = None

    @property
    def network(self) -> keras.Model:
        """The Keras model; a bundle without one is a `ConfigError`."""
        if self.model is None:
            raise ConfigError(
                f"{self.path} holds no {KERAS}, which this format is made from; export the run that it came from, or "
                "take its graph with --to onnx"
            )
        return self.model

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Of what the network sees: height, width, channels."""
        return (self.mel.height, self.mel.width, 1 if self.style == "gray" else 3)

    @property
    def threshold(self) -> float | None:
        """Answers of less confidence are uncertain; 1 where no threshold kept its promise, None if none was sought."""
        if self.calibration is None:
            return None
        return 1.0 if self.calibration.threshold is None else self.calibration.threshold

    def drawn(self, waveform: NDArray[np.floating]) -> Pixels:
        """Return a waveform as the network sees it: uint8, shape `image_shape`."""
        return to_image(waveform, self.mel, self.style).reshape(self.image_shape)

    def calibrated(self, probabilities: NDArray[np.floating]) -> Scores:
        """Return the network's probabilities as they are told to whoever asks."""
        exact = np.asarray(probabilities, np.float64)
        return exact if self.calibration is None else self.calibration.apply(exact)

    def step_by_step(self, waveforms: Sequence[NDArray[np.floating]]) -> Scores:
        """Return the probabilities by drawing, Keras and calibration: shape (n, n_classes)."""
        images = np.stack([self.drawn(each) for each in waveforms])
        return self.calibrated(np.asarray(self.network.predict_on_batch(images)))


def find_exportable(
    path: str | Path, *, pictures_inside: bool, calibrate_on: Path | None = None, facts: Mapping[str, Any] | None = None
) -> Exportable:
    """Find the model in the folder of a finished run or of a bundle; `shipped` is the bundle that came with emospec.

    Parameters
    ----------
    pictures_inside : bool
        Whether the file shall draw; not every image can be drawn inside a graph.
    calibrate_on : Path, optional
        A run of folds by the same recipe. A bundle brings its own calibration.
    facts : mapping, optional
        `name` and `licence` of a run's model. A bundle has its own.

    Raises
    ------
    ConfigError
        If there is none, or several as in a run of folds; if its parts don't fit together.
    """
    folder, given = folder_of(path), dict(facts or {})
    if (folder / FACTS).is_file():
        if calibrate_on or given:
            raise ConfigError(f"{path} is a bundle, which has its own name, licence and calibration; leave these out")
        return checked(from_bundle(load_bundle(folder, threads=1)))
    if not (folder / "run.toml").is_file():
        raise ConfigError(f"{path} is neither a run nor a bundle (no run.toml, no {FACTS}); name the folder of one")
    calibration = calibrate_on_folds(load_run(calibrate_on)) if calibrate_on else None
    return checked(from_run(load_run(folder), calibration, given, pictures_inside=pictures_inside))


def from_bundle(bundle: Bundle) -> Exportable:
    """Return the model of a bundle."""
    held = (bundle.path / KERAS).is_file()
    return Exportable(
        path=bundle.path,
        name=bundle.name,
        licence=bundle.facts.get("licence"),
        classes=bundle.classes.classes,
        mel=bundle.mel,
        style="gray",
        calibration=bundle.calibration,
        model=in_float32(load_model(bundle.path / KERAS)) if held else None,
        bundle=bundle,
    )


def from_run(
    run: Run, calibration: Calibration | None, facts: Mapping[str, Any], *, pictures_inside: bool
) -> Exportable:
    """Return the model of a finished run."""
    check_one_model(run)
    mel, style = drawing_of(run)
    if pictures_inside:
        mel = mel_of(run)
    return Exportable(
        path=run.path,
        name=facts.get("name") or run.path.resolve().name,
        licence=facts.get("licence"),
        classes=run.classes,
        mel=mel,
        style=style,
        calibration=calibration,
        model=in_float32(load_model(run.path / KERAS)),
    )


def checked(source: Exportable) -> Exportable:
    """Return a model whose network takes the images that are drawn for it and knows all classes."""
    if source.model is None:
        return source
    image, n_classes = source.image_shape, len(source.classes)
    takes, gives = source.model.input_shape[1:], source.model.output_shape[-1]
    if gives != n_classes or any(size not in (None, wanted) for size, wanted in zip(takes, image, strict=True)):
        raise ConfigError(
            f"{source.path / KERAS} takes images of {takes} and gives {gives} probabilities; expected {image} and "
            f"{n_classes}: it is not the network of {source.path}; export or train the model again"
        )
    return source
