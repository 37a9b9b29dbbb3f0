"""Image sets: folders of spectrogram images with their labels and clips, made and loaded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from emospec.emotions import CLASS_SETS, Labels
from emospec.engine import check_workers
from emospec.errors import ConfigError, ImageSetError
from emospec.files import check_new_folder
from emospec.image_files import (
    FOLDER,
    INFO,
    ImageSetSummary,
    check_numbers,
    digest_of,
    find_images,
    hash_of,
    image_name,
    read_clips,
    read_info,
    read_labels,
    read_notebook_classes,
)
from emospec.image_work import draw_all, finish, made_before, open_work, plan_images
from emospec.images import Pixels, Style
from emospec.mel import MelConfig
from emospec.pixel_store import load_pixels

if TYPE_CHECKING:  # worker processes import this module and need no pandas
    import pandas as pd


@dataclass(frozen=True)
class ImageSet:
    """Images with what is known about each; a large set is mapped into memory, see `pixel_store`.

    Attributes
    ----------
    images : uint8, shape (n, height, width, channels)
        One channel (grey) or three, in the order red, green, blue.
    labels : int32, shape (n,)
        Positions in `classes`.
    clips : DataFrame
        One row an image, in the order of `images`, with the columns of `load_corpus`; what is unknown is missing.
    mel : MelConfig or None
        How the images were made; None for sets that do not say, such as the notebook's.
    """

    images: Pixels
    labels: NDArray[np.int32]
    clips: "pd.DataFrame"
    classes: Labels
    mel: MelConfig | None
    style: str
    path: Path

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of every image."""
        height, width, channels = self.images.shape[1:]
        return height, width, channels

    def digests(self) -> NDArray[np.uint64]:
        """Return a number a clip that is equal for equal pixels, as recordings with identical audio have them."""
        return np.array([int.from_bytes(digest_of(image)[:8], "little") for image in self.images], dtype=np.uint64)

    def of_classes(self, labels: NDArray[np.int32]) -> "ImageSet":
        """Return the clips of some classes alone, which are then counted from 0; the same set if these are all."""
        if len(labels) == len(self.classes):
            return self
        kept = np.flatnonzero(np.isin(self.labels, labels))
        classes = Labels(tuple(self.classes.decode(np.sort(labels))))
        emotions = self.classes.decode(self.labels[kept])
        clips = self.clips.iloc[kept].reset_index(drop=True)
        return replace(self, images=self.images[kept], labels=classes.encode(emotions), clips=clips, classes=classes)


def load_image_set(path: str | Path, *, clips: str | Path | None = None, verify: bool = False) -> ImageSet:
    """Load an image set: emospec's own, or the notebook's layout (`dataset/spectograms`, `dataset/classes`).

    The notebook read its images with OpenCV as blue, green, red; here they are red, green, blue.

    Parameters
    ----------
    path : path
        The image set; for the notebook's layout the folder `dataset` or the one that holds it.
    clips : path, optional
        A CSV with a row an image (columns such as speaker, emotion, text, corpus) for a set that has no `clips.csv`.
        A column `image` with the files' names tells which row is whose; without it, the order does.
    verify : bool
        Compare all pixels and labels with the hash that was stored when the set was made.

    Raises
    ------
    ImageSetError
        If pictures, labels and table do not fit together.
    """
    path, clips = Path(path), Path(clips) if clips else None
    if (path / INFO).exists():
        return _load_own(path, clips, verify)
    for root in (path, path / "dataset"):
        if (root / "spectograms").is_dir():
            return _load_notebook(root, clips)
    raise ImageSetError(
        f"{path} is no image set (looked for image_set.json and dataset/spectograms); make one with `emospec images`"
    )


def _load_own(path: Path, clips: Path | None, verify: bool) -> ImageSet:
    info = read_info(path)
    classes, mel = Labels(tuple(info["classes"])), _mel_of(path, info["mel"])
    files = find_images(path / FOLDER)
    labels = read_labels(path / "labels.npy", len(files), classes)
    if len(files) != info["n_images"] or files[-1].name != image_name(len(files) - 1):
        raise ImageSetError(f"{path / FOLDER} lacks images (expected {info['n_images']}); make the image set again")
    table = read_clips(clips or path / "clips.csv", [file.name for file in files], labels, classes)
    images = load_pixels(files)
    if images.shape[1:3] != (mel.height, mel.width):
        height, width = images.shape[1:3]
        raise ImageSetError(
            f"{path / FOLDER} has images of {width} x {height} pixels; expected {mel.width} x {mel.height}"
        )
    if verify:
        _check_hash(path, images, labels, info["hash"])
    return ImageSet(images, labels, table, classes, mel, info["style"], path)


def _mel_of(path: Path, values: dict[str, object]) -> MelConfig:
    try:
        return MelConfig.from_dict(values)
    except ConfigError as error:
        raise ImageSetError(f"{path / INFO}: {error}") from None


def _check_hash(path: Path, images: Pixels, labels: NDArray[np.int32], expected: str) -> None:
    digests = np.frombuffer(b"".join(digest_of(image) for image in images), np.uint8)
    if hash_of(labels, digests) != expected:
        raise ImageSetError(f"{path}: images or labels were changed since they were made; make the image set again")


def _load_notebook(root: Path, clips: Path | None) -> ImageSet:
    files = find_images(root / "spectograms")
    check_numbers(files)
    classes = read_notebook_classes(root / "classes" / "label names.txt") or Labels(CLASS_SETS["four"])
    labels = read_labels(root / "classes" / "array.npy", len(files), classes)
    table = read_clips(clips, [file.name for file in files], labels, classes)
    return ImageSet(load_pixels(files), labels, table, classes, None, "notebook", root)


def make_images(
    clips: "pd.DataFrame",
    out: str | Path,
    *,
    classes: str | Sequence[str] = "four",
    style: Style = "gray",
    mel: MelConfig | None = None,
    workers: int = 1,
    max_seconds: float = 60.0,
) -> ImageSetSummary:
    """Draw the clips of some classes as an image set; interrupted work goes on where it stopped.

    Parameters
    ----------
    clips : DataFrame
        With at least the columns `path` and `emotion`; clips of other emotions are not used.
    classes : str or sequence of str
        A named set (`four`, `six`, `seven`) or emotions, each of which must have clips; or `all`, the emotions that the
        clips have.
    out : path
        A new folder. If it holds an image set of the same clips and settings, that is left as it is.
    mel : MelConfig, optional
        By default the one that belongs to the style.
    workers : int
        Processes; 0 takes all cores.
    max_seconds : float
        Longer clips are left out, as are unreadable, silent and very short ones.

    Raises
    ------
    ImageSetError
        If a class has no clips, or none that can be read, or if `out` holds an image set made otherwise.
    ConfigError
        If a setting cannot work or would have no effect.
    """
    check_workers(workers)
    plan = plan_images(clips, Path(out), classes, style, mel, max_seconds)
    if (plan.out / INFO).exists():
        return made_before(plan)
    check_new_folder(plan.out)
    work = open_work(plan)
    draw_all(work, workers)
    return finish(work)
