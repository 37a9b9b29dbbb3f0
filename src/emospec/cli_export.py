"""The command that takes a model away: as a bundle, or as one file for another runtime."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from emospec.errors import ConfigError
from emospec.quiet import held_back_errors, load_keras


def export(
    run: Path,
    *,
    to: Literal["onnx", "tflite", "keras"] | None = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    calibrate_on: Path | None = None,
    name: str | None = None,
    licence: str | None = None,
) -> None:
    """Write a run as a bundle (one ONNX graph from sound to probabilities, its facts, a model card), or as one file.

    Parameters
    ----------
    run
        A finished run; with --to also a bundle, or shipped, the one that came with emospec.
    to
        One file instead, and its card: onnx and tflite from sound to probabilities, keras the network alone.
    out
        New folder of the bundle, or with --to new file; nothing that exists is overwritten.
    calibrate_on
        A run of folds by the same recipe, whose scores on strangers tell how sure the model may be.
    name
        Of the model; the folder's unless given.
    licence
        That the weights are under.
    """
    facts = {key: value for key, value in (("name", name), ("licence", licence)) if value}
    if to is None:
        print(written_bundle(run, out, calibrate_on, facts))
        return
    load_keras()
    with held_back_errors():  # of TensorFlow, which writes these files whatever the backend of Keras is
        from emospec.export_card import use_one_thread
        from emospec.export_to import export_to

    use_one_thread()
    print(export_to(run, to, out, calibrate_on=calibrate_on, facts=facts))


def written_bundle(run: Path, out: Path | None, calibrate_on: Path | None, facts: dict[str, Any]) -> str:
    """Write a bundle and say so."""
    if out is None:
        raise ConfigError(
            "export has no --out: name a new folder for a bundle, or choose one file with --to onnx, tflite or keras"
        )
    check_no_bundle(run)
    load_keras()
    from emospec.calibration_runs import calibrate_on_folds
    from emospec.export import write_bundle
    from emospec.runs import load_run

    calibration = calibrate_on_folds(load_run(calibrate_on)) if calibrate_on else None
    written = write_bundle(load_run(run), out, calibration=calibration, facts=facts)
    return f"{written} holds model.onnx, bundle.json, MODEL_CARD.md and model.keras"


def check_no_bundle(run: Path) -> None:
    """Raise for a bundle, of which no bundle can be made."""
    from emospec.bundle import FACTS, folder_of

    if (folder_of(run) / FACTS).is_file():
        raise ConfigError(f"{run} is a bundle already; take it away as one file with --to onnx, tflite or keras")
