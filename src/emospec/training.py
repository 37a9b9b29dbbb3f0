"""Fit a network on the training part, choose by the validation part, and go on where it stopped."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import pandas as pd

from emospec.callbacks import Checkpoint, ProgressLine, SeedEachEpoch, StopAfterPatience
from emospec.errors import ConfigError
from emospec.files import whole_file
from emospec.fine_tuning import take_over
from emospec.heard import Start
from emospec.image_set import ImageSet
from emospec.judging import images_under, judge, judge_folds
from emospec.losses import build_loss, build_metrics, class_weights
from emospec.models import build_model, find_architecture
from emospec.models.architecture import Architecture
from emospec.optimizers import build_optimizer, highest_rate
from emospec.protocols import make_splits
from emospec.runs import Run, open_run
from emospec.sessions import in_precision, in_session, on_device, precision_of
from emospec.settings import TrainConfig
from emospec.splits import Split
from emospec.starts import check_drawing, check_strangers, config_from, find_source, notice_of_heard, with_notice
from emospec.teachers import answers_of_teachers, taught
from emospec.text_task import LossWithTexts, metrics_of_emotions, with_texts, without_texts
from emospec.training_data import Batches, InOrder, TrainingData
from emospec.unjudged import tell_without_scores

Say = Callable[[str], None]


def train(
    images: ImageSet, config: TrainConfig, out: Path, *, facts: Mapping[str, str] | None = None, say: Say = print
) -> Run:
    """Train one model on one image set, judge it once on the test part, and write the run folder.

    Under a protocol of several folds that is one model a fold, and one report of all test parts together. The same
    call on an unfinished folder goes on after its last whole epoch; on a finished one it does nothing. Under protocol
    `all` nobody validates or is tested: all epochs are trained, and the run has no scores.

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
    config, start = with_start(config, images)
    splits = make_splits(images.clips, images.labels, config.protocol, config.seed, digests=images.digests())
    if start:
        check_strangers(start, splits, images.clips)
        facts = with_notice(facts, notice_of_heard(start, splits, images.clips))
    known = {**(facts or {}), **what_was_used(config)}
    with on_device(config.device), in_precision(precision_of(config)):
        # Settings that don't fit together are told before anything is written.
        build_compiled(config, TrainingData.of(images, splits[0].train, splits[0].validation, config), start)
    run = open_run(out, config, images, splits, facts=known, start=start)
    if run.finished:
        Checkpoint(out).forget()
        say(f"{out} is finished already; its report stands in report.html")
    elif run.folds:
        train_folds(run, images, splits, known, say)
    else:
        train_one(run, images, known, say)
    return run


def train_one(run: Run, images: ImageSet, facts: Mapping[str, Any], say: Say) -> None:
    """Train the one model of a run, and judge it, both by the split that the run folder holds."""
    split = run.split()
    data = TrainingData.of(images, split.train, split.validation, run.config)
    if run.config.teachers:
        train_teacher = partial(train_network, data=data, say=say)
        answers = answers_of_teachers(run, images, data, facts, train_teacher, say)
        data = taught(data, answers, run.config.teacher_share)
    with in_session(run.config):
        model = train_network(run, data, say)
        if len(split.test):
            judge(run, model, images)
        else:
            tell_without_scores(run, model, images)
    Checkpoint(run.path).forget()


def train_network(run: Run, data: TrainingData, say: Say) -> keras.Model:
    """Train the network of a run, from where it stopped, and write its `model.keras`; nothing is judged."""
    model = build_compiled(run.config, data, run.start)
    fit(model, data, run, Checkpoint(run.path), say)
    model = without_texts(model)
    with whole_file(run.path / "model.keras") as temporary:
        model.save(temporary)
    return model


def train_folds(run: Run, images: ImageSet, splits: Sequence[Split], facts: Mapping[str, Any], say: Say) -> None:
    """Train the model of each fold that isn't finished, then judge them together."""
    for number, split in enumerate(splits, start=1):
        fold = open_run(run.fold_path(split.fold), run.config, images, (split,), facts=facts, start=run.start)
        if fold.finished:
            Checkpoint(fold.path).forget()
            continue
        say(f"fold {number} of {len(splits)}: {split.fold}")
        train_one(fold, images, facts, say)
    judge_folds(run, images)


def with_start(config: TrainConfig, images: ImageSet) -> tuple[TrainConfig, Start | None]:
    """Find the model to start from, if there is one, and complete the settings with its network."""
    if config.start_from is None:
        return config, None
    source = find_source(config.start_from)
    check_drawing(images, source)
    return config_from(config, source), source.start


def build_compiled(config: TrainConfig, data: TrainingData, start: Start | None = None) -> keras.Model:
    """Build the model of the settings, with its optimizer and loss, from a fixed seed or from another's weights."""
    architecture = find_architecture(config.model, **model_options(config))
    keras.utils.set_random_seed(config.seed)
    model = build_model(config.model, data.images.shape[1:], len(data.classes), **model_options(config))
    if start:
        take_over(model, start, data.classes.classes)
    loss_name, weights = loss_of(config, architecture)
    values = None if weights is None else class_weights(weights, data.classes, data.labels[data.train])
    loss, metrics = build_loss(loss_name, values), build_metrics()
    n_classes = len(data.classes)
    if config.text_share:
        model = with_texts(model, data.targets.shape[1] - n_classes)
        loss, metrics = LossWithTexts(loss, n_classes, config.text_share), metrics_of_emotions(metrics, n_classes)
    optimizer = build_optimizer(config, architecture, n_batches=math.ceil(len(data.train) / config.batch_size))
    model.compile(optimizer=optimizer, loss=loss, metrics=metrics)
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
        "learning_rate": highest_rate(config, architecture),
        "precision": precision_of(config),
        "loss": loss,
        "class_weights": weights,
    }
    backend = keras.backend.backend()
    return {
        "used": {name: value for name, value in used.items() if value is not None},
        "backend": {"name": backend, "version": version(backend)},
    }


def fit(model: keras.Model, data: TrainingData, run: Run, checkpoint: Checkpoint, say: Say) -> None:
    """Train until the validation loss stops falling, and leave the weights of the best epoch in the model.

    Where nobody validates, all epochs are trained, and the weights of the last are left.
    """
    config, batches = run.config, Batches(data, data.train, run.config)
    history = checkpoint.restore(model)
    n_before = 0 if history is None else len(history)
    stoppers = patience(config, data, history)
    if n_before < config.epochs and not any(stopper.exhausted for stopper in stoppers):
        model.fit(
            batches,
            validation_data=validation_of(data),
            initial_epoch=n_before,
            epochs=config.epochs,
            verbose=0,
            shuffle=False,  # the batches come shuffled already, in an order that can be had again
            callbacks=[
                SeedEachEpoch(config.seed, batches),
                *stoppers,
                *averaging(config),
                ProgressLine(len(data.train), config.epochs, history, say),
                *tensorboard(run),
                checkpoint,
            ],
        )
    checkpoint.load_best(model)


def validation_of(data: TrainingData) -> InOrder | None:
    """Return the images and labels that validate, if any do."""
    return InOrder(data, data.validation) if len(data.validation) else None


def patience(config: TrainConfig, data: TrainingData, history: pd.DataFrame | None) -> list[StopAfterPatience]:
    """Return the callback that stops the training, if anybody validates."""
    if not len(data.validation):
        return []
    return [StopAfterPatience(history, monitor="val_loss", patience=config.patience)]


def averaging(config: TrainConfig) -> list[keras.callbacks.Callback]:
    """Return the callback that validates with the averaged weights, if there are any."""
    return [keras.callbacks.SwapEMAWeights()] if config.ema is not None else []


def tensorboard(run: Run) -> list[keras.callbacks.Callback]:
    """Return the TensorBoard callback if the settings ask for it."""
    return [keras.callbacks.TensorBoard(run.path / "tensorboard")] if run.config.tensorboard else []


def check_tensorboard(config: TrainConfig) -> None:
    """Raise if the settings ask for TensorBoard and it isn't installed."""
    if config.tensorboard and find_spec("tensorboard") is None:
        raise ConfigError('tensorboard is not installed; `pip install "emospec[tensorboard]"`')
