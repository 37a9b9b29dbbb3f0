"""Fine-tuning really starts from the other model's weights, and goes on where it stopped."""

import tomllib
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from emospec import training
from emospec.emotions import Labels
from emospec.errors import ConfigError
from emospec.files import sha256_of
from emospec.image_set import ImageSet
from emospec.judging import predict
from emospec.models import load_model
from emospec.runs import Run, load_run
from emospec.sessions import in_precision
from emospec.settings import read_config
from emospec.training import build_compiled, train, with_start
from emospec.training_data import TrainingData
from fine_tuning_samples import (
    CONFIG,
    FINE,
    STILL,
    drawn,
    from_model,
    interrupt_at,
    quietly,
    same_history,
    scores,
    weights_of,
)
from report_samples import text_of
from samples import CLASSES


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(drawn(), CONFIG, tmp_path_factory.mktemp("start") / "run", say=quietly)


@pytest.fixture(scope="module")
def others() -> ImageSet:
    return drawn("other")


def begun(start: Run | Path, images: ImageSet, **changes: object) -> keras.Model:
    """Return the network of a fine-tuning before its first step."""
    config, found = with_start(replace(from_model(start), **changes), images)
    half = len(images) // 2
    return build_compiled(config, TrainingData.of(images, np.arange(half), np.arange(half, 2 * half), config), found)


def test_with_steps_of_nothing_the_scores_are_those_of_the_start(start: Run, others: ImageSet, tmp_path: Path) -> None:
    run = train(others, from_model(start, STILL), tmp_path / "run", say=quietly)
    np.testing.assert_allclose(scores(run.path, others), scores(start.path, others), atol=1e-5)


def test_with_real_steps_they_are_not(start: Run, others: ImageSet, tmp_path: Path) -> None:
    run = train(others, from_model(start), tmp_path / "run", say=quietly)
    assert abs(scores(run.path, others) - scores(start.path, others)).max() > 1e-3


def test_classes_in_another_order_keep_their_own_columns(start: Run, others: ImageSet) -> None:
    turned = Labels(("sad", "angry", "happy", "fear"))
    images = replace(others, classes=turned, labels=turned.encode(others.clips["emotion"]))
    columns = [CLASSES.index(name) for name in turned.classes]
    found = predict(begun(start, images), images.images)
    np.testing.assert_allclose(found, scores(start.path, others)[:, columns], atol=1e-5)


def test_other_classes_get_a_new_last_layer_and_keep_all_before(start: Run, others: ImageSet) -> None:
    fewer = others.of_classes(np.array([0, 2, 3], np.int32))
    (*body, kernel, bias), (*before, old, _) = begun(start, fewer).get_weights(), weights_of(start)
    assert all((a == b).all() for a, b in zip(body, before, strict=True))
    assert kernel.shape == (old.shape[0], 3)
    assert not any(np.allclose(kernel[:, [column]], old, atol=1e-3) for column in range(3))
    assert (bias == 0).all()


def test_other_classes_are_trained_and_judged(start: Run, others: ImageSet, tmp_path: Path) -> None:
    run = train(others.of_classes(np.array([0, 3], np.int32)), from_model(start), tmp_path / "run", say=quietly)
    assert run.report()["classes"] == ["angry", "sad"]


@pytest.mark.slow
def test_normalisation_and_attention_are_taken_over_whatever_is_random_or_precise(tmp_path: Path) -> None:
    """The start trained with a second task and in another precision than the one that goes on."""
    config = replace(CONFIG, model="emonet", filters=(4, 4, 8, 8), epochs=1, learning_rate=None, text_share=0.3)
    first = train(drawn(), replace(config, precision="bfloat16"), tmp_path / "first", say=quietly)
    images, changes = drawn("other"), {"augmentation": ("gain",), "dropout": 0.1}
    model = begun(first.path, images, **changes)
    assert all((a == b).all() for a, b in zip(model.get_weights(), weights_of(first), strict=True))
    assert {layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)} == {0.1}
    np.testing.assert_allclose(predict(model, images.images), scores(first.path, images), atol=0.02)
    with in_precision("bfloat16"):
        same = begun(first.path, images, **changes)
    assert "bfloat16" in {layer.compute_dtype for layer in same.layers}
    assert same.get_layer("probabilities").compute_dtype == "float32"
    np.testing.assert_allclose(predict(same, images.images), scores(first.path, images), atol=1e-6)


def test_the_optimizer_starts_anew_at_a_tenth_of_the_models_own_rate(start: Run, others: ImageSet) -> None:
    assert int(begun(start, others).optimizer.iterations) == 0
    assert float(begun(start, others).optimizer.learning_rate) == pytest.approx(0.0001)
    assert float(begun(start, others, learning_rate=0.003).optimizer.learning_rate) == pytest.approx(0.003)


def test_run_toml_says_what_it_started_from_and_repeats_it(start: Run, others: ImageSet, tmp_path: Path) -> None:
    run = train(others, from_model(start), tmp_path / "run", say=quietly)
    table = tomllib.loads((run.path / "run.toml").read_text())
    folder = start.path.resolve()
    assert table["start"] == {
        "path": str(folder),
        "sha256": sha256_of(folder / "model.keras"),
        "classes": list(CLASSES),
        "corpora": start.heard(),
    }
    assert table["used"]["learning_rate"] == pytest.approx(0.0001)
    config = read_config(run.path / "run.toml")
    assert (config.model, config.filters, config.start_from) == ("3layer", (4, 4, 8), str(folder))
    assert with_start(config, others)[0] == config
    page = text_of((run.path / "report.html").read_text(encoding="utf-8"))
    assert table["start"]["sha256"] in page
    assert "made (n_clips = 80, speakers = s" in page


# going on


def test_an_interrupted_fine_tuning_ends_where_an_uninterrupted_one_does(
    start: Run, others: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = from_model(start, replace(FINE, epochs=3, ema=0.8, optimizer="adamw", text_share=0.2))
    whole = train(others, config, tmp_path / "whole", say=quietly)
    with monkeypatch.context() as patch:
        patch.setattr(training.ProgressLine, "on_epoch_begin", interrupt_at(1))
        with pytest.raises(KeyboardInterrupt):
            train(others, config, tmp_path / "broken", say=quietly)
    said: list[str] = []
    run = train(others, config, tmp_path / "broken", say=said.append)
    assert "going on after epoch 1" in said
    same_history(run, whole)
    np.testing.assert_allclose(scores(run.path, others), scores(whole.path, others), atol=1e-4)


def test_a_changed_start_is_refused_on_resuming(
    others: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train(drawn(), replace(CONFIG, epochs=1), tmp_path / "first", say=quietly)
    with monkeypatch.context() as patch:
        patch.setattr(training.ProgressLine, "on_epoch_begin", interrupt_at(1))
        with pytest.raises(KeyboardInterrupt):
            train(others, from_model(first), tmp_path / "run", say=quietly)
    model = load_model(first.path / "model.keras")
    model.set_weights([weights + 1 for weights in model.get_weights()])
    model.save(first.path / "model.keras")
    with pytest.raises(ConfigError, match=r"the model .*first has changed since .*run was begun from it; name another"):
        train(others, from_model(first), tmp_path / "run", say=quietly)
    assert not load_run(tmp_path / "run").finished


def test_a_run_that_started_from_nothing_is_not_continued_from_a_model(
    start: Run, others: ImageSet, tmp_path: Path
) -> None:
    train(others, replace(CONFIG, epochs=1), tmp_path / "run", say=quietly)
    with pytest.raises(ConfigError, match="holds a run with start_from = None, now it is"):
        train(others, from_model(start, replace(CONFIG, epochs=1)), tmp_path / "run", say=quietly)


def test_each_fold_starts_from_the_same_model(start: Run, others: ImageSet, tmp_path: Path) -> None:
    run = train(others, from_model(start, replace(STILL, protocol="kfold-speakers:2")), tmp_path / "run", say=quietly)
    for fold in run.fold_runs():
        assert fold.start == run.start
        np.testing.assert_allclose(scores(fold.path, others), scores(start.path, others), atol=1e-5)
    with pytest.raises(ConfigError, match=r"has a model for each of 2 folds; start from one of them, such as .*fold-1"):
        with_start(from_model(run), others)
    assert with_start(from_model(run.fold_path("fold-1")), others)[0].filters == (4, 4, 8)


# networks that don't fit


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"model": "dscnn"}, r"model dscnn doesn't fit the network of .* \(3layer\); leave it out"),
        ({"filters": (4, 4, 4)}, r"filters \(4, 4, 4\) doesn't fit the network of .* \(\(4, 4, 8\)\)"),
        ({"kernel_size": 5}, "kernel_size 5 doesn't fit .*the model's own"),
    ],
)
def test_another_network_cannot_be_asked_for(
    start: Run, others: ImageSet, wrong: dict[str, object], match: str
) -> None:
    with pytest.raises(ConfigError, match=match):
        begun(start, others, **wrong)


def test_a_network_that_is_built_otherwise_today_is_refused(
    start: Run, others: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras.layers, "MaxPooling2D", keras.layers.AveragePooling2D)
    with pytest.raises(ConfigError, match="is another one than this emospec builds"):
        begun(start, others)
