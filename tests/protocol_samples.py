"""What the tests of protocols share: clips with unequal speakers, and their splits."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec.emotions import CLASS_SETS, Labels
from emospec.protocols import make_splits
from emospec.splits import Split
from samples import clips_table

LABELS = Labels(CLASS_SETS["four"])


def labels_of(clips: pd.DataFrame) -> NDArray[np.int32]:
    return LABELS.encode(clips["emotion"])


def splits_of(clips: pd.DataFrame, protocol: str = "speakers", seed: int = 0, **more: object) -> tuple[Split, ...]:
    return make_splits(clips, labels_of(clips), protocol, seed, **more)  # type: ignore[arg-type]


def uneven(n_speakers: int = 9, seed: int = 0) -> pd.DataFrame:
    """Speakers with different numbers of clips of each class; the last three are of another corpus."""
    rng = np.random.default_rng(seed)
    clips = clips_table(n_speakers, 9)
    kept = clips[rng.random(len(clips)) < rng.uniform(0.4, 1, n_speakers)[np.arange(len(clips)) // 36]]
    of_other = kept["speaker"].isin([f"s{speaker}" for speaker in range(n_speakers - 3, n_speakers)])
    return kept.assign(corpus=np.where(of_other, "other", "made")).astype("string").reset_index(drop=True)
