"""Layers that Keras lacks: a clip within its image, and statistics that leave padding out.

Images are (batch, height, width, channels) with values from 0 to 1; the height is frequency, the width time, and frames
that are black from top to bottom at either end are padding. An image that is black throughout holds no clip: means over
it are 0.
"""

from typing import Any

import keras
from keras import ops

LEAST_WEIGHT = -1e9  # of a frame of padding

serializable = keras.saving.register_keras_serializable("emospec")


def taken_from(images: Any, source: Any, *, axis: int) -> Any:
    """Build each row or column of images from another place; between two pixels both count, outside there is black.

    A matrix of zeros and ones does it: TensorFlow gathers by index several times slower than it multiplies.

    Parameters
    ----------
    source : float32, shape (batch, size)
        Where each pixel along the axis comes from.
    axis : 1 or 2
        Frequency or time.
    """
    places = ops.arange(ops.shape(images)[axis], dtype="float32")
    shares = ops.maximum(1.0 - ops.abs(source[:, :, None] - places), 0.0)
    equation = "bij,bjwc->biwc" if axis == 1 else "bij,bhjc->bhic"
    return ops.cast(ops.einsum(equation, shares, ops.cast(images, "float32")), images.dtype)


def divisor(counts: Any, **options: Any) -> Any:
    """Sum along axes, but not below 1, which any frame of a clip gives: where there is none, a mean is 0, not NaN."""
    return ops.maximum(ops.sum(counts, **options), 1.0)


@serializable
class LeftAligned(keras.layers.Layer):  # type: ignore[misc]
    """Moves each clip to the left edge, so that padding stands behind it and strides begin where the clip does."""

    def call(self, images: Any) -> Any:
        """Return images of the same shape."""
        heard = ops.cast(ops.max(images, axis=(1, 3)) > 0, "float32")
        places = ops.arange(ops.shape(images)[2], dtype="float32")
        first = ops.min(ops.where(heard > 0, places, places[-1:]), axis=1)
        return taken_from(images, places[None, :] + first[:, None], axis=2)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the input."""
        return input_shape


@serializable
class ClipFrames(keras.layers.Layer):  # type: ignore[misc]
    """Tells which frames of a left-aligned clip are not padding: ones and zeros of shape (batch, 1, width, 1)."""

    def call(self, images: Any) -> Any:
        """Count a silent frame between two others as part of the clip."""
        heard = ops.cast(ops.max(images, axis=(1, 3)) > 0, "float32")
        places = ops.arange(ops.shape(images)[2], dtype="float32")
        last = ops.max(heard * (places + 1), axis=1, keepdims=True)
        return ops.cast(places < last, images.dtype)[:, None, :, None]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (batch, 1, width, 1)."""
        return (input_shape[0], 1, input_shape[2], 1)


@serializable
class ClipChannels(keras.layers.Layer):  # type: ignore[misc]
    """Makes three channels of a grey image: itself, itself less the clip's mean spectrum, its difference in time.

    The first knows how loud a clip is; the other two don't, nor do they know what microphone coloured it.
    """

    def call(self, images: Any, frames: Any) -> Any:
        """Return shape (batch, height, width, 3), black where there is no clip."""
        mean = ops.sum(images * frames, axis=2, keepdims=True) / divisor(frames, axis=2, keepdims=True)
        after = ops.concatenate([images[:, :, 1:], images[:, :, -1:]], axis=2)
        before = ops.concatenate([images[:, :, :1], images[:, :, :-1]], axis=2)
        # Beside padding there is no neighbour: the difference is taken to nothing at both ends of the clip.
        whole = frames * ops.concatenate([frames[:, :, 1:], ops.zeros_like(frames[:, :, :1])], axis=2)
        return ops.concatenate([images, (images - mean) * frames, (after - before) * whole], axis=-1)

    def compute_output_shape(self, images_shape: Any, frames_shape: Any) -> Any:
        """Return the shape of the images with three channels."""
        return (*images_shape[:-1], 3)


@serializable
class ClipMean(keras.layers.Layer):  # type: ignore[misc]
    """Mean of each channel over all cells of a clip, padding left out."""

    def call(self, x: Any, frames: Any) -> Any:
        """Return float32 of shape (batch, channels)."""
        x, frames = ops.cast(x, "float32"), ops.cast(frames, "float32")
        cells = divisor(frames, axis=(1, 2)) * ops.cast(ops.shape(x)[1], "float32")
        return ops.sum(x * frames, axis=(1, 2)) / cells

    def compute_output_shape(self, x_shape: Any, frames_shape: Any) -> Any:
        """Return (batch, channels)."""
        return (x_shape[0], x_shape[-1])


@serializable
class AttentiveStatistics(keras.layers.Layer):  # type: ignore[misc]
    """Mean and standard deviation of each channel over time, weighed by how much each frame tells.

    References
    ----------
    Okabe et al. 2018, "Attentive Statistics Pooling for Deep Speaker Embedding", Interspeech.
    """

    def call(self, x: Any, weights: Any, frames: Any) -> Any:
        """Return float32 of shape (batch, 2 * channels).

        Parameters
        ----------
        x : shape (batch, 1, width, channels)
        weights : shape (batch, 1, width, 1)
            Any numbers; the larger, the more a frame counts.
        frames : shape (batch, 1, width, 1)
            One for a frame of the clip, zero for padding.
        """
        # Without their second axis: of four axes, tf2onnx turns some twice and some not at all.
        x, weights, frames = (ops.squeeze(ops.cast(each, "float32"), axis=1) for each in (x, weights, frames))
        # The greatest weight is one of the clip: beside one of the padding, which may be far above, powers might be 0.
        weights = ops.where(frames > 0, weights, LEAST_WEIGHT)
        powers = frames * ops.exp(weights - ops.max(weights, axis=1, keepdims=True))
        shares = powers / divisor(powers, axis=1, keepdims=True)
        mean = ops.sum(shares * x, axis=1)
        variance = ops.sum(shares * ops.square(x), axis=1) - ops.square(mean)
        return ops.concatenate([mean, ops.sqrt(ops.maximum(variance, 1e-4))], axis=-1)

    def compute_output_shape(self, x_shape: Any, weights_shape: Any, frames_shape: Any) -> Any:
        """Return (batch, 2 * channels)."""
        return (x_shape[0], 2 * x_shape[-1])
