"""What the header of a WAV or AIFF file promises, which decoders quietly cut down to what is there."""

from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

UNKNOWN = 0xFFFFFFFF  # of a stream whose end was not known when its header was written
ALMOST_2_GIB = range(0x7F000000, 0x80000001)  # the same, of what SoX and arecord write into a pipe
TOLERANCE = 4096  # bytes
LONG_SIZES = 16  # bytes of a ds64 chunk: of the file, and of the sound
KINDS: dict[bytes, Literal["little", "big"]] = {b"RIFF": "little", b"RF64": "little", b"FORM": "big"}


class Promise(NamedTuple):
    """Bytes of sound that a header promises, and those that are there."""

    expected: int
    found: int

    @property
    def is_broken(self) -> bool:
        """Whether more is missing than careless writers leave out."""
        return self.expected - self.found > min(TOLERANCE, self.expected // 100)


def promise_of(path: Path) -> Promise | None:
    """Return what a header promises; None for other files, and for streams that state no length."""
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] not in KINDS or start[8:] not in (b"WAVE", b"AIFF", b"AIFC"):
            return None
        expected = _size_of_sound(file, KINDS[start[:4]])
        return None if expected is None else Promise(expected, path.stat().st_size - file.tell())


def _size_of_sound(file: BinaryIO, order: Literal["little", "big"]) -> int | None:
    """Return the length of the chunk that holds the sound, and leave the file at its beginning."""
    if_unknown = None
    while len(head := file.read(8)) == 8:
        name, size, n_read = head[:4], int.from_bytes(head[4:], order), 0
        if name in (b"data", b"SSND"):
            return if_unknown if size in (0, UNKNOWN) or size in ALMOST_2_GIB else size
        if name == b"ds64":  # of RF64: files beyond 4 GB
            sizes = file.read(min(size, LONG_SIZES))
            if_unknown = int.from_bytes(sizes[8:16], order)
            n_read = len(sizes)
        file.seek(size + size % 2 - n_read, 1)
    return None
