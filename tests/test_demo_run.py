from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emospec.demo_run import CONFIG, run_demo
from emospec.errors import EmospecError
from emospec.image_set import load_image_set
from emospec.runs import Run
from emospec.training import train

pytest.importorskip("parselmouth", reason="the demo's voices need praat-parselmouth")
pytestmark = pytest.mark.slow


def quietly(line: str) -> None:
    """Take the lines of the progress."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_demo(tmp_path_factory.mktemp("demo") / "out", say=quietly)


def test_voices_that_were_not_in_training_are_recognised_above_chance_but_not_perfectly(demo: Run) -> None:
    report = demo.report()
    assert report["speakers_seen_in_training"] == 0
    assert report["uar"]["low"] > 0.4  # chance is 0.25
    assert report["uar"]["value"] < 0.97


def test_with_shuffled_labels_the_score_falls_to_chance(demo: Run, tmp_path: Path) -> None:
    images = load_image_set(demo.images)
    shuffled = replace(images, labels=np.random.default_rng(0).permutation(images.labels))
    report = train(shuffled, replace(CONFIG, epochs=8), tmp_path / "run", say=quietly).report()
    assert report["uar"]["value"] < 0.4


def test_the_report_says_that_the_speech_is_synthetic(demo: Run) -> None:
    assert demo.report()["notice"].startswith("Synthetic speech")
    assert "Synthetic speech" in (demo.path / "report.html").read_text(encoding="utf-8")


def test_a_second_call_finds_everything_done(demo: Run) -> None:
    said: list[str] = []
    again = run_demo(demo.path.parent, say=said.append)
    assert again.report() == demo.report()
    assert any("finished already" in line for line in said)


def test_another_seed_does_not_take_the_corpus_that_is_there(demo: Run) -> None:
    with pytest.raises(EmospecError, match="holds the corpus of seed 0, not 5"):
        run_demo(demo.path.parent, seed=5, say=quietly)
