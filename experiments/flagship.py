"""The model in the box: cross-validate its recipe on CREMA-D, train it on everybody, export it, audit it.

    python experiments/flagship.py DATA --runs runs

DATA holds `crema-d/`, and the notebook's images for one row of the table. Whatever was interrupted goes on, and what
has finished isn't done again. `--only` names the steps to do.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
from reproduce import notebook_images

from emospec.audio import read_audio
from emospec.audit import run_audit
from emospec.bundle import load_bundle
from emospec.calibration_runs import calibrate_on_folds, calibrated_predictions
from emospec.corpora import load_corpus
from emospec.evaluation import evaluate
from emospec.export import write_bundle
from emospec.files import read_json, write_json, write_text
from emospec.image_set import ImageSet, load_image_set, make_images
from emospec.mel import MelConfig
from emospec.metrics import confusion_matrix, expected_calibration_error, uar
from emospec.models import load_model
from emospec.models.costs import multiply_adds
from emospec.quantize import quantize_bundle
from emospec.runs import Run, load_run
from emospec.scorers import audited_run
from emospec.settings import read_config, read_toml
from emospec.training import train

HERE = Path(__file__).resolve().parent
RECIPE = HERE / "flagship" / "emonet.toml"
RESULTS = HERE.parent / "docs" / "results"
BUNDLES = HERE.parent / "src" / "emospec" / "bundles"
NAME = "emonet-crema-d"
SEEDS = (0, 1, 2)
AUDITED = 1200  # clips, drawn evenly; all 3,964 take three times as long
KEYS = ("accuracy", "uar", "macro_f1", "roc_auc", "ece", "n_clips", "n_speakers", "per_class", "listeners", "folds")


def images_of(data: Path, runs: Path) -> ImageSet:
    """Make the pictures that the recipe asks for, or load those that are there."""
    out = runs / "flagship" / "images"
    mel = MelConfig(**read_toml(RECIPE)["mel"])
    make_images(load_corpus("crema-d", data / "crema-d"), out, mel=mel, workers=0)
    return load_image_set(out)


def cross_validate(images: ImageSet, runs: Path, seeds: Sequence[int] = SEEDS) -> None:
    """Train the recipe on five folds of speakers, with each seed."""
    for seed in seeds:
        print(f"== five folds, seed {seed}", flush=True)
        keras.utils.clear_session()
        config = replace(read_config(RECIPE), protocol="kfold-speakers:5", seed=seed)
        train(images, config, folds_of(runs, seed))


def folds_of(runs: Path, seed: int) -> Path:
    """Return the folder of the cross-validation with a seed."""
    return runs / "flagship" / f"folds-seed-{seed}"


def train_on_everybody(images: ImageSet, runs: Path) -> None:
    """Train the recipe on all speakers: what ships."""
    keras.utils.clear_session()
    train(images, replace(read_config(RECIPE), protocol="all"), runs / "flagship" / "everybody")


def train_on_notebook(data: Path, runs: Path) -> None:
    """Train the network on the notebook's pictures and random split, chosen on its validation images."""
    keras.utils.clear_session()
    train(notebook_images(data, runs), read_config(HERE / "flagship" / "notebook.toml"), runs / "flagship" / "notebook")


def write_bundles(data: Path, runs: Path) -> dict[str, Any]:
    """Export the model that everybody trained, calibrated on the folds; and measure its eight-bit variant."""
    folds, everybody = load_run(folds_of(runs, SEEDS[0])), load_run(runs / "flagship" / "everybody")
    facts = {"name": NAME, "licence": LICENCE, "scores": scores_of(runs), "sections": sections(runs)}
    shutil.rmtree(BUNDLES / NAME, ignore_errors=True)
    write_bundle(everybody, BUNDLES / NAME, calibration=calibrate_on_folds(folds), facts=facts)
    clips = load_corpus("crema-d", data / "crema-d")["path"].iloc[::40]
    small = runs / "flagship" / "int8"
    shutil.rmtree(small, ignore_errors=True)
    loss = quantize_bundle(BUNDLES / NAME, small, [read_audio(path, 16000) for path in clips], 16000)
    bundle = load_bundle(BUNDLES / NAME)
    return {
        "parameters": bundle.facts["network"]["n_parameters"],
        "multiply_adds": multiply_adds(
            load_model(BUNDLES / NAME / "model.keras"), (bundle.mel.height, bundle.mel.width, 1)
        ),
        "graph_bytes": (BUNDLES / NAME / "model.onnx").stat().st_size,
        "parity": bundle.facts["parity"],
        "calibration": bundle.facts["calibration"],
        "int8": loss,
    }


def scores_of(runs: Path) -> dict[str, Any]:
    """Return what cross-validation says of the recipe, with the calibrated error."""
    report = load_run(folds_of(runs, SEEDS[0])).report()
    names = ("protocol", "n_clips", "n_speakers", "speakers_seen_in_training", "accuracy", "uar", "macro_f1")
    return {**{name: report[name] for name in names}, "ece": calibrated_ece(runs, SEEDS[0])}


def calibrated_ece(runs: Path, seed: int) -> float:
    """Return the calibration error of a cross-validation, each fold calibrated on the others."""
    run = load_run(folds_of(runs, seed))
    table = calibrated_predictions(run)
    labels = table["truth"].map(run.classes.index).to_numpy()
    return expected_calibration_error(table[list(run.classes)].to_numpy(), labels)


def audit_folds(data: Path, runs: Path) -> dict[str, Any]:
    """Audit the recipe: each clip is scored by the fold that hasn't heard its speaker."""
    out = runs / "flagship" / "audit"
    corpora = [f"crema-d={data / 'crema-d'}"]
    folds = audited_run(folds_of(runs, SEEDS[0]))
    print(run_audit(folds, corpora, out=out, limits=None, max_clips=AUDITED, speakers="unseen", workers=0))
    found: dict[str, Any] = read_json(out / "audit.json")
    write_json(found, RESULTS / "audit-flagship.json")
    write_text((out / "audit.md").read_text(encoding="utf-8"), RESULTS / "audit-flagship.md")
    return found


def sections(runs: Path) -> dict[str, str]:
    """Return what the model card says beyond its template: how it was chosen, groups, robustness, limits."""
    audit = read_json(runs / "flagship" / "audit" / "audit.json")
    groups = [
        f"| {each['column']} {each['group']} | {each['n_speakers']} | {percent(each['uar'])} |"
        for each in audit["groups"]
    ]
    drops = [
        f"| {each['title']} | {percent(each['uar'])} | {percent(each['uar_drop'])} |"
        for each in audit["conditions"]
        if each["part"] == "robustness"
    ]
    failed = [f"- {each['sentence']}" for each in audit["verdicts"] if each["verdict"] == "fail"]
    return {
        "How its scores were found": PROTOCOL,
        "By group": "\n".join([GROUP_HEAD, *groups]),
        "Robustness": "\n".join([DROP_HEAD, *drops]),
        "Failed checks of the audit": "\n".join(failed) or "None.",
        "Limits": LIMITS,
    }


def percent(score: dict[str, float]) -> str:
    """Return `61.2 (57.0 to 65.1)`."""
    return f"{100 * score['value']:.1f} ({100 * score['low']:.1f} to {100 * score['high']:.1f})"


def row_of(runs: Path, seed: int, images: ImageSet) -> dict[str, Any]:
    """Return what is published of one cross-validation."""
    run = load_run(folds_of(runs, seed))
    report, calibrated = run.report(), calibrated_predictions(run)
    sure = calibrated[calibrated["sure"]]
    return {
        "seed": seed,
        **{key: report[key] for key in KEYS},
        "ece_calibrated": calibrated_ece(runs, seed),
        "sure": {"share": len(sure) / len(calibrated), "accuracy": float((sure["truth"] == sure["prediction"]).mean())},
        "by_sex": by_sex(run, images),
        "made_with": run.settings()["made_with"],
    }


def by_sex(run: Run, images: ImageSet) -> dict[str, float]:
    """Return the UAR of women and of men."""
    table = run.predictions()
    sex = images.clips["sex"].iloc[table["row"]].to_numpy()
    numbers = [table[name].map(run.classes.index).to_numpy() for name in ("truth", "prediction")]
    found = {}
    for each in ("female", "male"):
        truth, answer = (column[sex == each] for column in numbers)
        found[each] = float(uar(confusion_matrix(truth, answer, len(run.classes))))
    return found


def averaged(runs: Path, images: ImageSet) -> dict[str, Any] | None:
    """Judge the mean of all seeds' probabilities: each comes from a model that hasn't heard the speaker."""
    done = [load_run(folds_of(runs, seed)) for seed in SEEDS if (folds_of(runs, seed) / "report.json").exists()]
    if len(done) < 2:
        return None
    tables = [run.predictions().sort_values("row") for run in done]
    classes, rows = list(done[0].classes), tables[0]["row"].to_numpy()
    mean = sum(table[classes].to_numpy() for table in tables) / len(tables)
    clips = images.clips.iloc[rows]
    report = evaluate(
        mean, images.labels[rows], clips, images.classes, protocol=done[0].config.protocol, training_speakers=set()
    ).to_dict()
    return {"n_models": len(done), **{key: report[key] for key in ("accuracy", "uar", "ece")}}


def write_results(runs: Path, images: ImageSet, bundle: dict[str, Any] | None) -> None:
    """Write the figures as JSON and the table as Markdown."""
    path = RESULTS / "flagship.json"
    before = read_json(path) if path.exists() else {}
    seeds = [row_of(runs, seed, images) for seed in SEEDS if (folds_of(runs, seed) / "report.json").exists()]
    notebook = runs / "flagship" / "notebook"
    values = {
        "recipe": read_toml(RECIPE),
        "seeds": seeds,
        "averaged": averaged(runs, images),
        "notebook": load_run(notebook).report() if (notebook / "report.json").exists() else before.get("notebook"),
        "bundle": bundle or before.get("bundle"),
    }
    write_json(values, path)
    write_text(table_of(values), RESULTS / "flagship.md")


def table_of(values: dict[str, Any]) -> str:
    """Return the page of results."""
    rows = [seed_line(row) for row in values["seeds"]]
    if values["averaged"]:
        mean = values["averaged"]
        scores = f"{percent(mean['accuracy'])} | {percent(mean['uar'])}"
        rows.append(f"| mean of {mean['n_models']} seeds' probabilities | {scores} |")
    first = values["seeds"][0]
    crowd, own = (first["listeners"][who] for who in ("majority", "model"))
    recalls = ", ".join(f"{name} {100 * each['recall']:.1f}" for name, each in first["per_class"].items())
    sexes = first["by_sex"]
    return PAGE.format(
        rows="\n".join(rows),
        recalls=recalls,
        n_clear=f"{crowd['n_clips']:,}",
        crowd=percent(crowd["uar"]),
        own=percent(own["uar"]),
        ece=f"{first['ece']:.3f}",
        ece_calibrated=f"{first['ece_calibrated']:.3f}",
        sure=f"{100 * first['sure']['share']:.0f}",
        sure_right=f"{100 * first['sure']['accuracy']:.0f}",
        women=f"{100 * sexes['female']:.1f}",
        men=f"{100 * sexes['male']:.1f}",
        notebook=notebook_line(values["notebook"]),
        bundle=bundle_lines(values["bundle"]),
    )


def seed_line(row: dict[str, Any]) -> str:
    """Return the table's line of one cross-validation."""
    return f"| five folds, seed {row['seed']} | {percent(row['accuracy'])} | {percent(row['uar'])} |"


def notebook_line(report: dict[str, Any] | None) -> str:
    """Return the sentence on the notebook's images."""
    if report is None:
        return "Not run yet."
    return (
        f"{percent(report['accuracy'])} % of the notebook's {report['n_clips']} test images (the notebook: 68.25 %), "
        "chosen on its validation images, one seed. All test speakers are in training: "
        "`experiments/flagship/notebook.toml`."
    )


def bundle_lines(bundle: dict[str, Any] | None) -> str:
    """Return the lines on the file that ships."""
    if bundle is None:
        return "Not exported yet."
    int8, parity = bundle["int8"], bundle["parity"]["greatest_difference"]
    size = int8["bytes"] / 1e6
    return (
        f"{bundle['parameters']:,} parameters; {bundle['multiply_adds'] / 1e6:.0f} million multiply-adds for 3.2 s "
        f"of sound; a graph of {bundle['graph_bytes'] / 1e6:.1f} MB; greatest difference "
        f"from Keras {parity:.1g} in probability. With eight-bit weights: {size:.1f} MB, greatest difference "
        f"{int8['greatest_difference']:.2g} on {int8['n_waveforms']} clips, the same answer on "
        f"{100 * int8['same_answer']:.0f} %."
    )


def main() -> int:
    """Parse and run."""
    steps = ("folds", "all", "audit", "bundle", "notebook", "results")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--only", choices=steps, nargs="+", default=steps)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    given = parser.parse_args()
    images, bundle = images_of(given.data, given.runs), None
    if "folds" in given.only:
        cross_validate(images, given.runs, given.seeds)
    if "all" in given.only:
        train_on_everybody(images, given.runs)
    if "audit" in given.only:
        audit_folds(given.data, given.runs)
    if "bundle" in given.only:
        bundle = write_bundles(given.data, given.runs)
    if "notebook" in given.only:
        train_on_notebook(given.data, given.runs)
    write_results(given.runs, images, bundle)
    return 0


PAGE = """\
# The model in the box

`emonet` by [experiments/flagship/emonet.toml](../../experiments/flagship/emonet.toml) on CREMA-D: angry, fear, happy,
sad; 71 of the 91 actors, 3,964 clips. Five folds of speakers; each clip is scored once, by a model that heard its
speaker neither in training nor in the choice of an epoch. In brackets 95 % intervals over speakers. Written by
`make reproduce`.

| | accuracy % | UAR % |
| --- | ---: | ---: |
{rows}

Recall in per cent (first seed): {recalls}. UAR of women {women}, of men {men}.

**People.** On the {n_clear} clips whose most frequent answer of the listeners is one of the four classes, the
listeners reach a UAR of {crowd}, the model on the same clips {own}. (These are the clips that people found clear.)

**How sure it may be.** Calibration error (ECE) {ece} before and {ece_calibrated} after calibration, each fold
calibrated on the other four. Above the threshold chosen for 80 % lie {sure} % of the answers, and {sure_right} % of
them are right; the others are called `uncertain`.

**The notebook's images.** {notebook}

**The file.** {bundle}

The audit of the same folds: [audit-flagship.md](audit-flagship.md). What was tried on the way:
[models.md](../models.md#emonet).
"""
LICENCE = (
    "The weights are a work made from CREMA-D, whose database is under the Open Database License 1.0; they are offered "
    "under the same licence. The code is under the MIT licence"
)
PROTOCOL = """\
Every choice of the recipe was made on held-out speakers of one fold's training part. Then the recipe was
cross-validated: five folds of speakers, each clip scored once by a model that had heard its speaker neither in training
nor in the choice of an epoch. Those are the scores above. The network in this bundle was trained by the same recipe on
all speakers, so it has no strangers left in the corpus and no score of its own; its temperature and threshold are
fitted on the scores of the folds. The calibration error above is that of each fold calibrated on the other four."""
LIMITS = """\
Acted American English, twelve sentences, a studio; the recordings at hand have 11,025 samples a second, so nothing
above 5.5 kHz was heard in training, and the network hears 50 to 5,000 Hz. Four answers only: a neutral or disgusted
voice gets one of the four all the same. Fear is often taken for another emotion. One voice at a time, up to 3.2 s; of a
longer clip its middle.

Another corpus is another world: of 64 clips of TESS (two Canadian women, single words in a carrier phrase) it named
33 % rightly, barely above the 25 % of guessing, at a mean confidence of 60 % (calibration error 0.37); of the 21
answers above its threshold, 48 % were right. The scores and the threshold hold for voices recorded like those it
learned from; elsewhere judge it first on clips of your own (`emospec evaluate BUNDLE --corpus`), and fine-tune it
(`emospec train --from`)."""
GROUP_HEAD = "| group | speakers | UAR % |\n| --- | ---: | ---: |"
DROP_HEAD = "| what was done to the sound | UAR % | fall in points |\n| --- | ---: | ---: |"

if __name__ == "__main__":
    sys.exit(main())
