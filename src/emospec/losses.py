"""Losses by name, among them one that Keras lacks, and the metrics of every training."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from emospec.emotions import Labels
from emospec.errors import ConfigError

LOSSES = ("categorical_crossentropy", "weighted_categorical_crossentropy", "categorical_focal_crossentropy")


@keras.saving.register_keras_serializable(package="emospec")
class WeightedCategoricalCrossentropy(keras.losses.Loss):  # type: ignore[misc]
    """Categorical cross-entropy in which each class has a weight of its own.

    The loss of a clip is `-w[c] * log p[c]` for its true class `c`; the batch's loss is the plain mean.

    Parameters
    ----------
    weights : sequence of float
        One weight a class, in the order of the classes.
    """

    def __init__(
        self, weights: Sequence[float], name: str = "weighted_categorical_crossentropy", **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.weights = [float(weight) for weight in weights]

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each clip: shape (n,) from one-hot labels and probabilities (n, n_classes)."""
        epsilon = keras.config.epsilon()
        log_probabilities = ops.log(ops.clip(y_pred, epsilon, 1.0 - epsilon))
        weights = ops.convert_to_tensor(self.weights, dtype=log_probabilities.dtype)
        return -ops.sum(ops.cast(y_true, log_probabilities.dtype) * log_probabilities * weights, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return what is needed to make the loss again."""
        return {**super().get_config(), "weights": self.weights}


def class_weights(weights: str | Mapping[str, float], labels: Labels, y: ArrayLike) -> list[float]:
    """Return one weight a class, in order.

    Parameters
    ----------
    weights : "balanced" or mapping
        Balanced weights are `n / (n_classes * n_c)`, as in scikit-learn; a mapping gives weights by class name.
    y : shape (n,)
        Integer labels of the training part, counted for balanced weights.
    """
    if isinstance(weights, str):
        if weights != "balanced":
            raise ConfigError(f"class_weights {weights!r}: expected 'balanced' or a table of weights by class name")
        counts = np.bincount(np.asarray(y), minlength=len(labels))
        if not counts.all():
            raise ConfigError(
                f"class {labels.classes[int(counts.argmin())]} has no clip to balance in the training part"
            )
        return [float(w) for w in counts.sum() / (len(labels) * counts)]
    unequal = set(weights) ^ set(labels.classes)
    if unequal:
        raise ConfigError(
            f"class_weights and classes differ in {', '.join(sorted(unequal))}; "
            f"give one weight to each of {', '.join(labels.classes)}"
        )
    wrong = {name: weight for name, weight in weights.items() if not 0 < weight < float("inf")}
    if wrong:
        raise ConfigError(f"class_weights {wrong}: expected numbers above 0")
    return [float(weights[name]) for name in labels.classes]


def build_loss(name: str, weights: Sequence[float] | None) -> keras.losses.Loss:
    """Return the loss of a name in `LOSSES`; class weights belong to the weighted one alone."""
    if name not in LOSSES:
        raise ConfigError(f"unknown loss {name!r}; known: {', '.join(LOSSES)}")
    if name == "weighted_categorical_crossentropy":
        if weights is None:
            raise ConfigError("loss weighted_categorical_crossentropy needs class_weights: 'balanced' or one a class")
        return WeightedCategoricalCrossentropy(weights)
    if name == "categorical_focal_crossentropy":
        return keras.losses.CategoricalFocalCrossentropy(alpha=list(weights) if weights else 0.25)
    if weights is not None:
        raise ConfigError(f"loss {name} takes no class_weights; use weighted_categorical_crossentropy")
    return keras.losses.CategoricalCrossentropy()


def build_metrics() -> list[Any]:
    """Return what is watched in every epoch: accuracy, precision and recall, as the original notebook did."""
    return [
        keras.metrics.CategoricalAccuracy(name="accuracy"),
        keras.metrics.Precision(name="precision"),
        keras.metrics.Recall(name="recall"),
    ]
