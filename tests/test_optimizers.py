from pathlib import Path

import keras
import numpy as np
import pytest

from emospec.optimizers import in_one_pass

on_tensorflow = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="other backends keep Keras' steps")


def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((5,)), keras.layers.Dense(7, activation="tanh"), keras.layers.Dense(3)])


def trained(optimizer: keras.optimizers.Optimizer) -> keras.Model:
    model, rng = network(), np.random.default_rng(0)
    model.compile(optimizer=optimizer, loss="mse")
    images, targets = rng.normal(size=(64, 5)), rng.normal(size=(64, 3))
    model.fit(images, targets, batch_size=8, epochs=3, shuffle=False, verbose=0)
    return model


def both(kind: type, **options) -> tuple[keras.Model, keras.Model]:
    fused = in_one_pass(kind(0.01, **options))
    if keras.backend.backend() == "tensorflow":
        assert "update_step" in vars(fused)
    return trained(kind(0.01, **options)), trained(fused)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (keras.optimizers.Adam, {}),
        (keras.optimizers.Adam, {"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-3}),
        (keras.optimizers.AdamW, {"weight_decay": 0.1, "use_ema": True, "ema_momentum": 0.9}),
    ],
)
def test_one_pass_comes_to_keras_weights_and_moments(kind: type, options: dict) -> None:
    plain, fused = both(kind, **options)
    before = network().get_weights()
    for was, one, other in zip(before, plain.get_weights(), fused.get_weights(), strict=True):
        assert np.abs(one - was).max() > 0.01
        assert np.allclose(one, other, atol=2e-6)
    for one, other in zip(plain.optimizer.variables, fused.optimizer.variables, strict=True):
        assert np.allclose(np.asarray(one), np.asarray(other), atol=2e-6)


def test_a_few_rows_of_a_table_move_as_keras_moves_them() -> None:
    def trained_table(optimizer: keras.optimizers.Optimizer) -> keras.Model:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Embedding(9, 4), keras.layers.Dense(2)])
        model.compile(optimizer=optimizer, loss="mse")
        model.fit(np.arange(6)[:, None] % 5, np.ones((6, 1, 2)), batch_size=2, epochs=3, shuffle=False, verbose=0)
        return model

    plain, fused = trained_table(keras.optimizers.Adam(0.1)), trained_table(in_one_pass(keras.optimizers.Adam(0.1)))
    for one, other in zip(plain.get_weights(), fused.get_weights(), strict=True):
        assert np.allclose(one, other, atol=2e-6)


def test_a_schedule_moves_the_steps() -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, decay_steps=1, decay_rate=0.8)
    plain, fused = trained(keras.optimizers.Adam(schedule)), trained(in_one_pass(keras.optimizers.Adam(schedule)))
    for one, other in zip(plain.get_weights(), fused.get_weights(), strict=True):
        assert np.allclose(one, other, atol=2e-6)


def test_a_saved_model_holds_keras_own_optimizer(tmp_path: Path) -> None:
    trained(in_one_pass(keras.optimizers.Adam(0.01))).save(tmp_path / "model.keras")
    optimizer = keras.models.load_model(tmp_path / "model.keras").optimizer
    assert type(optimizer) is keras.optimizers.Adam
    assert "update_step" not in vars(optimizer)
    assert float(optimizer.learning_rate) == pytest.approx(0.01)


@on_tensorflow
def test_what_one_kernel_cannot_do_is_left_to_keras() -> None:
    several = keras.optimizers.Adam(gradient_accumulation_steps=2)
    for optimizer in (several, keras.optimizers.Adam(amsgrad=True), keras.optimizers.SGD(), keras.optimizers.Nadam()):
        assert "update_step" not in vars(in_one_pass(optimizer))
