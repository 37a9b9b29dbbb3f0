"""What docs/export.md tells others to run, run as it stands there."""

import re
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emospec.bundle import load_bundle
from emospec.export_to import export_to
from test_shipped_bundle import generated

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
JAVASCRIPT = ROOT / "studio" / "node_modules"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("away")
    for to in ("onnx", "tflite", "keras"):
        export_to("shipped", to, folder / f"voice.{to}")
    soundfile.write(folder / "clip.wav", generated(16000), 16000, subtype="PCM_16")
    return folder


@pytest.fixture(scope="module")
def expected(place: Path) -> dict[str, float]:
    bundle = load_bundle()
    with wave.open(str(place / "clip.wav")) as file:
        steps = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return dict(zip(bundle.classes.classes, bundle.score([steps / 32768], 16000)[0], strict=True))


def snippet(language: str, section: str) -> str:
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)[0]


def run_in(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def check_one_answer(line: str, expected: dict[str, float]) -> None:
    emotion, confidence, *uncertain = line.split()
    best = max(expected, key=expected.__getitem__)
    assert emotion == best
    assert float(confidence) == pytest.approx(expected[best], abs=1e-4)
    threshold = load_bundle().facts["calibration"]["threshold"]
    assert uncertain == (["uncertain"] if expected[best] < threshold else [])


def test_python(place: Path, expected: dict[str, float]) -> None:
    check_one_answer(run_in(place, sys.executable, "-c", snippet("python", "Python")), expected)


@pytest.mark.skipif(
    shutil.which("node") is None or not (JAVASCRIPT / "onnxruntime-web").is_dir(),
    reason="node or studio/node_modules/onnxruntime-web is missing",
)
def test_javascript(place: Path, expected: dict[str, float]) -> None:
    (place / "hear.mjs").write_text(snippet("js", "JavaScript"), encoding="utf-8")
    (place / "node_modules").symlink_to(JAVASCRIPT)
    check_one_answer(run_in(place, "node", "hear.mjs"), expected)


@pytest.mark.slow
@pytest.mark.parametrize("section", ["TensorFlow Lite", "Keras"])
def test_python_of_tensorflow_lite_and_keras(section: str, place: Path, expected: dict[str, float]) -> None:
    line = run_in(place, sys.executable, "-c", snippet("python", section))
    for emotion, probability in expected.items():
        told = re.search(rf"'{emotion}': (?:np\.float\d+\()?([\d.]+)", line)
        assert told
        assert float(told[1]) == pytest.approx(probability, abs=0.001)


@pytest.mark.slow
def test_a_file_is_exported_from_python(place: Path, tmp_path: Path) -> None:
    assert "'threads': 1" in run_in(tmp_path, sys.executable, "-c", snippet("python", "From Python"))
    assert (tmp_path / "voice.onnx").read_bytes() == (place / "voice.onnx").read_bytes()
