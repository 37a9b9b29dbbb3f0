"""The files of an image set: how they are named, hashed, read, checked and told of."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emospec.emotions import Labels, canonical_emotion, class_set
from emospec.errors import ConfigError, EmospecError, ImageSetError, first_line
from emospec.files import read_json
from emospec.images import Pixels

if TYPE_CHECKING:  # slow to import, and not needed where images are made
    import pandas as pd

FORMAT = 1
FOLDER = "spectrograms"
INFO = "image_set.json"

# What stands in `INFO` beside the format, and of what kind.
KINDS: dict[str, tuple[type, str]] = {
    "style": (str, "a text"),
    "classes": (list, "a list of different names"),
    "mel": (dict, "a table"),
    "n_images": (int, "a number"),
    "images_by_class": (dict, "a table"),
    "hash": (str, "a text"),
    "made_from": (str, "a text"),
}


@dataclass(frozen=True)
class ImageSetSummary:
    """What `make_images` made, or found made already.

    `skipped` holds paths and reasons; `others` counts the clips of emotions that are none of the classes.
    """

    path: Path
    images_by_class: dict[str, int]
    skipped: list[tuple[str, str]]
    is_new: bool = True
    others: dict[str, int] = field(default_factory=dict)

    @property
    def n_images(self) -> int:
        """Images in the set."""
        return sum(self.images_by_class.values())

    @property
    def n_skipped(self) -> int:
        """Clips that were left out."""
        return len(self.skipped)

    def __str__(self) -> str:
        made = "" if self.is_new else " (made before with the same settings; nothing to do)"
        lines = [f"{self.n_images} images in {self.path}{made}: {_told(self.images_by_class)}"]
        if self.others:
            n_others = sum(self.others.values())
            lines.append(f"{n_others} clips of other emotions left out: {_told(self.others)} (--classes chooses)")
        if self.skipped:
            lines.append(f"{self.n_skipped} clips left out, listed in {self.path / 'skipped.csv'}:")
        lines += [f"  {path} {reason}" for path, reason in self.skipped[:5]]
        return "\n".join([*lines, "  ..."] if self.n_skipped > 5 else lines)


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def image_name(number: int) -> str:
    """Return the file name of an image."""
    return f"{number:06}.png"


def digest_of(image: Pixels) -> bytes:
    """Return the SHA-256 of the pixels of one image."""
    return hashlib.sha256(image.tobytes()).digest()


def hash_of(labels: NDArray[np.int32], digests: NDArray[np.uint8]) -> str:
    """Return one hash of all labels and pixels; it does not depend on how the files are compressed."""
    return hashlib.sha256(labels.astype("<i4").tobytes() + digests.tobytes()).hexdigest()


def read_info(path: Path) -> dict[str, Any]:
    """Read the description of the image set in `path`."""
    info = read_json(path / INFO)
    if not isinstance(info, dict) or "format" not in info:
        raise ImageSetError(f"{path / INFO} does not describe an image set; make the image set again")
    if info["format"] != FORMAT:
        raise ImageSetError(
            f"{path / INFO} has format {info['format']}, this emospec reads format {FORMAT}; upgrade emospec"
        )
    _check_kinds(path / INFO, info)
    return info


def _check_kinds(path: Path, info: dict[str, Any]) -> None:
    missing = sorted(KINDS.keys() - info.keys())
    if missing:
        raise ImageSetError(f"{path} lacks {', '.join(missing)}; make the image set again")
    wrong = [name for name, (kind, _) in KINDS.items() if not isinstance(info[name], kind)]
    if not wrong and not _are_different_names(info["classes"]):
        wrong = ["classes"]
    if wrong:
        found, expected = info[wrong[0]], KINDS[wrong[0]][1]
        raise ImageSetError(f"{path}: {wrong[0]}: {found!r}, expected {expected}; make the image set again")


def _are_different_names(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values) and 0 < len(set(values)) == len(values)


def find_images(folder: Path) -> list[Path]:
    """Return the PNG files of a folder in the order of their numbers."""
    names = [file.name for file in folder.glob("*.png")]
    wrong = next((name for name in names if not name.removesuffix(".png").isdecimal()), None)
    if wrong:
        raise ImageSetError(f"{folder / wrong}: the name of an image must be its number, such as 12.png; take it away")
    if not names:
        raise ImageSetError(f"{folder} holds no images (looked for 0.png, 1.png ...); make the image set again")
    return [folder / name for name in sorted(names, key=lambda name: int(name.removesuffix(".png")))]


def check_numbers(files: Sequence[Path]) -> None:
    """Raise unless the numbers of images follow each other; `files` are in the order of `find_images`."""
    for before, file in pairwise(files):
        step = int(file.stem) - int(before.stem)
        if step == 0:
            raise ImageSetError(
                f"{file.parent} has image {int(file.stem)} twice ({before.name} and {file.name}); take one of them away"
            )
        if step > 1:
            raise ImageSetError(
                f"{file.parent} has no image {int(before.stem) + 1} ({before.name} is followed by {file.name}); "
                "images belong to labels by their numbers: get the data set again"
            )


def read_labels(path: Path, n_images: int, classes: Labels) -> NDArray[np.int32]:
    """Read the labels of `n_images` images: whole numbers that are positions in `classes`."""
    try:
        labels = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ImageSetError(
            f"{path} cannot be read as labels ({first_line(error)}); make the image set again"
        ) from None
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ImageSetError(f"{path} holds {labels.dtype} of shape {labels.shape}; expected one whole number an image")
    if len(labels) != n_images:
        raise ImageSetError(f"{path.parent} has {n_images} images and {len(labels)} labels; make the image set again")
    wrong = np.flatnonzero((labels < 0) | (labels >= len(classes)))
    if len(wrong):
        raise ImageSetError(
            f"{path}: label {labels[wrong[0]]} of image {wrong[0]} is out of range; "
            f"expected 0 to {len(classes) - 1} ({', '.join(classes.classes)})"
        )
    return np.asarray(labels, np.int32)


def read_notebook_classes(path: Path) -> Labels | None:
    """Return the classes of a text such as `'angry', 'fear'`, or None where there is no such file."""
    try:
        words = path.read_text(encoding="utf-8-sig").replace("\n", ",").split(",")
        names = [word.strip().strip("'\"[]") for word in words]
        return Labels(class_set([name for name in names if name]))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, ConfigError) as error:
        raise ImageSetError(
            f"{path} cannot be read as the names of the classes ({first_line(error)}); "
            "mend it, or take it away if they are angry, fear, happy, sad"
        ) from None


def read_clips(path: Path | None, names: Sequence[str], labels: NDArray[np.int32], classes: Labels) -> "pd.DataFrame":
    """Return one row an image, in the order of `names`, with all columns of a clip; unknown values are missing.

    Parameters
    ----------
    path : Path or None
        A CSV with a row an image. A column `image` tells which image a row belongs to, else the order does; a column
        `emotion` must agree with the labels. Without a CSV only the emotions are known.
    """
    import pandas as pd

    from emospec.clips import COLUMNS

    table = (
        pd.DataFrame({"image": list(names)}, dtype="string")
        if path is None
        else _in_order(_read_csv(path), names, path)
    )
    for column in COLUMNS:
        if column not in table:
            table[column] = pd.Series(pd.NA, index=table.index, dtype="string")
    emotions = classes.decode(labels)
    _check_emotions(table, emotions, path)
    table["emotion"] = pd.Series(emotions, index=table.index, dtype="string")
    table["age"] = _ages(table["age"], path)
    _check_votes(table["votes"], path)
    return table


def _check_votes(votes: "pd.Series[str]", path: Path | None) -> None:
    from emospec.clips import parse_votes

    for cell in votes.dropna().unique():
        try:
            parse_votes(cell)
        except EmospecError as error:
            raise ImageSetError(f"{path}: {error}") from None


def _read_csv(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:  # ValueError is the parent of the errors of pandas
        raise ImageSetError(f"{path} cannot be read as a table of clips ({first_line(error)})") from None


def _in_order(table: "pd.DataFrame", names: Sequence[str], path: Path) -> "pd.DataFrame":
    if len(table) != len(names):
        raise ImageSetError(f"{path} has {len(table)} rows for {len(names)} images; expected a row an image")
    if "image" not in table:
        return table.assign(image=list(names))
    rows = {name: row for row, name in enumerate(table["image"])}
    missing = next((name for name in names if name not in rows), None)
    if missing:
        raise ImageSetError(f"{path} has no row for image {missing}; expected one row for each in column image")
    return table.iloc[[rows[name] for name in names]].reset_index(drop=True)


def _check_emotions(table: "pd.DataFrame", emotions: Sequence[str], path: Path | None) -> None:
    for image, said, labelled in zip(table["image"], table["emotion"].fillna(""), emotions, strict=True):
        if said and said != labelled and not _means(said, labelled):
            raise ImageSetError(f"{path}: image {image} is {said} there, but its label says {labelled}")


def _means(spelling: str, emotion: str) -> bool:
    try:
        return canonical_emotion(spelling) == emotion
    except ConfigError:
        return False


def _ages(ages: "pd.Series[str]", path: Path | None) -> "pd.Series[int]":
    import pandas as pd

    try:
        return pd.to_numeric(ages).astype("Int64")
    except (ValueError, TypeError) as error:
        raise ImageSetError(f"{path}: column age: {first_line(error)}; expected whole numbers or nothing") from None
