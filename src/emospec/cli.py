"""The command line: parse, call, print. Heavy modules are imported inside the commands, so that `--help` is quick."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, CycloptsError, Parameter

from emospec import __version__
from emospec.cli_checks import audit, doctor, leak_gap, model_to_judge
from emospec.cli_export import export
from emospec.cli_options import (
    ClipsFile,
    ConfigFile,
    Corpora,
    Images,
    MelOptions,
    Out,
    TrainOptions,
    config_from,
    drawing_from,
)
from emospec.cli_predict import predict
from emospec.cli_serve import serve
from emospec.cli_studio import studio
from emospec.errors import ConfigError, EmospecError
from emospec.quiet import load_keras

# Packages that only some commands need, and the extra that brings each.
EXTRAS = {
    **dict.fromkeys(("keras", "matplotlib", "onnx", "sklearn", "tensorflow", "tf2onnx", "visualkeras"), "train"),
    **dict.fromkeys(
        ("fastapi", "prometheus_client", "python_multipart", "starlette", "uvicorn", "websockets"), "serve"
    ),
    "parselmouth": "demo",
    "sounddevice": "live",
}

app = App(
    name="emospec",
    suppress_keyboard_interrupt=False,  # `main` says how to go on
    help="Emotional-speech corpora to spectrogram images, CNNs on them, and numbers that can be believed.",
    version=__version__,
    help_epilogue="Begin with `emospec demo`: the whole workflow on a synthetic corpus, in a minute.",
)
corpora_app = App(name="corpora", help="What emospec knows of corpora: list, show, get.")
app.command(corpora_app)
for command in (predict, serve, studio, doctor, leak_gap, audit, export):
    app.command(command)


@app.command
def demo(*, out: Out = Path("emospec-demo"), seed: int = 0) -> None:
    """Do the whole job in a minute, on a synthetic corpus: speak it, make images, train, report."""
    from emospec.demo_run import run_demo

    print_report(run_demo(out, seed=seed).path)


@corpora_app.command(name="list")
def list_corpora() -> None:
    """List the corpora that can be loaded, one a line."""
    from emospec.corpora import CORPORA
    from emospec.corpora.core import summary

    for corpus in CORPORA.values():
        print(summary(corpus))


@corpora_app.command(name="show")
def show_corpus(name: str) -> None:
    """Show what a corpus is, its licence, and how to obtain it."""
    from emospec.corpora import find_corpus
    from emospec.corpora.core import describe

    print(describe(find_corpus(name)))


@corpora_app.command(name="get")
def get_corpus(name: str, *, out: Out) -> None:
    """Download a corpus where its owners allow it; a second call goes on where the first stopped."""
    from emospec.download import get_corpus

    print(f"{name} is in {get_corpus(name, out)}")


@app.command
def extract(archive: Path, *, out: Out) -> None:
    """Extract a .zip, .tar.*, .7z or .rar after checking every member."""
    from emospec.archives import extract

    extraction = extract(archive, out, progress=True)
    print(f"{extraction.files} files in {out}")


@app.command
def images(
    *,
    corpus: Corpora,
    out: Out,
    classes: str = "four",
    style: Literal["gray", "notebook"] | None = None,
    like: Path | None = None,
    workers: int = 0,
    spellings: Path | None = None,
    mel: Annotated[MelOptions | None, Parameter(name="*")] = None,
) -> None:
    """Turn the clips of corpora into a folder of spectrogram images.

    Parameters
    ----------
    classes
        four, six, seven, all (that the clips have), or a list such as angry,sad.
    style
        gray (fixed scale, the default) or notebook (the original notebook's coloured pictures).
    like
        A run or a bundle (or shipped, the one that came with emospec): draw as its images were drawn, to fine-tune it.
    workers
        Processes; 0 takes all cores.
    spellings
        A TOML file that maps your own labels, such as `mad = "angry"`.
    """
    from emospec.corpora import load_corpora
    from emospec.image_set import make_images
    from emospec.settings import read_toml

    clips = load_corpora(corpus, spellings=read_toml(spellings) if spellings else None)
    print(make_images(clips, out, classes=classes, workers=workers, **drawing_from(style, mel, like)))


@app.command
def models() -> None:
    """List the networks, one a line."""
    load_keras()
    from emospec.models import MODELS

    for name, architecture in MODELS.items():
        print(f"{name:20} {architecture.summary}")


@app.command
def protocols() -> None:
    """List the ways to divide clips into train, validation and test, one a line."""
    from emospec.protocols import PROTOCOLS

    for name, protocol in PROTOCOLS.items():
        shown = f"{name}:{protocol.argument}" if protocol.argument else name
        print(f"{shown:22} {protocol.summary}")


@app.command
def train(
    images: Images,
    *,
    out: Out,
    config: ConfigFile = None,
    clips: ClipsFile = None,
    options: Annotated[TrainOptions | None, Parameter(name="*")] = None,
) -> None:
    """Train one network on an image set, then judge it once on the test part.

    The same command on an unfinished run goes on after its last whole epoch.
    """
    from emospec.image_set import load_image_set

    settings, image_set = config_from(config, options), load_image_set(images, clips=clips)
    load_keras()  # only now: a wrong path is told before Keras has taken its seconds to load
    from emospec.training import train

    run = train(image_set, settings, out, facts={"clips": str(clips.resolve())} if clips else None)
    print_report(run.path)


@app.command
def evaluate(
    run: Path,
    *,
    images: Path | None = None,
    corpus: Annotated[list[str] | None, Parameter(negative="")] = None,
    classes: str | None = None,
    speakers: Literal["unseen", "all"] = "unseen",
    json: Path | None = None,
    workers: int = 0,
) -> None:
    """Judge a finished run again on its own test part, or a run or bundle on recordings that it was not made from.

    Parameters
    ----------
    run
        A run folder; with --corpus also a bundle, or FILE.py:FUNCTION.
    images
        The image set, if it no longer lies where the run was trained.
    corpus
        NAME=ROOT; judge the run on these recordings, and leave its own report alone.
    classes
        With --corpus: those of the model's classes that count, such as four, or angry,sad.
    speakers
        With --corpus: unseen leaves out those that the model has heard in training.
    json
        Write the report there as well.
    workers
        With --corpus: processes; 0 takes all cores.
    """
    if corpus:
        judge_on_corpus(run, corpus, images, json, classes=classes, speakers=speakers, workers=workers)
        return
    from emospec.bundle import FACTS, folder_of

    if (folder_of(run) / FACTS).is_file():
        raise ConfigError(f"{run} is a bundle, which has no test part of its own; add --corpus NAME=ROOT")
    load_keras()
    from emospec.files import write_json
    from emospec.judging import judge_again

    report = judge_again(run, images=images)
    if json:
        write_json(report.to_dict(), json)
    print_report(run)


@app.command
def compare(*runs: Path, out: Path | None = None) -> None:
    """Put the reports of several runs side by side.

    Parameters
    ----------
    out
        Write a page (.html) or a table (.md) there as well.
    """
    from emospec.report_compare import compare_runs

    print(compare_runs(runs, out=out))


def judge_on_corpus(run: Path, corpus: list[str], images: Path | None, json: Path | None, **options: Any) -> None:
    """Judge a run on recordings, and print what comes out."""
    from emospec.corpus_scores import evaluate_on_corpus, evaluation_lines, write_evaluation

    if images:
        raise ConfigError("evaluate takes --corpus (recordings) or --images (the run's own), not both")
    report = evaluate_on_corpus(model_to_judge(str(run)), corpus, **options)
    if json:
        write_evaluation(report, json)
    print("\n".join(evaluation_lines(report)))


def print_report(path: Path) -> None:
    """Print what a run's report says, in a few lines."""
    from emospec.report_text import summary_lines
    from emospec.runs import load_run

    for line in summary_lines(load_run(path).account()):
        print(line)
    print(f"report: {path / 'report.html'}")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; what a user did wrong is one line on standard error and exit code 2."""
    try:
        app(arguments, exit_on_error=False, print_error=False)
    except (EmospecError, CycloptsError) as error:
        message = " ".join(str(error).split())
        sys.exit(fail(f"emospec: {message}", 2))
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        extra = EXTRAS[error.name]
        sys.exit(fail(f'emospec: this needs {error.name}, which is not installed; pip install "emospec[{extra}]"', 2))
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()
        sys.exit(141)
    except KeyboardInterrupt:
        sys.exit(fail("emospec: interrupted; the same command goes on where this one stopped", 130))


def fail(message: str, code: int) -> int:
    """Print a line to standard error and return the exit code."""
    print(message, file=sys.stderr)
    return code
