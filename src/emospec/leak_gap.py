"""What shared speakers are worth: one network under a random split and under one that parts the speakers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from emospec.clips import speaker_keys
from emospec.errors import ConfigError
from emospec.files import write_json, write_text
from emospec.image_set import ImageSet
from emospec.markdown import table_row
from emospec.report_text import score_text
from emospec.run_pairs import compare_pair, evidence, verdict, why_not_compared
from emospec.runs import Run
from emospec.settings import TrainConfig
from emospec.starts import find_source
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
        return "\n".join(map(table_row, [head, ["---"] * len(head), *rows])) + "\n"

    def __str__(self) -> str:
        return f"{self.to_markdown()}\n{gap_sentence(self.difference, self.random.config.model)}"


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
        If the clips don't say who speaks, or fewer than three people do: then the difference has no interval. If the
        model to start from has heard them: then it knows them under both protocols.
    SplitError
        If the clips don't allow so many folds.
    """
    speakers = speaker_keys(images.clips)
    if speakers.isna().any() or speakers.nunique() < 3:
        raise ConfigError(f"{images.path}: a leak gap needs clips of three or more known speakers")
    if config.start_from is not None:
        check_start(images, config.start_from)
    runs = {}
    for name in ("speakers", "random"):  # the one that may refuse the clips comes first
        say(f"== kfold-{name}:{folds}")
        runs[name] = train(images, replace(config, protocol=f"kfold-{name}:{folds}"), out / name, say=say)
    pair = compare_pair(runs["speakers"].path, runs["random"].path)
    if pair is None:
        why = why_not_compared(runs["speakers"].path, runs["random"].path)
        raise ConfigError(f"the runs in {out} can't be compared: {why}; name another --out")
    gap = LeakGap(runs["random"], runs["speakers"], pair)
    write_json(gap.to_dict(), out / "leak-gap.json")
    write_text(str(gap), out / "leak-gap.md")
    return gap


def check_start(images: ImageSet, path: str) -> None:
    """Raise unless the model to start from is known to have heard nobody of these speakers, who are all tested."""
    start, speakers = find_source(path).start, set(speaker_keys(images.clips))
    heard = sorted(speakers & (start.speakers or set()))
    if start.speakers is None or heard:
        whom = f"{len(heard)} of these {len(speakers)} speakers" if heard else "clips that don't say who speaks"
        raise ConfigError(
            f"{path} has heard {whom}, so a leak gap from it would tell nothing of strangers; leave out --from, or "
            "name a model that has heard none of these speakers"
        )


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


def gap_sentence(difference: dict[str, Any], model: str) -> str:
    """Say in one plain sentence what knowing the speakers is worth to a model, and whether that may be chance."""
    points = 100 * difference["uar"]["value"]
    if not round(abs(points), 1):
        lead = f"{model} reached the same UAR whether it knew the speakers or not"
    elif points > 0:
        lead = f"Knowing the speakers is worth {points:.1f} points of UAR to {model}"
    else:
        lead = f"{model} scored {-points:.1f} points of UAR lower although it knew the speakers"
    of_whom = f" of {difference['n_speakers']} speakers" if difference["n_speakers"] else ""
    clips = f"{difference['n_clips']:,} clips{of_whom}"
    known = evidence(difference, "uar").replace("\u00a0", " ")
    return f"{lead} ({known}; {clips}): {verdict(difference, 'uar')}."
