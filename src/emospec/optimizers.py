"""The optimizer of a training: Keras' own by its name, with a schedule, and Adam's arithmetic in one pass."""

from functools import partial
from typing import Any

import keras

from emospec.errors import ConfigError
from emospec.models.architecture import Architecture
from emospec.settings import TrainConfig

FINE = 0.1  # of the model's own learning rate, in fine-tuning


def build_optimizer(config: TrainConfig, architecture: Architecture, *, n_batches: int) -> keras.optimizers.Optimizer:
    """Return an optimizer of Keras by its name, with the schedule and the averaging of the settings."""
    options: dict[str, Any] = {"learning_rate": learning_rate_of(config, architecture, n_batches)}
    if config.weight_decay is not None:
        options["weight_decay"] = config.weight_decay
    if config.ema is not None:
        options |= {"use_ema": True, "ema_momentum": config.ema}
    try:
        optimizer = keras.optimizers.get(config.optimizer)
    except ValueError:
        raise ConfigError(
            f"unknown optimizer {config.optimizer!r}; Keras knows adam, adamw, sgd, rmsprop, nadam, lion ..."
        ) from None
    return in_one_pass(type(optimizer)(**options))


def highest_rate(config: TrainConfig, architecture: Architecture) -> float:
    """Return the learning rate, or the highest of a schedule; fine-tuning takes small steps, to forget little."""
    usual = architecture.learning_rate if config.start_from is None else FINE * architecture.learning_rate
    return config.learning_rate or usual


def learning_rate_of(config: TrainConfig, architecture: Architecture, n_batches: int) -> Any:
    """Return the learning rate, or its schedule over all steps."""
    rate = highest_rate(config, architecture)
    if config.schedule == "constant":
        return rate
    steps = config.epochs * n_batches
    return keras.optimizers.schedules.CosineDecay(
        rate / 20, decay_steps=steps, warmup_target=rate, warmup_steps=max(1, steps // 20)
    )


def in_one_pass(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Let Adam and AdamW move each weight by one kernel of TensorFlow, which reads and writes it once; return it.

    Keras takes a dozen steps over each weight and its two moments, which costs networks with millions of weights an
    eighth of their time. The arithmetic is the same. It is set on the object and not in a class of our own, so that a
    saved model holds a plain Adam, which opens without emospec. Other optimizers and backends stay as they are.
    """
    plain = type(optimizer) in (keras.optimizers.Adam, keras.optimizers.AdamW) and not optimizer.amsgrad
    at_once = optimizer.gradient_accumulation_steps is None
    if plain and at_once and keras.backend.backend() == "tensorflow":
        optimizer.update_step = partial(_adam_in_one_pass, optimizer)
    return optimizer


def _adam_in_one_pass(optimizer: keras.optimizers.Adam, gradient: Any, variable: Any, learning_rate: Any) -> None:
    import tensorflow as tf

    if isinstance(gradient, tf.IndexedSlices):  # of a few rows, such as an embedding's
        type(optimizer).update_step(optimizer, gradient, variable, learning_rate)
        return
    place = optimizer._get_variable_index(variable)
    step = tf.cast(optimizer.iterations.value + 1, variable.dtype)
    beta1, beta2 = (tf.constant(beta, variable.dtype) for beta in (optimizer.beta_1, optimizer.beta_2))
    tf.raw_ops.ResourceApplyAdam(
        var=_handle(variable),
        m=_handle(optimizer._momentums[place]),
        v=_handle(optimizer._velocities[place]),
        beta1_power=tf.pow(beta1, step),
        beta2_power=tf.pow(beta2, step),
        lr=tf.cast(learning_rate, variable.dtype),
        beta1=beta1,
        beta2=beta2,
        epsilon=tf.constant(optimizer.epsilon, variable.dtype),
        grad=tf.cast(gradient, variable.dtype),
    )


def _handle(variable: Any) -> Any:
    """Return TensorFlow's handle of a variable, be it Keras' or its own."""
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle
