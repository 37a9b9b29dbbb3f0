"""Which clips an audit uses: the model's emotions, voices that it never heard, and not too many."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec.audited import AuditedModel
from emospec.clips import speaker_keys
from emospec.errors import ConfigError, CorpusError
from emospec.evaluation import count_speakers

Speakers = Literal["unseen", "all"]


@dataclass(frozen=True)
class Choice:
    """The clips of an audit, how many were left out for which reason, and what must be read with every number."""

    clips: pd.DataFrame
    left_out: dict[str, int]
    warnings: list[str]
    share_of_speakers_seen: float | None


def choose_clips(
    model: AuditedModel, clips: pd.DataFrame, *, speakers: Speakers = "unseen", max_clips: int | None = None, seed: int
) -> Choice:
    """Choose the clips to audit a model by.

    Parameters
    ----------
    speakers : "unseen" or "all"
        Whether clips of speakers that the model heard in training are left out.
    max_clips : int, optional
        At most this many: a sample balanced by class, and within it by speaker.

    Raises
    ------
    CorpusError
        If a class of the model has no clip, or none by an unseen speaker.
    """
    known = clips[clips["emotion"].isin(model.classes.classes)].reset_index(drop=True)
    _check_classes(known, model, "in these corpora; name corpora that have every class of the model")
    unheard = known if speakers == "all" else known[~_heard(known, model)].reset_index(drop=True)
    _check_unseen(unheard, model)
    chosen = unheard if max_clips is None else sample_clips(unheard, max_clips, seed)
    left_out = {
        "other_emotions": len(clips) - len(known),
        "speakers_heard_in_training": len(known) - len(unheard),
        "not_sampled": len(unheard) - len(chosen),
    }
    return Choice(chosen, left_out, _warnings(chosen, model), share_seen(chosen, model))


def _heard(clips: pd.DataFrame, model: AuditedModel) -> "pd.Series[bool]":
    return speaker_keys(clips).isin(model.surely_heard | (model.training_speakers or frozenset()))


def _check_classes(clips: pd.DataFrame, model: AuditedModel, where: str) -> None:
    missing = [name for name in model.classes.classes if name not in set(clips["emotion"])]
    if missing:
        raise CorpusError(f"no clip of class {', '.join(missing)} {where}")


def _check_unseen(clips: pd.DataFrame, model: AuditedModel) -> None:
    if clips.empty:
        raise CorpusError(
            f"{model.name} heard every speaker of these corpora in training; "
            "name a corpus that it never heard, or say `--speakers all` to judge it by them all the same"
        )
    _check_classes(clips, model, "by a speaker that the model never heard; name another corpus, or `--speakers all`")


def sample_clips(clips: pd.DataFrame, n_clips: int, seed: int) -> pd.DataFrame:
    """Return up to `n_clips` rows in their order, drawn so that classes, and in each class speakers, are balanced.

    Raises
    ------
    ConfigError
        If that is not one clip a class.
    """
    n_classes = clips["emotion"].nunique()
    if n_clips < n_classes:
        raise ConfigError(f"max_clips is {n_clips}; expected {n_classes} or more, one for each class")
    drawn = np.random.default_rng(seed).permutation(len(clips))
    shuffled = clips.iloc[drawn]
    turn = shuffled.groupby([shuffled["emotion"], speaker_keys(shuffled)], dropna=False).cumcount()
    fair = shuffled.iloc[turn.argsort(kind="stable")]  # every speaker's first clip, then the second ones ...
    place = fair.groupby("emotion").cumcount()
    kept = fair.iloc[place.argsort(kind="stable")[:n_clips]]
    return kept.sort_index().reset_index(drop=True)


def share_seen(clips: pd.DataFrame, model: AuditedModel) -> float | None:
    """Return the share of the speakers that were heard in training; None where that isn't known."""
    share: float | None = count_speakers(speaker_keys(clips), model.training_speakers)["share_of_speakers_seen"]
    return share


def _warnings(clips: pd.DataFrame, model: AuditedModel) -> list[str]:
    speakers = speaker_keys(clips)
    share, n_unknown = share_seen(clips, model), int(speakers.isna().sum())
    warnings = []
    if share is None and (model.training_speakers is None or n_unknown == len(clips)):
        warnings.append("Nobody can tell which of these speakers the model heard in training; it may know them all.")
    elif share:
        warnings.append(
            f"The model heard {share:.0%} of these {speakers.nunique():,} speakers in training; "
            "these numbers say little about strangers."
        )
    if n_unknown:
        warnings.append(
            f"{n_unknown:,} clips do not say who speaks; no number has an interval, and the model may know the voices."
        )
    return warnings


def age_bands(ages: "pd.Series[int]", starts: tuple[int, ...]) -> "pd.Series[str]":
    """Return the band of each age, such as `30 to 44`; missing where the age is.

    >>> age_bands(pd.Series([29, 30, 71]), (30, 45, 60)).tolist()
    ['under 30', '30 to 44', '60 and over']
    """
    inner = [f"{low} to {high - 1}" for low, high in pairwise(starts)]
    names = np.array([f"under {starts[0]}", *inner, f"{starts[-1]} and over"])
    years = pd.to_numeric(ages, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    place: NDArray[np.int64] = np.searchsorted(starts, years, side="right").clip(0, len(starts))
    return pd.Series(names[place], index=ages.index, dtype="string").mask(np.isnan(years))


def check_columns(clips: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise unless fairness can be judged by these columns; a missing one is a `ConfigError` that lists those there."""
    missing = [column for column in columns if column not in clips]
    if missing:
        raise ConfigError(f"fairness cannot be judged by {missing[0]!r}; columns: {', '.join(map(str, clips.columns))}")


def groups_of(clips: pd.DataFrame, column: str, starts: tuple[int, ...]) -> "pd.Series[str]":
    """Return the group of each clip by one column; missing where that isn't known."""
    return age_bands(clips[column], starts) if column == "age" else clips[column].astype("string")
