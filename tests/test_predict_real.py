"""What the predictor does on real speech; figures are printed with `pytest -s`."""

import os
from pathlib import Path

import numpy as np
import pytest

from emospec.audio import read_audio
from emospec.errors import ConfigError
from emospec.explain import Explainer
from emospec.predict import Predictor
from emospec.speech import utterances

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif("EMOSPEC_DATA" not in os.environ, reason="EMOSPEC_DATA names no folder of real corpora"),
]
RATE = 16000
NEAR = 0.3  # s
SHARE = 0.2  # of the cells


def paths_of(n: int, seed: int) -> list[Path]:
    everything = sorted((Path(os.environ["EMOSPEC_DATA"]) / "crema-d" / "AudioWAV").iterdir())
    return [everything[row] for row in np.random.default_rng(seed).choice(len(everything), n, replace=False)]


def clips(n: int, seed: int) -> list[np.ndarray]:
    return [read_audio(path, RATE) for path in paths_of(n, seed)]


def joined(seed: int, gap: tuple[float, float] | None) -> tuple[np.ndarray, np.ndarray]:
    """Eight clips with silence between them, and where each begins and ends."""
    rng, parts, edges, at = np.random.default_rng(seed), [], [], 0
    for clip in clips(8, seed):
        pause = np.zeros(round(rng.uniform(*gap) * RATE) if gap else 0, np.float32)
        parts += [pause, clip]
        edges += [at + len(pause), at + len(pause) + len(clip)]
        at = edges[-1]
    return np.concatenate([*parts, np.zeros(RATE if gap else 0, np.float32)]), np.array(edges) / RATE


def spans_in(sound: np.ndarray) -> np.ndarray:
    return np.array([(each.start, each.end) for each in utterances(np.array_split(sound, 9), RATE)]) / RATE


def test_joints_of_clips_with_silence_between_them_are_found() -> None:
    distances = []
    for seed in range(12):
        sound, edges = joined(seed, (0.6, 2.0))
        distances.append(np.abs(spans_in(sound).ravel() - edges[:, np.newaxis]).min(axis=1))
    near = float((np.concatenate(distances) <= NEAR).mean())
    print(f"joints with silence found within 0.3 s: {near:.3f} of {len(np.concatenate(distances))}")
    assert near >= 0.9


def test_clips_joined_without_silence_are_parted_near_the_joint() -> None:
    """The clips begin and end in a room's noise, so that a pause lies around each joint."""
    distances = []
    for seed in range(12):
        sound, edges = joined(seed, None)
        spans = spans_in(sound)
        pauses = np.concatenate([spans.ravel(), (spans[:-1, 1] + spans[1:, 0]) / 2])
        distances.append(np.abs(pauses - edges[2::2, np.newaxis]).min(axis=1))
    near = float((np.concatenate(distances) <= NEAR).mean())
    print(f"joints without silence at an edge or the middle of a pause: {near:.3f} of {len(np.concatenate(distances))}")
    assert near >= 0.85


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """The bundle of `EMOSPEC_BUNDLE`, or the one that came with emospec."""
    named = os.environ.get("EMOSPEC_BUNDLE")
    try:
        return Predictor(Path(named) if named else None, threads=1)
    except ConfigError as error:
        pytest.skip(f"no bundle that was trained on speech: {error}")


def test_silence_between_real_clips_is_silence_and_speech_is_not(predictor: Predictor) -> None:
    wrong = total = 0.0
    for seed in range(12):
        sound, edges = joined(seed, (0.6, 2.0))
        for segment in predictor.timeline(sound, RATE).segments:
            starts, ends = edges[::2], edges[1::2]
            speech = np.clip(np.minimum(ends, segment.end) - np.maximum(starts, segment.start), 0, None).sum()
            length = segment.end - segment.start
            wrong += speech if segment.emotion is None else length - speech
            total += length
    print(f"time that is called speech in silence, or silence in a clip: {wrong / total:.3f}")
    assert wrong / total < 0.1


def test_silencing_what_an_explanation_marks_hurts_more_than_silencing_random_cells(predictor: Predictor) -> None:
    explainer, rng = Explainer(predictor.answerer, threads=1), np.random.default_rng(0)
    marked, random = [], []
    for clip in clips(100, seed=100):
        explanation = explainer.explain(clip)
        n_cells = round(SHARE * explanation.heat.size)
        orders = [np.argsort(-explanation.heat, axis=None, kind="stable")]
        orders += [rng.permutation(explanation.heat.size) for _ in range(5)]
        pictures = np.repeat(explanation.image[np.newaxis], len(orders), axis=0)
        for picture, order in zip(pictures, orders, strict=True):
            picture.ravel()[order[:n_cells]] = 0
        label = predictor.bundle.classes.classes.index(explanation.prediction.emotion)
        losses = explanation.prediction.confidence - explainer.score(pictures)[:, label]
        marked.append(losses[0])
        random.append(losses[1:].mean())
    wins = int((np.array(marked) > np.array(random)).sum())
    print(f"marked cells hurt more in {wins} of 100; loss {np.mean(marked):.3f} against {np.mean(random):.3f}")
    assert wins >= 80
