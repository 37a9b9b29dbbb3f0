"""Settings objects as command-line options: every field is an option of the same name, unset unless given."""

from collections.abc import Collection
from dataclasses import field, fields, make_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from cyclopts import Parameter

from emospec.errors import ConfigError
from emospec.mel import NOTEBOOK_MEL, MelConfig
from emospec.settings import TrainConfig, read_config

# What several commands ask for in the same words.
Corpora = Annotated[list[str], Parameter(help="NAME=ROOT; repeat to put several corpora together.", negative="")]
Images = Annotated[Path, Parameter(help="Folder made by `emospec images`, or the original notebook's data set.")]
ClipsFile = Annotated[
    Path | None, Parameter(help="CSV with a row an image (speaker, corpus ...), for an image set that has none.")
]
ConfigFile = Annotated[
    Path | None,
    Parameter(help="TOML file with a [train] table, or the run.toml of another run; options given here go before it."),
]
Out = Annotated[Path, Parameter(name=["--out", "-o"], help="Folder to write; nothing that exists is overwritten.")]


# Where an option isn't called as its field.
NAMES = {"start_from": "--from"}  # `from` is a word of Python's own


def options_of(settings: type, name: str, group: str, *, hidden: Collection[str] = ()) -> Any:
    """Return a dataclass like `settings` in which nothing is set, so that what a user gave can be told apart.

    The help of each option is the description of the parameter in the docstring of `settings`.
    Hidden options are taken but not shown, so that a command can say why it has no use for them.
    """
    helps, hints = parameter_helps(settings), get_type_hints(settings)
    return make_dataclass(
        name,
        [
            (f.name, Annotated[hint, Parameter(show=f.name not in hidden, name=NAMES.get(f.name))], field(default=None))
            for f in fields(settings)
            for hint in [option_type(hints[f.name], helps.get(f.name, ""), f.default, group)]
        ],
        frozen=True,
        kw_only=True,
        namespace={"__module__": __name__},  # by which Cyclopts resolves the annotations
    )


def option_type(hint: Any, help_text: str, default: Any, group: str) -> Any:
    """Return the annotation of one option."""
    shown = "" if default is None else f" [default: {default}]"
    if "dict" in str(hint):  # class weights: a table has no short form on a command line
        hint = str
    parameter = Parameter(
        help=help_text + shown, group=group, show_default=False, consume_multiple=True, negative_iterable=""
    )
    return Annotated[hint | None, parameter]


def parameter_helps(settings: type) -> dict[str, str]:
    """Return the description of each parameter from a NumPy docstring."""
    helps: dict[str, str] = {}
    names: list[str] = []
    for line in (settings.__doc__ or "").splitlines():
        indent, text = len(line) - len(line.lstrip()), line.strip()
        if indent == 4 and text:
            names = [name.strip() for name in text.split(":")[0].split(",")]
        elif indent == 8:
            helps |= {name: f"{helps.get(name, '')} {text}".strip() for name in names}
    return helps


TrainOptions: Any = options_of(TrainConfig, "TrainOptions", "Training")
LeakGapOptions: Any = options_of(TrainConfig, "LeakGapOptions", "Training", hidden=["protocol"])
MelOptions: Any = options_of(MelConfig, "MelOptions", "Spectrogram")


def given(options: Any) -> dict[str, Any]:
    """Return the options that the user gave."""
    values = {f.name: getattr(options, f.name) for f in fields(options)} if options else {}
    return {name: value for name, value in values.items() if value is not None}


def config_from(path: Path | None, options: Any) -> TrainConfig:
    """Return the settings of a file, or the defaults, with the options given on the command line put over them."""
    config = read_config(path) if path else TrainConfig()
    values = given(options)
    if isinstance(values.get("class_weights"), str):
        values["class_weights"] = parse_class_weights(values["class_weights"])
    return replace(config, **values)


def parse_class_weights(text: str) -> str | dict[str, float]:
    """Read `balanced`, or weights such as `angry=1,fear=2`."""
    if text == "balanced":
        return text
    try:
        return {name.strip(): float(weight) for name, weight in (pair.split("=") for pair in text.split(","))}
    except ValueError:
        raise ConfigError(
            f"--class-weights {text}: expected balanced, or such as angry=1,fear=2,happy=1.5,sad=1"
        ) from None


def drawing_from(style: str | None, options: Any, like: Path | None) -> dict[str, Any]:
    """Return the style and the spectrogram settings: those of a run or a bundle, or those that the user gave."""
    if like is None:
        return {"style": style or "gray", "mel": mel_from(style or "gray", options)}
    told = [*(["style"] if style else []), *given(options)]
    if told:
        raise ConfigError(f"--like {like} says how to draw; leave out --{told[0].replace('_', '-')}")
    from emospec.starts import drawing_like  # reads bundles

    mel, style = drawing_like(like)
    return {"style": style, "mel": mel}


def mel_from(style: str, options: Any) -> MelConfig:
    """Return the spectrogram settings of a style with the options given on the command line put over them."""
    return replace(NOTEBOOK_MEL if style == "notebook" else MelConfig(), **given(options))
