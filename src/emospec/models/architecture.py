"""What an architecture is, and the front that all of them share: scaling, resizing, augmentation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from emospec.errors import ConfigError
from emospec.models.random_layers import RandomBand, RandomGain, RandomNoise, RandomShift, SpecAugment

AUGMENTATIONS: dict[str, Callable[[], keras.layers.Layer]] = {
    "rotation": lambda: keras.layers.RandomRotation(0.2, name="rotation"),
    "flip": lambda: keras.layers.RandomFlip("horizontal", name="flip"),
    "gain": lambda: RandomGain(name="gain", dtype="float32"),
    "shift": lambda: RandomShift(name="shift", dtype="float32"),
    "noise": lambda: RandomNoise(name="noise", dtype="float32"),
    "band": lambda: RandomBand(name="band", dtype="float32"),
    "spec-augment": lambda: SpecAugment(name="spec_augment", dtype="float32"),
}


@dataclass(frozen=True)
class Architecture:
    """A network as data: how to stack its body, and the settings that a user may change.

    Parameters
    ----------
    body : callable
        `(tensor, architecture) -> tensor`: the layers between the front and the softmax.
    filters : tuple of int
        Filters of each convolution, in order.
    kernel_size : int, optional
        Side of the square kernels, in pixels; None where the architecture fixes them.
    dropout : tuple of float
        Rate at each place that has dropout, in order.
    image_size : (height, width), optional
        What images are resized to inside the model (bilinear); None keeps their size.
    augmentation : tuple of str
        Names in `AUGMENTATIONS`, applied in order, in training only.
    scale : bool
        Divide pixels by 255 inside the model; off where the caller does so.
    any_width : bool
        Whether it takes images of any width, once trained.
    learning_rate, loss, class_weights
        What the architecture is trained with unless the user says otherwise.
    """

    name: str
    summary: str
    body: Callable[[Any, "Architecture"], Any]
    filters: tuple[int, ...]
    kernel_size: int | None = None
    dropout: tuple[float, ...] = ()
    image_size: tuple[int, int] | None = None
    augmentation: tuple[str, ...] = ()
    scale: bool = True
    any_width: bool = False
    learning_rate: float = 0.001
    loss: str = "categorical_crossentropy"
    class_weights: dict[str, float] | None = None


def front(images: Any, architecture: Architecture) -> Any:
    """Scale, resize and augment raw images as the architecture says."""
    x = images
    if architecture.scale:
        x = keras.layers.Rescaling(1 / 255, name="scale")(x)
    if architecture.image_size:
        x = keras.layers.Resizing(*architecture.image_size, name="resize")(x)
    for name in architecture.augmentation:
        x = augmentation_layer(name)(x)
    return x


def augmentation_layer(name: str) -> keras.layers.Layer:
    """Return a new random layer by its name."""
    if name not in AUGMENTATIONS:
        raise ConfigError(f"unknown augmentation {name!r}; known: {', '.join(AUGMENTATIONS)}")
    return AUGMENTATIONS[name]()
