"""Whom a model has heard: clips and speakers of each corpus, as runs and bundles record them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# By corpus: `n_clips`, `speakers`, and `n_clips_without_speaker` where there are such clips.
Corpora = Mapping[str, Mapping[str, Any]]


def corpus_of(n_clips: int, speakers: set[str], n_without: int) -> dict[str, Any]:
    """Return what is recorded of one corpus."""
    known = {"n_clips": n_clips, "speakers": sorted(speakers)}
    return known | ({"n_clips_without_speaker": n_without} if n_without else {})


def together(first: Corpora, second: Corpora) -> dict[str, dict[str, Any]]:
    """Return what two trainings, one after the other, have heard; a clip of both counts twice."""
    return {name: _sum(first.get(name, {}), second.get(name, {})) for name in sorted({*first, *second})}


def _sum(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    n_clips, n_without = (first.get(key, 0) + second.get(key, 0) for key in ("n_clips", "n_clips_without_speaker"))
    return corpus_of(n_clips, {*first.get("speakers", ()), *second.get("speakers", ())}, n_without)


def speakers_of(corpora: Corpora) -> set[str]:
    """Return the speakers as `corpus/speaker`."""
    return {f"{name}/{speaker}" for name, corpus in corpora.items() for speaker in corpus["speakers"]}


def all_known(corpora: Corpora) -> bool:
    """Tell whether it is known of every clip who speaks; a record of nobody at all knows nothing."""
    return bool(corpora) and all(
        corpus["speakers"] and not corpus.get("n_clips_without_speaker") for corpus in corpora.values()
    )


def known_speakers(corpora: Corpora) -> set[str] | None:
    """Return the speakers as `corpus/speaker`; None if it isn't known of every clip who speaks."""
    return speakers_of(corpora) if all_known(corpora) else None


@dataclass(frozen=True)
class Start:
    """The model that a training started from, as `run.toml` records it.

    Attributes
    ----------
    path : Path
        The folder of a run or of a bundle.
    sha256 : str
        Of its `model.keras`.
    corpora : mapping
        Whom it has heard, also before in models that it was made from: `n_clips` and `speakers` by corpus.
    """

    path: Path
    sha256: str
    classes: tuple[str, ...]
    corpora: Corpora

    @property
    def speakers(self) -> set[str] | None:
        """The speakers (`corpus/speaker`) that it has heard; None if it doesn't say of every clip who speaks."""
        return known_speakers(self.corpora)

    def to_dict(self) -> dict[str, Any]:
        """Return the table `start` of `run.toml`."""
        return {
            "path": str(self.path),
            "sha256": self.sha256,
            "classes": list(self.classes),
            "corpora": {name: dict(corpus) for name, corpus in self.corpora.items()},
        }

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "Start":
        """Read what `to_dict` gave."""
        return cls(Path(table["path"]), table["sha256"], tuple(table["classes"]), table.get("corpora", {}))
