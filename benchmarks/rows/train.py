"""Training: images a second, plain `fit` on float32 arrays against ours."""

import time
from typing import Any

import numpy as np

from benchmarks import child, inputs
from benchmarks.core import OURS, Result, Row, Setup, compared, in_turn, peaks

PLAIN = "plain fit, float32"
N_IMAGES = 320
BATCH = 32


def measure(setup: Setup) -> list[Result]:
    """Compare each model on each backend that is installed."""
    folder, results = inputs.coloured_images(setup), []
    for backend in setup.backends:
        for model in setup.models:
            sides = {
                OURS: lambda: trained("ours", backend, model, folder),  # noqa: B023, called at once
                PLAIN: lambda: trained("plain", backend, model, folder),  # noqa: B023
            }
            found = in_turn(sides, min(setup.rounds, 3))
            rates = {name: [each.value["rate"] for each in values] for name, values in found.items()}
            goal = 2.0 if backend == "tensorflow" and model in ("3layer", "adapted") else None
            result = compared(f"{model}, {backend}", "images/s", rates, goal=goal, memory_mb=peaks(found))
            result.note = f"ours in {found[OURS][0].value['precision']}"
            results.append(result)
    return results


def trained(side: str, backend: str, model: str, folder: str) -> child.Child:
    """Train in a process of its own."""
    env = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return child.call(f"benchmarks.rows.train:{side}", env=env, model=model, folder=folder)


def ours(model: str, folder: str) -> dict[str, Any]:
    """Train as `emospec train --precision auto` does."""
    from emospec.quiet import load_keras

    load_keras()
    from emospec.callbacks import SeedEachEpoch
    from emospec.image_set import load_image_set
    from emospec.sessions import in_precision, precision_of
    from emospec.settings import TrainConfig
    from emospec.training import build_compiled
    from emospec.training_data import Batches, TrainingData

    config, images = TrainConfig(model=model, precision="auto", batch_size=BATCH), load_image_set(folder)
    rows = np.random.default_rng(0).permutation(len(images))[:N_IMAGES]
    data = TrainingData.of(images, rows, rows[:0], config)
    with in_precision(precision_of(config)):
        network = build_compiled(config, data)
    batches = Batches(data, data.train, config)
    rate = images_a_second(network, batches, callbacks=[SeedEachEpoch(0, batches)])
    return {"rate": rate, "precision": network.dtype_policy.compute_dtype}


def plain(model: str, folder: str) -> dict[str, Any]:
    """Train as the notebook did: pixels divided by 255 in one float32 array, and `fit`."""
    from emospec.quiet import load_keras

    load_keras()
    import keras

    from emospec.image_set import load_image_set
    from emospec.losses import build_metrics
    from emospec.models import MODELS, build_model

    images = load_image_set(folder)
    rows = np.random.default_rng(0).permutation(len(images))[:N_IMAGES]
    scaled = images.images.astype(np.float32) / np.float32(255)  # the whole set, as the notebook held it
    pixels, labels = scaled[rows], np.eye(len(images.classes), dtype=np.float32)[images.labels[rows]]
    network = build_model(model, images.input_shape, len(images.classes), scale=False)
    optimizer = keras.optimizers.Adam(MODELS[model].learning_rate)
    network.compile(optimizer, keras.losses.CategoricalCrossentropy(), metrics=build_metrics())
    return {"rate": images_a_second(network, pixels, labels, batch_size=BATCH)}


def images_a_second(network: Any, *data: Any, **options: Any) -> float:
    """Fit for three epochs, of which the first is left out: it compiles."""
    import keras

    ends: list[float] = []
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter()))
    callbacks = [*options.pop("callbacks", []), clock]
    network.fit(*data, epochs=3, verbose=0, shuffle=len(data) > 1, callbacks=callbacks, **options)
    return 2 * N_IMAGES / (ends[2] - ends[0])


ROW = Row("train", "Training", measure)
