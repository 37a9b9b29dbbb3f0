"""Write RAR 5 archives without compression, byte by byte, as https://www.rarlab.com/technote.htm describes them."""

import zlib
from pathlib import Path

SIGNATURE = b"Rar!\x1a\x07\x01\x00"
MAIN, FILE, END = 1, 2, 5
HAS_EXTRA, HAS_DATA = 1, 2
IS_FOLDER, HAS_CRC = 1, 4
UNIX_SYMLINK, HARD_LINK = 1, 4


def write_rar(path: Path, files: dict[str, bytes | None], *, links: dict[str, tuple[int, str]] | None = None) -> Path:
    """Write `files` (content by name; None is a folder) and `links` (kind and target by name)."""
    members = [_file(name, content) for name, content in files.items()]
    members += [_file(name, b"", _redirection(*link)) for name, link in (links or {}).items()]
    path.write_bytes(SIGNATURE + _block(MAIN, 0, _vint(0)) + b"".join(members) + _block(END, 0, _vint(0)))
    return path


def _file(name: str, content: bytes | None, extra: bytes = b"") -> bytes:
    data, encoded = content or b"", name.encode()
    fields = (
        _vint(IS_FOLDER if content is None else HAS_CRC) + _vint(len(data)) + _vint(0o755 if content is None else 0o644)
    )
    fields += b"" if content is None else zlib.crc32(data).to_bytes(4, "little")
    fields += _vint(0) + _vint(1) + _vint(len(encoded)) + encoded  # stored, made on Unix
    sizes = (_vint(len(extra)) if extra else b"") + _vint(len(data))
    return _block(FILE, HAS_DATA | (HAS_EXTRA if extra else 0), sizes + fields + extra) + data


def _redirection(kind: int, target: str) -> bytes:
    record = _vint(5) + _vint(kind) + _vint(0) + _vint(len(target)) + target.encode()
    return _vint(len(record)) + record


def _block(kind: int, flags: int, rest: bytes) -> bytes:
    body = _vint(kind) + _vint(flags) + rest
    sized = _vint(len(body)) + body
    return zlib.crc32(sized).to_bytes(4, "little") + sized


def _vint(value: int) -> bytes:
    low = value & 0x7F
    return bytes([low]) if value < 0x80 else bytes([low | 0x80]) + _vint(value >> 7)
