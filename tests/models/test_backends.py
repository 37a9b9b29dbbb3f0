"""The same networks on every backend of Keras; each backend needs a process of its own."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emospec.models import MODELS

BACKENDS = ("tensorflow", "jax", "torch")

TRAIN_AND_SAVE = """
import sys; import keras, numpy as np
from pathlib import Path
from emospec.losses import WeightedCategoricalCrossentropy
from emospec.models import MODELS, build_model
out = Path(sys.argv[1])
keras.utils.set_random_seed(0)
images = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
np.save(out / "images.npy", images)
for name, architecture in MODELS.items():
    size = {"image_size": (32, 32)} if architecture.image_size else {}
    model = build_model(name, (64, 64, 3), 4, filters=(2,) * len(architecture.filters), **size)
    model.compile(optimizer="adam", loss=WeightedCategoricalCrossentropy([1, 2, 1.5, 1]), metrics=["accuracy"])
    before = [w.copy() for w in model.get_weights()]
    history = model.fit(images, np.eye(4, dtype="float32"), epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"][0]), name
    assert any((a != b).any() for a, b in zip(before, model.get_weights())), name
    model.save(out / f"{name}.keras")
    np.save(out / f"{name}.npy", model.predict(images, verbose=0))
"""

TRAIN_ON_EACH_DEVICE = """
import sys
from pathlib import Path
from samples import image_set
from emospec.settings import TrainConfig
from emospec.training import train
for device in ("cpu", "auto"):
    config = TrainConfig(model="3layer", filters=(2, 2, 2), epochs=1, device=device, augmentation=("flip",))
    train(image_set(), config, Path(sys.argv[1]) / device)
"""

LOAD_AND_PREDICT = """
import sys; import numpy as np
from pathlib import Path
from emospec.models import MODELS, load_model
saved, out = Path(sys.argv[1]), Path(sys.argv[2])
images = np.load(saved / "images.npy")
for name in MODELS:
    np.save(out / f"{name}.npy", load_model(saved / f"{name}.keras").predict(images, verbose=0))
"""


def run(backend: str, code: str, *arguments: Path) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"the {backend} backend is not installed")
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def saved_by(tmp_path_factory: pytest.TempPathFactory):
    folders: dict[str, Path] = {}

    def save(backend: str) -> Path:
        if backend not in folders:
            folder = tmp_path_factory.mktemp(backend)
            run(backend, TRAIN_AND_SAVE, folder)
            folders[backend] = folder
        return folders[backend]

    return save


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("origin", ["itself", "tensorflow"])
def test_a_saved_network_gives_the_same_scores_in_a_fresh_process(
    origin: str, backend: str, saved_by, tmp_path: Path
) -> None:
    if origin == backend:
        pytest.skip("the same as 'itself'")
    saved = saved_by(backend if origin == "itself" else origin)
    run(backend, LOAD_AND_PREDICT, saved, tmp_path)
    for name in MODELS:
        assert np.load(tmp_path / f"{name}.npy") == pytest.approx(np.load(saved / f"{name}.npy"), abs=1e-4), name


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_whole_training_runs_on_the_processor_and_where_the_backend_likes(backend: str, tmp_path: Path) -> None:
    run(backend, TRAIN_ON_EACH_DEVICE, tmp_path)
    assert (tmp_path / "cpu" / "report.json").exists()
    assert (tmp_path / "auto" / "report.json").exists()
