import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bundle_samples import (
    CALIBRATION,
    WEIGHTS,
    answer,
    write_bundle_without_numbers,
    write_facts,
    write_graph,
    write_made_bundle,
)
from emospec import bundle as bundle_module
from emospec.audited import checked_scores
from emospec.audited_bundle import as_audited
from emospec.bundle import Bundle, batches, load_bundle, name_of, shipped_bundle
from emospec.errors import ConfigError, EmospecError, ScoreError
from samples import CLASSES, clips_table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_made_bundle(tmp_path / "made")


@pytest.fixture
def bundle(folder: Path) -> Bundle:
    return load_bundle(folder)


def waveforms(*lengths: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.uniform(-0.5, 0.5, length).astype(np.float32) for length in lengths]


def test_a_bundle_knows_its_classes_rate_calibration_and_speakers(bundle: Bundle) -> None:
    assert bundle.classes.classes == CLASSES
    assert bundle.sample_rate == 16000
    assert bundle.calibration == CALIBRATION
    assert bundle.training_speakers == {"made/s0", "made/s1"}


def test_clips_of_any_lengths_get_their_own_probabilities_in_order(bundle: Bundle) -> None:
    clips = waveforms(400, 90, 400, 7, 90)
    scores = bundle.score(clips, 16000)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, [answer(clip) for clip in clips], atol=1e-6)


def test_the_embedding_is_what_the_last_layer_sees(bundle: Bundle) -> None:
    (clip,) = waveforms(500)
    np.testing.assert_allclose(bundle.embed([clip], 16000), [[clip.mean(), clip.max()]], atol=1e-6)


def test_no_clips_have_no_scores(bundle: Bundle) -> None:
    assert bundle.score([], 16000).shape == (0, 4)


def test_a_clip_at_another_rate_is_resampled(bundle: Bundle) -> None:
    tone = 0.5 + 0.3 * np.sin(2 * np.pi * 200 * np.arange(8000) / 8000)
    np.testing.assert_allclose(bundle.score([tone], 8000), [answer(tone)], atol=0.05)  # it rings at its ends
    assert bundle.embed([np.repeat(tone, 2)], 16000).shape == (1, 2)


def test_clips_are_resampled_from_their_rate_to_that_of_the_bundle(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr("emospec.codecs.resampled", lambda clip, *rates: asked.append(rates) or clip)
    bundle.score(waveforms(100), 44100)
    assert asked == [(44100, 16000)]


@pytest.mark.parametrize(
    ("clip", "said"),
    [
        (np.zeros((2, 100)), r"float64 of shape \(2, 100\); expected floats"),
        (np.zeros(100, np.int16), "int16"),
        (np.zeros(0), r"shape \(0,\)"),
        (np.array([0.1, np.nan]), "no finite numbers"),
        ("clip.wav", "expected floats"),
    ],
)
def test_what_is_no_waveform_is_refused_with_its_place(bundle: Bundle, clip: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=f"waveform 1 .*{said}"):
        bundle.score([*waveforms(10), clip], 16000)


def test_clips_of_one_length_go_together_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_module, "BATCH_SAMPLES", 20)
    assert sorted(batches([10, 30, 10, 10, 30])) == [[0, 2], [1], [3], [4]]


def test_threads_share_a_bundle(bundle: Bundle) -> None:
    clips = waveforms(*range(100, 140))
    with ThreadPoolExecutor(4) as pool:
        scores = list(pool.map(lambda clip: bundle.score([clip], 16000)[0], clips))
    np.testing.assert_allclose(scores, [answer(clip) for clip in clips], atol=1e-6)


def test_importing_bundles_loads_neither_keras_nor_pandas() -> None:
    heavy = ["keras", "tensorflow", "torch", "pandas", "librosa", "matplotlib", "scipy", "onnx", "soundfile"]
    code = f"import sys, emospec.bundle; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_bundle_can_be_audited(bundle: Bundle) -> None:
    model, clips = as_audited(bundle), waveforms(100, 200, 300, 400)
    scores = checked_scores(model, clips, 16000, clips_table(1, 1))
    np.testing.assert_allclose(scores, [answer(clip) for clip in clips], atol=1e-6)
    assert model.training_speakers == {"made/s0", "made/s1"}


def test_a_clip_that_a_bundle_finds_no_numbers_for_is_named(tmp_path: Path) -> None:
    model = as_audited(load_bundle(write_bundle_without_numbers(tmp_path / "bundle")))
    clips = pd.DataFrame({"path": ["good.wav", "bad.wav", "other.wav"]})
    sounds = [np.full(n, level, np.float32) for n, level in ((100, 0.1), (200, -0.1), (100, 0.1))]
    with pytest.raises(ScoreError, match=r"^bad\.wav: the model made returns scores that are no finite numbers"):
        model.score(sounds, load_bundle(tmp_path / "bundle").sample_rate, clips)


def test_a_bundle_that_does_not_know_of_all_clips_who_spoke_does_not_know_whom_it_heard(tmp_path: Path) -> None:
    heard = {"made": {"n_clips": 3, "speakers": ["s0"], "n_clips_without_speaker": 1}}
    bundle = load_bundle(write_made_bundle(tmp_path / "made", training={"corpora": heard}))
    assert bundle.training_speakers is None
    model = as_audited(bundle)
    assert (model.training_speakers, model.surely_heard) == (None, {"made/s0"})


def test_a_folder_without_facts_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no bundle"):
        load_bundle(tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "of bundle format 2, known is 1; update emospec"),
        ({"format": "left out"}, "states no format"),
        ({"classes": "left out"}, "lacks classes"),
        ({"classes": ["angry", "sad"]}, "returns 4 probabilities, but bundle.json names 2 classes"),
        ({"sha256": "0" * 64}, "other SHA-256"),
        ({"mel": {"n_bands": 3}}, "unknown Mel settings n_bands"),
        ({"calibration": CALIBRATION.to_dict() | {"temperature": 0}}, "temperature 0: expected a number above 0"),
        ({"calibration": {"heat": 1}}, "a calibration has temperature"),
    ],
)
def test_facts_that_do_not_fit_are_refused_in_a_line(folder: Path, changes: dict[str, Any], said: str) -> None:
    write_facts(folder, **changes)
    with pytest.raises(ConfigError, match=said) as caught:
        load_bundle(folder)
    assert "\n" not in str(caught.value)


def test_facts_that_are_no_json_are_refused(folder: Path) -> None:
    (folder / "bundle.json").write_text("{")
    with pytest.raises(EmospecError, match="cannot be read as JSON"):
        load_bundle(folder)


def test_a_bundle_without_its_graph_is_refused(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    with pytest.raises(ConfigError, match="is not complete"):
        load_bundle(folder)


def test_a_graph_that_was_changed_is_refused(folder: Path) -> None:
    write_graph(folder / "model.onnx", WEIGHTS + 1)
    with pytest.raises(ConfigError, match="other SHA-256"):
        load_bundle(folder)


def test_a_file_that_is_no_graph_is_refused(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"no graph at all")
    write_facts(folder)
    with pytest.raises(ConfigError, match="cannot be run by onnxruntime"):
        load_bundle(folder)


@pytest.mark.parametrize("names", [("sound", "embedding"), ("waveform", "features")])
def test_a_graph_with_other_inputs_or_outputs_is_refused(folder: Path, names: tuple[str, str]) -> None:
    write_graph(folder / "model.onnx", names=names)
    write_facts(folder)
    with pytest.raises(ConfigError, match="no graph of a bundle; expected the input waveform"):
        load_bundle(folder)


def test_without_a_path_the_one_bundle_of_the_package_is_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_module, "SHIPPED", folder.parent)
    assert load_bundle().path == folder
    assert load_bundle("shipped").path == folder
    assert load_bundle(Path("shipped")).path == folder


def test_a_folder_called_shipped_is_meant_where_there_is_one(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folder, "shipped")
    assert load_bundle("shipped").path == Path("shipped")
    assert load_bundle().path == shipped_bundle()


def test_the_bundle_of_the_package_is_told_by_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert name_of(folder.resolve()) == str(folder.resolve())
    monkeypatch.setattr(bundle_module, "SHIPPED", folder.parent)
    assert name_of(folder.resolve()) == "shipped"


def test_a_package_without_a_bundle_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_module, "SHIPPED", tmp_path)
    with pytest.raises(ConfigError, match="holds no models of its own"):
        load_bundle()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes can't be bound to cores here")
def test_a_process_that_is_bound_to_one_core_starts_no_further_thread(folder: Path) -> None:
    code = (
        "import os, sys; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from pathlib import Path; from emospec.bundle import load_bundle\n"
        "bundle = load_bundle(Path(sys.argv[1]))\n"
        "print(bundle.session.get_session_options().intra_op_num_threads)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
