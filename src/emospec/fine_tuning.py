"""The weights of one network for another: how fine-tuning starts."""

from collections.abc import Sequence
from typing import Any

import keras

from emospec.errors import ConfigError
from emospec.heard import Start
from emospec.models import load_model
from emospec.starts import KERAS

# In which two layers that compute the same may differ.
FREE = ("name", "dtype", "seed", "trainable", "kernel_regularizer", "batch_shape")


def take_over(model: keras.Model, start: Start, classes: Sequence[str]) -> None:
    """Give a new network the weights of the model that it starts from.

    Of the last layer, which has a column a class, they are taken if the classes are the same, in whatever order;
    with other classes it stays new.

    Raises
    ------
    ConfigError
        If the networks differ.
    """
    other = load_model(start.path / KERAS)
    check_same_network(model, other, start)
    (*body, last), (*other_body, other_last) = steady_layers(model), steady_layers(other)
    for layer, before in zip(body, other_body, strict=True):
        layer.set_weights(before.get_weights())
    if set(classes) == set(start.classes):
        columns = [start.classes.index(name) for name in classes]
        last.set_weights([weights[..., columns] for weights in other_last.get_weights()])


def check_same_network(model: keras.Model, other: keras.Model, start: Start) -> None:
    """Raise unless two networks have the same layers, but for the number of classes and what is random in training."""
    here, there = ([described(layer) for layer in steady_layers(each)[:-1]] for each in (model, other))
    if here != there or model.input_shape != other.input_shape:
        raise ConfigError(
            f"the network in {start.path} is another one than this emospec builds for its settings and for images of "
            f"{model.input_shape[1:]}; start from a model that this version has trained"
        )


def described(layer: keras.layers.Layer) -> tuple[str, dict[str, Any]]:
    """Return what a layer computes: its kind and its settings."""
    config = layer.get_config()
    return type(layer).__name__, {name: value for name, value in config.items() if name not in FREE}


def steady_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers that are not random in training, the last of which makes the probabilities."""
    return [layer for layer in model.layers if not is_random(layer)]


def is_random(layer: keras.layers.Layer) -> bool:
    """Tell whether a layer drops out or augments."""
    return isinstance(layer, keras.layers.Dropout) or hasattr(layer, "generator") or hasattr(layer, "seed_generator")
