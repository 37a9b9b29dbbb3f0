"""Whether bfloat16 costs accuracy: the same trainings in both precisions, three seeds each."""

from pathlib import Path
from statistics import mean

from benchmarks import child, inputs
from benchmarks.core import OURS, Result, Row, Setup

SEEDS = (0, 1, 2)
MODELS = ("3layer",)  # gains the most from it
PRECISIONS = ("float32", "bfloat16")
EPOCHS = 12


def measure(setup: Setup) -> list[Result]:
    """Train each network six times; a seed gives both precisions the same split, order and first weights."""
    folder, results = inputs.grey_images(setup), []
    for model in MODELS:
        found: dict[str, list[float]] = {precision: [] for precision in PRECISIONS}
        for seed in SEEDS:
            for precision in PRECISIONS:
                out = setup.work / "precision" / f"{model}-{precision}-{seed}"
                options = {"model": model, "precision": precision, "seed": seed, "out": str(out)}
                found[precision].append(child.call("benchmarks.rows.precision:uar", folder=folder, **options).value)
        results.append(line(model, found))
    return results


def line(model: str, found: dict[str, list[float]]) -> Result:
    """Compare the means with what the seeds alone change."""
    means = {name: mean(values) for name, values in found.items()}
    spread = max(found["float32"]) - min(found["float32"])
    shown = "; ".join(f"{name} {', '.join(f'{value:.1f}' for value in values)}" for name, values in found.items())
    result = Result(f"UAR of {model} in bfloat16", "%", means["bfloat16"], {"float32": means["float32"]})
    result.goal = 1 - spread / means["float32"]
    result.note = f"{shown}: the seed alone, which also draws the speakers, changes float32 by {spread:.1f}"
    result.rounds = {OURS: found["bfloat16"], "float32": found["float32"]}
    return result


def uar(folder: str, out: str, model: str, precision: str, seed: int) -> float:
    """Train, or find the finished training; return the UAR on the test part in per cent."""
    from emospec.quiet import load_keras

    load_keras()
    from emospec.image_set import load_image_set
    from emospec.settings import TrainConfig
    from emospec.training import train

    config = TrainConfig(model=model, precision=precision, seed=seed, protocol="speakers", epochs=EPOCHS)
    run = train(load_image_set(folder), config, Path(out), say=lambda text: print(text, flush=True))
    return 100 * run.report()["uar"]["value"]


ROW = Row("precision", "Accuracy in bfloat16", measure, long=True)
