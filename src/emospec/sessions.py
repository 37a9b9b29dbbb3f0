"""Where and how exactly a training computes: the device, the precision, and a Keras that remembers no other network."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import keras

from emospec.errors import ConfigError
from emospec.precision import chosen_precision
from emospec.settings import TrainConfig


@contextmanager
def in_session(config: TrainConfig) -> Iterator[None]:
    """Compute on the device and in the precision of the settings, with nothing left of the networks trained before.

    Their graphs would stay in memory. Keras' `clear_session`, which forgets them, also forgets the precision and, under
    PyTorch, the device: so these are set behind it.
    """
    before = keras.config.dtype_policy()
    keras.utils.clear_session()
    try:
        with on_device(config.device), in_precision(precision_of(config)):
            yield
    finally:
        keras.config.set_dtype_policy(before)


def precision_of(config: TrainConfig) -> str:
    """Return the precision of the settings, or what `auto` means on this machine."""
    gpu = config.device != "cpu" and finds_gpu()
    return chosen_precision(config.precision, backend=keras.backend.backend(), gpu=gpu)


@contextmanager
def in_precision(precision: str) -> Iterator[None]:
    """Let models built inside compute in a precision; weights stay in float32."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def finds_gpu() -> bool:
    """Tell whether the backend finds a graphics card."""
    if keras.backend.backend() == "torch":  # of whose devices Keras has no list
        import torch

        return bool(torch.cuda.is_available() or torch.backends.mps.is_available())
    # All of them: asked for graphics cards alone, JAX raises where there is none.
    return any(name.startswith("gpu") for name in keras.distribution.list_devices())


def on_device(device: str) -> Any:
    """Return a context that computes on the device; `auto` leaves the choice to the backend, which prefers a GPU."""
    if device == "gpu" and not finds_gpu():
        raise ConfigError(f"the {keras.backend.backend()} backend finds no GPU; use --device auto or cpu")
    # "cpu", not "cpu:0": PyTorch takes these for two devices, and finds no gradients.
    return nullcontext() if device == "auto" else keras.device("cpu" if device == "cpu" else "gpu:0")
