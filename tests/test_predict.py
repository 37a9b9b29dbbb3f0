import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bundle_samples import CALIBRATION, answer, write_bundle_without_numbers, write_facts, write_made_bundle
from emospec.audio import SilentError
from emospec.bundle import load_bundle
from emospec.errors import AudioError, ConfigError, ScoreError
from emospec.predict import Predictor
from predict_samples import RATE, silence, voice, write_by_ffmpeg
from samples import CLASSES


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_made_bundle(tmp_path_factory.mktemp("bundle") / "made")


@pytest.fixture(scope="module")
def predictor(folder: Path) -> Predictor:
    return Predictor(folder, threads=1)


def test_an_answer_names_the_emotion_with_the_greatest_score(predictor: Predictor) -> None:
    prediction = predictor.predict(voice(2.0), RATE)
    assert tuple(prediction.scores) == CLASSES
    np.testing.assert_allclose(list(prediction.scores.values()), answer(voice(2.0)), atol=1e-6)
    assert prediction.emotion == CLASSES[answer(voice(2.0)).argmax()]
    assert prediction.confidence == max(prediction.scores.values())
    assert prediction.seconds == 2.0


@pytest.mark.parametrize("method", ["predict", "embed", "timeline"])
def test_what_a_model_finds_no_numbers_for_is_refused_by_name(method: str, tmp_path: Path) -> None:
    predictor = Predictor(write_bundle_without_numbers(tmp_path / "bundle"), threads=1)
    soundfile.write(tmp_path / "a.wav", voice(offset=-0.1), RATE)
    with pytest.raises(ScoreError, match=r"a\.wav: the model made returns scores that are no finite numbers"):
        getattr(predictor, method)(tmp_path / "a.wav")
    with pytest.raises(ScoreError, match=r"^the waveform: the model made"):
        getattr(predictor, method)(voice(offset=-0.1), RATE)
    assert np.isfinite(predictor.embed(voice(offset=0.1), RATE)).all()


def test_a_file_gives_what_its_samples_give(predictor: Predictor, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", voice(), RATE, subtype="FLOAT")
    expected = predictor.predict(voice(), RATE)
    assert predictor.predict(tmp_path / "a.wav") == predictor.predict(str(tmp_path / "a.wav")) == expected


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_another_rate_gives_nearly_the_same_scores(predictor: Predictor, rate: int) -> None:
    scores = predictor.predict(voice(2.0, rate), rate).scores
    np.testing.assert_allclose(list(scores.values()), answer(voice(2.0)), atol=0.02)


def test_a_recording_of_a_phone_is_heard(predictor: Predictor, tmp_path: Path) -> None:
    path = write_by_ffmpeg(tmp_path / "a.m4a", "aac", voice(2.0, 48000))
    scores = predictor.predict(path).scores
    np.testing.assert_allclose(list(scores.values()), answer(voice(2.0)), atol=0.1)


def test_whole_numbers_are_divided_by_their_full_scale(predictor: Predictor) -> None:
    whole = np.round(voice() * 32768).astype(np.int16)
    np.testing.assert_allclose(list(predictor.predict(whole, RATE).scores.values()), answer(voice()), atol=1e-4)


def test_channels_are_mixed_unless_one_is_named(predictor: Predictor) -> None:
    both = np.stack([voice(level=0.2), voice(level=0.6)], axis=1)
    mixed, second = (predictor.predict(both, RATE, channel=channel).scores["angry"] for channel in (None, 2))
    assert mixed == pytest.approx(answer(both.mean(axis=1))[0], abs=1e-6)
    assert second == pytest.approx(answer(both[:, 1])[0], abs=1e-6)


def test_the_embedding_is_what_the_last_layer_sees(predictor: Predictor) -> None:
    np.testing.assert_allclose(predictor.embed(voice(), RATE), [voice().mean(), voice().max()], atol=1e-6)


@pytest.mark.parametrize(
    ("calibration", "below", "uncertain"),
    [
        ({"threshold": 0.2}, None, False),
        ({"threshold": 0.99}, None, True),
        ({"threshold": None}, None, True),
        (None, None, False),
        (None, 0.99, True),
        ({"threshold": 0.99}, 0.1, False),
    ],
)
def test_unsure_answers_are_called_uncertain(
    tmp_path: Path, calibration: dict[str, Any] | None, below: float | None, uncertain: bool
) -> None:
    folder = write_made_bundle(tmp_path / "made")
    write_facts(folder, calibration=calibration and CALIBRATION.to_dict() | calibration)
    assert Predictor(folder, uncertain_below=below).predict(voice(), RATE).uncertain is uncertain


def test_an_open_bundle_can_be_given(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert Predictor(bundle).bundle is bundle


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no bundle"):
        Predictor(tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"uncertain_below": float("nan")}, "uncertain_below=nan: expected a probability, from 0 to 1"),
        ({"uncertain_below": 1.5}, "uncertain_below=1.5"),
        ({"uncertain_below": -0.1}, "uncertain_below=-0.1"),
        ({"uncertain_below": "0.5"}, "uncertain_below='0.5'"),
        ({"threads": -1}, "threads=-1: expected 1 or more"),
        ({"threads": 1.5}, "threads=1.5"),
    ],
)
def test_numbers_that_cannot_be_are_refused(folder: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Predictor(folder, **options)
    with pytest.raises(ConfigError, match=said):
        Predictor(load_bundle(folder), **options)


@pytest.mark.parametrize(
    ("sound", "came"), [(b"RIFF", "bytes"), (bytearray(9), "bytearray"), (None, "None"), (5, "int"), ({}, "dict")]
)
def test_what_is_neither_a_path_nor_an_array_is_called_so(predictor: Predictor, sound: Any, came: str) -> None:
    for ask in (predictor.predict, predictor.timeline, predictor.explain, predictor.embed):
        with pytest.raises(ConfigError, match=f"{came} is neither a path nor an array; expected the path of a rec"):
            ask(sound)


def test_an_open_file_is_neither_a_path_nor_an_array(predictor: Predictor, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    with (tmp_path / "a.wav").open("rb") as file, pytest.raises(ConfigError, match="BufferedReader is neither a path"):
        predictor.predict(file)  # type: ignore[arg-type]


def test_a_list_of_samples_is_heard(predictor: Predictor) -> None:
    assert predictor.predict(voice().tolist(), RATE).emotion == predictor.predict(voice(), RATE).emotion


def test_an_address_is_not_fetched(predictor: Predictor) -> None:
    for ask in (predictor.predict, predictor.timeline):
        with pytest.raises(AudioError, match=r"^https://example\.com/a\.mp3 is an address.*; download it first$"):
            ask("https://example.com/a.mp3")


@pytest.mark.parametrize(
    ("sound", "rate", "said"),
    [
        (voice(), None, "came with sample rate None; expected its own"),
        (voice(), 0, "sample rate 0"),
        (voice(), 44100.5, "sample rate 44100.5"),
        (voice()[np.newaxis], RATE, r"shape \(1, 16000\); expected floats"),
        (np.zeros((2, 3, 4)), RATE, r"shape \(2, 3, 4\)"),
        (np.zeros(100, bool), RATE, "bool"),
        ("clip.wav", RATE, "states its own sample rate"),
    ],
)
def test_what_is_no_sound_is_refused(predictor: Predictor, sound: Any, rate: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        predictor.predict(sound, rate)


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (np.zeros(0, np.float32), "0 ms long"),
        (voice(0.01), "10 ms long; expected at least 25 ms"),
        (voice(61.0), "61 s long; expected at most 60 s"),
        (np.full(RATE, np.nan, np.float32), "not finite"),
        (voice() * 30000, "divide by the full scale"),
    ],
)
def test_sound_that_cannot_be_used_is_refused(predictor: Predictor, sound: np.ndarray, said: str) -> None:
    with pytest.raises(AudioError, match=f"the waveform.*{said}"):
        predictor.predict(sound, RATE)


def test_silence_has_an_error_of_its_own(predictor: Predictor) -> None:
    with pytest.raises(SilentError, match="is silent"):
        predictor.predict(silence(1.0), RATE)


def test_threads_share_a_predictor(predictor: Predictor) -> None:
    clips = [voice(0.2 + number / 50, level=number / 50) for number in range(1, 40)]
    with ThreadPoolExecutor(4) as pool:
        scores = list(pool.map(lambda clip: list(predictor.predict(clip, RATE).scores.values()), clips))
    np.testing.assert_allclose(scores, [answer(clip) for clip in clips], atol=1e-5)


def modules_after(code: str) -> set[str]:
    program = f"{code}\nimport sys; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


HEAVY = {"keras", "tensorflow", "torch", "jax", "librosa", "pandas", "matplotlib", "sklearn", "scipy", "onnx", "PIL"}


def test_importing_the_predictor_loads_nothing_heavy() -> None:
    modules = modules_after("import emospec.predict, emospec.cli_predict")
    assert not modules & (HEAVY | {"soundfile", "soxr", "av"})


@pytest.mark.parametrize(("suffix", "rate", "needed"), [("wav", RATE, {"soundfile"}), ("m4a", 48000, {"av", "soxr"})])
def test_an_answer_loads_only_what_it_needs(
    folder: Path, tmp_path: Path, suffix: str, rate: int, needed: set[str]
) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "wav":
        soundfile.write(path, voice(), rate)
    else:
        write_by_ffmpeg(path, "aac", voice(1.0, rate), rate)
    command = f"predict({str(path)!r}, bundle={str(folder)!r})"
    code = f"from emospec.cli_predict import predict\ntry: {command}\nexcept SystemExit as stop: assert not stop.code"
    modules = modules_after(code)
    assert not modules & HEAVY
    assert modules & {"soundfile", "soxr", "av"} == needed
