import keras
import pytest

from emospec.models import build_model
from emospec.models.costs import multiply_adds


def test_each_weight_is_used_at_every_place_of_the_output():
    inputs = keras.Input((8, 6, 2))
    convolved = keras.layers.Conv2D(5, 3, strides=2, padding="same")(inputs)  # 4 x 3 places
    separable = keras.layers.SeparableConv2D(7, 3, padding="same")(convolved)
    outputs = keras.layers.Dense(3)(keras.layers.Flatten()(separable))
    by_hand = 4 * 3 * (3 * 3 * 2 * 5) + 4 * 3 * (3 * 3 * 5 + 5 * 7) + 4 * 3 * 7 * 3
    assert multiply_adds(keras.Model(inputs, outputs), (8, 6, 2)) == by_hand


@pytest.mark.parametrize("width", [64, 128])
def test_a_longer_clip_costs_as_much_more(width):
    network = build_model("emonet", (64, 128, 1), 4)
    assert multiply_adds(network, (64, width, 1)) == pytest.approx(62.3e6 * width / 128, rel=0.01)
