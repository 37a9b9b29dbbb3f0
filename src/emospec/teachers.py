"""Distillation: networks that are trained first, on the same parts, and from whose answers the network then learns."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from emospec.callbacks import Checkpoint
from emospec.image_set import ImageSet
from emospec.models import load_model
from emospec.runs import TEACHERS, Run, open_run
from emospec.sessions import in_session
from emospec.training_data import InOrder, TrainingData

APART = 1000  # between the seeds of two teachers: further than users' own seeds usually are


def answers_of_teachers(
    run: Run,
    images: ImageSet,
    data: TrainingData,
    facts: Mapping[str, Any],
    train_network: Callable[[Run], Any],
    say: Callable[[str], None],
) -> NDArray[np.float32]:
    """Train the teachers of a run, as far as they aren't, and return what they answer to the training clips on average.

    Teachers have the settings of the run, but for the seed. They stand in its folder `teachers/`, and see the training
    and validation parts only, as the run's own network: none has heard a clip of the test part.

    Parameters
    ----------
    facts : mapping
        What else the `run.toml` of each shall say.
    train_network : callable
        Trains the network of a run, from where it stopped, and writes its `model.keras`.

    Returns
    -------
    float32, shape (n_train, n_classes)

    References
    ----------
    Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531; Furlanello et al. 2018,
    "Born-Again Neural Networks", ICML, for teachers of the same architecture.
    """
    answers = []
    for number in range(1, run.config.teachers + 1):
        settings = replace(run.config, seed=(run.config.seed + number * APART) % 2**32, teachers=0)
        out = run.path / TEACHERS / str(number)
        teacher = open_run(out, settings, images, (run.split(),), facts=facts, start=run.start)
        with in_session(settings):
            if not (out / "model.keras").exists():
                say(f"teacher {number} of {run.config.teachers}")
                train_network(teacher)
            Checkpoint(out).forget()
            answers.append(answers_to(load_model(out / "model.keras"), data))
    return np.asarray(np.mean(answers, axis=0), dtype=np.float32)


def answers_to(model: keras.Model, data: TrainingData) -> NDArray[np.float32]:
    """Return what a model answers to the training clips: probabilities of shape (n_train, n_classes)."""
    return np.asarray(model.predict(InOrder(data, data.train, batch_size=64), verbose=0), dtype=np.float32)


def taught(data: TrainingData, answers: NDArray[np.float32], share: float) -> TrainingData:
    """Mix answers into the targets of the training clips; the columns of texts stay as they are."""
    targets, n_classes = data.targets.copy(), answers.shape[1]
    own = targets[data.train, :n_classes]
    targets[data.train, :n_classes] = (1 - share) * own + share * answers
    return replace(data, targets=targets)
