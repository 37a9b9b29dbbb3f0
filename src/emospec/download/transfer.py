"""Files over HTTP: tried again, resumed, compared with their checksum, whole or not at all."""

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import pooch
import requests
from tqdm import tqdm

from emospec.errors import CorpusError

CONNECTIONS = 8
ATTEMPTS = 5
PAUSE = 1.0  # seconds before the second attempt; each further pause is twice as long
LONGEST_PAUSE = 60.0
TIMEOUT = (10.0, 30.0)  # seconds to connect, and between two pieces
PIECE = 1 << 14  # bytes; less than one is lost where a connection breaks
PASSING = (416, 429, 500, 502, 503, 504)  # answers that may be better a moment later; 416: what was there is gone

pooch.get_logger().setLevel("WARNING")  # it tells of each file otherwise


class TransferError(CorpusError):
    """A file that could not be fetched, and whether it is worth trying again."""

    def __init__(self, message: str, *, passing: bool = False, pause: float = 0.0) -> None:
        super().__init__(message)
        self.passing = passing
        self.pause = pause


class Transfer:
    """Connections to the servers of a corpus, shared by threads; as a context manager it closes them.

    With `base_url` every file is asked of that server, under the path that it has on its own one.
    """

    def __init__(self, base_url: str | None = None) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.headers["Accept-Encoding"] = "identity"  # bytes as they are: sizes and ranges must be true
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=CONNECTIONS))
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._session.close()

    def stop(self) -> None:
        """Let every running and every later `fetch` raise soon; what has come of a file stays for the next time."""
        self._stopped.set()

    def fetch(self, urls: Sequence[str], path: Path, *, known_hash: str | None = None, bar: tqdm | None = None) -> None:
        """Fetch a file from the first server that has it, unless it is there already.

        Parameters
        ----------
        urls : sequence of str
            The same file on one or several servers.
        path : path
            Takes its name when the file is whole; until then the bytes wait in `path` + `.part`, where the next
            attempt, or the next call, goes on.
        known_hash : str, optional
            SHA-256 in hexadecimal, or another one with its name before it (`md5:...`).
        bar : tqdm, optional
            Shows the bytes of this one file.

        Raises
        ------
        TransferError
            If no server gave the file, or what came has another hash; that is removed.
        """
        for attempt in range(ATTEMPTS):
            failures = []
            for url in map(self._at_base, urls):
                try:
                    return self._retrieve(url, path, known_hash, bar)
                except TransferError as error:
                    failures.append(error)
            if not any(failure.passing for failure in failures):
                break
            if attempt + 1 < ATTEMPTS:
                self._wait(max([PAUSE * 2**attempt, *(failure.pause for failure in failures)]))
        raise TransferError("; ".join(map(str, failures)), passing=any(failure.passing for failure in failures))

    def _at_base(self, url: str) -> str:
        return url if self._base_url is None else self._base_url.rstrip("/") + urlsplit(url).path

    def _retrieve(self, url: str, path: Path, known_hash: str | None, bar: tqdm | None) -> None:
        part = path.with_name(path.name + ".part")
        downloader = partial(self._download, part=part, bar=bar)
        try:
            # Absolute, or pooch would take a folder `~` for the user's home.
            pooch.retrieve(url, known_hash, fname=path.name, path=path.parent.absolute(), downloader=downloader)
        except requests.RequestException as error:
            broken = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
            reason = f"{url}: the connection failed ({type(error).__name__}), try again later"
            raise TransferError(reason, passing=isinstance(error, broken)) from None
        except ValueError:
            raise TransferError(f"{url} has a wrong checksum (expected {known_hash}); what came was removed") from None
        except OSError as error:
            raise TransferError(f"{path} cannot be written ({error.strerror or error})") from None

    def _download(self, url: str, output_file: str, _: Any, *, part: Path, bar: tqdm | None) -> None:
        begun = part.stat().st_size if part.exists() else 0
        headers = {"Range": f"bytes={begun}-"} if begun else {}
        with self._session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if not _goes_on(response, begun):
                part.unlink(missing_ok=True)
                begun = 0
            _check_answer(url, response)
            self._save(response, part, begun, bar)
        part.replace(output_file)

    def _save(self, response: requests.Response, part: Path, begun: int, bar: tqdm | None) -> None:
        if bar is not None:
            bar.reset(begun + int(response.headers.get("Content-Length", 0)) or None)
            bar.update(begun)
        with part.open("ab") as file:
            for piece in response.iter_content(PIECE):
                self._check_stopped()
                file.write(piece)
                if bar is not None:
                    bar.update(len(piece))

    def _wait(self, seconds: float) -> None:
        self._stopped.wait(min(seconds, LONGEST_PAUSE))
        self._check_stopped()

    def _check_stopped(self) -> None:
        if self._stopped.is_set():
            raise TransferError("stopped")


def _goes_on(response: requests.Response, begun: int) -> bool:
    """Return whether an answer leaves the bytes that are there valid: it goes on after them, or tells nothing."""
    if response.status_code == requests.codes.partial_content:
        return response.headers.get("Content-Range", "").startswith(f"bytes {begun}-")
    return response.status_code not in (requests.codes.ok, requests.codes.requested_range_not_satisfiable)


def _check_answer(url: str, response: requests.Response) -> None:
    status = response.status_code
    if status in (requests.codes.ok, requests.codes.partial_content):
        return
    after = response.headers.get("Retry-After", "")
    raise TransferError(
        f"{url} answers {status} {response.reason}",
        passing=status in PASSING,
        pause=float(after) if after.isdecimal() else 0.0,
    )
