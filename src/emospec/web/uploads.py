"""Uploads: streamed into a file that has no name, so that nothing is left of it whatever happens."""

import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from emospec.web.limits import MIB
from emospec.web.problems import Problem, busy

FIELD = "file"
RAW_TYPES = ("audio/*", "video/*", "application/ogg", "application/octet-stream")
LONGEST_HEADER = 4096  # bytes, of a part of a form
OPEN_FILES = Path(f"/proc/{os.getpid()}/fd")  # of this process; only Linux has it

Take = Callable[[bytes], object]


@asynccontextmanager
async def received(request: Request, max_bytes: int) -> AsyncIterator[Path]:
    """Yield the path of the recording in the body of a request; it goes away with the block, or with this process.

    On Linux the file has no name at all: other processes of the same user open it through `/proc`.

    Raises
    ------
    Problem
        If the body is too large, of another type, or no form with a file in it.
    """
    with _temporary_file() as file:
        take, finish = _reader(request, file)
        try:
            await _read_body(request, max_bytes, take)
            finish()
            file.flush()
        except FormParserError as error:
            raise Problem("bad-request", f"the form is not as multipart/form-data has to be ({error})") from None
        except OSError:
            raise busy("there is no room for the upload just now; try again later") from None
        yield OPEN_FILES / str(file.fileno()) if OPEN_FILES.is_dir() else Path(file.name)


def _temporary_file() -> IO[bytes]:
    return tempfile.TemporaryFile() if OPEN_FILES.is_dir() else tempfile.NamedTemporaryFile()


async def _read_body(request: Request, max_bytes: int, take: Take) -> None:
    """Pass the body on piece by piece; what is too large is still read up to twice the limit, so that it is told."""
    declared, n_bytes = request.headers.get("content-length", "0"), 0
    if not declared.isdecimal() or int(declared) > 2 * max_bytes:
        raise too_large(max_bytes)
    try:
        async for piece in request.stream():
            n_bytes += len(piece)
            if n_bytes <= max_bytes:
                take(piece)
            elif n_bytes > 2 * max_bytes:
                break
    except ClientDisconnect:
        raise Problem("bad-request", "the upload broke off") from None
    if n_bytes > max_bytes:
        raise too_large(max_bytes)


def too_large(max_bytes: int) -> Problem:
    """Return the refusal of a body that is too large."""
    return Problem("too-large", f"the upload is larger than {max_bytes / MIB:g} MiB; send less, or compressed audio")


def _reader(request: Request, file: IO[bytes]) -> tuple[Take, Callable[[], None]]:
    """Return what takes the pieces of a body, and what is called at its end."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Problem("unknown-type", "the body has a Content-Encoding; send the recording as it is")
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind == b"multipart/form-data":
        if not options.get(b"boundary"):
            raise Problem("bad-request", "the Content-Type names no boundary; let your HTTP library write it")
        form = FormFile(options[b"boundary"], file)
        return form.take, form.finish
    if any(fnmatchcase(kind.decode("latin-1"), known) for known in RAW_TYPES):
        return file.write, lambda: None
    raise Problem(
        "unknown-type",
        f"expected a form (multipart/form-data) with the field `{FIELD}`, or the bytes of a recording with a "
        "Content-Type such as audio/wav or application/octet-stream",
    )


class FormFile:
    """Writes the one file of a form to `file`; its name, and all other fields, are left unread."""

    def __init__(self, boundary: bytes, file: IO[bytes]) -> None:
        self.file = file
        self.n_files, self.ended, self.wanted = 0, False, False
        self.header, self.value = b"", b""
        self.parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_part_data": self._part_data,
                "on_end": self._end,
            },
        )

    def take(self, piece: bytes) -> None:
        """Read the next piece of the body."""
        self.parser.write(piece)

    def finish(self) -> None:
        """Raise a `Problem` unless the form was whole, with one file in it."""
        if not self.ended:
            raise Problem("bad-request", "the form is cut short; send it again")
        if self.n_files != 1:
            raise Problem("bad-request", f"the form has {self.n_files} fields named `{FIELD}`; expected one")

    def _begin_part(self) -> None:
        self.wanted = False

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self.header = _longer(self.header, data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self.value = _longer(self.value, data[start:end])

    def _header_end(self) -> None:
        if self.header.lower() == b"content-disposition":
            _, options = parse_options_header(self.value.decode("latin-1"))
            self.wanted = options.get(b"name") == FIELD.encode()
            self.n_files += self.wanted
        self.header, self.value = b"", b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self.wanted and self.n_files == 1:
            self.file.write(data[start:end])

    def _end(self) -> None:
        self.ended = True


def _longer(header: bytes, more: bytes) -> bytes:
    if len(header) + len(more) > LONGEST_HEADER:
        raise Problem("bad-request", f"a part of the form has a header of more than {LONGEST_HEADER} bytes")
    return header + more
