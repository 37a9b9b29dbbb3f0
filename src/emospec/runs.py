"""The folder of one training: what was asked, what came out, and how to go on where it stopped."""

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emospec.clips import speaker_keys
from emospec.errors import ConfigError
from emospec.files import read_json, whole_file, whole_folder
from emospec.heard import Start, corpus_of, together
from emospec.image_set import ImageSet
from emospec.settings import TrainConfig, read_toml, write_toml
from emospec.splits import PARTS, Split

FORMAT = 1
TEACHERS = "teachers"  # folder of the networks that a run learns from
UNKNOWN = "unknown"  # corpus of clips that don't say of which they are
PACKAGES = ("emospec", "keras", "numpy", "pandas", "scikit-learn")


@dataclass(frozen=True)
class Run:
    """A run folder: `run.toml` with all settings, `split.csv`, `history.csv`, `model.keras`, the report.

    Under a protocol of several folds it holds a run for each in `folds/`, and their pooled report in place of a model.
    """

    path: Path
    config: TrainConfig
    images: Path
    images_hash: str
    classes: tuple[str, ...]
    fold: str = ""
    folds: tuple[str, ...] = ()
    start: Start | None = None

    @property
    def finished(self) -> bool:
        """Whether the training has ended and its test part, if it has one, has been judged."""
        return (self.path / "report.json").exists()

    def check_finished(self) -> None:
        """Raise a `ConfigError` unless the run is finished; it may have no scores."""
        if not self.finished and self.path.parent.name == TEACHERS:
            raise ConfigError(f"{self.path} is a teacher, whom nobody judges; name the run, {self.path.parents[1]}")
        if not self.finished:
            raise ConfigError(f"{self.path} is not finished; run `emospec train` with the same arguments to go on")

    def account(self) -> dict[str, Any]:
        """Return the content of `report.json`, which may hold no scores; a run that isn't finished is an error."""
        self.check_finished()
        account: dict[str, Any] = read_json(self.path / "report.json")
        return account

    def report(self) -> dict[str, Any]:
        """Return the scores, as `report.json` has them.

        Raises
        ------
        ConfigError
            If the run isn't finished, or has no scores of its own: as under protocol `all`, and in a fold whose test
            part lacks a class.
        """
        account = self.account()
        if account.get("pooled_only"):
            whole = self.path.parents[1]
            raise ConfigError(f"{self.path} is a fold whose test part lacks a class; its scores are pooled in {whole}")
        if "not_judged" in account:
            raise ConfigError(
                f"{self.path} has no scores, since all its clips were trained on (protocol {self.config.protocol}); "
                f"judge it on other speakers with `emospec evaluate {self.path} --corpus NAME=ROOT`, or cross-validate "
                "its recipe: --protocol kfold-speakers:5"
            )
        return account

    def settings(self) -> dict[str, Any]:
        """Return the content of `run.toml`."""
        return read_toml(self.path / "run.toml")

    def history(self) -> pd.DataFrame | None:
        """Return one row an epoch (counted from 1), or None before the first epoch has ended."""
        path = self.path / "history.csv"
        if not path.exists() or not path.stat().st_size:
            return None
        history = pd.read_csv(path).drop_duplicates("epoch", keep="last")
        return history.assign(epoch=history["epoch"] + 1).reset_index(drop=True)

    def fold_runs(self) -> "tuple[Run, ...]":
        """Return the runs of the folds; none for a run of one model."""
        return tuple(load_run(self.fold_path(fold)) for fold in self.folds)

    def fold_path(self, fold: str) -> Path:
        """Return the folder of a fold."""
        return self.path / "folds" / fold

    def predictions(self) -> pd.DataFrame:
        """Return one row a test: corpus, clip, speaker, row of the image set, truth, prediction, probabilities."""
        return read_predictions(self.path).astype({"row": "int64", **dict.fromkeys(self.classes, "float64")})

    def split_table(self) -> pd.DataFrame:
        """Return one row an image: corpus, clip, speaker, emotion, and its part (empty: in none).

        Under a protocol of several folds, `part` is replaced by a column for each fold.
        """
        table = read_table(self.path / "split.csv")
        parts = list(self.folds or ("part",))
        return table.assign(**{name: table[name].fillna("") for name in parts})

    def split(self) -> Split:
        """Return the split that the run was trained with."""
        part = self.split_table()["part"].to_numpy()
        train, validation, test = (np.flatnonzero(part == name) for name in PARTS)
        return Split(train, validation, test, self.config.protocol, self.config.seed, self.fold)

    def training_speakers(self) -> set[str] | None:
        """Return the speakers (`corpus/speaker`) that the model, or any fold's model, was trained on.

        Those whom the model that it started from has heard are among them; None if clips of either don't say who
        speaks.
        """
        before = set() if self.start is None else self.start.speakers
        table = self.split_table()
        trained = (table[list(self.folds or ("part",))] == "train").any(axis=1)
        own = speaker_keys(table[trained])
        return None if before is None or own.isna().any() else before | set(own)

    def heard(self) -> dict[str, dict[str, Any]]:
        """Return `n_clips` and `speakers` of each corpus that the one model of the run has heard.

        That is in training, in the choice of the best epoch, and before, if it started from another model.
        """
        table = self.split_table()
        own = heard_in(table[table["part"].isin(["train", "validation"])])
        if self.start is None:
            return own
        before = self.start.corpora or {UNKNOWN: corpus_of(0, set(), 0)}  # a record of nobody knows nothing
        return together(before, own)


def heard_in(clips: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return how many clips of whom a table holds, by corpus."""
    corpus = clips["corpus"].astype("string").fillna(UNKNOWN)
    speaker = clips["speaker"].astype("string").where(speaker_keys(clips).notna())
    return {
        str(name): corpus_of(len(speakers), set(speakers.dropna()), int(speakers.isna().sum()))
        for name, speakers in speaker.groupby(corpus)
    }


def open_run(
    path: Path,
    config: TrainConfig,
    images: ImageSet,
    splits: Sequence[Split],
    *,
    facts: Mapping[str, Any] | None = None,
    start: Start | None = None,
) -> Run:
    """Begin a run in a new folder, or find the one that was begun there with the same settings.

    Parameters
    ----------
    splits : one, or those of all folds
        Several make a folder of runs, one a fold.
    facts : mapping, optional
        What else `run.toml` shall say, such as `notice` (shown above the scores).
    start : Start, optional
        The model that the training starts from.

    Raises
    ------
    ConfigError
        If the folder holds a run with other settings or of other clips: nothing is overwritten.
    """
    folds = tuple(split.fold for split in splits) if len(splits) > 1 else ()
    fold = "" if folds else splits[0].fold
    run = Run(path, config, images.path.resolve(), hash_of_images(images), images.classes.classes, fold, folds, start)
    table = table_of_parts(splits, images.clips)
    if (path / "run.toml").exists():
        check_same(load_run(path), run)
        check_same_parts(load_run(path), table)
        return run
    with whole_folder(path) as new, whole_file(new / "split.csv") as temporary:
        table.to_csv(temporary, index=False)
        write_toml(run_table(run, images) | dict(facts or {}), new / "run.toml")
    return run


def check_same(old: Run, new: Run) -> None:
    """Raise unless two runs ask for the same."""
    before, now = ({**run.config.to_dict(), "images": str(run.images)} for run in (old, new))
    different = [key for key in sorted(before.keys() | now.keys()) if before.get(key) != now.get(key)]
    if different:
        key = different[0]
        raise ConfigError(
            f"{old.path} holds a run with {key} = {before.get(key)}, now it is {now.get(key)}; name another --out"
        )
    if (old.images_hash, old.classes, old.fold, old.folds) != (new.images_hash, new.classes, new.fold, new.folds):
        raise ConfigError(f"{new.images} has changed since {old.path} was begun from it; name another --out")
    if old.start and new.start and old.start.sha256 != new.start.sha256:
        raise ConfigError(
            f"the model {new.start.path} has changed since {old.path} was begun from it; name another --out"
        )


def hash_of_images(images: ImageSet) -> str:
    """Return the SHA-256 of all that a training sees: pixels and labels."""
    digest = hashlib.sha256(repr(images.images.shape).encode())
    digest.update(np.ascontiguousarray(images.images).data)
    digest.update(np.ascontiguousarray(images.labels).data)
    return digest.hexdigest()


def run_table(run: Run, images: ImageSet) -> dict[str, Any]:
    """Return what `run.toml` says."""
    return {
        "format": FORMAT,
        "images": str(run.images),
        "images_sha256": run.images_hash,
        "classes": list(run.classes),
        "style": images.style,
        **({"fold": run.fold} if run.fold else {}),
        **({"folds": list(run.folds)} if run.folds else {}),
        "train": run.config.to_dict(),
        **({"start": run.start.to_dict()} if run.start else {}),
        "mel": {k: v for k, v in images.mel.to_dict().items() if v is not None} if images.mel else {},
        "made_with": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def check_same_parts(old: Run, table: pd.DataFrame) -> None:
    """Raise unless every clip has the speaker and stands in the part that it had when the run was begun.

    The split is computed anew when a training goes on; with other speakers, or another version of scikit-learn, it
    could put clips into training that the run keeps for its test.
    """
    before, now = (each.astype("string").fillna("") for each in (old.split_table(), table))
    columns = ["corpus", "clip", "speaker", *(old.folds or ("part",))]
    if len(before) != len(now) or (before[columns].to_numpy() != now[columns].to_numpy()).any():
        raise ConfigError(f"the speakers or the split have changed since {old.path} was begun; name another --out")


def table_of_parts(splits: Sequence[Split], clips: pd.DataFrame) -> pd.DataFrame:
    """Return the part of each clip, in each fold if there are several, with who speaks."""
    names = [split.fold for split in splits] if len(splits) > 1 else ["part"]
    parts = {name: split.part_of_each(len(clips)) for name, split in zip(names, splits, strict=True)}
    return clips[["corpus", "clip", "speaker", "emotion"]].assign(**parts)


def read_predictions(path: Path) -> pd.DataFrame:
    """Return the predictions of the run in a folder as text, or raise a `ConfigError` that says how to get them."""
    if not (path / "predictions.csv").exists():
        raise ConfigError(f"{path} has no predictions.csv; `emospec evaluate {path}` writes it anew")
    return read_table(path / "predictions.csv")


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV of a run as text; only an empty cell is missing, since people are called NA and None."""
    return pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""])


def load_run(path: Path) -> Run:
    """Open the run in a folder.

    Raises
    ------
    ConfigError
        If the folder holds no run, or one of a newer format.
    """
    if not (path / "run.toml").exists():
        raise ConfigError(f"{path} holds no run (no run.toml); `emospec train IMAGES --out {path}` makes one")
    table = read_toml(path / "run.toml")
    if table.get("format") != FORMAT:
        raise ConfigError(f"{path} is of run format {table.get('format')}, known is {FORMAT}; update emospec")
    config = TrainConfig.from_dict(table["train"], source=str(path / "run.toml"))
    fold, folds = table.get("fold", ""), tuple(table.get("folds", ()))
    start = Start.from_dict(table["start"]) if "start" in table else None
    classes = tuple(table["classes"])
    return Run(path, config, Path(table["images"]), table["images_sha256"], classes, fold, folds, start)
