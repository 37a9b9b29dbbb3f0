"""Any model as a function from recordings to probabilities, so that it can be audited."""

import importlib.util
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec.audio import Waveform
from emospec.emotions import Labels, class_set
from emospec.errors import ConfigError, EmospecError, first_line
from emospec.files import sha256_of

Score = Callable[[Sequence[Waveform], int, pd.DataFrame], NDArray[Any]]

SUM_TOLERANCE = 1e-2  # float16 scores are off by about 1e-3


@dataclass(frozen=True)
class AuditedModel:
    """A model as an audit sees it.

    Attributes
    ----------
    name : str
        As it stands in the account, such as the path of a run.
    score : callable
        From waveforms (float32, mono, of any lengths), their sample rate in Hz and their rows of the clips table to
        probabilities of shape (n, n_classes). The audit calls it at rates other than `sample_rate` as well: a model
        that needs its own has to resample, as it must for its users.
    sample_rate : Hz
        At which recordings are read and changed.
    training_speakers : frozenset of `corpus/speaker`, or None
        Whom the model heard in training; None if that isn't known. A model that only ever gives out-of-fold scores
        heard nobody.
    fingerprint : str
        Changes when the model does, so that no scores of an older one are taken up.
    surely_heard : frozenset of `corpus/speaker`
        Of whom it is known that the model heard them, even where `training_speakers` is None since it heard others,
        too, of whom nobody knows who they are.
    """

    name: str
    score: Score
    classes: Labels
    sample_rate: int = 16000
    training_speakers: frozenset[str] | None = None
    fingerprint: str = ""
    surely_heard: frozenset[str] = frozenset()


def checked_scores(model: AuditedModel, waveforms: Sequence[Waveform], sample_rate: int, clips: pd.DataFrame) -> Any:
    """Return a model's probabilities of some clips, float32 of shape (n_clips, n_classes).

    Raises
    ------
    EmospecError
        If they have another shape, or are no probabilities.
    """
    scores = np.asarray(model.score(waveforms, sample_rate, clips))
    expected = (len(clips), len(model.classes))
    if scores.shape != expected or scores.dtype.kind not in "fiu":
        raise EmospecError(
            f"{model.name} returned {scores.dtype} scores of shape {scores.shape}; expected numbers of shape "
            f"{expected}: a row a clip, a column for each of {', '.join(model.classes.classes)}"
        )
    if not np.isfinite(scores).all():
        raise EmospecError(f"{model.name} returned scores that are not finite; expected probabilities from 0 to 1")
    whole = scores.astype(np.float64)
    _check_sums(model.name, whole)
    # What a model of less precision leaves out of the sum, no metric shall stumble over.
    return (np.maximum(whole, 0) / np.maximum(whole, 0).sum(axis=1, keepdims=True)).astype(np.float32)


def _check_sums(name: str, scores: NDArray[np.float64]) -> None:
    wrong = np.flatnonzero((scores < -SUM_TOLERANCE).any(axis=1) | (abs(scores.sum(axis=1) - 1) > SUM_TOLERANCE))
    if wrong.size:
        row = ", ".join(f"{score:.3g}" for score in scores[wrong[0]])
        raise EmospecError(
            f"{name} returned {row} for a clip; expected probabilities that sum to 1: apply a softmax to the outputs"
        )


def load_function_model(
    spec: str,
    classes: str | Sequence[str],
    *,
    sample_rate: int = 16000,
    training_speakers: Collection[str] | None = None,
) -> AuditedModel:
    """Load a function from a Python file as a model; the file is run.

    Parameters
    ----------
    spec : str
        `FILE.py:FUNCTION`; the function takes waveforms, their sample rate and their rows of the clips table, and
        returns probabilities of shape (n, n_classes).
    classes : str or sequence of str
        The emotions of its columns, in order: a named set such as `four`, or a list such as `"angry,sad"`.
    training_speakers : collection of `corpus/speaker`, optional
        Whom the model heard in training, if that is known.

    Raises
    ------
    ConfigError
        If there is no such file or function, or the file cannot be run.
    """
    file, _, function = spec.rpartition(":")
    path = Path(file)
    if not file or path.suffix != ".py" or not function.isidentifier():
        raise ConfigError(f"{spec!r} names no function; expected FILE.py:FUNCTION, as in my_model.py:score")
    if not path.is_file():
        raise ConfigError(f"{path} does not exist; expected a Python file with the function {function}")
    called = getattr(_run_file(path), function, None)
    if not callable(called):
        raise ConfigError(f"{path} has no function {function}; define it as {function}(waveforms, sample_rate, clips)")
    labels = Labels(class_set(classes))
    heard = None if training_speakers is None else frozenset(training_speakers)
    return AuditedModel(spec, _in_one_line(called, path, spec), labels, sample_rate, heard, sha256_of(path))


def _in_one_line(called: Callable[..., Any], path: Path, spec: str) -> Score:
    """Return a function that gives the same array, and whose errors are told in a line."""
    code = getattr(called, "__code__", None)
    first = code.co_firstlineno if code and _is_file(code.co_filename, path) else None

    def score(waveforms: Sequence[Waveform], sample_rate: int, clips: pd.DataFrame) -> NDArray[Any]:
        try:
            return np.asarray(called(waveforms, sample_rate, clips))
        except (Exception, SystemExit) as error:  # foreign code may raise anything
            raise EmospecError(
                f"{spec} failed with {_account_of(error, path, first)}; expected FUNCTION(waveforms, sample_rate, "
                "clips) to return probabilities, a row a clip and a column a class"
            ) from error

    return score


def _account_of(error: BaseException, path: Path, line: int | None = None) -> str:
    """Return the kind of an error in foreign code, its first line, and the last place in the file that led to it.

    Parameters
    ----------
    line : int, optional
        The place if none in the file did, as where a function is called with too many arguments.
    """
    lines = [at for frame, at in walk_tb(error.__traceback__) if _is_file(frame.f_code.co_filename, path)]
    place, said = (path, lines[-1] if lines else line), first_line(error)
    if isinstance(error, SyntaxError) and error.filename:
        place, said = (Path(error.filename), error.lineno), error.msg
    where = str(place[0]) if place[1] is None else f"{place[0]}:{place[1]}"
    return f"{type(error).__name__}: {said} ({where})" if str(error).strip() else f"{type(error).__name__} ({where})"


def _is_file(name: str, path: Path) -> bool:
    return Path(name).resolve() == path.resolve()


def _run_file(path: Path) -> ModuleType:
    """Import a file by its path; like a script it finds the modules beside it, though after all others."""
    source = importlib.util.spec_from_file_location(f"emospec_audited_{path.stem}", path)
    if source is None or source.loader is None:
        raise ConfigError(f"{path} cannot be run as Python; expected a file with the suffix .py")
    module = importlib.util.module_from_spec(source)
    sys.modules[source.name] = module  # dataclasses and pickle look for it there
    folder = str(path.resolve().parent)
    sys.path += [] if folder in sys.path else [folder]
    try:
        source.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # foreign code may raise anything
        raise ConfigError(f"{path} cannot be run: {_account_of(error, path)}; try `python {path}`") from error
    return module
