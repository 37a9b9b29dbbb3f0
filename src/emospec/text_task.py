"""A second task in training: naming the text that is spoken, lest what words do to a picture be taken for emotion.

While it trains, the network returns the probabilities of the texts behind those of the emotions, in one row; the model
that is kept returns those of the emotions alone.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

TEXTS, EMOTIONS = "texts", "probabilities"  # names of the two last layers


def with_texts(model: keras.Model, n_texts: int) -> keras.Model:
    """Return a model that shares all layers with another one and also names texts: (n, n_classes + n_texts)."""
    emotions = model.get_layer(EMOTIONS)
    texts = keras.layers.Dense(n_texts, activation="softmax", dtype="float32", name=TEXTS)(emotions.input)
    both = keras.layers.Concatenate(dtype="float32", name="both")([emotions.output, texts])
    return keras.Model(model.inputs, both, name=model.name)


def without_texts(model: keras.Model) -> keras.Model:
    """Return the model that names emotions alone."""
    if all(layer.name != TEXTS for layer in model.layers):
        return model
    return keras.Model(model.inputs, model.get_layer(EMOTIONS).output, name=model.name)


@keras.saving.register_keras_serializable(package="emospec")
class LossWithTexts(keras.losses.Loss):  # type: ignore[misc]
    """The loss of the emotions and a share of the cross-entropy of the texts; a row of zeros is an unknown text.

    Parameters
    ----------
    emotions : keras.losses.Loss
        Of the first `n_classes` columns.
    share : float
        Weight of the texts.
    """

    def __init__(self, emotions: keras.losses.Loss, n_classes: int, share: float, **options: Any) -> None:
        super().__init__(**options)
        self.emotions, self.n_classes, self.share = emotions, n_classes, share

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each clip: shape (n,)."""
        n, truth = self.n_classes, ops.cast(y_true, y_pred.dtype)
        texts = -ops.sum(truth[:, n:] * ops.log(ops.maximum(y_pred[:, n:], keras.config.epsilon())), axis=-1)
        return self.emotions.call(truth[:, :n], y_pred[:, :n]) + self.share * texts


class OfEmotions(keras.metrics.Metric):  # type: ignore[misc]
    """A metric of the first `n_classes` columns."""

    def __init__(self, metric: keras.metrics.Metric, n_classes: int) -> None:
        super().__init__(name=metric.name)
        self.metric, self.n_classes = metric, n_classes

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        self.metric.update_state(y_true[:, : self.n_classes], y_pred[:, : self.n_classes], sample_weight)

    def result(self) -> Any:
        """Return the metric so far."""
        return self.metric.result()

    def reset_state(self) -> None:
        """Begin anew."""
        self.metric.reset_state()


def metrics_of_emotions(metrics: Sequence[keras.metrics.Metric], n_classes: int) -> list[OfEmotions]:
    """Return metrics that leave the texts out."""
    return [OfEmotions(metric, n_classes) for metric in metrics]
