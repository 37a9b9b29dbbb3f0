"""The checksums of a downloaded corpus, in the form that `sha256sum --check` reads."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from emospec.corpora.core import Corpus
from emospec.errors import CorpusError
from emospec.files import sha256_of, way_out, write_text

LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def sums_path(corpus: Corpus, root: Path) -> Path:
    """Return where the checksums of a corpus stand; the name keeps two corpora in one folder apart."""
    return root / f"{corpus.name}.sha256"


def write_sums(sums: Mapping[str, str], corpus: Corpus, root: Path) -> None:
    """Write the checksum of each clip by its path under `root`."""
    write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()), sums_path(corpus, root))


def read_sums(corpus: Corpus, root: Path) -> dict[str, str]:
    """Return the checksum of each clip by its path under `root`; none if they were never written.

    Raises
    ------
    CorpusError
        If the file is no list of checksums, or names something outside `root`, where nothing may be written.
    """
    path = sums_path(corpus, root)
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    matches = [LINE.fullmatch(line) for line in lines]
    if None in matches or not matches:
        raise CorpusError(f"{path} is not a list of checksums; remove it and run the same command again")
    sums = {match[2]: match[1] for match in matches if match}
    for name in sums:
        if out := way_out(name) or (None if PurePosixPath(name).parts else "is no name of a file"):
            raise CorpusError(
                f"{path} names {name!r}, which {out}; expected paths under {root}: nothing was fetched; remove that "
                "file and run the same command again"
            )
    return sums


def broken_clips(sums: Mapping[str, str], root: Path) -> dict[str, str]:
    """Return the entries of `sums` whose files are missing or have another checksum."""
    return {name: digest for name, digest in sums.items() if not _is_whole(root / name, digest)}


def _is_whole(path: Path, digest: str) -> bool:
    try:
        return path.is_file() and sha256_of(path) == digest
    except OSError as error:  # such as a name that is too long
        raise CorpusError(f"{path} cannot be read ({error.strerror}); is the list of checksums right?") from None
