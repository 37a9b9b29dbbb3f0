"""The model in the box, as whoever installs emospec gets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emospec.bundle import load_bundle, shipped_bundle
from emospec.images import to_image

RECORDED = Path(__file__).parent / "shipped_answer.json"

LIGHT = """
import json, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("keras", "tensorflow", "torch", "jax", "librosa", "pandas", "matplotlib"):
            raise ImportError(name + " is not installed")
sys.meta_path.insert(0, Refuse())
import numpy as np, onnxruntime
folder = sys.argv[1]
facts = json.load(open(folder + "/bundle.json"))
session = onnxruntime.InferenceSession(folder + "/model.onnx")
n = int(1.7 * facts["sample_rate"])
time = np.arange(n) / facts["sample_rate"]
sound = np.sin(2 * np.pi * (180 * time + 20 * np.sin(3 * time))) * np.abs(np.sin(4 * time)) * 0.5
scores = session.run(["probabilities"], {"waveform": sound.astype("float32")[None]})[0][0]
print(json.dumps(dict(zip(facts["classes"], map(float, scores)))))
"""


def generated(sample_rate: int, seconds: float = 1.7) -> np.ndarray:
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    return (np.sin(2 * np.pi * (180 * time + 20 * np.sin(3 * time))) * np.abs(np.sin(4 * time)) * 0.5).astype("float32")


def test_it_gives_the_recorded_answer_with_onnxruntime_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, str(shipped_bundle())], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == pytest.approx(json.loads(RECORDED.read_text(encoding="utf-8")), abs=1e-4)


def test_it_is_small() -> None:
    bundle = load_bundle()
    assert (bundle.path / "model.onnx").stat().st_size < 5e6
    assert bundle.facts["network"]["n_parameters"] < 1_500_000


def test_it_says_what_it_was_made_from_and_how_well_it_does_on_strangers() -> None:
    bundle = load_bundle()
    assert list(bundle.facts["training"]["corpora"]) == ["crema-d"]
    assert len(bundle.training_speakers) == 71
    assert "Open Database License" in bundle.facts["licence"]
    assert bundle.facts["scores"]["speakers_seen_in_training"] == 0
    assert bundle.facts["scores"]["protocol"] == "kfold-speakers:5"
    assert bundle.calibration is not None
    assert bundle.calibration.threshold is not None
    for title in ("Intended use", "Unfit use", "Training data", "By group", "Robustness", "Limits"):
        assert f"## {title}\n" in bundle.card()


def without_a_frame_above_the_floor() -> dict[str, np.ndarray]:
    """Sounds of which the model's picture is black from edge to edge."""
    rng = np.random.default_rng(0)
    click = np.zeros(80_000, np.float32)
    click[100] = 0.5
    tone = 0.2 * np.sin(2 * np.pi * 7000 * np.arange(80_000) / 16_000) * (np.arange(80_000) > 70_000)
    return {
        "speech, then silence": np.append(generated(16_000, 0.7), np.zeros(68_800, np.float32)),
        "a click": click,
        "noise of -80 dBFS": rng.normal(0, 1e-4, 16_000).astype(np.float32) * 0.3,
        "digital silence": np.zeros(16_000, np.float32),
        "a late beep above the highest band": tone.astype(np.float32),
    }


@pytest.mark.parametrize("name", without_a_frame_above_the_floor())
def test_what_leaves_the_picture_black_gets_an_answer_of_numbers(name: str) -> None:
    bundle, sound = load_bundle(), without_a_frame_above_the_floor()[name]
    assert not to_image(sound, bundle.mel).any()
    assert bundle.score([sound], 16_000).sum() == pytest.approx(1, abs=1e-5)
    assert np.isfinite(bundle.embed([sound], 16_000)).all()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_its_keras_network_gives_the_same_probabilities_under_each_backend(backend: str, tmp_path: Path) -> None:
    bundle = load_bundle()
    sounds = [generated(bundle.sample_rate, seconds) for seconds in (0.4, 1.7, 3.2, 5.0)]
    sounds.append(np.zeros(bundle.sample_rate, np.float32))
    images = np.stack([to_image(sound, bundle.mel) for sound in sounds])[..., np.newaxis]
    np.save(tmp_path / "images.npy", images)
    script = (
        "import sys, numpy as np; from emospec.models import load_model; from pathlib import Path\n"
        "model = load_model(Path(sys.argv[1]) / 'model.keras'); folder = Path(sys.argv[2])\n"
        "scores = model.predict_on_batch(np.load(folder / 'images.npy')); np.save(folder / 'scores.npy', scores)"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(bundle.path), str(tmp_path)],
        check=True,
        capture_output=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    assert bundle.calibration is not None
    by_keras = bundle.calibration.apply(np.load(tmp_path / "scores.npy").astype(np.float64))
    assert np.abs(by_keras - bundle.score(sounds, bundle.sample_rate)).max() < 1e-4
