"""PNG files of 256 greys or 256 colours, written and read without Pillow's overhead, which is most of its time here."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _PALETTE = 0, 3  # colour types
_NO_FILTER, _UP = 0, 2  # what each row starts with: its bytes as they are, or less those above
_HEAD = struct.Struct(">II5B")  # width, height, bits, colour type, compression, filter method, interlace
_ENTRY = struct.Struct(">I4s")  # length and kind of a chunk
_CHECK = struct.Struct(">I")


def encode(entries: Pixels, palette: Pixels | None = None) -> bytes:
    """Return the bytes of a PNG.

    Parameters
    ----------
    entries : uint8, shape (height, width)
        Greys, or positions in the palette.
    palette : uint8, shape (up to 256, 3), optional
        Red, green and blue of each entry.
    """
    height, width = entries.shape
    colour = _GREY if palette is None else _PALETTE
    # Measured on log-Mel images: runs alone are the fastest way to compress, and nearly the smallest.
    deflate = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    data = deflate.compress(_filtered(entries, _UP if palette is None else _NO_FILTER).data) + deflate.flush()
    chunks = [(b"IHDR", _HEAD.pack(width, height, 8, colour, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")]
    if palette is not None:
        chunks.insert(1, (b"PLTE", palette.tobytes()))
    return SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks)


def _filtered(entries: Pixels, method: int) -> Pixels:
    height, width = entries.shape
    rows = np.zeros((height, width + 1), np.uint8)  # the first column tells the filter
    rows[:, 1:] = entries
    if method == _UP:
        rows[1:] -= rows[:-1]
    rows[:, 0] = method
    return rows


def _chunk(kind: bytes, content: bytes) -> bytes:
    return _ENTRY.pack(len(content), kind) + content + _CHECK.pack(zlib.crc32(content, zlib.crc32(kind)))


def decode(data: bytes) -> Pixels | None:
    """Return the pixels of a PNG as `encode` writes it, or None for any other, and for a broken one.

    Returns
    -------
    uint8, shape (height, width, 1), or (height, width, 3) if it has a palette
    """
    found = dict(_chunks(data))
    colour = _PALETTE if b"PLTE" in found else _GREY
    expected = {b"IHDR", b"IDAT", b"IEND", *([b"PLTE"] if colour else [])}
    if found.keys() != expected or len(found[b"IHDR"]) != _HEAD.size:
        return None
    width, height, *kind = _HEAD.unpack(found[b"IHDR"])
    entries = _unfiltered(found[b"IDAT"], height, width) if kind == [8, colour, 0, 0, 0] else None
    if entries is None or colour == _GREY:
        return None if entries is None else entries[:, :, np.newaxis]
    palette = np.frombuffer(found[b"PLTE"], np.uint8)
    if len(palette) % 3 or entries.max() >= len(palette) // 3:
        return None
    return palette.reshape(-1, 3).take(entries, axis=0)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each chunk, up to one that is broken or comes again."""
    place = len(SIGNATURE) if data.startswith(SIGNATURE) else len(data)
    seen = set()
    while place + _ENTRY.size + _CHECK.size <= len(data):
        length, kind = _ENTRY.unpack_from(data, place)
        start, end = place + _ENTRY.size, place + _ENTRY.size + length
        content = data[start:end]
        if kind in seen or data[end : end + _CHECK.size] != _CHECK.pack(zlib.crc32(content, zlib.crc32(kind))):
            return
        seen.add(kind)
        yield kind, content
        place = end + _CHECK.size


def _unfiltered(data: bytes, height: int, width: int) -> Pixels | None:
    size, inflate = height * (width + 1), zlib.decompressobj()
    try:
        rows = np.frombuffer(inflate.decompress(data, size + 1), np.uint8)  # never more than there should be
    except zlib.error:
        return None
    if not inflate.eof or len(rows) != size or not height * width:
        return None
    methods, entries = np.split(rows.reshape(height, width + 1), [1], axis=1)
    if (methods == _UP).all():
        return np.cumsum(entries, axis=0, dtype=np.uint8)
    return None if methods.any() else entries
