"""Two runs on the same clips: what lies between them, and whether it can be chance."""

from pathlib import Path
from typing import Any

import pandas as pd

from emospec.clips import speakers_to_draw
from emospec.emotions import Labels
from emospec.errors import ConfigError
from emospec.files import read_json
from emospec.metrics import accuracy, uar
from emospec.metrics_paired import mcnemar, paired_difference

KEY = ["corpus", "speaker", "clip"]
SURE = 0.05


def compare_pair(run_a: Path, run_b: Path) -> dict[str, Any] | None:
    """Compare two finished runs clip by clip, or return None where they were not judged on the same clips.

    Returns
    -------
    dict or None
        `n_clips`, `n_speakers` (None where one is unknown); `accuracy` and `uar`, how much higher the second run
        scores, each with `value` and the 95 % interval `low` to `high` over speakers; `mcnemar` with
        `only_a_right`, `only_b_right`, `p_value`. None also if a clip occurs twice or isn't named, or if the runs
        know other classes.

    Raises
    ------
    ConfigError
        If a run has no `report.json` or no `predictions.csv`.
    """
    classes = _classes(run_a)
    if sorted(classes) != sorted(_classes(run_b)):
        return None
    a, b = _predictions(run_a), _predictions(run_b)
    if a is None or b is None or not a.index.equals(b.index) or not a["truth"].equals(b["truth"]):
        return None
    return _compare(a, b, Labels(classes))


def pair_sentence(pair: dict[str, Any], name_a: str, name_b: str) -> str:
    """Say in one plain sentence how much better the second run is than the first, and whether that may be chance."""
    points, clips = 100 * pair["accuracy"]["value"], f"of the same {pair['n_clips']:,} clips rightly"
    if round(abs(points), 1):
        lead = f"{name_b} named {abs(points):.1f} points {'more' if points > 0 else 'fewer'} {clips} than {name_a}"
    else:
        lead = f"{name_b} named as many {clips} as {name_a}"
    return f"{lead} ({_evidence(pair)}): this {'may be' if may_be_chance(pair) else 'is more than'} chance."


def may_be_chance(pair: dict[str, Any]) -> bool:
    """Tell whether the difference in accuracy of two runs may be chance, by its interval or by McNemar's test."""
    low, high = pair["accuracy"]["low"], pair["accuracy"]["high"]
    within = low is not None and high is not None and low <= 0 <= high
    return within or bool(pair["mcnemar"]["p_value"] >= SURE)


def _classes(run: Path) -> tuple[str, ...]:
    if not (run / "report.json").exists():
        raise ConfigError(f"{run} holds no finished run (no report.json); finish it with `emospec train` first")
    return tuple(read_json(run / "report.json")["classes"])


def _predictions(run: Path) -> pd.DataFrame | None:
    """Return truth and prediction by corpus, speaker and clip; None if that doesn't tell the clips apart."""
    path = run / "predictions.csv"
    if not path.exists():
        raise ConfigError(f"{run} has no predictions.csv; `emospec evaluate {run}` writes it anew")
    # Only an empty cell is missing: people are called NA and None.
    table = pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""])
    if table["clip"].isna().any() or table.duplicated(KEY).any():
        return None
    return table.assign(drawn=speakers_to_draw(table)).fillna(dict.fromkeys(KEY, "")).set_index(KEY).sort_index()


def _compare(a: pd.DataFrame, b: pd.DataFrame, classes: Labels) -> dict[str, Any]:
    labels, first, second = (classes.encode(table) for table in (a["truth"], a["prediction"], b["prediction"]))
    speakers = a["drawn"].to_numpy(dtype=str)
    differences = {
        name: paired_difference(score, labels, first, second, speakers, len(classes)).to_dict()
        for name, score in (("accuracy", accuracy), ("uar", uar))
    }
    return {
        "n_clips": len(a),
        "n_speakers": a["drawn"].nunique() if a["drawn"].ne("").all() else None,
        **differences,
        "mcnemar": mcnemar(labels, first, second)._asdict(),
    }


def _evidence(pair: dict[str, Any]) -> str:
    low, high = pair["accuracy"]["low"], pair["accuracy"]["high"]
    between = "no interval" if low is None else f"95\u00a0% interval {100 * low:.1f} to {100 * high:.1f}"
    p_value = pair["mcnemar"]["p_value"]
    return f"{between}; McNemar p {'< 0.001' if p_value < 0.001 else f'= {p_value:.2g}'}"
