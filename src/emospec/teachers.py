"""Distillation: networks that are trained first, on the same parts, and from whose answers the network then learns."""

from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np
from numpy.typing import NDArray

from emospec.callbacks import Checkpoint
from emospec.image_set import ImageSet
from emospec.models import load_model
from emospec.runs import Run, open_run
from emospec.training_data import InOrder, TrainingData

APART = 1000  # between the seeds of two teachers: further than users' own seeds usually are


def with_teachers(
    run: Run, images: ImageSet, data: TrainingData, train_network: Callable[[Run], None], say: Callable[[str], None]
) -> TrainingData:
    """Let a share of each training label follow what the teachers answer to the clip, on average.

    Teachers have the settings of the run, but for the seed. They stand in its folder `teachers/`, and see the training
    and validation parts only, as the run's own network: whatever the protocol, none has heard a test speaker.

    Parameters
    ----------
    train_network : callable
        Trains the network of a run, from where it stopped, and writes its `model.keras`.

    References
    ----------
    Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531; Furlanello et al. 2018,
    "Born-Again Neural Networks", ICML, for teachers of the same architecture.
    """
    config = run.config
    answers = []
    for number in range(1, config.teachers + 1):
        seed = (config.seed + number * APART) % 2**32
        settings = replace(config, seed=seed, teachers=0)
        teacher = open_run(run.path / "teachers" / str(number), settings, images, (run.split(),), start=run.start)
        if not (teacher.path / "model.keras").exists():
            say(f"teacher {number} of {config.teachers}")
            keras.utils.clear_session()  # or each network's graph stays in memory
            train_network(teacher)
        Checkpoint(teacher.path).forget()
        answers.append(answers_to(load_model(teacher.path / "model.keras"), data))
    return taught(data, np.mean(answers, axis=0), config.teacher_share) if answers else data


def answers_to(model: keras.Model, data: TrainingData) -> NDArray[np.float32]:
    """Return what a model answers to the training clips: probabilities of shape (n, n_classes)."""
    return np.asarray(model.predict(InOrder(data, data.train, batch_size=64), verbose=0), dtype=np.float32)


def taught(data: TrainingData, answers: NDArray[np.float32], share: float) -> TrainingData:
    """Mix answers into the targets of the training clips; the columns of texts stay as they are."""
    targets, n_classes = data.targets.copy(), answers.shape[1]
    own = targets[data.train, :n_classes]
    targets[data.train, :n_classes] = (1 - share) * own + share * answers
    return replace(data, targets=targets)
