"""Corpora from their owners' servers, where the owners allow it."""

from collections.abc import Callable
from pathlib import Path

from emospec.corpora import find_corpus
from emospec.corpora.core import Corpus
from emospec.download.archived import Archived
from emospec.download.repository import Repository
from emospec.download.sums import broken_clips, read_sums
from emospec.download.transfer import Transfer
from emospec.errors import CorpusError
from emospec.files import expand_home

# EmoDB's owners publish no checksum: see `Archived`. RAVDESS's is the one that Zenodo shows beside the file.
SOURCES: dict[str, Repository | Archived] = {
    "crema-d": Repository(
        index="https://github.com/CheyneyComputerScience/CREMA-D/archive/refs/heads/master.zip",
        media=(
            "https://media.githubusercontent.com/media/CheyneyComputerScience/CREMA-D/master/",
            "https://gitlab.com/cs-cooper-lab/crema-d-mirror/-/raw/main/",  # the owners' mirror: GitHub limits LFS
        ),
        clips="AudioWAV",
        tables=("VideoDemographics.csv", "processedResults/summaryTable.csv", "SentenceFilenames.csv", "LICENSE.txt"),
    ),
    "emo-db": Archived("http://emodb.bilderbar.info/download/download.zip", known_hash=None),
    "ravdess": Archived(
        "https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip",
        known_hash="md5:bc696df654c87fed845eb13823edef8a",
    ),
}


def get_corpus(
    name: str,
    out: str | Path,
    *,
    base_url: str | None = None,
    progress: bool = True,
    notify: Callable[[str], object] = print,
) -> Path:
    """Download a corpus, or what is still missing of it.

    Every file is whole or absent. After a broken connection or Ctrl-C the same call goes on where it was. A complete
    corpus is only compared with its checksums (`NAME.sha256` in `out`), without any connection.

    Parameters
    ----------
    name : str
        A key of `SOURCES`.
    out : path
        The folder of the corpus.
    base_url : str, optional
        A mirror that has the same paths as the owners' servers, such as `http://127.0.0.1:8000`.
    progress : bool
        Whether to show a bar.
    notify : callable
        Takes lines for a person: the licence, before anything is fetched, among them.

    Returns
    -------
    Path
        `out`, the root for `load_corpus`.

    Raises
    ------
    CorpusError
        If the owners do not allow it (the message says how to get the corpus), a file cannot be fetched or has a
        wrong checksum, or the disk is too small.
    """
    corpus, out = find_corpus(name), expand_home(out)
    source = _find_source(corpus)
    sums = read_sums(corpus, out)
    if sums and not broken_clips(sums, out):
        notify(f"{corpus.title} is complete in {out}: all {len(sums):,} clips have their checksums")
        return out
    notify(_notice(corpus))
    with Transfer(base_url) as transfer:
        source.get(corpus, out, transfer, progress=progress)
    return out


def _find_source(corpus: Corpus) -> Repository | Archived:
    if corpus.name not in SOURCES:
        raise CorpusError(
            f"{corpus.title} is not downloaded by emospec (known: {', '.join(SOURCES)}); {corpus.how_to_get}"
        )
    return SOURCES[corpus.name]


def _notice(corpus: Corpus) -> str:
    return (
        f"{corpus.title}, licence: {corpus.full_licence}\nWho downloads it accepts that. Please cite: {corpus.citation}"
    )
