"""Export to one file: a trained model in the format of other runtimes, checked, measured, with a card beside it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emospec.errors import ConfigError
from emospec.export import TOLERANCE, sample_waveforms
from emospec.export_card import card_of, summary_lines
from emospec.export_formats import FORMATS, Opened
from emospec.exportable import Exportable, find_exportable
from emospec.files import whole_file, write_json

CARD_SUFFIX = ".card.json"


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written, and the content of the card beside it."""

    path: Path
    card: Mapping[str, Any]

    @property
    def card_path(self) -> Path:
        """Where the card lies."""
        return card_path_of(self.path)

    def __str__(self) -> str:
        """Return the card in a few lines."""
        return "\n".join([*summary_lines(self.card, self.path), f"card: {self.card_path}"])


def export_to(
    source: str | Path,
    to: str,
    out: Path | None = None,
    *,
    calibrate_on: Path | None = None,
    facts: Mapping[str, Any] | None = None,
) -> ExportedFile:
    """Write a trained model as one file for another runtime, with a card beside it; both whole or not at all.

    Parameters
    ----------
    source : path
        Folder of a finished run or of a bundle; `shipped` is the bundle that came with emospec.
    to : str
        A key of `FORMATS`. `onnx` and `tflite` go from a waveform to calibrated probabilities; `keras` is the network
        alone, from an image to probabilities that are not calibrated.
    out : Path, optional
        A new file; the model's name in the working directory unless given. The card is called as it, with `.card.json`.
    calibrate_on : Path, optional
        A run of folds by the same recipe as a run, whose scores on strangers tell how sure the model may be.
    facts : mapping, optional
        `name` and `licence` of a run's model.

    Returns
    -------
    ExportedFile

    Raises
    ------
    ConfigError
        If the source can't be exported so, if `out` exists or has another suffix, or if a probability differs by more
        than 1e-4 from the reference: the drawn image in Keras, or for a bundle's network the graph of the bundle.
    """
    if to not in FORMATS:
        raise ConfigError(f"unknown format {to!r}; known: {', '.join(FORMATS)}")
    if out is not None:
        check_new_file(out, to)
    found = find_exportable(source, pictures_inside=FORMATS[to].draws, calibrate_on=calibrate_on, facts=facts)
    path = Path(plain(found.name) + FORMATS[to].suffix) if out is None else out
    check_new_file(path, to)
    return ExportedFile(path, write_file(found, to, path))


def plain(name: str) -> str:
    """Return a name that every system takes for a file.

    >>> plain("voices/2026: my model")
    'voices-2026-my-model'
    """
    return re.sub(r"[^\w.-]+", "-", name).strip(".-") or "model"


def check_new_file(path: Path, to: str) -> None:
    """Raise unless a file of this format and its card can take these names."""
    if path.suffix != FORMATS[to].suffix:
        raise ConfigError(f"{path} does not end in {FORMATS[to].suffix}; name such a file for --to {to}")
    for each in (path, card_path_of(path)):
        if os.path.lexists(each):
            raise ConfigError(f"{each} exists already; name another file with --out, or remove this one first")


def card_path_of(path: Path) -> Path:
    """Return where the card of a file lies."""
    return path.with_name(path.name + CARD_SUFFIX)


def write_file(source: Exportable, to: str, path: Path) -> dict[str, Any]:
    """Write a model and its card, and return what the card says."""
    with whole_file(card_path_of(path)) as card_file, whole_file(path) as file:
        FORMATS[to].write(source, file)
        opened = FORMATS[to].open(source, file)
        card = {"file": path.name, "to": to, **card_of(source, opened, file, check_parity(source, to, opened))}
        write_json(card, card_file)
    return card


def check_parity(source: Exportable, to: str, opened: Opened) -> dict[str, Any]:
    """Compare a file with its reference on made-up voices of many lengths and levels.

    Raises
    ------
    ConfigError
        If a probability differs by more than 1e-4.
    """
    waveforms = sample_waveforms(source.mel)
    name, expected = expected_scores(source, to, waveforms)
    given = np.stack([opened.score(waveform) for waveform in waveforms])
    difference = float(np.abs(given - expected).max())
    if not difference <= TOLERANCE:
        raise ConfigError(
            f"the {to} file of {source.path} differs from {name} by {difference:.2g} in probability, allowed is "
            f"{TOLERANCE:g}; nothing was written: choose another format, or train and export the model again"
        )
    return {
        "reference": name,
        "n_waveforms": len(waveforms),
        "greatest_difference": difference,
        "allowed": TOLERANCE,
    }


def expected_scores(source: Exportable, to: str, waveforms: list[Any]) -> tuple[str, Any]:
    """Return what a file is compared with, by name, and the probabilities that it gives.

    A bundle's graph can't vouch for itself, unless there is nothing else; it vouches for the bundle's network.
    """
    if source.bundle and (to != "onnx" or source.model is None):
        return "the graph of the bundle", source.bundle.score(waveforms, source.mel.sample_rate)
    return "Keras on drawn images", source.step_by_step(waveforms)
