"""Commands that tell whether numbers can be believed: a corpus, a split, a model examined."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from emospec.cli_options import Out, TrainOptions, config_from
from emospec.quiet import load_keras


def leak_gap(
    images: Path,
    *,
    out: Out,
    folds: int = 5,
    config: Path | None = None,
    clips: Path | None = None,
    options: Annotated[TrainOptions | None, Parameter(name="*")] = None,
) -> None:
    """Train one network under a random split and under one that parts the speakers; print both and the difference.

    Parameters
    ----------
    images
        Folder made by `emospec images`, or the original notebook's data set.
    folds
        Of both: every clip is tested once in each.
    config
        TOML file with a [train] table; options given here go before it.
    clips
        CSV with a row an image (speaker, corpus ...), for an image set that has none.
    """
    from emospec.image_set import load_image_set

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
    corpus: Annotated[list[str], Parameter(help="NAME=ROOT; repeat to put several corpora together.", negative="")],
    out: Out,
    limits: Path | None = None,
    classes: str = "four",
    speakers: Literal["unseen", "all"] = "unseen",
    max_clips: int | None = None,
    workers: int = 0,
) -> None:
    """Audit a model on recordings: right, fair, robust, calibrated, consistent? Exit code 1 if a check fails.

    Parameters
    ----------
    model
        A run folder, or FILE.py:FUNCTION for any other model: FUNCTION(waveforms, sample_rate, clips) returns
        probabilities.
    limits
        TOML file with other limits than the defaults.
    classes
        Of a FUNCTION, in the order of its probabilities: four, six, seven, or a list such as angry,sad.
    speakers
        unseen leaves out those that the model has heard in training.
    max_clips
        Audit a seeded, balanced sample of so many clips.
    workers
        Processes; 0 takes all cores.
    """
    from emospec.audit import run_audit
    from emospec.audited import load_function_model

    if ".py:" in model:
        audited = load_function_model(model, classes)
    else:
        load_keras()
        from emospec.scorers import audited_run

        audited = audited_run(Path(model))
    done = run_audit(audited, corpus, out=out, limits=limits, max_clips=max_clips, speakers=speakers, workers=workers)
    print(done)
    sys.exit(0 if done.passed else 1)
