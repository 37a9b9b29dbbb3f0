"""Repeat the original notebook's experiment, and the same networks on CREMA-D's audio.

    python experiments/reproduce.py DATA --runs runs

DATA holds `notebook-dataset.zip` (or it unpacked) and, if it is there, `crema-d/`. Each training is resumable; what
has finished isn't done again. The tables go to `docs/results/` after each training.
"""

import argparse
import json
import sys
import zipfile
from pathlib import Path

import keras

from emospec.image_set import ImageSet, load_image_set
from emospec.runs import Run, load_run
from emospec.settings import read_config
from emospec.training import train

HERE = Path(__file__).parent
RESULTS = HERE.parent / "docs" / "results"

# Accuracy in per cent on the same 693 test images, as the notebook printed it.
NOTEBOOK_ACCURACY = {
    "3layer": 65.37,
    "3layer-64-120-200": 63.35,
    "adapted": 68.25,
    "3layer-separable": None,
    "dscnn": None,
    "3layer-augmented": None,
    "adapted-augmented": 63.49,
    "adapted-weighted": 66.96,
}


def notebook_images(data: Path, work: Path) -> ImageSet:
    """Load the notebook's images, unpacking its archive first if need be."""
    archive, manifest = data / "notebook-dataset.zip", data / "notebook-manifest.csv"
    root = data if (data / "dataset").is_dir() else work / "notebook-dataset"
    if not (root / "dataset").is_dir():
        with zipfile.ZipFile(archive) as file:
            file.extractall(root)
    return load_image_set(root, clips=manifest if manifest.exists() else None)


def notebook_experiments(data: Path, runs: Path, only: list[str]) -> None:
    """Train what the notebook trained, in the notebook's split, and write the table."""
    images = notebook_images(data, runs)
    for name in only or NOTEBOOK_ACCURACY:
        print(f"== {name}", flush=True)
        keras.utils.clear_session()
        train(images, read_config(HERE / "notebook" / f"{name}.toml"), runs / "notebook" / name)
        write_notebook_table(runs)


def write_notebook_table(runs: Path) -> None:
    """Write `notebook.json` and `notebook.md` from the runs that have finished."""
    rows = [notebook_row(name, runs / "notebook" / name) for name in NOTEBOOK_ACCURACY]
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "notebook.json").write_text(json.dumps(rows, indent=2) + "\n")


def notebook_row(name: str, path: Path) -> dict[str, object]:
    """Return one row of the table: the notebook's figure beside ours."""
    row: dict[str, object] = {"experiment": name, "notebook_accuracy": NOTEBOOK_ACCURACY[name]}
    if not (path / "report.json").exists():
        return row | {"status": "not run"}
    return row | finished_row(load_run(path))


def finished_row(run: Run) -> dict[str, object]:
    """Return the figures of a finished run."""
    report, history = run.report(), run.history()
    assert history is not None
    keys = ("accuracy", "uar", "macro_f1", "n_clips", "n_speakers", "speakers_seen_in_training", "ece")
    return {
        "status": "finished",
        "epochs": len(history),
        "epochs_allowed": run.config.epochs,
        "best_epoch": int(history["val_loss"].argmin()) + 1,
        "precision": run.config.precision,
        **{key: report[key] for key in keys},
    }


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--only", nargs="*", default=[], help="names of notebook experiments")
    arguments = parser.parse_args()
    notebook_experiments(arguments.data, arguments.runs, arguments.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
