"""Networks by name. To add one: a file with its `Architecture`, and a line in `MODELS`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from emospec.errors import ConfigError, first_line
from emospec.losses import WeightedCategoricalCrossentropy
from emospec.models.adapted import ADAPTED
from emospec.models.adapted_augmented import ADAPTED_AUGMENTED
from emospec.models.adapted_weighted import ADAPTED_WEIGHTED
from emospec.models.architecture import Architecture, front
from emospec.models.dscnn import DSCNN
from emospec.models.emonet import EMONET
from emospec.models.three_layer import THREE_LAYER
from emospec.models.three_layer_augmented import THREE_LAYER_AUGMENTED
from emospec.models.three_layer_separable import THREE_LAYER_SEPARABLE

MODELS: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        THREE_LAYER,
        ADAPTED,
        THREE_LAYER_SEPARABLE,
        DSCNN,
        THREE_LAYER_AUGMENTED,
        ADAPTED_AUGMENTED,
        ADAPTED_WEIGHTED,
        EMONET,
    )
}

OPTIONS = ("filters", "kernel_size", "dropout", "image_size", "augmentation", "scale")


def find_architecture(name: str, **options: Any) -> Architecture:
    """Return a named architecture with the user's options (those in `OPTIONS`) in place of its own.

    Raises
    ------
    ConfigError
        For an unknown name or option, or an option that the architecture has no place for.
    """
    if name not in MODELS:
        raise ConfigError(f"unknown model {name!r}; known: {', '.join(MODELS)}")
    architecture = MODELS[name]
    for option, value in options.items():
        check_option(architecture, option, value)
    if isinstance(options.get("dropout"), (int, float)):
        rate = float(options["dropout"])
        options["dropout"] = tuple(rate if usual else 0.0 for usual in architecture.dropout)
    return replace(architecture, **options)


def check_option(architecture: Architecture, option: str, value: Any) -> None:
    """Raise unless the architecture has this option and the value fits it."""
    if option not in OPTIONS:
        raise ConfigError(f"unknown option {option!r} of model {architecture.name}; known: {', '.join(OPTIONS)}")
    if option == "filters" and len(value) != len(architecture.filters):
        raise ConfigError(
            f"model {architecture.name} takes {len(architecture.filters)} filter counts, got {len(value)}"
        )
    if option in ("kernel_size", "dropout") and not getattr(architecture, option):
        raise ConfigError(f"model {architecture.name} has no {option} to set; leave it out")


def build_model(name: str, input_shape: tuple[int, int, int], n_classes: int, **options: Any) -> keras.Model:
    """Build a network from raw images to class probabilities; it is not compiled.

    Scaling of pixels, resizing and augmentation are layers inside the model.

    Parameters
    ----------
    name : str
        A key of `MODELS`.
    input_shape : (height, width, channels)
        Shape of one image; pixels are 0 to 255.
    n_classes : int
        Length of the softmax output.
    **options
        Any of `OPTIONS`: `filters`, `kernel_size`, `dropout` (one rate for every place that has dropout),
        `image_size`, `augmentation` (names of `AUGMENTATIONS`), `scale` (False if pixels come divided by 255).

    Notes
    -----
    Call the model as `model(images, training=False)`: Keras' random layers assume training when nothing is said.

    Raises
    ------
    ConfigError
        For an unknown name or option, or images too small for the network.
    """
    architecture = find_architecture(name, **options)
    height, width, channels = input_shape
    images = keras.Input((height, None if architecture.any_width else width, channels), name="images")
    try:
        x = architecture.body(front(images, architecture), architecture)
    except ValueError as error:
        raise ConfigError(
            f"model {name} cannot take images of {input_shape}: they shrink to nothing inside it; "
            "make larger images, or let the model resize them with image_size"
        ) from error
    # Probabilities stay in float32 whatever the precision of the layers before them.
    outputs = keras.layers.Dense(n_classes, activation="softmax", dtype="float32", name="probabilities")(x)
    return keras.Model(images, outputs, name=name.replace("3", "three_").replace("-", "_"))


def load_model(path: Path) -> keras.Model:
    """Load a saved model in Keras' safe mode, with the losses of emospec known.

    Raises
    ------
    ConfigError
        If there is no such file or it isn't a Keras model.
    """
    objects = {"WeightedCategoricalCrossentropy": WeightedCategoricalCrossentropy}
    try:
        return keras.saving.load_model(path, custom_objects=objects, safe_mode=True)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be loaded as a Keras model ({first_line(error)}); train it again") from error
