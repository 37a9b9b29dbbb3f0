"""The whole workflow on the synthetic corpus: what `emospec demo` does."""

import time
from collections.abc import Callable
from pathlib import Path

from emospec.corpora import load_corpora
from emospec.demo import DETAILS, NOTICE, make_demo_corpus
from emospec.errors import EmospecError
from emospec.files import read_json
from emospec.image_set import load_image_set, make_images
from emospec.quiet import load_keras
from emospec.runs import Run
from emospec.settings import TrainConfig

# Small enough to train in seconds; the full `3layer` is no better on this corpus.
CONFIG = TrainConfig(model="3layer", filters=(16, 32, 64), epochs=25, patience=8)


def run_demo(out: Path, *, seed: int = 0, say: Callable[[str], None] = print) -> Run:
    """Speak a corpus, draw its images, train a network, judge it on voices that it never heard, and write the report.

    Each step that is in `out` already is not done again.

    Parameters
    ----------
    out : Path
        Folder for `corpus`, `images` and `run`.
    seed : int
        Of the voices and their acting; the split and the network have seed 0.

    Raises
    ------
    EmospecError
        If praat-parselmouth is missing, or `out` holds something else.
    """
    started = time.perf_counter()
    say("1. Speaking a corpus with synthetic voices, in the layouts of CREMA-D, SAVEE and TESS")
    roots = corpus_in(out / "corpus", seed)
    clips = load_corpora([f"{name}={root}" for name, root in roots.items()])
    say(f"   {len(clips)} clips of {clips['speaker'].nunique()} voices in {out / 'corpus'}")
    say("2. Drawing each clip as a spectrogram image")
    say(f"   {make_images(clips, out / 'images', workers=0)}")
    say("3. Training a small network; some voices are kept apart for the test")
    load_keras()
    from emospec.training import train

    run = train(
        load_image_set(out / "images"), CONFIG, out / "run", facts={"notice": " ".join(NOTICE.split())}, say=say
    )
    say(f"Done in {time.perf_counter() - started:.0f} s.")
    return run


def corpus_in(folder: Path, seed: int) -> dict[str, Path]:
    """Return the roots of the corpora in a folder, speaking them first if it isn't there."""
    if not folder.exists():
        return make_demo_corpus(folder, seed=seed, workers=0)
    made = read_json(folder / DETAILS)
    if made.get("seed") != seed:
        raise EmospecError(f"{folder} holds the corpus of seed {made.get('seed')}, not {seed}; name another --out")
    return {name: folder / name for name in made["corpora"]}
