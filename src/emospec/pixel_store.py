"""The pixels of many pictures: small sets in memory, large ones in one file that is mapped into memory.

That file, `pixels-….npy`, stands beside the folder of the pictures. Its name holds a hash of their names, sizes and
times, so that it is made anew once a picture has changed. It may be removed at any time.
"""

import hashlib
import math
import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from emospec.errors import EmospecError, ImageSetError
from emospec.files import whole_file
from emospec.images import Pixels, read_image

MAPPED_FROM = 256 * 2**20  # bytes; less is decoded in the time that Keras takes to load


def load_pixels(files: Sequence[Path]) -> Pixels:
    """Return the pixels of pictures that are all of one size; a large set is decoded once, and mapped from then on.

    Where no file can be written beside the folder of the pictures, they are held in memory.

    Returns
    -------
    uint8, shape (n, height, width, channels)
        To be read only.

    Raises
    ------
    ImageSetError
        If a picture is broken or of another size.
    """
    shape = (len(files), *read_image(files[0]).shape)
    path = _file_of_pixels(files, shape) if math.prod(shape) >= MAPPED_FROM else None
    if path:
        mapped: Pixels = np.load(path, mmap_mode="r")
        return mapped
    pixels = np.empty(shape, np.uint8)
    for place, image in enumerate(_images(files, shape[1:])):
        pixels[place] = image
    return pixels


def _file_of_pixels(files: Sequence[Path], shape: tuple[int, ...]) -> Path | None:
    """Return the file of the pixels, made now unless it is there, or None where none can be written."""
    folder = files[0].parent.parent
    path = folder / f"pixels-{_fingerprint(files)}.npy"
    if not path.exists():
        try:
            for old in folder.glob("pixels-*.npy"):
                old.unlink()
            _write_pixels(files, shape, path)
        except ImageSetError:
            raise
        except (OSError, EmospecError):
            return None
    return path


def _write_pixels(files: Sequence[Path], shape: tuple[int, ...], path: Path) -> None:
    """Write picture after picture: a mapped file would end the process where the disk is full."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for image in _images(files, shape[1:]):
            file.write(image.tobytes())


def _fingerprint(files: Sequence[Path]) -> str:
    """Return a hash that changes with any of the files: of their names, sizes and times."""
    sha256 = hashlib.sha256()
    for file in files:
        facts = file.stat()
        sha256.update(f"{file.name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return sha256.hexdigest()[:16]


def _images(files: Sequence[Path], shape: tuple[int, ...]) -> Iterator[Pixels]:
    """Yield pictures one by one: threads make it slower, since most of the time goes into Python."""
    for file in files:
        image = read_image(file)
        if image.shape != shape:
            raise ImageSetError(f"{file} is {_size(image.shape)}, but {files[0].name} is {_size(shape)}")
        yield image


def _size(shape: tuple[int, ...]) -> str:
    height, width, channels = shape
    return f"{width} x {height} pixels, {'grey' if channels == 1 else 'coloured'}"


def for_random_access(pixels: Pixels) -> Pixels:
    """Return the same pixels; if they are mapped, so that the system reads the pages asked for and none ahead.

    Batches take clips from all over a set. With 32 pages read for one, training from a set that is larger than the
    memory got its batches three times slower.
    """
    if not isinstance(pixels, np.memmap) or not isinstance(pixels.base, mmap.mmap) or not hasattr(mmap, "MADV_RANDOM"):
        return pixels
    with Path(str(pixels.filename)).open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    mapped.madvise(mmap.MADV_RANDOM)
    return np.frombuffer(mapped, np.uint8, offset=pixels.offset).reshape(pixels.shape)
