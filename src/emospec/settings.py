"""Everything that a training can be told, as one frozen object that is read from and written to TOML."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import tomli_w

from emospec.errors import ConfigError
from emospec.files import write_text

Precision = Literal["float32", "bfloat16"]
Device = Literal["auto", "cpu", "gpu"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Settings of one training; what is None is the model's own choice.

    Parameters
    ----------
    model
        Name of the network (`emospec models` lists them).
    protocol
        How clips are divided into train, validation and test (`emospec protocols` lists them).
    seed
        Of the split, the weights, the order of the batches and the augmentation.
    epochs
        At the most; early stopping usually ends sooner.
    patience
        Epochs without a lower validation loss before training stops.
    batch_size
        Clips a step.
    optimizer
        Any optimizer of Keras by its name, such as adam, adamw, sgd.
    learning_rate
        Step size of the optimizer; the model's own unless given, mostly 0.001.
    loss
        categorical_crossentropy (the usual), weighted_categorical_crossentropy or categorical_focal_crossentropy.
    class_weights
        balanced, or a weight for each class, such as angry=1,fear=2,happy=1,sad=1 (in TOML, a table).
    filters
        Filters of each convolution.
    kernel_size
        Side of the kernels, in pixels.
    dropout
        Rate at every place where the model has dropout.
    image_size
        Height and width that images are resized to inside the model.
    augmentation
        Random layers in front of the network: rotation, flip.
    precision
        bfloat16 is faster on processors and cards that have it.
    device
        auto takes a GPU where the backend finds one.
    tensorboard
        Write TensorBoard logs into the run folder.
    """

    model: str = "3layer"
    protocol: str = "speakers"
    seed: int = 0
    epochs: int = 200
    patience: int = 10
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float | None = None
    loss: str | None = None
    class_weights: str | dict[str, float] | None = None
    filters: tuple[int, ...] | None = None
    kernel_size: int | None = None
    dropout: float | None = None
    image_size: tuple[int, int] | None = None
    augmentation: tuple[str, ...] | None = None
    precision: Precision = "float32"
    device: Device = "auto"
    tensorboard: bool = False

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "batch_size"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected 1 or more")
        if self.learning_rate is not None and not self.learning_rate > 0:
            raise ConfigError(f"learning_rate is {self.learning_rate}; expected a number above 0")
        if self.dropout is not None and not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout is {self.dropout}; expected 0 or more and less than 1")
        sizes = (*(self.filters or ()), *(self.image_size or ()), self.kernel_size or 1)
        if min(sizes) < 1:
            raise ConfigError("filters, kernel_size and image_size: expected whole numbers of 1 or more")
        for name, known in (("precision", ("float32", "bfloat16")), ("device", ("auto", "cpu", "gpu"))):
            if getattr(self, name) not in known:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; expected one of {', '.join(known)}")

    def to_dict(self) -> dict[str, Any]:
        """Return the settings that are set, ready for TOML."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], source: str = "the settings") -> "TrainConfig":
        """Make settings from a table; a key that doesn't exist is a `ConfigError` that lists those that do."""
        known = [field.name for field in fields(cls)]
        unknown = [key for key in values if key not in known]
        if unknown:
            raise ConfigError(f"unknown key {unknown[0]!r} in {source}; known: {', '.join(known)}")
        lists: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        try:
            return cls(**lists)
        except TypeError as error:
            raise ConfigError(f"a value in {source} is of the wrong type ({error})") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; a missing or broken one is a `ConfigError` that names it."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; name a TOML file with a [train] table") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}") from error


def read_config(path: Path) -> TrainConfig:
    """Read the `[train]` table of an experiment file or of a finished run's `run.toml`."""
    table = read_toml(path)
    if "train" not in table:
        raise ConfigError(f"{path} has no [train] table; it holds {', '.join(table) or 'nothing'}")
    return TrainConfig.from_dict(table["train"], source=str(path))


def write_toml(table: Mapping[str, Any], path: Path) -> None:
    """Write a table as TOML, whole or not at all."""
    write_text(tomli_w.dumps(table), path)
