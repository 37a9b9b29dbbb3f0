import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from emospec import png

GREYS = np.random.default_rng(0).integers(0, 256, (5, 7), dtype=np.uint8)
COLOURS = np.random.default_rng(1).integers(0, 256, (256, 3), dtype=np.uint8)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def made(*chunks: tuple[bytes, bytes]) -> bytes:
    return png.SIGNATURE + b"".join(chunk(kind, content) for kind, content in chunks)


def head(width: int = 7, height: int = 5, bits: int = 8, colour: int = 0, interlace: int = 0) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)


def rows(method: int) -> tuple[bytes, bytes]:
    return b"IDAT", zlib.compress(b"".join(bytes([method]) + bytes(row) for row in GREYS))


END = (b"IEND", b"")


def by_pillow(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as file:
        file.load()
        return np.asarray(file if file.mode == "L" else file.convert("RGB"))


def test_pillow_reads_the_greys_that_were_written():
    np.testing.assert_array_equal(by_pillow(png.encode(GREYS)), GREYS)


def test_pillow_reads_the_colours_that_were_written():
    np.testing.assert_array_equal(by_pillow(png.encode(GREYS, COLOURS)), COLOURS[GREYS])


@pytest.mark.parametrize("palette", [None, COLOURS])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (77, 77)])
def test_what_was_written_is_read_back(shape, palette):
    entries = np.resize(GREYS, shape)
    expected = entries[:, :, np.newaxis] if palette is None else palette[entries]
    np.testing.assert_array_equal(png.decode(png.encode(entries, palette)), expected)


@pytest.mark.parametrize("method", [0, 2])
def test_rows_as_they_are_and_rows_less_those_above_are_read(method):
    expected = np.cumsum(GREYS, axis=0, dtype=np.uint8) if method == 2 else GREYS
    np.testing.assert_array_equal(png.decode(made(head(), rows(method), END))[:, :, 0], expected)


OTHERS = {
    "no picture": b"hello",
    "cut short": png.encode(GREYS)[:-20],
    "a changed byte": png.encode(GREYS)[:50] + b"x" + png.encode(GREYS)[51:],
    "another filter": made(head(), rows(1), END),
    "16 bits": made(head(bits=16), rows(0), END),
    "colours without a palette": made(head(colour=2), rows(0), END),
    "interlaced": made(head(interlace=1), rows(0), END),
    "too few rows": made(head(height=6), rows(0), END),
    "too many rows": made(head(height=4), rows(0), END),
    "nothing in it": made(head(width=0), (b"IDAT", zlib.compress(bytes(5))), END),
    "a broken stream": made(head(), (b"IDAT", b"x" * 40), END),
    "two parts": made(head(), (b"IDAT", rows(0)[1][:9]), (b"IDAT", rows(0)[1][9:]), END),
    "transparency": made(head(), (b"tRNS", b"\0\0"), rows(0), END),
    "a short head": made((b"IHDR", b"\0" * 5), rows(0), END),
    "a palette for greys": made(head(), (b"PLTE", bytes(768)), rows(0), END),
    "a palette that is too short": made(head(colour=3), (b"PLTE", bytes(9)), rows(0), END),
    "a palette of broken length": made(head(colour=3), (b"PLTE", bytes(767)), rows(0), END),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_was_written_otherwise_is_left_to_others(kind):
    assert png.decode(OTHERS[kind]) is None


def test_a_picture_cannot_unpack_to_more_than_it_says():
    bomb = made(head(), (b"IDAT", zlib.compress(bytes(50_000_000))), END)
    tracemalloc.start()
    assert png.decode(bomb) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
