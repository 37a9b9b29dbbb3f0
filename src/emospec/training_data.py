"""What fitting may see: the training and validation clips, their targets, and the batches of an epoch."""

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec.emotions import Labels
from emospec.errors import ConfigError
from emospec.image_set import ImageSet
from emospec.images import Pixels
from emospec.listeners import answer_shares
from emospec.pixel_store import for_random_access
from emospec.settings import TrainConfig
from emospec.splits import Indices


class SomeImages:
    """Some rows of an image set, taken out only when they are asked for: no copy, and no way to the other rows.

    Attributes
    ----------
    shape : tuple of int
        (rows, height, width, channels).
    """

    def __init__(self, images: Pixels, rows: Indices) -> None:
        self._images, self._rows = for_random_access(images), rows
        self.shape = (len(rows), *images.shape[1:])

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, places: Indices) -> Pixels:
        """Return images by their places among these rows, as an array in memory."""
        return self._images[self._rows[places]]


@dataclass(frozen=True)
class TrainingData:
    """All that fitting may see: the training and validation rows of an image set, and no others."""

    images: SomeImages
    labels: NDArray[np.int32]
    classes: Any
    train: Indices
    validation: Indices
    targets: NDArray[np.float32]

    @classmethod
    def of(
        cls, images: ImageSet, train: Indices, validation: Indices, config: TrainConfig | None = None
    ) -> "TrainingData":
        """Narrow an image set to two parts, so that none of the other rows can leak; pixels stay where they are.

        The targets are what training aims at: zeros and ones, or what the settings make of them.
        """
        rows = np.concatenate([train, validation])
        seen, unseen = np.arange(len(train)), np.arange(len(train), len(rows))
        labels, clips = images.labels[rows], images.clips.iloc[rows]
        targets = training_targets(labels, clips, images.classes, config or TrainConfig())
        if config and config.text_share:
            targets = np.hstack([targets, text_targets(clips["text"], seen)])
        return cls(SomeImages(images.images, rows), labels, images.classes, seen, unseen, targets)


def training_targets(
    labels: NDArray[np.int32], clips: pd.DataFrame, classes: Labels, config: TrainConfig
) -> NDArray[np.float32]:
    """Return labels of shape (n, n_classes) with the listeners' answers and the smoothing that the settings ask for."""
    targets: NDArray[np.float32] = np.eye(len(classes), dtype=np.float32)[labels]
    if config.listener_labels and "votes" in clips:
        heard = answer_shares(clips["votes"], classes)
        share = np.where(heard.any(axis=1, keepdims=True), np.float32(config.listener_labels), np.float32(0))
        targets = ((1 - share) * targets + share * heard).astype(np.float32)
    smoothed = (1 - config.label_smoothing) * targets + config.label_smoothing / len(classes)
    return smoothed.astype(np.float32)


def text_targets(texts: "pd.Series[str]", train: Indices) -> NDArray[np.float32]:
    """Return a column for each text of the training part: zeros and ones, or zeros alone where the text is another.

    Raises
    ------
    ConfigError
        If the training part has fewer than two texts.
    """
    known = sorted(texts.iloc[train].dropna().unique())
    if len(known) < 2:
        raise ConfigError(
            f"text_share needs clips with at least 2 different texts to train on, got {len(known)}; leave it out"
        )
    each = texts.fillna("").to_numpy(dtype=str)
    targets: NDArray[np.float32] = (each[:, np.newaxis] == np.array(known, dtype=str)).astype(np.float32)
    return targets


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of raw pixels and one-hot labels; the order of each epoch depends on the seed and the epoch alone.

    That makes a training that was interrupted see the same batches as one that wasn't. `SeedEachEpoch` sets the
    epoch: Keras' own `on_epoch_end` comes an unknown number of times, since backends fetch ahead.
    """

    def __init__(self, data: TrainingData, rows: Indices, config: TrainConfig) -> None:
        super().__init__()
        self.data, self.rows, self.config, self.epoch = data, rows, config, 0
        self.kept: tuple[int, Indices] = (-1, rows)

    def __len__(self) -> int:
        return math.ceil(len(self.rows) / self.config.batch_size)

    def order(self, epoch: int) -> Indices:
        """Return the rows in the order of an epoch; the last one asked for is kept."""
        kept = self.kept  # a backend's threads may ask for two epochs at a time
        if kept[0] != epoch:
            kept = (epoch, np.random.default_rng((self.config.seed, epoch)).permutation(self.rows))
            self.kept = kept
        return kept[1]

    def __getitem__(self, index: int) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """Return batch `index` of this epoch."""
        epoch = self.epoch
        chosen = self.order(epoch)[index * self.config.batch_size : (index + 1) * self.config.batch_size]
        images, targets = self.data.images[chosen], self.data.targets[chosen]
        if not self.config.mixup:
            return images, targets
        return mixed(images, targets, self.config.mixup, np.random.default_rng((self.config.seed, epoch, index)))


class InOrder(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of raw pixels and one-hot labels in the order of the rows, to validate on without a copy of them all."""

    def __init__(self, data: TrainingData, rows: Indices, batch_size: int = 32) -> None:
        super().__init__()
        self.data, self.rows, self.batch_size = data, rows, batch_size

    def __len__(self) -> int:
        return math.ceil(len(self.rows) / self.batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """Return batch `index`."""
        chosen = self.rows[index * self.batch_size : (index + 1) * self.batch_size]
        return self.data.images[chosen], one_hot(self.data, chosen)


def mixed(
    images: NDArray[np.uint8], targets: NDArray[np.float32], strength: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Blend each clip of a batch with another one, in one proportion for all (Zhang et al. 2018, "mixup")."""
    share, partners = np.float32(rng.beta(strength, strength)), rng.permutation(len(images))
    pixels = images.astype(np.float32)
    return (
        share * pixels + (1 - share) * pixels[partners],
        share * targets + (1 - share) * targets[partners],
    )


def one_hot(data: TrainingData, rows: Indices) -> NDArray[np.float32]:
    """Return the labels of some rows as zeros and ones, in as many columns as the targets have."""
    return np.eye(data.targets.shape[1], dtype=np.float32)[data.labels[rows]]
