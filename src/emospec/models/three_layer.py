"""`3layer`: three convolutions, each with pooling, and one wide dense layer."""

from typing import Any

from keras import layers

from emospec.models.architecture import Architecture


def body(x: Any, architecture: Architecture) -> Any:
    """Stack convolution and pooling three times, then the dense layer."""
    for filters in architecture.filters:
        x = layers.Conv2D(filters, architecture.kernel_size, activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    return layers.Dense(1024, activation="relu")(x)


THREE_LAYER = Architecture(
    name="3layer",
    summary="three 3x3 convolutions (64, 128, 128) with pooling, dense 1024",
    body=body,
    filters=(64, 128, 128),
    kernel_size=3,
)
