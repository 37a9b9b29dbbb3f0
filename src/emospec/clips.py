"""The table of clips that every stage passes on: its columns, and who speaks."""

import pandas as pd

COLUMNS = ("path", "corpus", "clip", "speaker", "sex", "age", "text", "emotion", "intensity")


def speaker_keys(clips: pd.DataFrame) -> "pd.Series[str]":
    """Return `corpus/speaker` for each clip, so that speaker 1 of two corpora is two people; missing where unknown."""
    return clips["corpus"].astype("string") + "/" + clips["speaker"].astype("string")
