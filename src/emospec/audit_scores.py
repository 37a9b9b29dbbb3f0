"""The one pass of an audit over its clips: a model's scores of each clip under every condition.

Clips are read, changed and scored in chunks, so that memory does not grow with the corpus. Each finished chunk is
written, so that an interrupted audit goes on where it stopped.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from emospec import __version__
from emospec.audio import MIN_SECONDS, Waveform, read_audio, read_or_reason
from emospec.codecs import resampled, through_codec
from emospec.engine import map_in_parallel
from emospec.errors import AudioError
from emospec.files import whole_file
from emospec.perturbations import PERTURBATIONS, Bank, perturb

if TYPE_CHECKING:  # worker processes import this module and need no pandas
    import pandas as pd

    from emospec.audited import AuditedModel

CHUNK, CHUNK_FILE = 32, "chunk-"
N_VOICES = 64
CLEAN = "clean"
HALVES = ("first_half", "second_half")
SAMPLE_RATES = {"khz_8": 8000, "khz_16": 16000, "khz_44_1": 44100, "khz_48": 48000}
CODECS = ("wav", "flac", "mp3", "opus")
CONSISTENCY = {
    "first_half": "first half of the clip",
    "second_half": "second half of the clip",
    "khz_8": "resampled to 8 kHz",
    "khz_16": "resampled to 16 kHz",
    "khz_44_1": "resampled to 44.1 kHz",
    "khz_48": "resampled to 48 kHz",
    "wav": "as 16-bit WAV",
    "flac": "as FLAC",
    "mp3": "as MP3",
    "opus": "as Opus",
}


@dataclass(frozen=True)
class Sounds:
    """How the sound of each condition is made.

    Attributes
    ----------
    voices : paths of clips
        For babble.
    strengths : dict
        Of every perturbation.
    """

    sample_rate: int
    seed: int
    voices: tuple[str, ...]
    strengths: Mapping[str, float]


@dataclass(frozen=True)
class Pass:
    """One pass over clips: the model, the clips, and the sounds."""

    model: "AuditedModel"
    clips: "pd.DataFrame"
    sounds: Sounds
    workers: int = 1

    @cached_property
    def key(self) -> str:
        """A hash of all that the scores depend on; of the recordings, of their paths, sizes and times of change."""
        model, sounds = self.model, self.sounds
        facts = [__version__, model.name, model.fingerprint, model.classes.classes, model.sample_rate, conditions()]
        facts += [CHUNK, sounds.seed, sounds.voices, dict(sounds.strengths)]
        sha256 = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
        for column in self.clips:
            sha256.update("\0".join([str(column), *map(str, self.clips[column])]).encode())
        sha256.update(json.dumps([_state_of(path) for path in (*self.clips["path"], *sounds.voices)]).encode())
        return sha256.hexdigest()


def _state_of(path: str) -> tuple[int, int] | None:
    """Return the size of a file and when it was changed, or None where there is none."""
    try:
        state = Path(path).stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


class Scores(NamedTuple):
    """Scores of the clips that could be read.

    Attributes
    ----------
    kept : int64, shape (n,)
        Their rows in the clips table.
    by_condition : dict of float32, each of shape (n, n_classes)
    skipped : dict
        Why the others could not be used, by row.
    """

    kept: NDArray[np.int64]
    by_condition: dict[str, NDArray[np.float32]]
    skipped: dict[int, str]


def conditions() -> list[str]:
    """Return the names of all conditions that clips are scored under."""
    return [CLEAN, *PERTURBATIONS, *CONSISTENCY]


def choose_voices(clips: "pd.DataFrame", seed: int, n_voices: int = N_VOICES) -> tuple[str, ...]:
    """Draw the clips that babble is mixed from."""
    paths = np.array(sorted(map(str, clips["path"])), dtype=object)
    drawn = np.random.default_rng(seed).permutation(len(paths))[:n_voices]
    return tuple(paths[np.sort(drawn)])


def checked_strengths(strengths: Mapping[str, float]) -> dict[str, float]:
    """Return the strength of every perturbation, its default where none is given; one that cannot be raises."""
    return {name: change.checked(strengths.get(name)) for name, change in PERTURBATIONS.items()}


def score_clips(work: Pass, folder: Path) -> Scores:
    """Score all clips under every condition; chunks that `folder` holds from before are taken from there."""
    starts = range(0, len(work.clips), CHUNK)
    parts = []
    for start in tqdm(starts, desc="audit", unit="chunk", disable=None, mininterval=0.5):
        path = folder / f"{CHUNK_FILE}{start:07d}.npz"
        if not path.exists():
            write_scores(_score_chunk(work, start), path)
        parts.append(read_scores(path))
    return _joined(parts)


def chunk_files(folder: Path) -> list[Path]:
    """Return the finished chunks that `folder` holds, in order."""
    return sorted(folder.glob(f"{CHUNK_FILE}*.npz"))


def _joined(parts: list[Scores]) -> Scores:
    names = parts[0].by_condition
    return Scores(
        np.concatenate([part.kept for part in parts]),
        {name: np.concatenate([part.by_condition[name] for part in parts]) for name in names},
        {row: reason for part in parts for row, reason in part.skipped.items()},
    )


def _score_chunk(work: Pass, start: int) -> Scores:
    from emospec.audited import checked_scores

    rows = work.clips.iloc[start : start + CHUNK]
    waveforms: dict[str, list[Waveform]] = {name: [] for name in conditions()}
    kept, skipped = [], {}
    for place, made in _make_sounds(work, rows):
        if isinstance(made, str):
            skipped[start + place] = made
            continue
        kept.append(place)
        for name, waveform in made.items():
            waveforms[name].append(waveform)
    clips = rows.iloc[kept].reset_index(drop=True)
    scores = {
        name: checked_scores(work.model, waveforms.pop(name), rate_of(name, work.model.sample_rate), clips)
        if kept
        else np.zeros((0, len(work.model.classes)), np.float32)
        for name in conditions()
    }
    return Scores(np.array(kept, dtype=np.int64) + start, scores, skipped)


def _make_sounds(work: Pass, rows: "pd.DataFrame") -> Iterator[tuple[int, dict[str, Waveform] | str]]:
    items = [
        (str(path), clip_seed(f"{corpus}/{clip}", work.sounds.seed))
        for path, corpus, clip in zip(rows["path"], rows["corpus"], rows["clip"], strict=True)
    ]
    return map_in_parallel(partial(make_sounds, sounds=work.sounds), items, workers=work.workers, chunk=4)


def clip_seed(clip: str, seed: int) -> int:
    """Return the seed of one clip's changes: it depends on the clip's name, and not on its place among others."""
    return zlib.crc32(f"{seed} {clip}".encode())


def rate_of(condition: str, sample_rate: int) -> int:
    """Return the sample rate that a condition's waveforms have."""
    return SAMPLE_RATES.get(condition, sample_rate)


def make_sounds(item: tuple[str, int], *, sounds: Sounds) -> dict[str, Waveform] | str:
    """Read a clip and return its waveform under every condition, or the reason why it cannot be used."""
    path, seed = item
    clean = read_or_reason(path, sounds.sample_rate)
    if isinstance(clean, str):
        return clean
    if len(clean) < 2 * MIN_SECONDS * sounds.sample_rate:
        return f"is too short to be halved; expected at least {2000 * MIN_SECONDS:g} ms"
    return {CLEAN: clean, **_perturbed(clean, seed, sounds), **_consistent(clean, sounds.sample_rate)}


def _perturbed(clean: Waveform, seed: int, sounds: Sounds) -> dict[str, Waveform]:
    bank = _read_bank(sounds.voices, sounds.sample_rate)
    return {
        name: perturb(name, clean, sounds.sample_rate, seed=seed, bank=bank, strength=strength)
        for name, strength in sounds.strengths.items()
    }


@lru_cache(maxsize=1)
def _read_bank(paths: tuple[str, ...], sample_rate: int) -> Bank:
    """Read the clips that babble is mixed from, once a process; what cannot be read is told where it is scored."""
    voices = []
    for path in paths:
        with suppress(AudioError):
            voices.append(read_audio(path, sample_rate))
    return Bank(tuple(voices))


def _consistent(clean: Waveform, sample_rate: int) -> dict[str, Waveform]:
    middle = len(clean) // 2
    halves = dict(zip(HALVES, (clean[:middle], clean[middle:]), strict=True))
    rates = {name: resampled(clean, sample_rate, rate) for name, rate in SAMPLE_RATES.items()}
    return halves | rates | {name: through_codec(clean, sample_rate, name) for name in CODECS}


def write_scores(scores: Scores, path: Path) -> None:
    """Write scores as an uncompressed .npz, whole or not at all: an array a condition, and `_kept`, `_skipped`."""
    arrays: dict[str, Any] = {
        **scores.by_condition,
        "_kept": scores.kept,
        "_skipped": np.array(list(scores.skipped), dtype=np.int64),
        "_reasons": np.array(list(scores.skipped.values()), dtype=str),
    }
    with whole_file(path) as temporary:
        np.savez(temporary, **arrays)


def read_scores(path: Path) -> Scores:
    """Read what `write_scores` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        skipped = dict(zip(arrays["_skipped"].tolist(), arrays["_reasons"].tolist(), strict=True))
        names = [name for name in arrays.files if not name.startswith("_")]
        return Scores(arrays["_kept"], {name: arrays[name] for name in names}, skipped)
