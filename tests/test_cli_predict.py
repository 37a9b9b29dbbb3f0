import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from bundle_samples import write_bundle_without_numbers
from emospec.hearing import Heard, hear
from emospec.predict import Predictor
from emospec.predict_output import journal_of
from predict_samples import (
    RATE,
    run_predict,
    silence,
    voice,
    wav_header,
    write_bundle_by_mean,
    write_bundle_that_sees,
    write_hours_of_silence,
)

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle_by_mean(tmp_path_factory.mktemp("bundle") / "made")


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    folder.mkdir()
    soundfile.write(folder / "angry.wav", voice(1.0, offset=0.1), RATE, subtype="FLOAT")
    soundfile.write(folder / "fear.flac", voice(1.0, offset=-0.1), RATE)
    soundfile.write(folder / "silent.wav", silence(1.0), RATE)
    sounds = [voice(3.0, offset=0.1), silence(1.0), voice(3.0, offset=-0.1)]
    soundfile.write(folder / "talk.wav", np.concatenate(sounds), RATE, subtype="FLOAT")
    return folder


def records(capsys: Capture) -> dict[str, dict]:
    return {Path(each["path"]).name: each for each in map(json.loads, capsys.readouterr().out.splitlines())}


def test_short_recordings_get_an_answer_long_ones_a_timeline(clips: Path, bundle: Path, capsys: Capture) -> None:
    assert run_predict(clips, "--bundle", bundle, "--format", "jsonl") == 0
    heard = records(capsys)
    assert [heard[name]["emotion"] for name in ("angry.wav", "fear.flac", "silent.wav")] == ["angry", "fear", None]
    assert [each["emotion"] for each in heard["talk.wav"]["segments"]] == ["angry", None, "fear"]


def test_the_answer_is_that_of_the_predictor(clips: Path, bundle: Path, capsys: Capture) -> None:
    run_predict(clips / "fear.flac", "--bundle", bundle, "--format", "jsonl")
    assert records(capsys)["fear.flac"]["scores"] == Predictor(bundle).predict(clips / "fear.flac").scores


@pytest.mark.parametrize(("option", "key"), [("--timeline", "segments"), ("--no-timeline", "emotion")])
def test_the_kind_of_answer_can_be_chosen(clips: Path, bundle: Path, capsys: Capture, option: str, key: str) -> None:
    assert run_predict(clips, "--bundle", bundle, "--format", "jsonl", option) == 0
    assert all(key in each for each in records(capsys).values())


def test_windows_and_hops_can_be_chosen(clips: Path, bundle: Path, capsys: Capture) -> None:
    run_predict(clips / "talk.wav", "--bundle", bundle, "--format", "jsonl", "--window", 2, "--hop", 0.5)
    windows = records(capsys)["talk.wav"]["windows"]
    assert [each["start"] for each in windows[:3]] == [0.0, 0.5, 1.0]
    assert windows[0]["end"] == 2.0


def test_a_channel_can_be_chosen(tmp_path: Path, bundle: Path, capsys: Capture) -> None:
    both = np.stack([voice(offset=0.1), voice(offset=-0.1)], axis=1)
    soundfile.write(tmp_path / "a.wav", both, RATE)
    run_predict(tmp_path / "a.wav", "--bundle", bundle, "--channel", 2)
    assert "fear" in capsys.readouterr().out.split("  ")[1]


def test_standard_input_is_heard(clips: Path, bundle: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (clips / "fear.flac").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert run_predict("-", "--bundle", bundle) == 0
    assert capsys.readouterr().out.startswith("-  fear")


def test_broken_standard_input_is_called_so(bundle: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"no sound")))
    assert run_predict("-", "--bundle", bundle) == 2
    assert capsys.readouterr().err.startswith("emospec: standard input cannot be read as audio")


def test_a_list_names_recordings(clips: Path, bundle: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "list.txt").write_text(f"{clips / 'fear.flac'}\n")
    assert run_predict("--list", tmp_path / "list.txt", "--bundle", bundle) == 0
    assert "fear.flac  fear" in capsys.readouterr().out


def test_a_sound_that_a_model_finds_no_numbers_for_is_told_at_the_end_and_stops_nothing(
    clips: Path, tmp_path: Path, capsys: Capture
) -> None:
    bundle = write_bundle_without_numbers(tmp_path / "bundle")  # none where the mean is below zero
    for name in ("short", "long"):
        soundfile.write(clips / f"{name}.wav", voice(1.0 if name == "short" else 6.0, offset=-0.2), RATE)
    (clips / "talk.wav").unlink()
    assert run_predict(clips, "--bundle", bundle, "--format", "jsonl") == 1
    out, err = capsys.readouterr()
    assert [Path(json.loads(line, parse_constant=pytest.fail)["path"]).name for line in out.splitlines()] == [
        "angry.wav",
        "silent.wav",
    ]
    for name in ("fear.flac", "long.wav", "short.wav"):
        assert f"{clips / name}: the model made returns scores that are no finite numbers" in err


def test_a_broken_file_is_told_at_the_end_and_stops_nothing(clips: Path, bundle: Path, capsys: Capture) -> None:
    (clips / "broken.wav").write_bytes(b"no sound")
    assert run_predict(clips, clips / "none.wav", "--bundle", bundle) == 1
    printed = capsys.readouterr()
    assert len([line for line in printed.out.splitlines() if not line.startswith(" ")]) == 4
    assert [line.split()[1].rsplit("/")[-1] for line in printed.err.splitlines()[:2]] == ["broken.wav", "none.wav"]
    assert printed.err.splitlines()[2] == "emospec: 2 of 6 recordings could not be used"


def test_nothing_that_can_be_used_is_exit_code_2_and_one_line(bundle: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    assert run_predict(tmp_path / "a.wav", "--bundle", bundle) == 2
    assert capsys.readouterr().err == f"emospec: {tmp_path / 'a.wav'} is empty; copy it again\n"


def hostile_files(folder: Path) -> list[Path]:
    whole = folder / "whole.wav"
    soundfile.write(whole, voice(2.0), RATE)
    not_numbers = voice(1.0)
    not_numbers[5] = np.nan
    soundfile.write(folder / "nan.wav", not_numbers, RATE, subtype="FLOAT")
    soundfile.write(folder / "short.wav", voice(0.001), RATE)
    with zipfile.ZipFile(folder / "zip.wav", "w") as archive:
        archive.write(whole)
    contents = {
        "cut.wav": whole.read_bytes()[:20_000],
        "header.wav": whole.read_bytes()[:20],
        "empty.wav": b"",
        "random.wav": np.random.default_rng(0).bytes(10_000),
        "text.mp3": b"this is no sound\n" * 100,
        "huge.wav": wav_header(10 * 2**30) + b"\0\1" * 1000,
        "new\nline\x1b[2J.wav": b"",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in ("nan.wav", "short.wav", "zip.wav", *contents)]


def test_each_hostile_file_gets_one_clear_line(tmp_path: Path, bundle: Path, capsys: Capture) -> None:
    files = hostile_files(tmp_path)
    assert run_predict(*files, "--bundle", bundle) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == len(files) + 1
    assert "\x1b" not in printed.err
    assert all(line.startswith("emospec: ") for line in printed.err.splitlines())


@pytest.mark.parametrize(("rate", "channels"), [(192_000, 1), (16_000, 32)])
def test_high_rates_and_many_channels_are_heard(
    tmp_path: Path, bundle: Path, capsys: Capture, rate: int, channels: int
) -> None:
    sound = np.repeat(voice(1.0, rate)[:, np.newaxis], channels, axis=1)
    soundfile.write(tmp_path / "a.wav", sound, rate)
    assert run_predict(tmp_path / "a.wav", "--bundle", bundle) == 0
    assert "angry" in capsys.readouterr().out


def test_names_with_new_lines_and_dots_are_heard(
    tmp_path: Path, bundle: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "a\nb.wav", voice(), RATE)
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    assert run_predict("../a\nb.wav", "--bundle", bundle) == 0
    assert capsys.readouterr().out.startswith("../a\\nb.wav  angry")


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    files = hostile_files(tmp_path)
    for content in (files[3].read_bytes(), b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        run_predict("-", *files, "--bundle", bundle)
    assert not list((tmp_path / "temporary").iterdir())


def test_a_second_run_goes_on_where_the_first_stopped(clips: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert run_predict(clips / "fear.flac", "--bundle", bundle, "--out", out) == 0
    before = out.read_text()
    (clips / "fear.flac").write_bytes(b"broken since")
    assert run_predict(clips, "--bundle", bundle, "--out", out, "--resume") == 0
    assert out.read_text().startswith(before)
    assert out.read_text().count("fear.flac") == 1


def test_a_file_that_failed_is_tried_again(clips: Path, bundle: Path, tmp_path: Path) -> None:
    out, content = tmp_path / "out.jsonl", (clips / "fear.flac").read_bytes()
    (clips / "fear.flac").write_bytes(b"broken")
    assert run_predict(clips, "--bundle", bundle, "--out", out) == 1
    (clips / "fear.flac").write_bytes(content)
    assert run_predict(clips, "--bundle", bundle, "--out", out, "--resume") == 0
    assert len(out.read_text().splitlines()) == 4


def test_pictures_are_drawn_of_clips_and_timelines(clips: Path, tmp_path: Path) -> None:
    bundle = write_bundle_that_sees(tmp_path / "made", (slice(0, 70), slice(10, 60)))
    assert run_predict(clips, "--bundle", bundle, "--pictures", tmp_path / "pictures") == 0
    sizes = {path.name: Image.open(path).size for path in (tmp_path / "pictures").iterdir()}
    assert set(sizes) == {"angry.png", "fear.png", "talk.png"}  # of silence there is nothing to draw
    assert sizes["talk.png"] == (1600, 640)


def test_pictures_that_exist_are_left_alone(clips: Path, tmp_path: Path, capsys: Capture) -> None:
    bundle = write_bundle_that_sees(tmp_path / "made", (slice(0, 70), slice(10, 60)))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "fear.png").write_bytes(b"mine")
    options = [clips, "--bundle", bundle, "--pictures", tmp_path / "pictures", "--out", tmp_path / "out.csv"]
    assert run_predict(*options) == 2
    said = capsys.readouterr().err
    assert "fear.png exists already; name another folder for the pictures, or go on with" in said
    assert said.count("\n") == 1
    assert (tmp_path / "pictures" / "fear.png").read_bytes() == b"mine"
    assert not (tmp_path / "out.csv").exists()


def test_pictures_are_gone_on_with(clips: Path, tmp_path: Path) -> None:
    bundle = write_bundle_that_sees(tmp_path / "made", (slice(0, 70), slice(10, 60)))
    options = ["--bundle", bundle, "--pictures", tmp_path / "pictures", "--out", tmp_path / "out.csv"]
    assert run_predict(clips / "angry.wav", *options) == 0
    (tmp_path / "pictures" / "fear.png").write_bytes(b"drawn before the answer was written")
    before = (tmp_path / "pictures" / "angry.png").read_bytes()
    assert run_predict(clips / "angry.wav", clips / "fear.flac", *options, "--resume") == 0
    assert (tmp_path / "pictures" / "angry.png").read_bytes() == before
    assert Image.open(tmp_path / "pictures" / "fear.png").size


@pytest.mark.parametrize("suffix", ["txt", "csv", "json", "jsonl"])
def test_where_nothing_could_be_used_the_next_try_is_not_refused(clips: Path, bundle: Path, suffix: str) -> None:
    out, content = clips / f"out.{suffix}", (clips / "fear.flac").read_bytes()
    (clips / "fear.flac").write_bytes(b"broken")
    assert run_predict(clips / "fear.flac", "--bundle", bundle, "--out", out) == 2
    (clips / "fear.flac").write_bytes(content)
    assert run_predict(clips / "fear.flac", "--bundle", bundle, "--out", out) == 0


def test_further_standard_input_is_heard(
    clips: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.jsonl"
    for name, more in (("fear.flac", []), ("angry.wav", ["--resume"])):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((clips / name).read_bytes())))
        assert run_predict("-", "--bundle", bundle, "--out", out, *more) == 0
    assert [json.loads(line)["emotion"] for line in out.read_text().splitlines()] == ["fear", "angry"]


@pytest.mark.skipif(os.name != "posix", reason="Windows ends programs without asking them")
def test_a_program_that_is_told_to_end_leaves_no_copy_of_standard_input(tmp_path: Path) -> None:
    code = "from emospec.predict_files import file_of\nwith file_of('-') as path: pass"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, env=environment) as program:
        wait_for(lambda: any(tmp_path.iterdir()))
        program.terminate()
        assert program.wait(60) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def wait_for(truth: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not truth() and time.monotonic() < end:
        time.sleep(0.02)
    assert truth()


@pytest.mark.skipif(os.name != "posix", reason="Windows ends programs without asking them")
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json"])
def test_after_a_program_was_told_to_end_its_answers_are_gone_on_with(
    clips: Path, bundle: Path, tmp_path: Path, capsys: Capture, suffix: str
) -> None:
    out = tmp_path / f"a.{suffix}"
    kept = journal_of(out) if suffix == "json" else out
    endless = write_hours_of_silence(tmp_path / "endless.wav", 300)
    command = ["predict", clips / "angry.wav", endless, "--bundle", bundle, "--out", out, "--threads", 1]
    with subprocess.Popen([sys.executable, "-m", "emospec", *map(str, command)]) as program:
        wait_for(lambda: kept.exists() and b"angry.wav" in kept.read_bytes())
        program.terminate()
        assert program.wait(60) == -signal.SIGTERM
    options = [clips, "--bundle", bundle, "--out", out]
    assert run_predict(*options) == 2
    assert "add --resume to go on with it" in capsys.readouterr().err
    assert run_predict(*options, "--resume") == 0
    text = out.read_text()
    assert [text.count(f"{name}.") > 0 for name in ("angry", "fear", "silent", "talk")] == [True] * 4
    assert text.count("angry.wav") == 1


def interrupt_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let Ctrl-C be pressed while a recording is heard."""

    def heard_until(*given: Any, **options: Any) -> Heard:
        if str(options["name"]).endswith(name):
            raise KeyboardInterrupt
        return hear(*given, **options)

    monkeypatch.setattr("emospec.predict_files.hear", heard_until)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json", "srt"])
def test_an_interruption_says_how_to_go_on(
    clips: Path, bundle: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    options = [clips, "--bundle", bundle, "--out", tmp_path / f"out.{suffix}", "--format", suffix]
    with monkeypatch.context() as patch:
        interrupt_at(patch, "fear.flac")
        assert run_predict(*options) == 130
        assert capsys.readouterr().err == "emospec: interrupted; add --resume to go on\n"
        assert run_predict(*options, "--resume") == 130
        assert capsys.readouterr().err == "emospec: interrupted; the same command goes on where this one stopped\n"
    assert run_predict(*options) == 2
    assert "add --resume to go on" in capsys.readouterr().err
    assert run_predict(*options, "--resume") == 0


@pytest.mark.parametrize(
    ("at", "options", "said"),
    [
        ("fear.flac", [], "no answers were kept but those printed (--out FILE keeps them)"),
        ("fear.flac", ["-o", "a.txt"], "a.txt keeps the answers so far; text cannot be gone on with"),
        ("angry.wav", ["-o", "a.txt"], "there was no answer yet; text cannot be gone on with"),
    ],
)
def test_an_interruption_promises_nothing_where_nothing_can_be_gone_on_with(
    clips: Path, bundle: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, at: str, options: list[str], said: str
) -> None:
    monkeypatch.chdir(clips)
    interrupt_at(monkeypatch, at)
    assert run_predict(clips, "--bundle", bundle, *options) == 130
    printed = capsys.readouterr().err
    assert printed.startswith(f"emospec: interrupted; {said}")
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["--window", 2], []),
        (["--hop", 0.5], []),
        (["--uncertain", 0.1], []),
        ([], ["--channel", 1]),
        (["--timeline"], []),
        (["--timeline"], ["--no-timeline"]),
    ],
)
def test_other_settings_are_not_mixed_in_one_output(
    clips: Path, bundle: Path, tmp_path: Path, capsys: Capture, first: list[object], second: list[object]
) -> None:
    options = ["--bundle", bundle, "--out", tmp_path / "out.csv"]
    assert run_predict(clips / "angry.wav", *options, *first) == 0
    before = (tmp_path / "out.csv").read_bytes()
    assert run_predict(clips / "fear.flac", *options, "--resume", *second) == 2
    said = capsys.readouterr().err
    assert "out.csv holds answers made with " in said
    assert said.count("\n") == 1
    assert (tmp_path / "out.csv").read_bytes() == before
    assert run_predict(clips / "fear.flac", *options, "--resume", *first, "--threads", 1) == 0


@pytest.mark.parametrize("address", ["https://example.com/a.mp3", "https://example.com/a.mp3?b=1", "s3://a/b.wav"])
def test_an_address_is_called_so_and_stops_nothing(clips: Path, bundle: Path, capsys: Capture, address: str) -> None:
    assert run_predict(address, clips / "fear.flac", "--bundle", bundle) == 1
    printed = capsys.readouterr()
    assert "fear.flac  fear" in printed.out
    assert printed.err.splitlines()[0] == (
        f"emospec: {address} is an address, which emospec doesn't fetch; download it first"
    )


@pytest.mark.parametrize(("below", "uncertain"), [("0.99", True), ("0", False)])
def test_what_counts_as_uncertain_can_be_chosen(
    clips: Path, bundle: Path, capsys: Capture, below: str, uncertain: bool
) -> None:
    run_predict(clips / "fear.flac", "--bundle", bundle, "--uncertain", below, "--format", "jsonl")
    heard = records(capsys)["fear.flac"]
    assert heard["uncertain"] is (uncertain and heard["confidence"] < 0.99)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "no recordings are named"),
        (["a.wav", "--uncertain", "2"], "--uncertain 2: expected a probability"),
        (["a.wav", "--threads", "-1"], "--threads -1"),
        (["a.wav", "--formt", "csv"], "unknown option --formt"),
        (["a.wav", "--format", "xml"], "xml"),
        (["a.wav", "--window", "9"], "window 9 s"),
        (["a.wav", "--live"], "leave out the rest"),
        (["--live", "--format", "srt"], "leave out the rest"),
        (["a.wav", "--list", "none.txt"], "list none.txt cannot be read"),
    ],
)
def test_options_that_cannot_be_are_one_line(bundle: Path, capsys: Capture, options: list[str], said: str) -> None:
    assert run_predict("--bundle", bundle, *options) == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert len(printed.splitlines()) == 1


def test_a_folder_that_is_no_bundle_is_one_line(clips: Path, tmp_path: Path, capsys: Capture) -> None:
    assert run_predict(clips, "--bundle", tmp_path) == 2
    assert "is no bundle" in capsys.readouterr().err


def test_windows_that_cannot_be_leave_no_file(clips: Path, bundle: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "out" / "a.json"
    assert run_predict(clips, "--bundle", bundle, "--out", out, "--window", 100) == 2
    assert "window 100 s" in capsys.readouterr().err
    assert not out.parent.exists()
