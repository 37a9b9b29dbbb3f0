"""Repeat the original notebook's experiment, and the same networks on CREMA-D's audio.

    python experiments/reproduce.py DATA --runs runs

DATA holds `notebook-dataset.zip` (or its folder `dataset`) and `crema-d/`. Each training goes on where it stopped, and
what has finished isn't done again. The tables in `docs/results/` are written anew after each.
"""

import argparse
import sys
from pathlib import Path

import keras
import pandas as pd

from emospec.archives import extract
from emospec.corpora import load_corpus
from emospec.errors import EmospecError
from emospec.files import read_json, write_json, write_text
from emospec.image_set import ImageSet, load_image_set, make_images
from emospec.images import DEFAULT_MEL
from emospec.runs import Run, load_run
from emospec.settings import read_config, read_toml
from emospec.training import train

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "docs" / "results"
NOTEBOOK_CORPORA = ("CREMA-D", "SAVEE", "TESS")
RESULT_KEYS = ("accuracy", "uar", "macro_f1", "n_clips", "n_speakers", "speakers_seen_in_training", "ece")

# Accuracy in per cent on the same 693 test images as the notebook printed it, with the epochs that it is known for.
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
NOTEBOOK_SPEAKERS = ("3layer-speakers", "dscnn-speakers")  # the same images, nobody in two parts
CREMA_D = (
    "3layer-gray-speakers",
    "3layer-gray-notebook",
    "dscnn-gray-speakers",
    "dscnn-gray-notebook",
    "3layer-notebook-speakers",
    "3layer-notebook-notebook",
    "adapted-gray-speakers",
    "adapted-gray-notebook",
)


def notebook_images(data: Path, work: Path) -> ImageSet:
    """Load the notebook's images, unpacking their archive first if need be."""
    manifest = data / "notebook-manifest.csv"
    root = data if (data / "dataset").is_dir() else work / "notebook-dataset"
    if not root.is_dir():
        extract(data / "notebook-dataset.zip", root)
    return load_image_set(root, clips=manifest if manifest.exists() else None)


def crema_d_images(data: Path, work: Path, style: str) -> ImageSet:
    """Make the images of CREMA-D in a style, or load those that are there."""
    out = work / f"crema-d-{style}"
    make_images(load_corpus("crema-d", data / "crema-d"), out, style=style, mel=DEFAULT_MEL[style], workers=0)
    return load_image_set(out)


def run_experiments(group: str, names: list[str], data: Path, runs: Path) -> None:
    """Train the experiments of a group, and write its table after each."""
    for name in names:
        config = HERE / group / f"{name}.toml"
        print(f"== {group}/{name}", flush=True)
        keras.utils.clear_session()
        if group == "notebook":
            images = notebook_images(data, runs)
        else:
            images = crema_d_images(data, runs, read_toml(config)["images"]["style"])
        train(images, read_config(config), runs / group / name)
        write_tables(runs)


def write_tables(runs: Path) -> None:
    """Write the figures of all finished experiments as JSON and as Markdown."""
    for group, names in (("notebook", [*NOTEBOOK_ACCURACY, *NOTEBOOK_SPEAKERS]), ("crema-d", CREMA_D)):
        before = {row["experiment"]: row for row in read_rows(group)}
        rows = [row_of(group, name, runs) or before.get(name) or {"experiment": name} for name in names]
        write_json(rows, RESULTS / f"{group}.json")
        table = notebook_table(rows) if group == "notebook" else crema_d_table(rows)
        write_text(table, RESULTS / f"{group}.md")


def read_rows(group: str) -> list[dict]:
    """Return the rows that were written before."""
    path = RESULTS / f"{group}.json"
    return read_json(path) if path.exists() else []


def row_of(group: str, name: str, runs: Path) -> dict | None:
    """Return the figures of a finished run, or None."""
    path = runs / group / name
    return finished_row(name, load_run(path)) if (path / "report.json").exists() else None


def finished_row(name: str, run: Run) -> dict:
    """Return what is published of a run."""
    report, settings, history = run.report(), run.settings(), run.history()
    if history is None:
        raise EmospecError(f"{run.path} has a report and no history; remove it and train again")
    return {
        "experiment": name,
        "model": run.config.model,
        "protocol": run.config.protocol,
        "style": settings["style"],
        "precision": run.config.precision,
        "seed": run.config.seed,
        "epochs": len(history),
        "epochs_allowed": run.config.epochs,
        "best_epoch": int(history["val_loss"].argmin()) + 1,
        **{key: report[key] for key in RESULT_KEYS},
        "by_corpus": by_corpus(run),
        "made_with": settings["made_with"],
    }


def by_corpus(run: Run) -> dict[str, dict[str, float]]:
    """Return accuracy and number of test clips of each corpus."""
    table = pd.read_csv(run.path / "predictions.csv", dtype="string")
    right = (table["truth"] == table["prediction"]).astype(float).groupby(table["corpus"])
    return {name: {"accuracy": float(values.mean()), "n_clips": len(values)} for name, values in right}


def percent(score: dict) -> str:
    """Return `61.2 (57.0 to 65.1)`."""
    value = f"{100 * score['value']:.1f}"
    return value if score["low"] is None else f"{value} ({100 * score['low']:.1f} to {100 * score['high']:.1f})"


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown, numbers to the right."""
    ruler = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ruler, *rows])


def notebook_table(rows: list[dict]) -> str:
    """Return the notebook's figures beside ours."""
    head = ["network", "notebook, accuracy %", "here, accuracy %", "UAR %", *NOTEBOOK_CORPORA, "epochs (best)", "ECE"]
    random = [notebook_cells(row) for row in rows if row["experiment"] in NOTEBOOK_ACCURACY]
    disjoint = [disjoint_cells(row) for row in rows if row["experiment"] in NOTEBOOK_SPEAKERS]
    head_disjoint = ["network", "test clips", "accuracy %", "UAR %", *NOTEBOOK_CORPORA, "epochs (best)"]
    return NOTEBOOK_TEXT.format(table=markdown(head, random), disjoint=markdown(head_disjoint, disjoint))


def notebook_cells(row: dict) -> list[str]:
    """Return one line of the notebook's table."""
    theirs = NOTEBOOK_ACCURACY[row["experiment"]]
    first = [row["experiment"], f"{theirs:.2f}" if theirs else "not known"]
    if "accuracy" not in row:
        return [*first, "not run", "", "", "", "", "", ""]
    scores = [percent(row["accuracy"]), percent(row["uar"]), *corpus_cells(row)]
    return [*first, *scores, epochs_text(row), f"{row['ece']:.3f}"]


def disjoint_cells(row: dict) -> list[str]:
    """Return one line of the table without shared speakers."""
    if "accuracy" not in row:
        return [row["experiment"], "not run", "", "", "", "", "", ""]
    scores = [f"{row['n_clips']:,}", percent(row["accuracy"]), percent(row["uar"]), *corpus_cells(row)]
    return [row["model"], *scores, epochs_text(row)]


def corpus_cells(row: dict) -> list[str]:
    """Return the accuracy on each corpus with its number of test clips; empty where it has none."""
    found = [row["by_corpus"].get(name) for name in NOTEBOOK_CORPORA]
    return [f"{100 * each['accuracy']:.1f} % of {each['n_clips']}" if each else "" for each in found]


def epochs_text(row: dict) -> str:
    """Return `15 (5)`, with a word if the epochs ran out before the patience."""
    cut = ", the limit" if row["epochs"] == row["epochs_allowed"] else ""
    return f"{row['epochs']} ({row['best_epoch']}){cut}"


def crema_d_table(rows: list[dict]) -> str:
    """Return the scores on CREMA-D by network, style and protocol."""
    head = ["network", "images", "protocol", "accuracy %", "UAR %", "test speakers heard in training", "epochs (best)"]
    return CREMA_D_TEXT.format(table=markdown(head, [crema_d_cells(row) for row in rows]))


def crema_d_cells(row: dict) -> list[str]:
    """Return one line of CREMA-D's table."""
    if "accuracy" not in row:
        return [*row["experiment"].rsplit("-", 2), "not run", "", "", ""]
    heard = f"{row['speakers_seen_in_training']} of {row['n_speakers']}"
    names = [row["model"], row["style"], row["protocol"]]
    return [*names, percent(row["accuracy"]), percent(row["uar"]), heard, epochs_text(row)]


NOTEBOOK_TEXT = """# The original notebook's experiment

Its 6,924 images, its random split (protocol `notebook`), 693 test images; in brackets the 95 % interval over speakers.
All test speakers are also in training, so none of these figures says how well a stranger's voice is heard. Early
stopping on the validation loss with a patience of 10 epochs, seed 0, layers in bfloat16; the networks on 128 x 128
images were given five epochs. The columns of the corpora say how many per cent of their test clips were named rightly.
Written by `make reproduce`.

{table}

## The same images, no speaker in two parts

Protocol `speakers` with seed 2, the first one that puts one of the two women of TESS into the test part while the other
is in training. These are other test clips than above.

{disjoint}
"""

CREMA_D_TEXT = """# The same networks on CREMA-D

Angry, fear, happy and sad from CREMA-D's audio, from sound to report, with early stopping on the validation loss
(patience 10, seed 0, layers in bfloat16). In brackets the 95 % interval over speakers. Protocol `speakers` parts the
speakers, protocol `notebook` is the random split of the original notebook. 71 of the 91 actors, 3,964 clips, published
by a third party at 11,025 Hz with the silence at both ends cut off. Written by `make reproduce`.

{table}
"""


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--only", nargs="*", help="experiments such as notebook/adapted")
    arguments = parser.parse_args()
    every = [f"notebook/{name}" for name in (*NOTEBOOK_ACCURACY, *NOTEBOOK_SPEAKERS)] + [
        f"crema-d/{name}" for name in CREMA_D
    ]
    for experiment in arguments.only if arguments.only is not None else every:
        group, name = experiment.split("/")
        run_experiments(group, [name], arguments.data, arguments.runs)
    write_tables(arguments.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
