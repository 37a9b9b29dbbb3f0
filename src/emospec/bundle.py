"""Bundles, which are what ships: one ONNX graph from sound to probabilities, and the facts on it."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as refusals

from emospec.calibration import Calibration
from emospec.emotions import Labels
from emospec.errors import ConfigError, ScoreError, first_line
from emospec.files import expand_home, read_json, sha256_of
from emospec.heard import Corpora, known_speakers
from emospec.mel import MelConfig

FORMAT = 1
GRAPH, FACTS, CARD = "model.onnx", "bundle.json", "MODEL_CARD.md"
INPUT, PROBABILITIES, EMBEDDING = "waveform", "probabilities", "embedding"
SHIPPED = Path(__file__).parent / "bundles"
BOX = "shipped"  # names the bundle that came with emospec
BATCH_SAMPLES = 1_600_000  # at once, 100 s at 16 kHz: bounds the memory

Scores = NDArray[np.float64]

_REFUSALS = (
    refusals.Fail,
    refusals.InvalidArgument,
    refusals.InvalidGraph,
    refusals.InvalidProtobuf,
    refusals.NotImplemented,
    refusals.RuntimeException,
)


@dataclass(frozen=True)
class Bundle:
    """A model that is ready to use; several threads may share one.

    Attributes
    ----------
    facts : mapping
        The content of `bundle.json`.
    classes : Labels
        The emotions, in the order of the probabilities.
    calibration : Calibration, optional
        Its temperature is part of the graph; its threshold is the reader's to apply. None if the model has none.
    """

    path: Path
    facts: Mapping[str, Any]
    session: onnxruntime.InferenceSession
    classes: Labels
    mel: MelConfig
    calibration: Calibration | None

    @property
    def name(self) -> str:
        """What the bundle is called."""
        return str(self.facts["name"])

    @property
    def sample_rate(self) -> int:
        """Of the waveforms that the graph takes, in Hz."""
        return self.mel.sample_rate

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the graph."""
        return str(self.facts["sha256"])

    @property
    def corpora(self) -> Corpora:
        """What the model has heard of each corpus: the number of clips, and the speakers."""
        corpora: Corpora = self.facts["training"]["corpora"]
        return corpora

    @property
    def training_speakers(self) -> frozenset[str] | None:
        """Whom the model has heard, as `corpus/speaker`; None if it isn't known of every clip who speaks."""
        known = known_speakers(self.corpora)
        return None if known is None else frozenset(known)

    def card(self) -> str:
        """Return the model card, Markdown."""
        return (self.path / CARD).read_text(encoding="utf-8")

    def score(self, waveforms: Sequence[NDArray[np.floating]], sample_rate: int) -> Scores:
        """Return the probabilities of each emotion in each clip.

        Parameters
        ----------
        waveforms : sequence of shape (n_samples,), in [-1, 1]
            Mono, of any lengths; those of one length go through the graph together.
        sample_rate : Hz
            Of all of them; where it is not the bundle's own, they are resampled.

        Returns
        -------
        float64, shape (n_clips, n_classes)

        Raises
        ------
        ConfigError
            For what is no waveform.
        ScoreError
            If the graph returns what is no finite number.
        """
        return self._run(PROBABILITIES, waveforms, sample_rate)

    def embed(self, waveforms: Sequence[NDArray[np.floating]], sample_rate: int) -> Scores:
        """Return what the last layer of the network sees of each clip: float64, shape (n_clips, n_features)."""
        return self._run(EMBEDDING, waveforms, sample_rate)

    def _run(self, output: str, waveforms: Sequence[NDArray[np.floating]], sample_rate: int) -> Scores:
        ready = [_at_rate(_checked(each, place), sample_rate, self) for place, each in enumerate(waveforms)]
        results = np.empty((len(ready), width_of(self.session, output)))
        for rows in batches([len(each) for each in ready]):
            clips = np.stack([ready[row] for row in rows])
            results[rows] = self.session.run([output], {INPUT: clips})[0]
        check_finite(results, self.name)
        return results


def check_finite(results: NDArray[np.floating], model: str) -> None:
    """Raise a `ScoreError` unless all that a model returned, a row a sound, is finite numbers."""
    wrong = np.flatnonzero(~np.isfinite(results).all(axis=1))
    if wrong.size:
        raise ScoreError(
            f"the model {model} returns scores that are no finite numbers; leave the sound out, or use another model",
            int(wrong[0]),
        )


def _checked(waveform: NDArray[np.floating], place: int) -> NDArray[np.float32]:
    array = np.asarray(waveform)
    if array.ndim != 1 or not array.size or array.dtype.kind != "f":
        raise ConfigError(
            f"waveform {place} is {array.dtype} of shape {array.shape}; expected floats in [-1, 1], mono, shape "
            "(n_samples,)"
        )
    if not np.isfinite(array).all():
        raise ConfigError(f"waveform {place} has samples that are no finite numbers; expected floats in [-1, 1]")
    return array.astype(np.float32, copy=False)


def _at_rate(waveform: NDArray[np.float32], sample_rate: int, bundle: Bundle) -> NDArray[np.float32]:
    if sample_rate == bundle.sample_rate:
        return waveform
    from emospec.codecs import resampled  # seldom needed, and it loads libsndfile

    return resampled(waveform, sample_rate, bundle.sample_rate)


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of clips of one length, `BATCH_SAMPLES` at once or one clip."""
    places: defaultdict[int, list[int]] = defaultdict(list)
    for place, length in enumerate(lengths):
        places[length].append(place)
    for length, equal in places.items():
        at_once = max(1, BATCH_SAMPLES // max(length, 1))
        yield from (equal[start : start + at_once] for start in range(0, len(equal), at_once))


def load_bundle(path: str | Path | None = None, *, threads: int | None = None) -> Bundle:
    """Open a bundle; without a path, or as `shipped`, the one that came with emospec.

    Parameters
    ----------
    threads : int, optional
        That one call may use; all cores that the process may use unless given.

    Raises
    ------
    ConfigError
        If there is none, its format is newer, its files don't belong together or its graph can't be run.
    """
    folder = shipped_bundle() if path is None else folder_of(path)
    facts = read_facts(folder)
    session = open_graph(folder / GRAPH, str(facts["sha256"]), threads)
    bundle = _described(folder, facts, session)
    check_fits(bundle)
    return bundle


def folder_of(path: str | Path) -> Path:
    """Return the folder that a user means: that of the bundle that came with emospec, if he says `shipped`."""
    return shipped_bundle() if str(path) == BOX and not Path(path).exists() else expand_home(path)


def name_of(folder: Path) -> str:
    """Return what a user calls a folder: `shipped`, or its path."""
    shipped = folder.parent == SHIPPED.resolve() and folder == shipped_bundle().resolve()
    return BOX if shipped else str(folder)


def shipped_bundle() -> Path:
    """Return the folder of the bundle that came with emospec."""
    found = sorted(each.parent for each in SHIPPED.glob(f"*/{FACTS}"))
    if len(found) != 1:
        raise ConfigError(
            f"this installation of emospec holds {len(found) or 'no'} models of its own, expected one; name the folder "
            "of a bundle"
        )
    return found[0]


def read_facts(folder: Path) -> dict[str, Any]:
    """Return the content of a bundle's `bundle.json`, of a format that is known."""
    if not (folder / FACTS).is_file():
        raise ConfigError(f"{folder} is no bundle (no {FACTS}); expected a folder that `emospec export` has made")
    facts = read_json(folder / FACTS)
    if not isinstance(facts, dict) or type(facts.get("format")) is not int:
        raise ConfigError(f"{folder / FACTS} states no format; expected a file that `emospec export` has made")
    if facts["format"] > FORMAT:
        raise ConfigError(f"{folder} is of bundle format {facts['format']}, known is {FORMAT}; update emospec")
    missing = [key for key in ("name", "classes", "mel", "calibration", "training", "sha256") if key not in facts]
    if missing:
        raise ConfigError(f"{folder / FACTS} lacks {', '.join(missing)}; export the model again")
    return facts


def open_graph(path: Path, sha256: str, threads: int | None = None) -> onnxruntime.InferenceSession:
    """Open an ONNX file whose hash is known."""
    if not path.is_file():
        raise ConfigError(f"{path} does not exist; the bundle is not complete: export the model again")
    if sha256_of(path) != sha256:
        raise ConfigError(f"{path} is not the file that {FACTS} describes (other SHA-256); export the model again")
    try:
        return session_of(path, threads)
    except _REFUSALS as error:
        raise ConfigError(f"{path} cannot be run by onnxruntime ({first_line(error)}); export it again") from None


def session_of(graph: Path | bytes, threads: int | None = None) -> onnxruntime.InferenceSession:
    """Open a graph, a file or its bytes, with nothing printed; what fails is raised by onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads or usable_cores()
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def usable_cores() -> int:
    """Return how many cores this process may use.

    onnxruntime by itself starts a thread for each core of the machine; where a process is bound to fewer (taskset, a
    cpuset), these wait for each other and an answer takes three times as long. Shares of time, as `docker --cpus` gives
    them, are not seen.
    """
    bound = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(bound(0)) if bound else os.cpu_count() or 1


def _described(folder: Path, facts: dict[str, Any], session: onnxruntime.InferenceSession) -> Bundle:
    try:
        mel, given = MelConfig.from_dict(facts["mel"]), facts["calibration"]
        calibration = None if given is None else Calibration.from_dict(given)
        classes = Labels(tuple(facts["classes"]))
    except (ConfigError, TypeError, AttributeError) as error:
        raise ConfigError(f"{folder / FACTS}: {first_line(error)}; export the model again") from None
    return Bundle(folder, facts, session, classes, mel, calibration)


def check_fits(bundle: Bundle) -> None:
    """Raise unless the graph takes waveforms and returns a probability for each class and an embedding."""
    session = bundle.session
    outputs = {each.name for each in session.get_outputs()}
    if [each.name for each in session.get_inputs()] != [INPUT] or not {PROBABILITIES, EMBEDDING} <= outputs:
        raise ConfigError(
            f"{bundle.path / GRAPH} is no graph of a bundle; expected the input {INPUT}, and the outputs "
            f"{PROBABILITIES} and {EMBEDDING}"
        )
    n_classes = width_of(session, PROBABILITIES)
    if n_classes != len(bundle.classes):
        raise ConfigError(
            f"{bundle.path}: the graph returns {n_classes} probabilities, but {FACTS} names {len(bundle.classes)} "
            f"classes ({', '.join(bundle.classes.classes)}); export the model again"
        )


def width_of(session: onnxruntime.InferenceSession, output: str) -> Any:
    """Return the number of columns of an output."""
    return next(each.shape[1] for each in session.get_outputs() if each.name == output)
