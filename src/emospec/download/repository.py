"""A corpus in a Git repository whose audio is in Git LFS: each clip has a checksum of its owners."""

import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from emospec.corpora.core import Corpus
from emospec.download.sums import broken_clips, read_sums, write_sums
from emospec.download.transfer import CONNECTIONS, Transfer, TransferError
from emospec.errors import CorpusError
from emospec.files import make_folder, whole_file

MAX_FAILURES = CONNECTIONS  # then it is the network, not a clip
POINTER = re.compile(rb"version https://git-lfs\S*\noid sha256:([0-9a-f]{64})\nsize (\d+)\n?")


@dataclass(frozen=True)
class Repository:
    """Where the clips and their checksums are.

    A zip of the repository has no audio in it, but for each clip a pointer with its SHA-256 and its size, and it has
    the tables: one small file tells what every clip must be, whichever server gives it.

    Parameters
    ----------
    index : str
        That zip.
    media : tuple of str
        Servers of the audio; the path of a clip follows.
    clips : str
        The folder of the clips.
    tables : tuple of str
        Other files to keep.
    """

    index: str
    media: tuple[str, ...]
    clips: str
    tables: tuple[str, ...]

    def get(self, corpus: Corpus, out: Path, transfer: Transfer, *, progress: bool) -> None:
        """Fetch the clips that `out` lacks."""
        make_folder(out)
        sums = read_sums(corpus, out) or self._read_index(corpus, out, transfer)
        missing = broken_clips(sums, out)
        there = len(sums) - len(missing)
        with tqdm(desc=corpus.title, total=len(sums), initial=there, unit="clip", disable=not progress) as bar:
            failures = self._fetch_clips(missing, out, transfer, bar)
        if failures:
            there = len(sums) - len(broken_clips(missing, out))
            raise CorpusError(
                f"{corpus.title}: {there:,} of {len(sums):,} clips are in {out}, the others could not be fetched "
                f"({failures[0]}); run the same command again to go on"
            )

    def _read_index(self, corpus: Corpus, out: Path, transfer: Transfer) -> dict[str, str]:
        path = out / ".index.zip"
        transfer.fetch([self.index], path)
        try:
            with zipfile.ZipFile(path) as archive:
                sums = self._read_pointers(archive, corpus, out)
                self._keep_tables(archive, out)
        except zipfile.BadZipFile as error:
            raise CorpusError(f"{self.index} did not give a whole zip ({error}); run the same command again") from None
        finally:
            path.unlink()
        write_sums(sums, corpus, out)
        return sums

    def _read_pointers(self, archive: zipfile.ZipFile, corpus: Corpus, out: Path) -> dict[str, str]:
        pointers = dict(_pointers(archive, re.compile(rf"[^/]+/({re.escape(self.clips)}/[\w-]+\.wav)")))
        if corpus.n_clips and len(pointers) < corpus.n_clips:
            raise CorpusError(
                f"{self.index} lists {len(pointers):,} clips; expected {corpus.n_clips:,}; "
                f"see {corpus.homepage} for how to get the corpus now"
            )
        size, free = sum(size for _, size in pointers.values()), shutil.disk_usage(out).free
        if size > free:
            raise CorpusError(
                f"{corpus.title} needs {size / 1e6:,.0f} MB and the disk of {out} has {free / 1e6:,.0f} MB left; "
                "make room or name a folder on another disk"
            )
        return {name: digest for name, (digest, _) in sorted(pointers.items())}

    def _keep_tables(self, archive: zipfile.ZipFile, out: Path) -> None:
        for name in archive.namelist():
            table = name.partition("/")[2]
            if table in self.tables:
                with whole_file(out / table) as path:
                    path.write_bytes(archive.read(name))

    def _fetch_clips(self, clips: Mapping[str, str], out: Path, transfer: Transfer, bar: tqdm) -> list[TransferError]:
        """Fetch clips over several connections; what fails is left out, until too much does."""
        failures: list[TransferError] = []
        (out / self.clips).mkdir(exist_ok=True)
        pool = ThreadPoolExecutor(CONNECTIONS)
        try:
            urls = {name: [base + name for base in self.media] for name in clips}
            running = [
                pool.submit(transfer.fetch, urls[name], out / name, known_hash=digest) for name, digest in clips.items()
            ]
            for future in as_completed(running):
                try:
                    future.result()
                    bar.update()
                except TransferError as error:
                    failures.append(error)
                    if len(failures) >= MAX_FAILURES:
                        break
        finally:  # Ctrl-C as well
            transfer.stop()
            pool.shutdown(cancel_futures=True)
        return failures


def _pointers(archive: zipfile.ZipFile, wanted: re.Pattern[str]) -> Iterator[tuple[str, tuple[str, int]]]:
    for info in archive.infolist():
        match = wanted.fullmatch(info.filename)
        if match:
            pointer = POINTER.fullmatch(archive.read(info)) if info.file_size < 1024 else None
            if pointer is None:
                raise CorpusError(
                    f"{match[1]} is no Git LFS pointer in the zip of the repository, so its checksum is not known; "
                    "clone the repository with git-lfs instead"
                )
            yield match[1], (pointer[1].decode(), int(pointer[2]))
