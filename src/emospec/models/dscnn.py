"""`dscnn`: five strided convolutions with shrinking kernels and two wide dense layers."""

from typing import Any

from keras import layers

from emospec.models.architecture import Architecture

KERNEL_SIZES = (11, 7, 5, 5, 5)
STRIDES = (2, 2, 1, 1, 2)
POOLED = (True, True, True, True, False)


def body(x: Any, architecture: Architecture) -> Any:
    """Stack the five convolutions, then the dense layers, each followed by dropout."""
    for filters, kernel_size, stride, pooled in zip(architecture.filters, KERNEL_SIZES, STRIDES, POOLED, strict=True):
        x = layers.Conv2D(filters, kernel_size, strides=stride, padding="same", activation="relu")(x)
        if pooled:
            x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    for units, rate in zip((512, 1024), architecture.dropout, strict=True):
        x = layers.Dense(units, activation="relu")(x)
        x = layers.Dropout(rate)(x)
    return x


DSCNN = Architecture(
    name="dscnn",
    summary="convolutions of 11x11, 7x7 and three of 5x5 (32 to 256), dense 512 and 1024 with dropout",
    body=body,
    filters=(32, 64, 128, 128, 256),
    dropout=(0.5, 0.5),
)
