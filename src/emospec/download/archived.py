"""A corpus that its owners offer as one archive."""

from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from emospec.archives import extract
from emospec.corpora import load_corpus
from emospec.corpora.core import Corpus
from emospec.download.sums import write_sums
from emospec.download.transfer import Transfer
from emospec.errors import ArchiveError, CorpusError
from emospec.files import check_new_folder, sha256_of, whole_folder, write_text


@dataclass(frozen=True)
class Archived:
    """Where the archive is.

    Parameters
    ----------
    url : str
        The owners' archive.
    known_hash : str, optional
        Its checksum with the kind before it, such as `md5:...`. None where the owners publish none, as for EmoDB:
        what came is then told to be whole by the checksum that the zip has of each file, and by the number of
        clips. That shows damage, not fraud; the SHA-256 of the archive is written to `source.sha256` to compare.
    """

    url: str
    known_hash: str | None

    def get(self, corpus: Corpus, out: Path, transfer: Transfer, *, progress: bool) -> None:
        """Fetch the archive beside `out`, going on where an earlier call stopped, and unpack it."""
        check_new_folder(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        archive = out.with_name(f".{out.name}-download")
        with tqdm(desc=corpus.title, unit="B", unit_scale=True, disable=not progress) as bar:
            transfer.fetch([self.url], archive, known_hash=self.known_hash, bar=bar)
        try:
            self._unpack(archive, corpus, out)
        except CorpusError:
            archive.unlink()  # the next call begins anew; after Ctrl-C it need not
            raise
        archive.unlink()

    def _unpack(self, archive: Path, corpus: Corpus, out: Path) -> None:
        with whole_folder(out) as folder:
            clips = self._extract(archive, corpus, folder)
            sums = {path.relative_to(folder.resolve()).as_posix(): sha256_of(path) for path in clips}
            write_sums(sums, corpus, folder)
            write_text(f"{sha256_of(archive)}  {self.url}\n", folder / "source.sha256")

    def _extract(self, archive: Path, corpus: Corpus, folder: Path) -> list[Path]:
        try:
            extract(archive, folder)
            clips = [Path(path) for path in load_corpus(corpus.name, folder)["path"]]
        except (ArchiveError, CorpusError) as error:
            raise CorpusError(f"what {self.url} gave is of no use ({error}); it was removed") from None
        if corpus.n_clips not in (None, len(clips)):
            raise CorpusError(
                f"what {self.url} gave has {len(clips):,} clips of {corpus.title}; expected {corpus.n_clips:,}; "
                f"it was removed; see {corpus.homepage}"
            )
        return clips
