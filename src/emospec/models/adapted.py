"""`adapted`: three parallel branches that look at large, medium and small patches."""

from typing import Any

from keras import layers, regularizers

from emospec.models.architecture import Architecture

KERNEL_SIZES = (9, 7, 3)
POOL_SIZE = 15


def body(x: Any, architecture: Architecture) -> Any:
    """Join the three branches, then two regularised dense layers, each followed by its dropout."""
    branches = [branch(x, *sizes) for sizes in zip(architecture.filters, KERNEL_SIZES, strict=True)]
    x = layers.Flatten()(layers.Concatenate()(branches))
    for units, rate in zip((256, 512), architecture.dropout, strict=True):
        x = layers.Dense(units, activation="relu", kernel_regularizer=regularizers.L2(0.001))(x)
        if rate:
            x = layers.Dropout(rate)(x)
    return x


def branch(x: Any, filters: int, kernel_size: int) -> Any:
    """One convolution and a coarse pooling."""
    x = layers.Conv2D(filters, kernel_size, padding="same", activation="relu")(x)
    return layers.MaxPooling2D(POOL_SIZE, strides=POOL_SIZE)(x)


ADAPTED = Architecture(
    name="adapted",
    summary="parallel branches of 9x9, 7x7 and 3x3 (64, 120, 200), coarse pooling, dense 256 and 512",
    body=body,
    filters=(64, 120, 200),
    dropout=(0.25, 0.0),
)
