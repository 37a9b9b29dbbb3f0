"""The table of clips that every stage passes on: its columns, who speaks, and what listeners heard."""

import hashlib
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec.errors import EmospecError

COLUMNS = ("path", "corpus", "clip", "speaker", "sex", "age", "text", "emotion", "intensity", "votes")

VOTES = re.compile(r"(?:[a-z]+=\d+ )*[a-z]+=\d+|(?:[a-z]+ )*[a-z]+")


def speaker_keys(clips: pd.DataFrame) -> "pd.Series[str]":
    """Return `corpus/speaker` for each clip, so that speaker 1 of two corpora is two people; missing where unknown."""
    return clips["corpus"].astype("string") + "/" + clips["speaker"].astype("string")


def hash_of_clips(clips: pd.DataFrame) -> str:
    """Return a hash of which clips these are, so that two reports can tell whether they are about the same ones."""
    names = clips[["corpus", "speaker", "clip"]].astype("string").fillna("").agg("/".join, axis=1)
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def speakers_to_draw(clips: pd.DataFrame) -> NDArray[np.str_]:
    """Return whom a bootstrap over speakers draws: one and the same for all clips where not every speaker is known.

    One speaker gives no interval, and without knowing whose clips belong together there is none.
    """
    keys = speaker_keys(clips)
    return np.full(len(clips), "") if keys.isna().any() else keys.to_numpy(dtype=str)


def format_votes(counts: Mapping[str, int]) -> str | None:
    """Write how often listeners gave each answer, as the column `votes` has it; None if nobody answered.

    >>> format_votes({"neutral": 5, "angry": 4, "sad": 0})
    'angry=4 neutral=5'
    """
    return " ".join(f"{emotion}={counts[emotion]}" for emotion in sorted(counts) if counts[emotion]) or None


def parse_votes(text: str) -> dict[str, int | None]:
    """Read a cell of the column `votes`: counts by answer, None instead where only the most frequent ones are known.

    Raises
    ------
    EmospecError
        If the cell is neither.

    >>> parse_votes("angry=4 neutral=5")
    {'angry': 4, 'neutral': 5}
    >>> parse_votes("angry happy")
    {'angry': None, 'happy': None}
    """
    answers = [answer.partition("=") for answer in text.split(" ")]
    names = {emotion for emotion, _, _ in answers}
    if not VOTES.fullmatch(text) or len(names) < len(answers):
        raise EmospecError(
            f"votes {text!r} cannot be read; expected each answer once, as counts (angry=4 sad=5) or names (angry sad)"
        )
    return {emotion: int(count) if equals else None for emotion, equals, count in answers}
