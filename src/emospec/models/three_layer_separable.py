"""`3layer-separable`: three separable convolutions with a twelfth of `3layer`'s parameters."""

from typing import Any

from keras import layers

from emospec.models.architecture import Architecture

STRIDES = (1, 1, 2)


def body(x: Any, architecture: Architecture) -> Any:
    """Stack separable convolution, pooling and dropout three times, then the dense layer."""
    for filters, stride, rate in zip(architecture.filters, STRIDES, architecture.dropout, strict=True):
        x = layers.SeparableConv2D(filters, architecture.kernel_size, strides=stride, activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
        x = layers.Dropout(rate)(x)
    x = layers.Flatten()(x)
    return layers.Dense(256, activation="relu")(x)


THREE_LAYER_SEPARABLE = Architecture(
    name="3layer-separable",
    summary="three separable 3x3 convolutions (32, 54, 128) with pooling and dropout, dense 256",
    body=body,
    filters=(32, 54, 128),
    kernel_size=3,
    dropout=(0.25, 0.25, 0.25),
)
