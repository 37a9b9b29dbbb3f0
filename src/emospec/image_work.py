"""The drawing of many clips: work that goes on where it was interrupted.

Images are drawn into a folder beside the image set. A record tells which clips are done, so that a clip is never drawn
twice; at the end the images get the numbers that they keep.
"""

import csv
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emospec.audio import read_audio
from emospec.emotions import Labels, class_set
from emospec.engine import map_in_parallel
from emospec.errors import AudioError, ImageSetError
from emospec.files import make_folder, real_path, whole_file, write_json
from emospec.heap import keep_freed_memory
from emospec.image_files import FOLDER, FORMAT, INFO, ImageSetSummary, digest_of, hash_of, image_name, read_info
from emospec.images import DEFAULT_MEL, Style, check_style, draw
from emospec.mel import MelConfig
from emospec.spectrogram import mel_filter_bank

if TYPE_CHECKING:  # worker processes import this module and need no pandas
    import pandas as pd

PACKAGES = ("emospec", "numpy", "pillow", "scipy", "soundfile", "soxr")  # what the pixels depend on


@dataclass(frozen=True)
class Drawing:
    """How each clip of an image set is drawn."""

    mel: MelConfig
    style: Style
    max_seconds: float


@dataclass(frozen=True)
class Plan:
    """What an image set is made from; `key` is a hash of the clips and of all settings."""

    clips: "pd.DataFrame"
    labels: NDArray[np.int32]
    classes: Labels
    drawing: Drawing
    out: Path
    key: str
    others: dict[str, int]  # clips of emotions that are none of the classes


@dataclass
class Work:
    """A folder of images that is being filled.

    Attributes
    ----------
    digests : uint8, shape (n_clips, 32)
        Hashes of the images; zeros for a clip without an image.
    reasons : dict
        Why clips were left out, by number.
    """

    plan: Plan
    folder: Path
    digests: NDArray[np.uint8]
    reasons: dict[int, str] = field(default_factory=dict)

    @property
    def is_drawn(self) -> NDArray[np.bool_]:
        """Which clips have an image."""
        return np.asarray(self.digests.any(axis=1))


def plan_images(
    clips: "pd.DataFrame",
    out: Path,
    classes: str | Sequence[str],
    style: Style,
    mel: MelConfig | None,
    max_seconds: float,
) -> Plan:
    """Choose the clips of the classes; see `make_images`."""
    check_style(style, mel)
    names = Labels(class_set(classes, found=clips["emotion"].dropna()))
    chosen = clips[clips["emotion"].isin(names.classes)].reset_index(drop=True)
    missing = sorted(set(names.classes) - set(chosen["emotion"]))
    if missing:
        found = ", ".join(sorted(clips["emotion"].dropna().unique())) or "none"
        raise ImageSetError(
            f"no clip of class {', '.join(missing)} among {len(clips)} clips (emotions there: {found}); "
            "name other classes, or add a corpus that has them"
        )
    drawing = Drawing(mel or DEFAULT_MEL[style], style, max_seconds)
    mel_filter_bank(drawing.mel)  # raises if there is none
    key = _key_of(chosen, names, drawing)
    return Plan(chosen, names.encode(chosen["emotion"]), names, drawing, out, key, _others(clips, names))


def _others(clips: "pd.DataFrame", classes: Labels) -> dict[str, int]:
    emotions = clips["emotion"].dropna()
    counts = emotions[~emotions.isin(classes.classes)].value_counts().sort_index()
    return {str(name): int(count) for name, count in counts.items()}


def _key_of(clips: "pd.DataFrame", classes: Labels, drawing: Drawing) -> str:
    settings = {"format": FORMAT, "classes": classes.classes, **asdict(drawing)}
    sha256 = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for column in clips:
        sha256.update("\0".join([str(column), *map(str, clips[column])]).encode())
    return sha256.hexdigest()


def made_before(plan: Plan) -> ImageSetSummary:
    """Return the summary of the image set in `plan.out`, if it was made from the same plan."""
    info = read_info(plan.out)
    if info["made_from"] != plan.key:
        raise ImageSetError(
            f"{plan.out} holds an image set of other clips or settings; name a new folder, or remove this one first"
        )
    with (plan.out / "skipped.csv").open(encoding="utf-8", newline="") as file:
        skipped = [(row["path"], row["reason"]) for row in csv.DictReader(file)]
    return ImageSetSummary(plan.out, info["images_by_class"], skipped, is_new=False, others=plan.others)


def open_work(plan: Plan) -> Work:
    """Begin, or take up what an interrupted run of the same plan left beside `plan.out`."""
    out = real_path(plan.out)
    folder = out.with_name(f"{out.name}.partial-{plan.key[:8]}")
    make_folder(folder / "drawn")
    make_folder(folder / FOLDER)
    _undo_numbering(folder)
    work = Work(plan, folder, np.zeros((len(plan.clips), 32), np.uint8))
    record = folder / "record.txt"
    text = record.read_text(encoding="ascii") if record.exists() else ""
    lines = text.splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]  # the last one may be cut short
    for number, digest in map(str.split, whole):
        work.digests[int(number)] = np.frombuffer(bytes.fromhex(digest), np.uint8)
    record.write_text("".join(whole), encoding="ascii")
    return work


def draw_all(work: Work, workers: int) -> None:
    """Draw the clips that have no image yet."""
    paths = work.plan.clips["path"]
    todo = [(int(number), str(paths[number])) for number in np.flatnonzero(~work.is_drawn)]
    keep_freed_memory()
    draw = partial(_draw, folder=work.folder / "drawn", drawing=work.plan.drawing)
    results = map_in_parallel(draw, todo, workers=workers, progress="images")
    with (work.folder / "record.txt").open("a", encoding="ascii", buffering=1) as record:
        for position, (digest, reason) in results:
            number = todo[position][0]
            if reason:
                work.reasons[number] = reason
            else:
                record.write(f"{number} {digest.hex()}\n")
                work.digests[number] = np.frombuffer(digest, np.uint8)


class _Drawn(NamedTuple):
    digest: bytes
    reason: str = ""


def _draw(item: tuple[int, str], *, folder: Path, drawing: Drawing) -> _Drawn:
    number, source = item
    try:
        waveform = read_audio(source, drawing.mel.sample_rate, max_seconds=drawing.max_seconds)
    except AudioError as error:
        return _Drawn(b"", str(error).removeprefix(f"{source} "))
    picture = draw(waveform, drawing.mel, drawing.style)
    path = folder / image_name(number)
    try:
        path.write_bytes(picture.png)
    except OSError as error:
        raise ImageSetError(f"{path} cannot be written ({error.strerror}); make room, then run this again") from None
    return _Drawn(digest_of(picture.pixels))


def finish(work: Work) -> ImageSetSummary:
    """Give the images their numbers, write the tables, and give the folder its name."""
    plan, drawn = work.plan, work.is_drawn
    labels = plan.labels[drawn]
    counts = np.bincount(labels, minlength=len(plan.classes)).tolist()
    by_class = dict(zip(plan.classes.classes, counts, strict=True))
    _check_counts(work, by_class)
    skipped = [(str(plan.clips["path"][number]), reason) for number, reason in sorted(work.reasons.items())]
    _number_images(work.folder, np.flatnonzero(drawn))
    _write_tables(work, labels, skipped)
    write_json(_info_of(plan, by_class, len(skipped), hash_of(labels, work.digests[drawn])), work.folder / INFO)
    _close(work.folder, real_path(plan.out))
    return ImageSetSummary(plan.out, by_class, skipped, others=plan.others)


def _check_counts(work: Work, by_class: dict[str, int]) -> None:
    missing = [name for name, count in by_class.items() if not count]
    if missing:
        number = next(number for number in sorted(work.reasons) if work.plan.clips["emotion"][number] in missing)
        raise ImageSetError(
            f"no clip of class {', '.join(missing)} can be used: {work.plan.clips['path'][number]} "
            f"{work.reasons[number]}, and so on; mend the recordings and run this again"
        )


def _write_tables(work: Work, labels: NDArray[np.int32], skipped: list[tuple[str, str]]) -> None:
    np.save(work.folder / "labels.npy", labels)
    table = work.plan.clips[work.is_drawn].drop(columns=["image", "label"], errors="ignore")
    table.insert(0, "image", [image_name(number) for number in range(len(table))])
    table.insert(1, "label", labels)
    table.to_csv(work.folder / "clips.csv", index=False)
    with (work.folder / "skipped.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("path", "reason"), *skipped])


def _info_of(plan: Plan, by_class: dict[str, int], n_skipped: int, content_hash: str) -> dict[str, object]:
    from importlib.metadata import version  # slow to import

    return {
        "format": FORMAT,
        "classes": list(plan.classes.classes),
        **asdict(plan.drawing),
        "n_images": sum(by_class.values()),
        "images_by_class": by_class,
        "n_skipped": n_skipped,
        "versions": {name: version(name) for name in PACKAGES},
        "made_from": plan.key,
        "hash": content_hash,
    }


def _number_images(folder: Path, numbers: NDArray[np.int64]) -> None:
    """Give the drawn images the numbers 0, 1, 2 ..., so that no number is missing for a clip that was left out."""
    with whole_file(folder / "numbers.npy") as temporary:
        np.save(temporary, numbers)
    if numbers[-1] == len(numbers) - 1:  # no clip was left out: each image has its number already
        (folder / FOLDER).rmdir()
        (folder / "drawn").rename(folder / FOLDER)
        return
    for old, new in _moves(folder, numbers):
        try:
            old.rename(new)
        except FileNotFoundError:
            raise ImageSetError(f"{old} is missing; remove {folder} and make the image set again") from None


def _undo_numbering(folder: Path) -> None:
    """Give images back the numbers of their clips, if a run was interrupted while they got their last ones."""
    if (folder / "numbers.npy").exists():
        for old, new in _moves(folder, np.load(folder / "numbers.npy", allow_pickle=False)):
            if new.exists():
                new.rename(old)
        (folder / "numbers.npy").unlink()


def _moves(folder: Path, numbers: NDArray[np.int64]) -> Iterator[tuple[Path, Path]]:
    for new, old in enumerate(numbers):
        yield folder / "drawn" / image_name(old), folder / FOLDER / image_name(new)


def _close(folder: Path, out: Path) -> None:
    """Give the folder its name and remove the traces of the work."""
    if out.exists():
        out.rmdir()
    folder.replace(out)
    for name in ("numbers.npy", "record.txt"):
        (out / name).unlink()
    if (out / "drawn").exists():
        (out / "drawn").rmdir()
