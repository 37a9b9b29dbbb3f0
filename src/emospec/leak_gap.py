"""What shared speakers are worth: one network under a random split and under one that parts the speakers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from emospec.errors import ConfigError
from emospec.files import write_json, write_text
from emospec.image_set import ImageSet
from emospec.report_text import score_text
from emospec.run_pairs import compare_pair
from emospec.runs import Run
from emospec.settings import TrainConfig
from emospec.training import train

SCORES = {"accuracy": "accuracy", "uar": "UAR"}


@dataclass(frozen=True)
class LeakGap:
    """Two runs of one network, and by how much the random one scores higher on the same clips."""

    random: Run
    speakers: Run
    difference: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return what `leak-gap.json` says."""
        runs = {"random": self.random, "speakers": self.speakers}
        scores = {name: {"protocol": run.config.protocol, **scores_of(run)} for name, run in runs.items()}
        return {"model": self.random.config.model, **scores, "difference": self.difference}

    def to_markdown(self) -> str:
        """Return the two scores and their difference as a table."""
        rows = [
            [run.config.protocol, *cells(run.report()), heard(run.report())] for run in (self.random, self.speakers)
        ]
        rows.append(["difference", *cells(self.difference), ""])
        head = ["protocol", *SCORES.values(), "test speakers heard in training"]
        lines = [" | ".join(row) for row in [head, ["---"] * len(head), *rows]]
        return "\n".join(f"| {line} |" for line in lines) + "\n"

    def __str__(self) -> str:
        gap = self.difference["uar"]
        account = (
            f"Knowing the speakers is worth {points(gap['value'])} points of UAR to {self.random.config.model} "
            f"(95 % interval {points(gap['low'])} to {points(gap['high'])}; "
            f"{self.difference['n_clips']:,} clips of {self.difference['n_speakers']} speakers)"
        )
        verdict = "this may be chance" if gap["low"] <= 0 <= gap["high"] else "more than chance"
        return f"{self.to_markdown()}\n{account}: {verdict}."


def leak_gap(
    images: ImageSet, config: TrainConfig, out: Path, *, folds: int = 5, say: Callable[[str], None] = print
) -> LeakGap:
    """Train one network under `kfold-random` and under `kfold-speakers`, and compare them clip by clip.

    Both test every clip once, so that nothing but the split differs. The same call goes on where it stopped.

    Parameters
    ----------
    config : TrainConfig
        Its protocol is not used.
    out : Path
        Folder for the runs `random` and `speakers`, `leak-gap.json` and `leak-gap.md`.
    folds : int
        Of both protocols, 2 or more.

    Raises
    ------
    ConfigError
        If the clips don't say who speaks, or fewer than three people do: then the difference has no interval.
    SplitError
        If the clips don't allow so many folds.
    """
    if images.clips["speaker"].isna().any() or images.clips["speaker"].nunique() < 3:
        raise ConfigError(f"{images.path}: a leak gap needs clips of three or more known speakers")
    runs = {}
    for name in ("speakers", "random"):  # the one that may refuse the clips comes first
        say(f"== kfold-{name}:{folds}")
        runs[name] = train(images, replace(config, protocol=f"kfold-{name}:{folds}"), out / name, say=say)
    pair = compare_pair(runs["speakers"].path, runs["random"].path)
    if pair is None:
        raise ConfigError(f"the runs in {out} were judged on different clips; name another --out")
    gap = LeakGap(runs["random"], runs["speakers"], pair)
    write_json(gap.to_dict(), out / "leak-gap.json")
    write_text(str(gap), out / "leak-gap.md")
    return gap


def scores_of(run: Run) -> dict[str, Any]:
    """Return what is told of one run."""
    report = run.report()
    return {name: report[name] for name in (*SCORES, "macro_f1", "n_clips", "n_speakers", "speakers_seen_in_training")}


def cells(scores: dict[str, Any]) -> list[str]:
    """Return scores with their intervals, in per cent."""
    return [score_text(scores[name]).replace("\u00a0", " ") for name in SCORES]


def heard(report: dict[str, Any]) -> str:
    """Return `71 of 71`."""
    return f"{report['speakers_seen_in_training']} of {report['n_speakers']}"


def points(share: float) -> str:
    """Return a difference in percentage points with its sign."""
    return f"{100 * share:+.1f}"
