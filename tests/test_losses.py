import keras
import numpy as np
import pytest

from emospec.emotions import Labels
from emospec.errors import ConfigError
from emospec.losses import WeightedCategoricalCrossentropy, build_loss, class_weights

LABELS = Labels(("angry", "fear", "sad"))
TRUTH = np.eye(3)[[0, 1, 2, 1]]
SCORES = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.5, 0.25, 0.25]])


def test_equal_weights_give_keras_own_cross_entropy() -> None:
    ours = float(WeightedCategoricalCrossentropy([1, 1, 1])(TRUTH, SCORES))
    assert ours == pytest.approx(float(keras.losses.CategoricalCrossentropy()(TRUTH, SCORES)), rel=1e-5)


def test_each_class_weighs_what_it_was_given() -> None:
    by_hand = -(1 * np.log(0.7) + 2 * np.log(0.8) + 4 * np.log(0.4) + 2 * np.log(0.25)) / 4
    assert float(WeightedCategoricalCrossentropy([1, 2, 4])(TRUTH, SCORES)) == pytest.approx(by_hand, rel=1e-5)


def test_a_certain_and_wrong_score_has_a_finite_loss() -> None:
    assert np.isfinite(float(WeightedCategoricalCrossentropy([1, 1, 1])(TRUTH[:1], np.array([[0.0, 1.0, 0.0]]))))


def test_balanced_weights_are_scikit_learns() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    y = np.array([0, 0, 0, 1, 2, 2])
    assert class_weights("balanced", LABELS, y) == pytest.approx(
        compute_class_weight("balanced", classes=np.arange(3), y=y)
    )


def test_weights_go_by_name_not_by_position() -> None:
    assert class_weights({"sad": 3, "angry": 1, "fear": 2}, LABELS, [0, 1, 2]) == [1, 2, 3]


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        ({"sad": 3, "angry": 1}, "differ in fear"),
        ({"sad": 1, "angry": 1, "fear": 1, "joy": 1}, "joy"),
        ("even", "'balanced'"),
        ({"sad": -2, "angry": 1, "fear": 1}, "above 0"),
    ],
)
def test_weights_that_do_not_fit_the_classes_are_refused(weights: object, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        class_weights(weights, LABELS, [0, 1, 2])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "weights", "match"),
    [
        ("mse", None, "unknown loss 'mse'; known: categorical_crossentropy"),
        ("weighted_categorical_crossentropy", None, "needs class_weights"),
        ("categorical_crossentropy", [1.0, 2.0], "takes no class_weights"),
    ],
)
def test_a_loss_that_does_not_fit_its_weights_is_refused(name: str, weights: list[float] | None, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        build_loss(name, weights)


def test_the_loss_is_made_again_from_its_config() -> None:
    loss = WeightedCategoricalCrossentropy([1, 2, 4])
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(again, WeightedCategoricalCrossentropy)
    assert again.weights == [1, 2, 4]
