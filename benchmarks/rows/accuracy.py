"""Time to accuracy: until the notebook's own best figure is reached on the notebook's own validation images."""

import json
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks import child, inputs
from benchmarks.core import Result, Row, Setup

GOAL = 0.6825  # what the notebook printed for its best network
TIMES = 20.0  # ours should be so many times faster
SEEDS = (0, 1, 2)
NOTEBOOK = "adapted, plain fit, float32"
MODEL = "emonet"
RECIPE = {
    "optimizer": "adamw",
    "weight_decay": 0.02,
    "schedule": "cosine",
    "ema": 0.97,
    "epochs": 10,
    "learning_rate": 0.003,
    "batch_size": 64,
    "image_size": (40, 40),
}  # as the shipped model, but for small pictures, large batches, a short schedule and an average that follows it


def measure(setup: Setup) -> list[Result]:
    """Train both until they are there; the slow one goes on where an earlier call was stopped."""
    if not inputs.has_images(setup):
        return []
    options = {"folder": inputs.coloured_images(setup), "cap": 60 * setup.cap_minutes}
    ours = [trained(setup, f"ours-{seed}", kind="ours", seed=seed, **options) for seed in SEEDS]
    plain = trained(setup, "plain", kind="plain", **options)
    note = "median; " + "; ".join(
        [*(f"seed {seed}: {told(state)}" for seed, state in enumerate(ours)), f"{NOTEBOOK}: {told(plain)}"]
    )
    what = f"seconds to {GOAL:.2%} of the notebook's validation images ({MODEL})"
    seconds = median(state["seconds"] for state in ours)
    if not all(state["test"] for state in ours):  # no figure, and no ratio
        return [Result(what, "s", seconds, note=f"not reached: {note}")]
    rivals = {NOTEBOOK: plain["seconds"]}
    return [Result(what, "s", seconds, rivals, higher_is_better=False, goal=TIMES, note=note)]


def trained(setup: Setup, name: str, **options: Any) -> dict[str, Any]:
    """Train in a process of its own; return its state."""
    work = str(setup.work / f"accuracy-{name}")
    state: dict[str, Any] = child.call("benchmarks.rows.accuracy:reach", work=work, **options).value
    return state


def told(state: dict[str, Any]) -> str:
    """Say what a side reached."""
    if not state["test"]:
        return f"stopped after {len(state['accuracy'])} epochs at {max(state['accuracy']):.2%}"
    epochs = f"{len(state['accuracy'])} epochs, {state['seconds']:.0f} s"
    return f"{epochs}, test images {state['test']:.2%}"


def reach(folder: str, work: str, kind: str, cap: float, seed: int = 0) -> dict[str, Any]:
    """Train epoch after epoch until the goal or the cap; return the seconds, the accuracies, and the one test score."""
    from emospec.quiet import load_keras

    load_keras()
    from emospec.image_set import load_image_set
    from emospec.protocols import make_splits

    images = load_image_set(folder)
    (split,) = make_splits(images.clips, images.labels, "notebook", 0)
    side = Ours(images, split, seed) if kind == "ours" else Plain(images, split)
    state = taken_up(side, Path(work))
    while not state["test"] and state["seconds"] < cap and len(state["accuracy"]) < side.epochs:
        begun = time.perf_counter()
        accuracy = side.epoch(len(state["accuracy"]))
        state["seconds"] += time.perf_counter() - begun
        state["accuracy"].append(accuracy)
        state["test"] = side.score(split.test) if accuracy >= GOAL else 0.0
        keep(side, state, Path(work))
        print(f"{kind} {len(state['accuracy'])} {accuracy:.4f} {state['seconds']:.0f} s", flush=True)
    return state


def taken_up(side: "Ours | Plain", work: Path) -> dict[str, Any]:
    """Return where an earlier call stood, or a beginning."""
    work.mkdir(parents=True, exist_ok=True)
    if isinstance(side, Ours) or not (work / "state.json").exists():
        return {"seconds": 0.0, "accuracy": [], "test": 0.0}
    side.network.optimizer.build(side.network.trainable_variables)
    side.network.load_weights(work / "latest.weights.h5")
    return json.loads((work / "state.json").read_text())


def keep(side: "Ours | Plain", state: dict[str, Any], work: Path) -> None:
    """Write down where training stands."""
    side.network.save_weights(work / "latest.weights.h5")
    (work / "state.json").write_text(json.dumps(state))


class Plain:
    """The notebook's best network, trained as the notebook did."""

    epochs = 1000

    def __init__(self, images: Any, split: Any) -> None:
        from emospec.notebook import build_adapted_cnn

        self.split, self.labels = split, np.eye(len(images.classes), dtype=np.float32)[images.labels]
        self.pixels = images.images.astype(np.float32) / np.float32(255)
        self.network = build_adapted_cnn(images.input_shape)

    def epoch(self, number: int) -> float:
        """Train one epoch; return the accuracy on the validation images."""
        import keras

        keras.utils.set_random_seed(number)
        self.network.fit(self.pixels[self.split.train], self.labels[self.split.train], batch_size=32, verbose=0)
        return self.score(self.split.validation)

    def score(self, rows: np.ndarray) -> float:
        """Return the accuracy on some images."""
        answers = self.network.predict(self.pixels[rows], verbose=0).argmax(axis=1)
        return float((answers == self.labels[rows].argmax(axis=1)).mean())


class Ours:
    """Our network, trained as `emospec train` does, for as many epochs as the recipe has."""

    epochs = RECIPE["epochs"]

    def __init__(self, images: Any, split: Any, seed: int) -> None:
        import keras

        from emospec.callbacks import SeedEachEpoch
        from emospec.sessions import in_precision, precision_of
        from emospec.settings import TrainConfig
        from emospec.training import build_compiled
        from emospec.training_data import Batches, TrainingData

        config = TrainConfig(model=MODEL, augmentation=("shift",), seed=seed, **RECIPE)
        data = TrainingData.of(images, split.train, split.validation, config)
        with in_precision(precision_of(config)):
            self.network = build_compiled(config, data)
        self.images, self.split, self.batches = images, split, Batches(data, data.train, config)
        self.callbacks = [SeedEachEpoch(seed, self.batches), keras.callbacks.SwapEMAWeights(swap_on_epoch=True)]

    def epoch(self, number: int) -> float:
        """Train one epoch; return the accuracy on the validation images."""
        options = {"initial_epoch": number, "epochs": number + 1, "verbose": 0, "shuffle": False}
        self.network.fit(self.batches, callbacks=self.callbacks, **options)
        return self.score(self.split.validation)

    def score(self, rows: np.ndarray) -> float:
        """Return the accuracy on some images."""
        answers = self.network.predict(self.images.images[rows], verbose=0).argmax(axis=1)
        return float((answers == self.images.labels[rows]).mean())


ROW = Row("accuracy", "Time to accuracy", measure, long=True)
