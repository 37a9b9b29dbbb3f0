from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest

from emospec.errors import ConfigError
from emospec.losses import build_loss, build_metrics
from emospec.models import build_model
from emospec.settings import TrainConfig
from emospec.text_task import LossWithTexts, metrics_of_emotions, with_texts, without_texts
from emospec.training_data import text_targets


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    return build_model("3layer", (40, 40, 1), 4)


def test_the_second_task_adds_columns_and_leaves_the_emotions_as_they_were(model) -> None:
    images = np.random.default_rng(0).integers(0, 255, (3, 40, 40, 1))
    before = np.asarray(model(images, training=False))
    both = with_texts(model, 5)
    scores = np.asarray(both(images, training=False))
    assert scores.shape == (3, 9)
    assert np.allclose(scores[:, :4], before, atol=1e-6)
    assert np.allclose(scores[:, 4:].sum(axis=1), 1, atol=1e-5)
    assert np.allclose(np.asarray(without_texts(both)(images, training=False)), before, atol=1e-6)


def test_a_model_without_texts_is_left_alone(model) -> None:
    assert without_texts(model) is model


def test_the_loss_is_that_of_the_emotions_and_a_share_of_that_of_the_texts() -> None:
    truth = np.array([[1, 0, 0, 1, 0], [0, 1, 0, 0, 0]], np.float32)  # the second clip's text is unknown
    scores = np.array([[0.5, 0.3, 0.2, 0.25, 0.75], [0.2, 0.6, 0.2, 0.9, 0.1]], np.float32)
    loss = LossWithTexts(build_loss("categorical_crossentropy", None), 3, 0.3)
    expected = np.mean([-np.log(0.5) - 0.3 * np.log(0.25), -np.log(0.6)])
    assert float(loss(truth, scores)) == pytest.approx(expected, abs=1e-5)


def test_the_metrics_leave_the_texts_out() -> None:
    truth = np.array([[1, 0, 1, 0, 0], [0, 1, 0, 0, 1]], np.float32)
    scores = np.array([[0.9, 0.1, 0.0, 0.1, 0.9], [0.8, 0.2, 1, 0, 0]], np.float32)
    accuracy, *_ = metrics_of_emotions(build_metrics(), 2)
    accuracy.update_state(truth, scores)
    assert accuracy.name == "accuracy"
    assert float(accuracy.result()) == 0.5
    accuracy.reset_state()
    accuracy.update_state(truth[:1], scores[:1])
    assert float(accuracy.result()) == 1.0


def test_the_texts_are_those_of_the_training_part() -> None:
    texts = pd.Series(["dog", "tree", pd.NA, "dog", "sea"], dtype="string")
    targets = text_targets(texts, np.arange(4))
    assert targets.tolist() == [[1, 0], [0, 1], [0, 0], [1, 0], [0, 0]]


def test_one_text_is_no_task() -> None:
    with pytest.raises(ConfigError, match="at least 2 different texts to train on, got 1"):
        text_targets(pd.Series(["dog", "dog", pd.NA], dtype="string"), np.arange(3))
    with pytest.raises(ConfigError, match="text_share is -1"):
        replace(TrainConfig(), text_share=-1.0)
