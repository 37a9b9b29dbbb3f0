from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from emospec import judging, runs, sessions, training
from emospec.callbacks import Checkpoint
from emospec.errors import ConfigError, SplitError
from emospec.image_set import ImageSet
from emospec.models import load_model
from emospec.protocols import make_splits
from emospec.runs import load_run
from emospec.settings import TrainConfig
from emospec.training import build_compiled, train
from emospec.training_data import Batches, TrainingData, mixed, training_targets
from samples import image_set

CONFIG = TrainConfig(model="3layer", filters=(4, 4, 8), epochs=3, batch_size=8, learning_rate=0.01)


def quietly(line: str) -> None:
    """Take the lines of the progress."""


def narrowed(images: ImageSet) -> TrainingData:
    (split,) = make_splits(images.clips, images.labels, "speakers", 0)
    return TrainingData.of(images, split.train, split.validation)


def weights_of(path: Path) -> list[np.ndarray]:
    return load_model(path / "model.keras").get_weights()


def test_training_writes_the_whole_run_folder(images: ImageSet, tmp_path: Path) -> None:
    run = train(images, CONFIG, tmp_path / "run", say=quietly)
    names = {path.name for path in run.path.iterdir()}
    wanted = {
        "run.toml",
        "model.keras",
        "history.csv",
        "split.csv",
        "predictions.csv",
        "report.json",
        "report.html",
        "figures",
    }
    assert wanted <= names
    assert load_run(run.path).config == CONFIG
    history = run.history()
    assert history is not None
    assert history["epoch"].tolist() == [1, 2, 3]


def test_a_task_that_can_be_learned_is_learned(tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=15)
    report = train(image_set(10, 6), config, tmp_path / "run", say=quietly).report()
    assert report["uar"]["value"] > 0.8
    assert report["speakers_seen_in_training"] == 0


def test_with_shuffled_labels_the_score_is_chance(tmp_path: Path) -> None:
    images = image_set(20, 6)
    shuffled = replace(images, labels=np.random.default_rng(1).permutation(images.labels))
    report = train(shuffled, replace(CONFIG, epochs=8), tmp_path / "run", say=quietly).report()
    assert 0.1 < report["uar"]["value"] < 0.4  # chance is 0.25; 96 test clips have a standard error of 0.044


def test_fitting_holds_no_image_of_the_test_part(images: ImageSet) -> None:
    marked = replace(images, images=images.images.copy())
    (split,) = make_splits(images.clips, images.labels, "speakers", 0)
    marked.images[split.test] = 255
    data = TrainingData.of(marked, split.train, split.validation)
    assert len(data.images) == len(split.train) + len(split.validation)
    assert not (data.images[np.arange(len(data.images))] == 255).all(axis=(1, 2, 3)).any()


def test_test_labels_change_nothing_but_the_score(images: ImageSet, tmp_path: Path) -> None:
    (split,) = make_splits(images.clips, images.labels, "speakers", 0)
    lied = replace(images, labels=images.labels.copy())
    lied.labels[split.test] = (images.labels[split.test] + 1) % 4
    honest, lying = (fit_with_split(i, split, tmp_path / n) for i, n in ((images, "a"), (lied, "b")))
    assert all((a == b).all() for a, b in zip(honest, lying, strict=True))


def fit_with_split(images: ImageSet, split, path: Path) -> list[np.ndarray]:
    data = TrainingData.of(images, split.train, split.validation)
    model = build_compiled(CONFIG, data)
    run = training.open_run(path, CONFIG, images, (split,))
    training.fit(model, data, run, Checkpoint(path), quietly)
    return model.get_weights()


def test_the_same_seed_gives_the_same_model_and_another_seed_another(images: ImageSet, tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        train(images, replace(CONFIG, seed=seed), tmp_path / name, say=quietly)
    a, b, c = (weights_of(tmp_path / name) for name in "abc")
    assert all(np.allclose(x, y, atol=1e-5) for x, y in zip(a, b, strict=True))
    assert not all(np.allclose(x, y, atol=1e-5) for x, y in zip(a, c, strict=True))


def test_an_interrupted_training_ends_where_an_uninterrupted_one_does(
    images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(CONFIG, model="adapted", filters=(2, 2, 2), dropout=0.3, epochs=4, augmentation=("flip",))
    train(images, config, tmp_path / "whole", say=quietly)
    with monkeypatch.context() as patch:
        patch.setattr(training.ProgressLine, "on_epoch_begin", interrupt_at(2))
        with pytest.raises(KeyboardInterrupt):
            train(images, config, tmp_path / "broken", say=quietly)
    said: list[str] = []
    run = train(images, config, tmp_path / "broken", say=said.append)
    assert said[0] == "going on after epoch 2"
    pd.testing.assert_frame_equal(run.history(), load_run(tmp_path / "whole").history(), rtol=1e-3)
    for a, b in zip(weights_of(tmp_path / "whole"), weights_of(tmp_path / "broken"), strict=True):
        assert np.allclose(a, b, atol=1e-4)


def test_an_interruption_while_the_checkpoint_is_written_loses_one_epoch_at_the_most(
    images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(images, CONFIG, tmp_path / "whole", say=quietly)
    save = keras.Model.save_weights

    def torn(self: keras.Model, path: Path) -> None:
        if "0002" in str(path):
            path.write_bytes(b"half")
            raise KeyboardInterrupt
        save(self, path)

    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "save_weights", torn)
        with pytest.raises(KeyboardInterrupt):
            train(images, CONFIG, tmp_path / "broken", say=quietly)
    run = train(images, CONFIG, tmp_path / "broken", say=quietly)
    pd.testing.assert_frame_equal(run.history(), load_run(tmp_path / "whole").history(), rtol=1e-3)
    assert run.report() == load_run(tmp_path / "whole").report()
    assert not (run.path / "checkpoint").exists()


def test_an_interruption_before_the_report_trains_no_epoch_again(
    images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(images, CONFIG, tmp_path / "whole", say=quietly)
    with monkeypatch.context() as patch:
        patch.setattr(training, "judge", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(images, CONFIG, tmp_path / "broken", say=quietly)
    said: list[str] = []
    run = train(images, CONFIG, tmp_path / "broken", say=said.append)
    assert not any("epoch" in line for line in said)
    assert run.report() == load_run(tmp_path / "whole").report()


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def interrupt_at(epoch: int):
    def on_epoch_begin(self, now: int, logs: object = None) -> None:
        self.started = 0.0
        if now == epoch:
            raise KeyboardInterrupt

    return on_epoch_begin


def test_a_finished_run_is_not_trained_again(images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(images, CONFIG, tmp_path / "run", say=quietly)
    monkeypatch.setattr(training, "fit", lambda *_: pytest.fail("trained again"))
    assert train(images, CONFIG, tmp_path / "run", say=quietly).finished


def test_a_run_with_other_settings_is_not_overwritten(images: ImageSet, tmp_path: Path) -> None:
    train(images, CONFIG, tmp_path / "run", say=quietly)
    before = (tmp_path / "run" / "report.json").read_bytes()
    with pytest.raises(ConfigError, match="a run with epochs = 3, now it is 4; name another --out"):
        train(images, replace(CONFIG, epochs=4), tmp_path / "run", say=quietly)
    assert (tmp_path / "run" / "report.json").read_bytes() == before


def test_a_run_is_not_continued_on_other_clips(images: ImageSet, tmp_path: Path) -> None:
    train(images, CONFIG, tmp_path / "run", say=quietly)
    (tmp_path / "run" / "report.json").unlink()
    with pytest.raises(ConfigError, match="has changed since"):
        train(image_set(n_speakers=7), CONFIG, tmp_path / "run", say=quietly)


def test_training_stops_after_its_patience_and_keeps_the_best_epoch(images: ImageSet, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=60, patience=2, learning_rate=0.03)
    run = train(images, config, tmp_path / "run", say=quietly)
    history = run.history()
    assert history is not None
    best = int(history["val_loss"].argmin())
    assert len(history) < 60
    assert len(history) == best + 1 + 2
    data = narrowed(images)
    model = load_model(run.path / "model.keras")
    x, y = data.images[data.validation], np.eye(4)[data.labels[data.validation]]
    loss = float(keras.losses.CategoricalCrossentropy()(y, judging.predict(model, x)))
    assert loss == pytest.approx(history["val_loss"].min(), rel=1e-3)


def test_batches_cover_an_epoch_once_in_an_order_of_its_own(images: ImageSet) -> None:
    data = narrowed(images)
    batches = Batches(data, data.train, CONFIG)
    seen = np.concatenate([batches[i][0] for i in range(len(batches))])
    batches.epoch = 1
    then = np.concatenate([batches[i][0] for i in range(len(batches))])
    assert seen.dtype == np.uint8
    assert sorted(image.tobytes() for image in seen) == sorted(image.tobytes() for image in data.images[data.train])
    assert (seen != then).any()


def test_weights_of_classes_reach_the_loss(images: ImageSet) -> None:
    data = narrowed(images)
    assert build_compiled(replace(CONFIG, class_weights="balanced"), data).loss.weights == [1, 1, 1, 1]
    weighted = replace(CONFIG, model="adapted-weighted", filters=(2, 2, 2), image_size=(20, 20))
    assert build_compiled(weighted, data).loss.weights == [1, 2, 1.5, 1]
    assert float(build_compiled(replace(weighted, learning_rate=None), data).optimizer.learning_rate) == pytest.approx(
        0.0005
    )


def test_naming_a_models_own_loss_changes_nothing(images: ImageSet) -> None:
    weighted = replace(CONFIG, model="adapted-weighted", filters=(2, 2, 2), image_size=(20, 20))
    named = replace(weighted, loss="weighted_categorical_crossentropy")
    assert build_compiled(named, narrowed(images)).loss.weights == [1, 2, 1.5, 1]


def test_the_run_says_what_was_used_whoever_chose_it(images: ImageSet, tmp_path: Path) -> None:
    settings = train(images, CONFIG, tmp_path / "run", say=quietly).settings()
    assert settings["used"]["filters"] == [4, 4, 8]
    assert settings["used"]["kernel_size"] == 3
    assert settings["used"]["loss"] == "categorical_crossentropy"
    assert settings["backend"]["name"] == keras.backend.backend()


def test_bfloat16_computes_in_it_and_keeps_weights_and_scores_in_float32(images: ImageSet, tmp_path: Path) -> None:
    run = train(images, replace(CONFIG, epochs=1, precision="bfloat16"), tmp_path / "run", say=quietly)
    model = load_model(run.path / "model.keras")
    convolution = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    assert (convolution.compute_dtype, convolution.variable_dtype) == ("bfloat16", "float32")
    assert model.output.dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"model": "x"}, "unknown model"),
        ({"optimizer": "x"}, "unknown optimizer"),
        ({"protocol": "x"}, "unknown protocol"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_written(
    images: ImageSet, tmp_path: Path, wrong: dict[str, str], match: str
) -> None:
    with pytest.raises((ConfigError, SplitError), match=match):
        train(images, replace(CONFIG, **({"filters": None} | wrong)), tmp_path / "run", say=quietly)
    assert not (tmp_path / "run").exists()


def test_tensorboard_logs_are_written_on_request(images: ImageSet, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the extra `tensorboard` is not installed")
    run = train(images, replace(CONFIG, epochs=1, tensorboard=True), tmp_path / "run", say=quietly)
    assert list(run.path.rglob("events.out.tfevents*"))


def test_a_missing_tensorboard_is_told_before_anything_is_written(
    images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="tensorboard is not installed"):
        train(images, replace(CONFIG, tensorboard=True), tmp_path / "run", say=quietly)
    assert not (tmp_path / "run").exists()


def test_an_epoch_whose_loss_is_no_number_does_not_hide_a_later_best_one(images: ImageSet, tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path)
    model = build_compiled(CONFIG, narrowed(images))
    checkpoint.set_model(model)
    checkpoint.on_epoch_end(0, {"val_loss": float("nan")})
    model.set_weights([weights + 1 for weights in model.get_weights()])
    wanted = model.get_weights()
    checkpoint.on_epoch_end(1, {"val_loss": 0.5})
    model.set_weights([weights + 1 for weights in wanted])
    checkpoint.on_epoch_end(2, {"val_loss": float("nan")})
    checkpoint.load_best(model)
    assert all((a == b).all() for a, b in zip(model.get_weights(), wanted, strict=True))


def test_a_run_folder_begins_whole_or_not_at_all(
    images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(runs, "write_toml", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(images, CONFIG, tmp_path / "run", say=quietly)
    assert not list(tmp_path.iterdir())
    assert train(images, CONFIG, tmp_path / "run", say=quietly).finished


def test_averaged_weights_are_validated_and_kept(images: ImageSet, tmp_path: Path) -> None:
    config = replace(CONFIG, optimizer="adamw", ema=0.9, epochs=4, weight_decay=0.01)
    run = train(images, config, tmp_path / "run", say=quietly)
    data, history = narrowed(images), run.history()
    assert history is not None
    x, y = data.images[data.validation], np.eye(4)[data.labels[data.validation]]
    loss = float(keras.losses.CategoricalCrossentropy()(y, judging.predict(load_model(run.path / "model.keras"), x)))
    assert loss == pytest.approx(history["val_loss"].min(), rel=1e-3)


def test_a_training_with_every_ingredient_goes_on_where_it_stopped(
    images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(
        CONFIG, model="emonet", filters=(4, 4, 8, 8), epochs=4, optimizer="adamw", ema=0.8, schedule="cosine", mixup=0.3
    )
    train(images, config, tmp_path / "whole", say=quietly)
    with monkeypatch.context() as patch:
        patch.setattr(training.ProgressLine, "on_epoch_begin", interrupt_at(2))
        with pytest.raises(KeyboardInterrupt):
            train(images, config, tmp_path / "broken", say=quietly)
    run = train(images, config, tmp_path / "broken", say=quietly)
    pd.testing.assert_frame_equal(run.history(), load_run(tmp_path / "whole").history(), rtol=1e-3)
    for a, b in zip(weights_of(tmp_path / "whole"), weights_of(tmp_path / "broken"), strict=True):
        assert np.allclose(a, b, atol=1e-4)


def test_the_cosine_schedule_rises_and_ends_at_nothing(images: ImageSet) -> None:
    config = replace(CONFIG, schedule="cosine", epochs=20)
    data = narrowed(images)
    rate = build_compiled(config, data).optimizer._learning_rate
    steps = 20 * int(np.ceil(len(data.train) / config.batch_size))
    assert float(rate(0)) == pytest.approx(0.01 / 20)
    assert float(rate(steps // 20)) == pytest.approx(0.01, rel=0.02)
    assert float(rate(steps + steps // 20)) == pytest.approx(0, abs=1e-6)


def test_mixup_blends_pictures_and_targets_in_the_same_proportion() -> None:
    images = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1) * 50
    targets = np.eye(4, dtype=np.float32)
    pixels, blended = mixed(images, targets, 0.5, np.random.default_rng(3))
    assert np.allclose(blended.sum(axis=1), 1)
    assert np.allclose(pixels[:, 0, 0, 0], blended @ np.arange(4) * 50, atol=1e-4)
    assert len(np.unique(np.round(blended, 5))) > 2


def test_targets_follow_the_listeners_only_where_they_answered(images: ImageSet) -> None:
    clips = images.clips.iloc[:3].assign(votes=pd.array(["angry=3 fear=1", "neutral=4", pd.NA], dtype="string"))
    config = replace(CONFIG, listener_labels=0.4)
    targets = training_targets(np.array([1, 1, 1], dtype=np.int32), clips, images.classes, config)
    assert np.allclose(targets, [[0.3, 0.7, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]])
    smooth = training_targets(np.array([1], np.int32), clips[:1], images.classes, replace(CONFIG, label_smoothing=0.2))
    assert np.allclose(smooth, [[0.05, 0.85, 0.05, 0.05]])


def test_auto_precision_is_written_down_as_what_it_meant_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "chosen_precision", lambda asked, **options: "bfloat16" if asked == "auto" else asked)
    used = training.what_was_used(replace(CONFIG, precision="auto"))["used"]
    assert used["precision"] == "bfloat16"
