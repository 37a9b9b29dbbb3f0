"""What is measured on: real clips and the notebook's images if they are there, else the demo corpus."""

import json
from functools import lru_cache
from pathlib import Path

import pandas as pd

from benchmarks.core import Setup
from emospec.archives import extract
from emospec.bundle import SHIPPED
from emospec.corpora import load_corpus
from emospec.demo import make_demo_corpus
from emospec.image_set import make_images

NOTEBOOK_ARCHIVE = "notebook-dataset.zip"


def describe(setup: Setup) -> str:
    """Say in words what is measured on."""
    real = [
        name for name, there in (("CREMA-D", has_audio(setup)), ("the notebook's images", has_images(setup))) if there
    ]
    return " and ".join(real) or "the demo corpus (made speech)"


def has_audio(setup: Setup) -> bool:
    """Tell whether the real recordings are there."""
    return setup.data is not None and (setup.data / "crema-d").is_dir()


def has_images(setup: Setup) -> bool:
    """Tell whether the notebook's own images are there."""
    return setup.data is not None and (setup.data / NOTEBOOK_ARCHIVE).is_file()


def clips(setup: Setup) -> pd.DataFrame:
    """Return the clips: those of CREMA-D, or of the demo corpus."""
    if setup.data is not None and has_audio(setup):
        return load_corpus("crema-d", setup.data / "crema-d")
    return load_corpus("crema-d", demo_corpus(setup.work) / "crema-d")


def demo_corpus(work: Path) -> Path:
    """Return the demo corpus, spoken now if need be."""
    out = work / "demo-corpus"
    if not out.exists():
        make_demo_corpus(out, n_voices=30, n_texts=8, workers=0)
    return out


def clip_list(setup: Setup, count: int | None = None) -> str:
    """Return a file with the paths of clips from all over the corpus, and of each the class and the speaker."""
    table = clips(setup)
    if count is not None:
        table = table.iloc[:: max(1, len(table) // count)].head(count)
    return write_list(table, setup.work / f"clips-{len(table)}.json")


def write_list(table: pd.DataFrame, path: Path) -> str:
    """Write what the measuring processes need to know of clips."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table[["path", "emotion", "speaker", "corpus", "clip"]].astype(str).to_dict("list")))
    return str(path)


def read_list(path: str) -> pd.DataFrame:
    """Read the clips that `write_list` wrote."""
    return pd.DataFrame(json.loads(Path(path).read_text()), dtype="string")


@lru_cache(maxsize=4)
def coloured_images(setup: Setup) -> str:
    """Return an image set in the notebook's style: its own, or one that is drawn from the clips."""
    if setup.data is not None and has_images(setup):
        out = setup.work / "notebook-dataset"
        if not out.is_dir():
            extract(setup.data / NOTEBOOK_ARCHIVE, out)
        return str(out)
    make_images(clips(setup), setup.work / "images-notebook", style="notebook", workers=0)
    return str(setup.work / "images-notebook")


@lru_cache(maxsize=4)
def grey_images(setup: Setup) -> str:
    """Return a grey image set, drawn from the clips if need be."""
    make_images(clips(setup), setup.work / "images-gray", workers=0)
    return str(setup.work / "images-gray")


def bundle(setup: Setup) -> str | None:
    """Return the bundle that answers: the one that was named, else the one that came with emospec, else none."""
    if setup.bundle is not None:
        return str(setup.bundle)
    return None if not SHIPPED.is_dir() else ""
