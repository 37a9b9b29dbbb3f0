"""What Keras' own callbacks don't do between epochs: a line to read, patience and chance that outlive a restart."""

import math
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pandas as pd

from emospec.files import whole_file, whole_folder


class Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]
    """All that is needed to go on after each epoch, in one folder that appears whole or not at all.

    Keras' `BackupAndRestore`, `ModelCheckpoint` and `CSVLogger` write three things one after the other; a process that
    ends in between leaves an epoch that counts twice, or a best epoch whose weights were never kept.

    Parameters
    ----------
    run : Path
        The run folder; the newest of its `checkpoint/epoch-NNNN` is the state, `history.csv` a copy for readers.
    """

    def __init__(self, run: Path) -> None:
        super().__init__()
        self.history_path, self.folder = run / "history.csv", run / "checkpoint"
        self.rows: list[dict[Any, Any]] = []

    @property
    def newest(self) -> Path | None:
        """The folder of the last whole epoch."""
        return max(self.folder.glob("epoch-*"), default=None)

    def restore(self, model: keras.Model) -> pd.DataFrame | None:
        """Bring the model and its optimizer to where the last whole epoch left them; return its history."""
        newest = self.newest
        if newest is None:
            return None
        model.optimizer.build(model.trainable_variables)
        model.load_weights(newest / "latest.weights.h5")
        history = pd.read_csv(newest / "history.csv")
        self.rows = history.to_dict("records")
        self.write_history(self.history_path)
        return history

    def load_best(self, model: keras.Model) -> None:
        """Give the model the weights of the epoch with the lowest validation loss; of the last, if nobody validates."""
        if self.newest is not None:
            model.load_weights(self.newest / "best.weights.h5")
        if model.optimizer.use_ema:  # the averages were validated, not the weights that they are of
            model.optimizer.finalize_variable_values(model.trainable_variables)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keep the epoch, then forget the one before."""
        before, values = self.newest, logs or {}
        is_best = "val_loss" not in values or values["val_loss"] < lowest([row["val_loss"] for row in self.rows])
        self.rows.append({"epoch": epoch, **values})
        with whole_folder(self.folder / f"epoch-{epoch + 1:04d}") as new:
            self.model.save_weights(new / "latest.weights.h5")
            best = new if is_best or before is None else before
            link(best / ("latest" if best is new else "best"), new / "best")
            self.write_history(new / "history.csv")
        self.write_history(self.history_path)
        if before is not None:
            shutil.rmtree(before)

    def write_history(self, path: Path) -> None:
        """Write one row an epoch."""
        with whole_file(path) as temporary:
            pd.DataFrame(self.rows).to_csv(temporary, index=False)

    def forget(self) -> None:
        """Remove the checkpoint once the run is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)


def lowest(losses: list[float]) -> float:
    """Return the lowest loss that is a number, infinity if there is none; plain `min` is misled by NaN."""
    return min((loss for loss in losses if math.isfinite(loss)), default=math.inf)


def link(source: Path, target: Path) -> None:
    """Give a file of weights a second name, or copy it where the disk has no such thing."""
    source, target = Path(f"{source}.weights.h5"), Path(f"{target}.weights.h5")
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


class StopAfterPatience(keras.callbacks.EarlyStopping):  # type: ignore[misc]
    """Keras' early stopping that remembers the epochs before an interruption.

    Parameters
    ----------
    history : DataFrame, optional
        The epochs that ran before, with the monitored column.
    """

    def __init__(self, history: pd.DataFrame | None, *, monitor: str, patience: int) -> None:
        super().__init__(monitor=monitor, mode="min", patience=patience)
        losses = [] if history is None else history[monitor].tolist()
        self.best_before = lowest(losses)
        # Where no epoch had a loss that is a number, all of them were in vain.
        self.wait_before = (
            len(losses) - 1 - losses.index(self.best_before) if self.best_before in losses else len(losses)
        )

    @property
    def exhausted(self) -> bool:
        """Whether the epochs before have used up the patience."""
        return bool(self.wait_before >= self.patience)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start from what the epochs before have reached."""
        super().on_train_begin(logs)
        if self.wait_before or math.isfinite(self.best_before):
            self.best, self.wait = self.best_before, self.wait_before


class ProgressLine(keras.callbacks.Callback):  # type: ignore[misc]
    """One line an epoch: how far, how good, how fast, and when it was best."""

    def __init__(self, n_images: int, epochs: int, history: pd.DataFrame | None, say: Callable[[str], None]) -> None:
        super().__init__()
        self.n_images, self.n_epochs, self.say = n_images, epochs, say
        self.n_before = 0 if history is None else len(history)
        self.losses = history["val_loss"].tolist() if history is not None and "val_loss" in history else []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Say whether this is a beginning or a continuation."""
        if self.n_before:
            self.say(f"going on after epoch {self.n_before}")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Print the line."""
        seconds, values = time.perf_counter() - self.started, logs or {}
        said = [
            f"epoch {epoch + 1:3d}/{self.n_epochs}",
            f"train loss {values['loss']:.3f} acc {values['accuracy']:6.1%}",
            f"{seconds:5.1f} s ({self.n_images / seconds:.0f} images/s)",
        ]
        if "val_loss" in values:
            said.insert(2, f"validation loss {values['val_loss']:.3f} acc {values['val_accuracy']:6.1%}")
            said.append(self.best_after(values["val_loss"]))
        self.say("  ".join(said))

    def best_after(self, loss: float) -> str:
        """Say which epoch is the best, now that one more has ended with this validation loss."""
        self.losses.append(loss)
        best = lowest(self.losses)
        return f"best: epoch {self.losses.index(best) + 1 if best in self.losses else 'none yet'}"


class SeedEachEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Start the batches and the random layers of each epoch from the seed and the epoch alone.

    Keras doesn't save where their generators stand, so without this a training that was interrupted
    would drop out and augment differently from one that wasn't.
    """

    def __init__(self, seed: int, batches: Any) -> None:
        super().__init__()
        self.seed, self.batches = seed, batches

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the epoch of the batches and the state of every generator."""
        self.batches.epoch = epoch
        for place, layer in enumerate(self.model.layers):
            # Dropout calls its generator one way, the layers that augment images another.
            generator = getattr(layer, "seed_generator", getattr(layer, "generator", None))
            if isinstance(generator, keras.random.SeedGenerator):
                generator.state.assign([self.seed * 1000 + place, epoch])
