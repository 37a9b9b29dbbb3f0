"""Fit a network on the training part, choose by the validation part, and go on where it stopped."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from emospec.callbacks import Checkpoint, ProgressLine, SeedEachEpoch, StopAfterPatience
from emospec.errors import ConfigError
from emospec.files import whole_file
from emospec.image_set import ImageSet
from emospec.judging import images_under, judge, judge_folds
from emospec.losses import build_loss, build_metrics, class_weights
from emospec.models import build_model, find_architecture
from emospec.models.architecture import Architecture
from emospec.protocols import make_splits
from emospec.runs import Run, open_run
from emospec.settings import TrainConfig
from emospec.splits import Indices, Split

Say = Callable[[str], None]


def train(
    images: ImageSet, config: TrainConfig, out: Path, *, facts: Mapping[str, str] | None = None, say: Say = print
) -> Run:
    """Train one model on one image set, judge it once on the test part, and write the run folder.

    Under a protocol of several folds that is one model a fold, and one report of all test parts together. The same
    call on an unfinished folder goes on after its last whole epoch; on a finished one it does nothing.

    Parameters
    ----------
    facts : mapping, optional
        What else `run.toml` shall say: `notice`, a sentence that the report shows above the scores; `clips`, the CSV
        that told who speaks.
    say : callable
        Receives the lines that tell of the progress.

    Raises
    ------
    EmospecError
        For settings that don't fit together, before anything is written.
    """
    check_tensorboard(config)
    images = images_under(images, config.protocol)
    splits = make_splits(images.clips, images.labels, config.protocol, config.seed, digests=images.digests())
    known = {**(facts or {}), **what_was_used(config)}
    with on_device(config.device), in_precision(config.precision):
        build_compiled(config, TrainingData.of(images, splits[0].train, splits[0].validation))  # raises if it can't be
        run = open_run(out, config, images, splits, facts=known)
        if run.finished:
            Checkpoint(out).forget()
            say(f"{out} is finished already; its report stands in report.html")
        elif run.folds:
            train_folds(run, images, splits, known, say)
        else:
            train_one(run, images, splits[0], say)
    return run


def train_one(run: Run, images: ImageSet, split: Split, say: Say) -> None:
    """Train the one model of a run, and judge it."""
    data = TrainingData.of(images, split.train, split.validation)
    model, checkpoint = build_compiled(run.config, data), Checkpoint(run.path)
    fit(model, data, run, checkpoint, say)
    with whole_file(run.path / "model.keras") as temporary:
        model.save(temporary)
    judge(run, model, images)
    checkpoint.forget()


def train_folds(run: Run, images: ImageSet, splits: Sequence[Split], facts: Mapping[str, Any], say: Say) -> None:
    """Train the model of each fold that isn't finished, then judge them together."""
    for number, split in enumerate(splits, start=1):
        fold = open_run(run.fold_path(split.fold), run.config, images, (split,), facts=facts)
        if fold.finished:
            Checkpoint(fold.path).forget()
            continue
        say(f"fold {number} of {len(splits)}: {split.fold}")
        keras.utils.clear_session()  # or each fold's graph stays in memory
        train_one(fold, images, split, say)
    judge_folds(run, images)


@dataclass(frozen=True)
class TrainingData:
    """All that fitting may see: the training and validation rows of an image set, and no others."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int32]
    classes: Any
    train: Indices
    validation: Indices

    @classmethod
    def of(cls, images: ImageSet, train: Indices, validation: Indices) -> "TrainingData":
        """Narrow an image set; rows outside the two parts are replaced by nothing at all, so none can leak."""
        rows = np.concatenate([train, validation])
        seen, unseen = np.arange(len(train)), np.arange(len(train), len(rows))
        return cls(images.images[rows], images.labels[rows], images.classes, seen, unseen)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of raw pixels and one-hot labels; the order of each epoch depends on the seed and the epoch alone.

    That makes a training that was interrupted see the same batches as one that wasn't. `SeedEachEpoch` sets the
    epoch: Keras' own `on_epoch_end` comes an unknown number of times, since backends fetch ahead.
    """

    def __init__(self, data: TrainingData, rows: Indices, config: TrainConfig) -> None:
        super().__init__()
        self.data, self.rows, self.config, self.epoch = data, rows, config, 0
        self.one_hot = np.eye(len(data.classes), dtype=np.float32)
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

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return batch `index` of this epoch."""
        chosen = self.order(self.epoch)[index * self.config.batch_size : (index + 1) * self.config.batch_size]
        return self.data.images[chosen], self.one_hot[self.data.labels[chosen]]


def build_compiled(config: TrainConfig, data: TrainingData) -> keras.Model:
    """Build the model of the settings, with its optimizer and loss, from a fixed seed."""
    architecture = find_architecture(config.model, **model_options(config))
    keras.utils.set_random_seed(config.seed)
    model = build_model(config.model, data.images.shape[1:], len(data.classes), **model_options(config))
    loss_name, weights = loss_of(config, architecture)
    values = None if weights is None else class_weights(weights, data.classes, data.labels[data.train])
    model.compile(
        optimizer=build_optimizer(config.optimizer, config.learning_rate or architecture.learning_rate),
        loss=build_loss(loss_name, values),
        metrics=build_metrics(),
    )
    return model


def model_options(config: TrainConfig) -> dict[str, Any]:
    """Return the options of the network that the settings give."""
    names = ("filters", "kernel_size", "dropout", "image_size", "augmentation")
    return {name: getattr(config, name) for name in names if getattr(config, name) is not None}


def loss_of(config: TrainConfig, architecture: Architecture) -> tuple[str, Any]:
    """Return the name of the loss and the class weights: the settings' own, else the architecture's."""
    weights = config.class_weights
    if weights is None and config.loss in (None, architecture.loss):
        weights = architecture.class_weights
    return config.loss or ("weighted_categorical_crossentropy" if weights else architecture.loss), weights


def what_was_used(config: TrainConfig) -> dict[str, Any]:
    """Return what `run.toml` says beside the settings given: the model's own choices, and the backend."""
    architecture = find_architecture(config.model, **model_options(config))
    loss, weights = loss_of(config, architecture)
    used = {
        "filters": list(architecture.filters),
        "kernel_size": architecture.kernel_size,
        "dropout": list(architecture.dropout),
        "image_size": list(architecture.image_size) if architecture.image_size else None,
        "augmentation": list(architecture.augmentation),
        "learning_rate": config.learning_rate or architecture.learning_rate,
        "loss": loss,
        "class_weights": weights,
    }
    backend = keras.backend.backend()
    return {
        "used": {name: value for name, value in used.items() if value is not None},
        "backend": {"name": backend, "version": version(backend)},
    }


def build_optimizer(name: str, learning_rate: float) -> keras.optimizers.Optimizer:
    """Return an optimizer of Keras by its name."""
    try:
        return keras.optimizers.get({"class_name": name, "config": {"learning_rate": learning_rate}})
    except ValueError:
        raise ConfigError(
            f"unknown optimizer {name!r}; Keras knows adam, adamw, sgd, rmsprop, nadam, lion ..."
        ) from None


def fit(model: keras.Model, data: TrainingData, run: Run, checkpoint: Checkpoint, say: Say) -> None:
    """Train until the validation loss stops falling, and leave the weights of the best epoch in the model."""
    config, batches = run.config, Batches(data, data.train, run.config)
    history = checkpoint.restore(model)
    n_before = 0 if history is None else len(history)
    stopper = StopAfterPatience(history, monitor="val_loss", patience=config.patience)
    if n_before < config.epochs and not stopper.exhausted:
        model.fit(
            batches,
            validation_data=(data.images[data.validation], one_hot(data, data.validation)),
            initial_epoch=n_before,
            epochs=config.epochs,
            verbose=0,
            shuffle=False,  # the batches come shuffled already, in an order that can be had again
            callbacks=[
                SeedEachEpoch(config.seed, batches),
                stopper,
                ProgressLine(len(data.train), config.epochs, history, say),
                *tensorboard(run),
                checkpoint,
            ],
        )
    checkpoint.load_best(model)


def one_hot(data: TrainingData, rows: Indices) -> NDArray[np.float32]:
    """Return the labels of some rows as (n, n_classes) zeros and ones."""
    return np.eye(len(data.classes), dtype=np.float32)[data.labels[rows]]


def tensorboard(run: Run) -> list[keras.callbacks.Callback]:
    """Return the TensorBoard callback if the settings ask for it."""
    return [keras.callbacks.TensorBoard(run.path / "tensorboard")] if run.config.tensorboard else []


def check_tensorboard(config: TrainConfig) -> None:
    """Raise if the settings ask for TensorBoard and it isn't installed."""
    if config.tensorboard and find_spec("tensorboard") is None:
        raise ConfigError('tensorboard is not installed; `pip install "emospec[tensorboard]"`')


@contextmanager
def in_precision(precision: str) -> Iterator[None]:
    """Let models built inside compute in a precision; weights stay in float32."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def on_device(device: str) -> Any:
    """Return a context that computes on the device; `auto` leaves the choice to the backend, which prefers a GPU."""
    if device == "gpu" and not keras.distribution.list_devices("gpu"):
        raise ConfigError(f"the {keras.backend.backend()} backend finds no GPU; use --device auto or cpu")
    # "cpu", not "cpu:0": PyTorch takes these for two devices, and finds no gradients.
    return nullcontext() if device == "auto" else keras.device("cpu" if device == "cpu" else "gpu:0")
