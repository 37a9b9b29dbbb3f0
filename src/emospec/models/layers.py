"""Layers that Keras lacks: random changes of a spectrogram, and statistics that leave padding out.

Images are (batch, height, width, channels) with values from 0 to 1; the height is frequency, the width time, and frames
that are black from top to bottom at either end are padding.
"""

from typing import Any

import keras
from keras import ops

serializable = keras.saving.register_keras_serializable("emospec")


class RandomLayer(keras.layers.Layer):  # type: ignore[misc]
    """A layer that changes its input in training only; `SeedEachEpoch` sets where its generator stands."""

    def __init__(self, seed: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool = False) -> Any:
        """Return the images, changed if this is training."""
        return self.changed(images) if training else images

    def changed(self, images: Any) -> Any:
        """Return images of the same shape."""
        raise NotImplementedError

    def uniform(self, images: Any, low: float, high: float, *, count: int = 1) -> Any:
        """Return random numbers of shape (batch, count)."""
        return keras.random.uniform((ops.shape(images)[0], count), low, high, seed=self.generator)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the input."""
        return input_shape


@serializable
class RandomGain(RandomLayer):
    """Makes each clip louder or quieter, as a recorder at another level would; padding stays black.

    Parameters
    ----------
    share : float
        Of the scale, up or down: 0.1 is 10 dB on a scale of 100 dB.
    """

    def __init__(self, share: float = 0.08, **options: Any) -> None:
        super().__init__(**options)
        self.share = share

    def changed(self, images: Any) -> Any:
        """Add one number a clip to every cell that isn't black."""
        gain = ops.cast(self.uniform(images, -self.share, self.share), images.dtype)
        return ops.where(images > 0, ops.clip(images + gain[:, :, None, None], 1 / 255, 1.0), images)

    def get_config(self) -> dict[str, Any]:
        """Return what the layer was made with."""
        return {**super().get_config(), "share": self.share, "seed": self.seed}


@serializable
class RandomShift(RandomLayer):
    """Moves each clip in time and in frequency; what leaves the image is lost, what enters is black.

    Parameters
    ----------
    time, frequency : float
        Largest shares of the width and of the height, in either direction.
    """

    def __init__(self, time: float = 0.1, frequency: float = 0.05, **options: Any) -> None:
        super().__init__(**options)
        self.time, self.frequency = time, frequency

    def changed(self, images: Any) -> Any:
        """Shift by whole pixels, a number of its own for each clip."""
        _, height, width, _ = (ops.shape(images)[axis] for axis in range(4))
        moved = self.moved(images, self.uniform(images, -self.time, self.time), width, axis=2)
        return self.moved(moved, self.uniform(images, -self.frequency, self.frequency), height, axis=1)

    def moved(self, images: Any, share: Any, size: Any, *, axis: int) -> Any:
        """Take each pixel from where it comes; outside there is black."""
        steps = ops.cast(ops.round(share * ops.cast(size, "float32")), "int32")
        source = ops.arange(size, dtype="int32")[None, :] - steps
        inside = ops.cast((source >= 0) & (source < size), images.dtype)
        shape = (-1, size, 1, 1) if axis == 1 else (-1, 1, size, 1)
        taken = ops.take_along_axis(images, ops.reshape(ops.clip(source, 0, size - 1), shape), axis=axis)
        return taken * ops.reshape(inside, shape)

    def get_config(self) -> dict[str, Any]:
        """Return what the layer was made with."""
        return {**super().get_config(), "time": self.time, "frequency": self.frequency, "seed": self.seed}


@serializable
class SpecAugment(RandomLayer):
    """Hides random bands of frequency and spans of time.

    Parameters
    ----------
    frequency, time : float
        Largest shares of the height and of the width that one band hides.
    masks : int
        Bands of each kind.

    References
    ----------
    Park et al. 2019, "SpecAugment", Interspeech.
    """

    def __init__(self, frequency: float = 0.15, time: float = 0.12, masks: int = 2, **options: Any) -> None:
        super().__init__(**options)
        self.frequency, self.time, self.masks = frequency, time, masks

    def changed(self, images: Any) -> Any:
        """Put the clip's mean into hidden bands of frequency, black into hidden spans of time."""
        heard = ops.cast(images > 0, images.dtype)
        mean = ops.sum(images, axis=(1, 2), keepdims=True) / (ops.sum(heard, axis=(1, 2), keepdims=True) + 1)
        for _ in range(self.masks):
            images = ops.where(self.band(images, self.frequency, axis=1), mean * heard, images)
            images = ops.where(self.band(images, self.time, axis=2), ops.zeros_like(images), images)
        return images

    def band(self, images: Any, share: float, *, axis: int) -> Any:
        """Return which rows or columns of each clip are hidden."""
        size = ops.cast(ops.shape(images)[axis], "float32")
        length = self.uniform(images, 0, share) * size
        start = self.uniform(images, 0, 1) * (size - length)
        place = ops.arange(ops.shape(images)[axis], dtype="float32")[None, :]
        hidden = (place >= start) & (place < start + length)
        return hidden[:, :, None, None] if axis == 1 else hidden[:, None, :, None]

    def get_config(self) -> dict[str, Any]:
        """Return what the layer was made with."""
        own = {"frequency": self.frequency, "time": self.time, "masks": self.masks, "seed": self.seed}
        return {**super().get_config(), **own}


@serializable
class LeftAligned(keras.layers.Layer):  # type: ignore[misc]
    """Moves each clip to the left edge, so that padding stands behind it and strides begin where the clip does."""

    def call(self, images: Any) -> Any:
        """Return images of the same shape."""
        width = ops.shape(images)[2]
        first = ops.argmax(ops.max(images, axis=(1, 3)) > 0, axis=1)
        source = ops.arange(width, dtype="int32")[None, :] + ops.cast(first, "int32")[:, None]
        return ops.take_along_axis(images, ops.reshape(source % width, (-1, 1, width, 1)), axis=2)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the input."""
        return input_shape


@serializable
class ClipFrames(keras.layers.Layer):  # type: ignore[misc]
    """Tells which frames of a left-aligned clip are not padding: ones and zeros of shape (batch, 1, width, 1)."""

    def call(self, images: Any) -> Any:
        """Count a silent frame between two others as part of the clip."""
        heard = ops.cast(ops.max(images, axis=(1, 3), keepdims=True) > 0, images.dtype)
        after = ops.flip(ops.cumsum(ops.flip(heard, axis=2), axis=2), axis=2)
        return ops.cast(after > 0, images.dtype)

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
        mean = ops.sum(images * frames, axis=2, keepdims=True) / ops.sum(frames, axis=2, keepdims=True)
        after = ops.concatenate([images[:, :, 1:], images[:, :, -1:]], axis=2)
        before = ops.concatenate([images[:, :, :1], images[:, :, :-1]], axis=2)
        # Beside padding there is no neighbour: the difference is taken to nothing at both ends of the clip.
        whole = frames * ops.concatenate([frames[:, :, 1:], ops.zeros_like(frames[:, :, :1])], axis=2)
        return ops.concatenate([images, (images - mean) * frames, (after - before) * whole], axis=-1)

    def compute_output_shape(self, images_shape: Any, frames_shape: Any) -> Any:
        """Return the shape of the images with three channels."""
        return (*images_shape[:-1], 3)


@serializable
class ClipStatistics(keras.layers.Layer):  # type: ignore[misc]
    """Mean and, if asked for, maximum of each channel over all cells of a clip, padding left out."""

    def __init__(self, maximum: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.maximum = maximum

    def call(self, x: Any, frames: Any) -> Any:
        """Return float32 of shape (batch, channels), or (batch, 2 * channels)."""
        x, frames = ops.cast(x, "float32"), ops.cast(frames, "float32")
        cells = ops.sum(frames, axis=(1, 2)) * ops.cast(ops.shape(x)[1], "float32")
        mean = ops.sum(x * frames, axis=(1, 2)) / cells
        if not self.maximum:
            return mean
        return ops.concatenate([mean, ops.max(ops.where(frames > 0, x, -1e4), axis=(1, 2))], axis=-1)

    def compute_output_shape(self, x_shape: Any, frames_shape: Any) -> Any:
        """Return (batch, channels) or (batch, 2 * channels)."""
        return (x_shape[0], x_shape[-1] * (2 if self.maximum else 1))

    def get_config(self) -> dict[str, Any]:
        """Return what the layer was made with."""
        return {**super().get_config(), "maximum": self.maximum}
