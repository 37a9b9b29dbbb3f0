"""`emonet`: a compact residual network that hears clips of any length and lets no padding speak."""

from typing import Any

from keras import layers

from emospec.models.architecture import Architecture
from emospec.models.layers import AttentiveStatistics, ClipChannels, ClipFrames, ClipMean, LeftAligned

BLOCKS = (1, 2, 2, 2)  # of each number of filters: the first ones see the largest images and cost the most
ATTENTION = 32  # units that weigh the frames
REDUCTION = 8  # of the squeeze in squeeze-excitation


def body(images: Any, architecture: Architecture) -> Any:
    """Stack the stem, the residual blocks and the statistics over time."""
    x = LeftAligned(name="left_aligned", dtype="float32")(images)
    frames = ClipFrames(name="frames", dtype="float32")(x)
    if images.shape[-1] == 1:
        x = ClipChannels(name="channels", dtype="float32")(x, frames)
    x = convolution(x, architecture.filters[0], kernel_size=5, stride=2)
    frames = every_second(frames)
    x = masked(layers.ReLU()(x), frames)
    for stage, filters in enumerate(architecture.filters):
        for number in range(BLOCKS[stage]):
            x, frames = residual_block(x, frames, filters, stride=2 if stage and not number else 1)
    x = statistics(x, frames)
    return layers.Dropout(architecture.dropout[0])(x)


def residual_block(x: Any, frames: Any, filters: int, *, stride: int) -> tuple[Any, Any]:
    """Two convolutions, squeeze-excitation, and the way around them; return the output and its frames."""
    inner = masked(layers.ReLU()(convolution(x, filters, kernel_size=3, stride=stride)), frames, stride)
    frames = frames if stride == 1 else every_second(frames)
    inner = squeeze_excitation(convolution(inner, filters, kernel_size=3, stride=1), frames)
    if stride > 1 or x.shape[-1] != filters:
        x = convolution(x, filters, kernel_size=1, stride=stride)
    return masked(layers.ReLU()(layers.Add()([x, inner])), frames), frames


def convolution(x: Any, filters: int, *, kernel_size: int, stride: int) -> Any:
    """Convolve and normalise.

    The border is padded by hand: Keras' "same" pads left or right as the width is odd or even, so that the width of the
    padding would move the strides.
    """
    if kernel_size > 1:
        x = layers.ZeroPadding2D(kernel_size // 2)(x)
    x = layers.Conv2D(filters, kernel_size, strides=stride, use_bias=False)(x)
    return layers.BatchNormalization()(x)


def squeeze_excitation(x: Any, frames: Any) -> Any:
    """Weigh the channels by what the whole clip holds (Hu et al. 2018)."""
    filters = x.shape[-1]
    weights = ClipMean(dtype="float32")(x, frames)
    weights = layers.Dense(max(filters // REDUCTION, 4), activation="relu")(weights)
    weights = layers.Dense(filters, activation="sigmoid")(weights)
    return layers.Multiply()([x, layers.Reshape((1, 1, filters))(weights)])


def statistics(x: Any, frames: Any) -> Any:
    """Say how each channel goes through the clip, by the frames that tell the most."""
    x = layers.AveragePooling2D((x.shape[1], 1), dtype="float32")(x)
    weights = layers.Dense(ATTENTION, activation="tanh", dtype="float32")(x)
    weights = layers.Dense(1, dtype="float32")(weights)
    return AttentiveStatistics(name="statistics", dtype="float32")(x, weights, frames)


def masked(x: Any, frames: Any, stride: int = 1) -> Any:
    """Make padding black again, as the next convolution expects it beyond the border."""
    return layers.Multiply()([x, frames if stride == 1 else every_second(frames)])


def every_second(frames: Any) -> Any:
    """Return the frames that a stride of 2 leaves."""
    return layers.MaxPooling2D(pool_size=1, strides=(1, 2), dtype="float32")(frames)


EMONET = Architecture(
    name="emonet",
    summary="residual blocks with squeeze-excitation (16 to 128), clips of any length, padding masked: our own",
    body=body,
    filters=(16, 32, 64, 128),
    dropout=(0.3,),
    augmentation=("gain", "shift", "spec-augment"),
    learning_rate=0.002,
    any_width=True,
)
