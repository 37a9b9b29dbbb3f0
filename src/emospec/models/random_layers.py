"""Random changes of a spectrogram that Keras lacks, in training only.

Images are (batch, height, width, channels) with values from 0 to 1; the height is frequency, the width time, and frames
that are black from top to bottom at either end are padding.
"""

import math
from typing import Any

import keras
from keras import ops

from emospec.models.layers import serializable, taken_from


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
        moved = self.moved(images, self.uniform(images, -self.time, self.time), axis=2)
        return self.moved(moved, self.uniform(images, -self.frequency, self.frequency), axis=1)

    def moved(self, images: Any, share: Any, *, axis: int) -> Any:
        """Take each pixel from where it comes; outside there is black."""
        size = ops.cast(ops.shape(images)[axis], "float32")
        places = ops.arange(ops.shape(images)[axis], dtype="float32")
        return taken_from(images, places[None, :] - ops.round(share * size), axis=axis)

    def get_config(self) -> dict[str, Any]:
        """Return what the layer was made with."""
        return {**super().get_config(), "time": self.time, "frequency": self.frequency, "seed": self.seed}


@serializable
class RandomNoise(RandomLayer):
    """Puts steady noise under some clips, as a fan or a street would; padding stays black.

    Parameters
    ----------
    share : float
        Of the clips that get noise.
    quiet, loud : dB
        Farthest and nearest below a clip's loudest cell.
    tilt : dB
        Largest rise or fall of the noise from one end of the frequencies to the other, halved.
    range_db : dB
        From black to white.
    """

    def __init__(
        self,
        share: float = 0.4,
        quiet: float = 55,
        loud: float = 15,
        tilt: float = 12,
        range_db: float = 95,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.share, self.quiet, self.loud, self.tilt, self.range_db = share, quiet, loud, tilt, range_db

    def changed(self, images: Any) -> Any:
        """Add the powers of clip and noise, cell by cell."""
        chosen = self.uniform(images, 0, 1)[:, :, None, None] < self.share
        below = self.uniform(images, self.loud, self.quiet)[:, :, None, None] / self.range_db
        slope = self.uniform(images, -self.tilt, self.tilt)[:, :, None, None] / self.range_db
        rows = ops.linspace(-1.0, 1.0, ops.shape(images)[1])[None, :, None, None]
        noise = ops.max(images, axis=(1, 2), keepdims=True) - below + slope * rows
        to_powers = self.range_db * math.log(10) / 10
        louder = ops.clip(ops.logaddexp(images * to_powers, noise * to_powers) / to_powers, 1 / 255, 1.0)
        heard = ops.max(images, axis=1, keepdims=True) > 0
        return ops.where(chosen & heard, louder, images)

    def get_config(self) -> dict[str, Any]:
        """Return what the layer was made with."""
        own = {name: getattr(self, name) for name in ("share", "quiet", "loud", "tilt", "range_db", "seed")}
        return {**super().get_config(), **own}


@serializable
class RandomBand(RandomLayer):
    """Takes the lowest and the highest frequencies from some clips, as a telephone does.

    Parameters
    ----------
    share : float
        Of the clips that lose them.
    low, high : float
        Largest shares of the height that are taken at the bottom and at the top.
    least, most : dB
        How much quieter they become.
    range_db : dB
        From black to white.
    """

    def __init__(
        self,
        share: float = 0.2,
        low: float = 0.125,
        high: float = 0.22,
        least: float = 20,
        most: float = 50,
        range_db: float = 95,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.share, self.low, self.high, self.least, self.most, self.range_db = share, low, high, least, most, range_db

    def changed(self, images: Any) -> Any:
        """Lower the cells outside the band."""
        height = ops.cast(ops.shape(images)[1], "float32")
        rows = ops.arange(ops.shape(images)[1], dtype="float32")[None, :]
        top, bottom = self.uniform(images, 0, self.high) * height, self.uniform(images, 0, self.low) * height
        outside = ((rows < top) | (rows >= height - bottom)) & (self.uniform(images, 0, 1) < self.share)
        loss = self.uniform(images, self.least, self.most)[:, :, None, None] / self.range_db
        return ops.where(outside[:, :, None, None], ops.maximum(images - loss, 0.0), images)

    def get_config(self) -> dict[str, Any]:
        """Return what the layer was made with."""
        own = {name: getattr(self, name) for name in ("share", "low", "high", "least", "most", "range_db", "seed")}
        return {**super().get_config(), **own}


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
