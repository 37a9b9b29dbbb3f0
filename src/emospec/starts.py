"""Models that a training can start from: finished runs, and bundles that hold their Keras model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pandas as pd

from emospec.bundle import FACTS, folder_of, name_of, read_facts
from emospec.clips import speaker_keys
from emospec.errors import ConfigError, SplitError
from emospec.files import sha256_of
from emospec.heard import Start
from emospec.image_set import ImageSet
from emospec.images import Style
from emospec.mel import NOTEBOOK_MEL, MelConfig
from emospec.protocols import find_protocol
from emospec.runs import Run, load_run
from emospec.settings import TrainConfig
from emospec.splits import Split

KERAS = "model.keras"
# What makes a network, in the words of `TrainConfig`. Weights fit whatever is dropped or augmented in training.
SHAPE, CHANGEABLE = ("filters", "kernel_size", "image_size"), ("dropout", "augmentation")


@dataclass(frozen=True)
class Drawing:
    """How the images of a model were drawn; `mel` is None where nobody knows."""

    mel: MelConfig | None
    style: str

    @classmethod
    def of(cls, mel: MelConfig | None, style: str) -> "Drawing":
        """Name a drawing; the original notebook's own set doesn't say how it was drawn, but is known to the pixel."""
        return cls(NOTEBOOK_MEL if mel is None and style == "notebook" else mel, style)


@dataclass(frozen=True)
class Source:
    """A model to start from: what `run.toml` will say of it, the settings of its network, and its images' drawing."""

    start: Start
    network: Mapping[str, Any]
    drawing: Drawing


def find_source(path: str | Path) -> Source:
    """Find the model in the folder of a finished run or of a bundle; `shipped` is the bundle that came with emospec.

    Raises
    ------
    ConfigError
        If there is none, or several as in a run of folds.
    """
    folder = folder_of(path).resolve()
    if (folder / FACTS).is_file():
        return source_in_bundle(folder, read_facts(folder))
    if not (folder / "run.toml").is_file():
        raise ConfigError(f"{path} is neither a run nor a bundle (no run.toml, no {FACTS}); name the folder of one")
    return source_in_run(load_run(folder))


def source_in_run(run: Run) -> Source:
    """Return the model of a finished run."""
    run.check_finished()
    if run.folds:
        raise ConfigError(
            f"{run.path} has a model for each of {len(run.folds)} folds; start from one of them, such as "
            f"{run.fold_path(run.folds[0])}"
        )
    sha256 = hash_of_model(run.path, "train it again")
    start = Start(run.path, sha256, run.classes, run.heard())
    return Source(start, network_of(run.config.to_dict()), drawing_of_run(run))


def source_in_bundle(folder: Path, facts: Mapping[str, Any]) -> Source:
    """Return the model of a bundle."""
    settings = facts["training"].get("settings")
    if not isinstance(settings, Mapping) or "model" not in settings:
        raise ConfigError(
            f"{folder / FACTS} doesn't say how its network is built; start from the run that it came from"
        )
    sha256 = hash_of_model(folder, "export the model again, or start from the run that it came from")
    start = Start(folder, sha256, tuple(facts["classes"]), facts["training"]["corpora"])
    return Source(start, network_of(settings), drawing_of_bundle(facts))


def hash_of_model(folder: Path, what_to_do: str) -> str:
    """Return the SHA-256 of the Keras model in a folder."""
    if not (folder / KERAS).is_file():
        raise ConfigError(f"{folder} holds no {KERAS}, whose weights a training could start from; {what_to_do}")
    return sha256_of(folder / KERAS)


def network_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the settings of a training say of its network."""
    names = ("model", *SHAPE, *CHANGEABLE)
    return {name: tuple(v) if isinstance(v := settings[name], list) else v for name in names if name in settings}


def drawing_of_run(run: Run) -> Drawing:
    """Return how the images of a run were drawn."""
    settings = run.settings()
    return Drawing.of(MelConfig.from_dict(settings["mel"]) if settings["mel"] else None, settings["style"])


def drawing_of_bundle(facts: Mapping[str, Any]) -> Drawing:
    """Return how the graph of a bundle draws."""
    return Drawing(MelConfig.from_dict(facts["mel"]), "gray")


def drawing_like(path: str | Path) -> tuple[MelConfig, Style]:
    """Return how the images of a run or of a bundle were drawn: the Mel settings, and the style.

    Raises
    ------
    ConfigError
        If the folder holds neither, or a run that doesn't know.
    """
    folder = folder_of(path)
    drawing = drawing_of_bundle(read_facts(folder)) if (folder / FACTS).is_file() else drawing_of_run(load_run(folder))
    if drawing.mel is None:
        raise ConfigError(f"{path} doesn't say how its images were drawn; name another run, or a bundle")
    return drawing.mel, cast(Style, drawing.style)


def check_drawing(images: ImageSet, source: Source) -> None:
    """Raise unless images are drawn as those that the starting model knows."""
    here, there, path = Drawing.of(images.mel, images.style), source.drawing, name_of(source.start.path)
    if here == there:
        return
    different = [f"style {here.style}, there {there.style}"] if here.style != there.style else []
    own, other = (each.mel.to_dict() if each.mel else {} for each in (here, there))
    different += [
        f"{key} {own.get(key)}, there {other.get(key)}" for key in own | other if own.get(key) != other.get(key)
    ]
    raise ConfigError(
        f"{images.path} is drawn otherwise than the images of {path}: {'; '.join(different)}; draw the clips anew with "
        f"`emospec images --like {path}`"
    )


def config_from(config: TrainConfig, source: Source) -> TrainConfig:
    """Complete settings with the network of the model that is started from.

    Raises
    ------
    ConfigError
        If they ask for another network.
    """
    path, network = source.start.path, source.network
    asked = {name: value for name in ("model", *SHAPE) if (value := getattr(config, name)) is not None}
    if asked["model"] == TrainConfig.model:  # the default, which nobody need have asked for
        del asked["model"]
    for name, value in asked.items():
        if value != network.get(name):
            there = network.get(name, "the model's own")
            raise ConfigError(f"{name} {value} doesn't fit the network of {name_of(path)} ({there}); leave it out")
    changed = {name: value for name in CHANGEABLE if (value := getattr(config, name)) is not None}
    return replace(config, **{**network, **changed, "start_from": str(path)})


def check_strangers(start: Start, splits: Sequence[Split], clips: pd.DataFrame) -> None:
    """Raise if a test speaker was heard by the model that is started from, or nobody knows.

    Under a random protocol such speakers are counted in the report instead, which `notice_of_heard` warns of.
    """
    if find_protocol(splits[0].protocol)[0].random:
        return
    model = name_of(start.path)
    tested = {speaker for split in splits for speaker in speaker_keys(clips.iloc[split.test]).dropna()}
    what_to_do = "train on all clips (protocol all) and judge on others, or take a random protocol, which counts them"
    if tested and start.speakers is None:
        raise SplitError(
            f"{model} doesn't say of all clips that it has heard who speaks, so nobody can tell whether the test "
            f"speakers are new to it; {what_to_do}"
        )
    heard = sorted(tested & (start.speakers or set()))
    if heard:
        raise SplitError(
            f"{len(heard)} of {len(tested)} test speakers, such as {heard[0]}, were heard by {model} in its "
            f"training; {what_to_do}"
        )


def notice_of_heard(start: Start, splits: Sequence[Split], clips: pd.DataFrame) -> str | None:
    """Return what the report must say if the model that is started from may have been trained on test clips.

    A start records speakers, not clips: where it has heard a test speaker, it may have been in the very same clips.
    """
    speakers = pd.concat([speaker_keys(clips.iloc[split.test]) for split in splits])
    heard, tested = start.speakers, set(speakers.dropna())
    if speakers.empty or (heard is not None and not tested & heard and speakers.notna().all()):
        return None
    told = f"heard {len(tested & (heard or set()))} of {len(tested)} test speakers, perhaps in these very clips"
    unknown = "may have heard these very test clips (not all speakers are known)"
    whom = told if heard and tested & heard else unknown
    return (
        f"The model that this training started from ({start.path.name}) {whom}: the scores may be of clips that it was "
        "trained on, and say little about others."
    )


def with_notice(facts: Mapping[str, str] | None, notice: str | None) -> dict[str, str]:
    """Return facts of a run with one more sentence that its report shows above the scores."""
    known = dict(facts or {})
    return known | {"notice": " ".join(filter(None, [known.get("notice"), notice]))} if notice else known
