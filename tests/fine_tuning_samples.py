"""What the tests of fine-tuning share: a small model to start from, and clips of other people to go on with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from emospec.image_set import ImageSet
from emospec.judging import predict
from emospec.mel import MelConfig
from emospec.models import load_model
from emospec.runs import Run
from emospec.settings import TrainConfig
from samples import image_set

MEL = MelConfig(n_fft=512, win_length=512, hop_length=256, n_mels=24, height=24, width=24)
CONFIG = TrainConfig(model="3layer", filters=(4, 4, 8), epochs=3, batch_size=8, learning_rate=0.01)
FINE = TrainConfig(epochs=2, batch_size=8)
STILL = replace(FINE, epochs=1, learning_rate=1e-12)  # steps so small that nothing moves


def quietly(line: str) -> None:
    """Take the lines of the progress."""


def drawn(corpus: str = "made", **options: int) -> ImageSet:
    images = replace(image_set(**options), mel=MEL)
    said = images.clips["clip"].str.rpartition("-")[2]
    return replace(images, clips=images.clips.assign(corpus=corpus, text=said).astype("string"))


def renamed(images: ImageSet, speakers: dict[str, object]) -> ImageSet:
    clips = images.clips.assign(speaker=images.clips["speaker"].replace(speakers).astype("string"))
    return replace(images, clips=clips)


def from_model(start: Run | Path, config: TrainConfig = FINE) -> TrainConfig:
    return replace(config, start_from=str(start.path if isinstance(start, Run) else start))


def scores(path: Path, images: ImageSet) -> np.ndarray:
    return predict(load_model(path / "model.keras"), images.images)


def weights_of(run: Run) -> list[np.ndarray]:
    return load_model(run.path / "model.keras").get_weights()


def speakers_in(run: Run, part: str) -> set[str]:
    table = run.split_table()
    return set(table.loc[table["part"] == part, "speaker"])


def interrupt_at(epoch: int):
    def on_epoch_begin(self, now: int, logs: object = None) -> None:
        self.started = 0.0
        if now == epoch:
            raise KeyboardInterrupt

    return on_epoch_begin


def same_history(one: Run, other: Run) -> None:
    pd.testing.assert_frame_equal(one.history(), other.history(), rtol=1e-3)
