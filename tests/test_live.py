import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emospec.live import Bars, Microphone, Moment, listen, moments
from emospec.predict import Predictor
from emospec.predictions import Prediction
from predict_samples import RATE, run_predict, silence, voice, write_bundle_by_mean

BLOCK = 400  # samples: what a sound card gives at once


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle_by_mean(tmp_path_factory.mktemp("bundle") / "made")


@pytest.fixture(scope="module")
def predictor(folder: Path) -> Predictor:
    return Predictor(folder, threads=1)


def microphone(*sounds: np.ndarray, rate: int = RATE) -> Microphone:
    sound = np.concatenate(sounds)
    return Microphone(rate, (sound[start : start + BLOCK] for start in range(0, len(sound), BLOCK)))


def emotions(predictor: Predictor, *sounds: np.ndarray, rate: int = RATE) -> list[tuple[float, str | None]]:
    heard = moments(predictor, microphone(*sounds, rate=rate))
    return [(moment.at, moment.prediction and moment.prediction.emotion) for moment in heard]


def test_four_answers_come_each_second(predictor: Predictor) -> None:
    assert [at for at, _ in emotions(predictor, voice(2.0))] == pytest.approx(np.arange(1, 9) / 4)


def test_silence_has_no_emotion(predictor: Predictor) -> None:
    assert {emotion for _, emotion in emotions(predictor, silence(3.0))} == {None}


def test_an_answer_is_on_the_last_seconds(predictor: Predictor) -> None:
    heard = dict(emotions(predictor, silence(1.0), voice(4.0), silence(4.0), voice(3.0, offset=-0.1)))
    assert [heard[at] for at in (0.75, 3.0, 8.75, 11.75)] == [None, "angry", None, "fear"]


def test_any_rate_of_a_sound_card_will_do(predictor: Predictor) -> None:
    assert emotions(predictor, voice(2.0, 48000), rate=48000)[-1][1] == "angry"


def test_bars_are_as_long_as_the_scores(capsys: pytest.CaptureFixture[str]) -> None:
    bars = Bars(("angry", "sad"))
    bars.show(Moment(0.5, Prediction("sad", {"angry": 0.25, "sad": 0.75}, True, 0.5)))
    lines = capsys.readouterr().out.replace("\x1b[K", "").splitlines()
    assert [line.count("█") for line in lines] == [10, 30, 0]
    assert lines[2].split() == ["0.5", "s", "sad,", "uncertain"]
    bars.show(Moment(0.75, None))
    printed = capsys.readouterr().out
    assert printed.startswith("\x1b[3A")  # over the last ones
    assert "silence" in printed


def test_ctrl_c_ends_listening(predictor: Predictor) -> None:
    def interrupted() -> Iterator[np.ndarray]:
        yield voice(0.5)
        raise KeyboardInterrupt

    shown: list[Moment] = []
    listen(predictor, Microphone(RATE, interrupted()), shown.append)
    assert len(shown) == 1


class FakeStream:
    """Calls back with two seconds of speech as a sound card does, and then no more."""

    def __init__(self, *, samplerate: int, channels: int, dtype: str, callback: Any) -> None:
        assert (channels, dtype) == (1, "float32")
        self._sound, self._callback = voice(2.0, samplerate), callback

    def __enter__(self) -> "FakeStream":
        for start in range(0, len(self._sound), BLOCK):
            self._callback(self._sound[start : start + BLOCK, np.newaxis], BLOCK, None, None)
        return self

    def __exit__(self, *_: object) -> None:
        pass


def fake_sounddevice(**changes: Any) -> types.ModuleType:
    module = types.ModuleType("sounddevice")
    module.PortAudioError = type("PortAudioError", (Exception,), {})
    module.query_devices = lambda kind: {"default_samplerate": 44100.0}
    module.InputStream = FakeStream
    for name, value in changes.items():
        setattr(module, name, value)
    return module


def test_the_microphone_is_heard_in_its_own_rate(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", fake_sounddevice())

    monkeypatch.setattr("emospec.live.PATIENCE", 0.01)
    assert run_predict("--live", "--format", "jsonl", "--bundle", folder) == 2
    printed = capsys.readouterr()
    assert [json.loads(line)["emotion"] for line in printed.out.splitlines()] == ["angry"]
    assert json.loads(printed.out)["at"] == 2.0
    assert "has given no sound for 0.01 s; is it still connected?" in printed.err


def no_device(kind: str) -> Any:
    raise ValueError("No input device matching None")


@pytest.mark.parametrize("how", [no_device, "portaudio"])
def test_without_a_microphone_there_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], how: Any
) -> None:
    module = fake_sounddevice()
    if how == "portaudio":
        module.InputStream = lambda **_: (_ for _ in ()).throw(module.PortAudioError("Invalid device", -9996))
    else:
        module.query_devices = how
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    assert run_predict("--live", "--bundle", folder) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("emospec: no microphone can be opened (")
    assert len(printed.splitlines()) == 1


def test_without_portaudio_there_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert run_predict("--live", "--bundle", folder) == 2
    assert "PortAudio library not found" in capsys.readouterr().err


def test_without_sounddevice_the_extra_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from emospec import cli

    monkeypatch.setitem(cli.EXTRAS, "sounddevice", "live")
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert run_predict("--live", "--bundle", folder) == 2
    assert 'pip install "emospec[live]"' in capsys.readouterr().err
