"""Two runs on the same clips: what lies between them, and whether it can be chance."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from emospec.clips import speakers_to_draw
from emospec.emotions import Labels
from emospec.errors import ConfigError
from emospec.files import read_json
from emospec.metrics import accuracy, uar
from emospec.metrics_paired import mcnemar, paired_difference
from emospec.runs import read_predictions

KEY = ["corpus", "speaker", "clip"]
SURE = 0.05


def compare_pair(run_a: Path, run_b: Path) -> dict[str, Any] | None:
    """Compare two finished runs clip by clip, or return None where `why_not_compared` says why they can't be.

    Where clips are tested more than once, as under `cross-corpus`, a clip is compared fold by fold.

    Returns
    -------
    dict or None
        `n_tests` of `n_clips` different clips, `n_speakers` (None where one is unknown); `accuracy` and `uar`, how much
        higher the second run scores, each with `value` and the 95 % interval `low` to `high` over speakers; `mcnemar`
        with `only_a_right`, `only_b_right`, `p_value`.

    Raises
    ------
    ConfigError
        If a run has no `report.json` or no `predictions.csv`.
    """
    aligned = _align(run_a, run_b)
    return None if isinstance(aligned, str) else _compare(*aligned, Labels(_classes(run_a)))


def why_not_compared(run_a: Path, run_b: Path) -> str | None:
    """Say why two finished runs can't be compared clip by clip, as in `they know other classes`; None if they can."""
    aligned = _align(run_a, run_b)
    return aligned if isinstance(aligned, str) else None


def pair_sentence(pair: dict[str, Any], name_a: str, name_b: str) -> str:
    """Say in one plain sentence how much better the second run is than the first, and whether that may be chance."""
    points, clips = 100 * pair["accuracy"]["value"], f"of the same {pair['n_clips']:,} clips rightly"
    if pair["n_tests"] > pair["n_clips"]:
        clips = f"rightly in the same {pair['n_tests']:,} tests of {pair['n_clips']:,} clips"
    if round(abs(points), 1):
        lead = f"{name_b} named {abs(points):.1f} points {'more' if points > 0 else 'fewer'} {clips} than {name_a}"
    else:
        lead = f"{name_b} named as many {clips} as {name_a}"
    return f"{lead} ({evidence(pair)}): {verdict(pair)}."


def verdict(pair: dict[str, Any], score: str = "accuracy") -> str:
    """Say whether the difference of two runs may be chance."""
    return f"this {'may be' if may_be_chance(pair, score) else 'is more than'} chance"


def may_be_chance(pair: dict[str, Any], score: str = "accuracy") -> bool:
    """Tell whether the difference of two runs in a score may be chance, by its interval or by McNemar's test."""
    low, high = pair[score]["low"], pair[score]["high"]
    within = low is not None and high is not None and low <= 0 <= high
    return within or bool(pair["mcnemar"]["p_value"] >= SURE)


def evidence(pair: dict[str, Any], score: str = "accuracy") -> str:
    """Say the interval of a difference, where it has one, and McNemar's p."""
    low, high = pair[score]["low"], pair[score]["high"]
    between = "no interval" if low is None else f"95\u00a0% interval {100 * low:.1f} to {100 * high:.1f}"
    p_value = pair["mcnemar"]["p_value"]
    return f"{between}; McNemar p {'< 0.001' if p_value < 0.001 else f'= {p_value:.2g}'}"


def _classes(run: Path) -> tuple[str, ...]:
    if not (run / "report.json").exists():
        raise ConfigError(f"{run} holds no finished run (no report.json); finish it with `emospec train` first")
    return tuple(read_json(run / "report.json")["classes"])


def _align(run_a: Path, run_b: Path) -> tuple[pd.DataFrame, pd.DataFrame] | str:
    """Return truth and prediction of both runs, row by row of the same test; or say why there are no such rows."""
    if sorted(_classes(run_a)) != sorted(_classes(run_b)):
        return "they know other classes"
    tables = [read_predictions(run_a), read_predictions(run_b)]
    key = _key(tables)
    if any(table["clip"].isna().any() or table.duplicated(key).any() for table in tables):
        return "one of their clips has no name, or the name of another one"
    a, b = (_by_test(table, key) for table in tables)
    if not a.index.equals(b.index):
        return "they were judged on other clips" + (", or on the same in other folds" if "fold" in key else "")
    return (a, b) if a["truth"].equals(b["truth"]) else "their clips bear other labels"


def _key(tables: Sequence[pd.DataFrame]) -> list[str]:
    """Return what names a test: the clip, and its fold where clips are tested in several."""
    repeated = any(table.duplicated(KEY).any() for table in tables)
    return [*KEY, "fold"] if repeated and all("fold" in table for table in tables) else KEY


def _by_test(table: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    return table.assign(drawn=speakers_to_draw(table)).fillna(dict.fromkeys(key, "")).set_index(key).sort_index()


def _compare(a: pd.DataFrame, b: pd.DataFrame, classes: Labels) -> dict[str, Any]:
    labels, first, second = (classes.encode(table) for table in (a["truth"], a["prediction"], b["prediction"]))
    speakers = a["drawn"].to_numpy(dtype=str)
    differences = {
        name: paired_difference(score, labels, first, second, speakers, len(classes)).to_dict()
        for name, score in (("accuracy", accuracy), ("uar", uar))
    }
    return {
        "n_tests": len(a),
        "n_clips": len(a.index.to_frame()[KEY].drop_duplicates()),
        "n_speakers": a["drawn"].nunique() if a["drawn"].ne("").all() else None,
        **differences,
        "mcnemar": mcnemar(labels, first, second)._asdict(),
    }
