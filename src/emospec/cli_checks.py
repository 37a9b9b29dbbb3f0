"""Commands that tell whether numbers can be believed: a corpus, a split, a model examined."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from emospec.cli_options import ClipsFile, ConfigFile, Corpora, Images, LeakGapOptions, Out, config_from, given
from emospec.errors import ConfigError
from emospec.quiet import load_keras

if TYPE_CHECKING:
    from emospec.audited import AuditedModel


def leak_gap(
    images: Images,
    *,
    out: Out,
    folds: int = 5,
    config: ConfigFile = None,
    clips: ClipsFile = None,
    options: Annotated[LeakGapOptions | None, Parameter(name="*")] = None,
) -> None:
    """Train one network under a random split and under one that parts the speakers; print both and the difference.

    Parameters
    ----------
    folds
        Of both: every clip is tested once in each.
    """
    from emospec.image_set import load_image_set

    if "protocol" in (told := given(options)):
        raise ConfigError(
            f"leak-gap compares kfold-random with kfold-speakers and takes no --protocol {told['protocol']}; "
            "leave it out (--folds sets how many folds both have)"
        )
    settings, image_set = config_from(config, options), load_image_set(images, clips=clips)
    load_keras()
    from emospec.leak_gap import leak_gap

    print(leak_gap(image_set, settings, out, folds=folds))


def doctor(
    corpus: Annotated[str, Parameter(help="NAME=ROOT, as in crema-d=data/CREMA-D.")],
    *,
    json: Path | None = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    workers: int = 0,
    spellings: Path | None = None,
) -> None:
    """Examine a corpus before anyone trains on it; exit code 1 if something must be mended.

    Parameters
    ----------
    json
        Write all findings and measurements there.
    out
        New folder for the account, the JSON and pictures of the corpus.
    workers
        Processes; 0 takes all cores.
    spellings
        A TOML file that maps your own labels, such as `mad = "angry"`.
    """
    from emospec.doctor_report import run_doctor
    from emospec.settings import read_toml

    own = read_toml(spellings) if spellings else None
    diagnosis = run_doctor(corpus, json=json, out=out, workers=workers, spellings=own)
    print(diagnosis)
    sys.exit(1 if diagnosis.must_mend else 0)


def audit(
    model: str,
    *,
    corpus: Corpora,
    out: Out,
    limits: Path | None = None,
    classes: str | None = None,
    speakers: Literal["unseen", "all"] = "unseen",
    max_clips: int | None = None,
    seed: int = 0,
    workers: int = 0,
) -> None:
    """Audit a model on recordings: right, fair, robust, calibrated, consistent? Exit code 1 if a check fails.

    Parameters
    ----------
    model
        A run folder, a bundle, or FILE.py:FUNCTION for any other model: FUNCTION(waveforms, sample_rate, clips)
        returns probabilities.
    limits
        TOML file with other limits than the defaults.
    classes
        Of a FUNCTION, in the order of its probabilities: four (unless given), six, seven, or a list such as angry,sad.
    speakers
        unseen leaves out those that the model has heard in training.
    max_clips
        Audit a seeded, balanced sample of so many clips.
    seed
        Of the sample, and of all that is drawn to change a clip, such as noise.
    workers
        Processes; 0 takes all cores.
    """
    from emospec.audit import run_audit

    if classes is not None and ".py:" not in model:
        raise ConfigError(f"--classes {classes} is for FILE.py:FUNCTION alone; {model} knows its classes: leave it out")
    audited = model_to_judge(model, classes)
    done = run_audit(
        audited, corpus, out=out, limits=limits, max_clips=max_clips, speakers=speakers, workers=workers, seed=seed
    )
    print(done)
    sys.exit(0 if done.passed else 1)


def model_to_judge(model: str, classes: str | None = None) -> "AuditedModel":
    """Return a run, a bundle (or `shipped`), or a function in a file as a model from sound to probabilities."""
    if ".py:" in model:
        from emospec.audited import load_function_model

        return load_function_model(model, classes or "four")
    from emospec.bundle import folder_of

    folder = folder_of(model)
    if (folder / "bundle.json").exists():
        from emospec.audited_bundle import as_audited
        from emospec.bundle import load_bundle

        return as_audited(load_bundle(folder))
    load_keras()
    from emospec.scorers import audited_run

    return audited_run(folder)
