import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from commands import run
from emospec.cli_options import NAMES, TrainOptions, config_from, mel_from
from emospec.mel import NOTEBOOK_MEL, MelConfig
from emospec.settings import TrainConfig, write_toml
from samples import write_crema_d

TRAIN = ["--model", "3layer", "--filters", "4", "4", "4", "--epochs", "2", "--batch-size", "8"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_crema_d(tmp_path_factory.mktemp("corpus") / "CREMA-D", n_speakers=7, takes=("LO", "MD", "HI", "XX"))


@pytest.fixture(scope="module")
def image_folder(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("images") / "set"
    assert run("images", "--corpus", f"crema-d={corpus}", "--out", out, "--workers", 1) == 0
    return out


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    run("--help")
    text = capsys.readouterr().out
    for command in ("corpora", "extract", "images", "train", "evaluate", "compare", "demo", "models", "protocols"):
        assert command in text


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, emospec.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"keras", "tensorflow", "torch", "jax", "pandas", "sklearn", "matplotlib", "librosa", "soundfile", "scipy"}
    assert heavy.isdisjoint(done.stdout.split())


def test_from_audio_to_a_report_and_a_comparison(
    image_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("train", image_folder, "--out", tmp_path / "a", *TRAIN) == 0
    said = capsys.readouterr().out
    assert "epoch   2/2" in said
    assert "that the model never heard" in said
    assert run("evaluate", tmp_path / "a", "--json", tmp_path / "a.json") == 0
    report = json.loads((tmp_path / "a.json").read_text())
    assert report["speakers_seen_in_training"] == 0
    assert report["uar"] == json.loads((tmp_path / "a" / "report.json").read_text())["uar"]
    assert run("train", image_folder, "--out", tmp_path / "b", *TRAIN, "--protocol", "notebook") == 0
    capsys.readouterr()
    assert run("compare", tmp_path / "a", tmp_path / "b", "--out", tmp_path / "both.html") == 0
    assert "also in training" in capsys.readouterr().out
    assert (tmp_path / "both.html").exists()


def test_the_report_of_real_audio_has_its_mistakes_to_hear(image_folder: Path, tmp_path: Path) -> None:
    run("train", image_folder, "--out", tmp_path / "run", *TRAIN, "--learning-rate", "1e-9")
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert page.count("<audio") > 0
    assert "data:audio/mpeg;base64," in page


def test_options_go_before_the_config_file(tmp_path: Path) -> None:
    write_toml({"train": TrainConfig(model="dscnn", epochs=7).to_dict()}, tmp_path / "a.toml")
    config = config_from(tmp_path / "a.toml", TrainOptions(epochs=3))
    assert (config.model, config.epochs) == ("dscnn", 3)


def test_every_setting_is_an_option_of_the_same_name(capsys: pytest.CaptureFixture[str]) -> None:
    run("train", "--help")
    text = capsys.readouterr().out
    names = [NAMES.get(name, f"--{name.replace('_', '-')}") for name in TrainConfig.__dataclass_fields__]
    missing = [name for name in names if name not in text]
    assert not missing


def test_class_weights_are_written_as_pairs() -> None:
    config = config_from(None, TrainOptions(class_weights="angry=1,fear=2"))
    assert config.class_weights == {"angry": 1.0, "fear": 2.0}


def test_each_style_has_its_own_spectrogram() -> None:
    assert mel_from("gray", None) == MelConfig()
    assert mel_from("notebook", None) == NOTEBOOK_MEL


def test_a_corpus_is_shown_with_its_licence(capsys: pytest.CaptureFixture[str]) -> None:
    run("corpora", "show", "crema-d")
    assert "Open Database License" in capsys.readouterr().out
    run("corpora", "list")
    assert len(capsys.readouterr().out.splitlines()) == 7


def bad_inputs(tmp_path: Path, image_folder: Path) -> dict[str, list[object]]:
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "run.toml").write_text("[train]\nmodle = 'x'\n")
    return {
        "corpus without root": ["images", "--corpus", "crema-d", "--out", tmp_path / "o"],
        "missing root": ["images", "--corpus", f"crema-d={tmp_path / 'nix'}", "--out", tmp_path / "o"],
        "empty corpus": ["images", "--corpus", f"savee={empty}", "--out", tmp_path / "o"],
        "unknown corpus": ["images", "--corpus", f"x={empty}", "--out", tmp_path / "o"],
        "unknown class": ["images", "--corpus", f"crema-d={empty}", "--classes", "angry,meh", "--out", tmp_path / "o"],
        "no image set": ["train", empty, "--out", tmp_path / "o"],
        "unknown model": ["train", image_folder, "--out", tmp_path / "o", "--model", "4layer"],
        "unknown protocol": ["train", image_folder, "--out", tmp_path / "o", "--protocol", "x"],
        "unknown option": ["train", image_folder, "--out", tmp_path / "o", "--modle", "x"],
        "unknown key": ["train", image_folder, "--out", tmp_path / "o", "--config", broken / "run.toml"],
        "missing config": ["train", image_folder, "--out", tmp_path / "o", "--config", tmp_path / "nix.toml"],
        "epochs out of range": ["train", image_folder, "--out", tmp_path / "o", "--epochs", "0"],
        "weights of no class": ["train", image_folder, "--out", tmp_path / "o", "--class-weights", "joy=1"],
        "folder in use": ["train", image_folder, "--out", image_folder],
        "no run": ["evaluate", empty],
        "nothing to compare": ["compare"],
        "missing archive": ["extract", tmp_path / "nix.zip", "--out", tmp_path / "o"],
        "unknown name": ["corpora", "show", "x"],
        "not to be downloaded": ["corpora", "get", "savee", "--out", tmp_path / "o"],
        "unknown command": ["practise"],
    }


def test_bad_input_is_one_line_and_exit_code_2_and_writes_nothing(
    tmp_path: Path, image_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = sorted(image_folder.iterdir())
    for what, arguments in bad_inputs(tmp_path, image_folder).items():
        capfd.readouterr()
        code = run(*arguments)
        lines = capfd.readouterr().err.splitlines()
        assert (what, code) == (what, 2)
        assert len([line for line in lines if line.startswith("emospec: ")]) == 1, (what, lines)
        assert not any("Traceback" in line for line in lines), what
        assert not (tmp_path / "o").exists(), what
    assert sorted(image_folder.iterdir()) == before


def test_a_clip_that_cannot_be_read_stands_in_skipped_csv_and_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = write_crema_d(tmp_path / "corpus")
    pointer = corpus / "AudioWAV" / "1001_DFA_ANG_LO.wav"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
    assert run("images", "--corpus", f"crema-d={corpus}", "--out", tmp_path / "set", "--workers", 1) == 0
    assert "1001_DFA_ANG_LO" in (tmp_path / "set" / "skipped.csv").read_text()
    assert len(np.load(tmp_path / "set" / "labels.npy")) == 39
    assert "1 clips left out" in capsys.readouterr().out


def test_an_interruption_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("emospec.archives.extract", interrupted)
    assert run("extract", tmp_path / "a.zip", "--out", tmp_path / "o") == 130
    assert "goes on where this one stopped" in capsys.readouterr().err


def test_the_report_tells_how_to_repeat_a_training_that_was_told_who_speaks(image_folder: Path, tmp_path: Path) -> None:
    run("train", image_folder, "--clips", image_folder / "clips.csv", "--out", tmp_path / "a", *TRAIN)
    assert f"--clips {image_folder / 'clips.csv'}" in (tmp_path / "a" / "report.html").read_text(encoding="utf-8")
    again = ["--config", tmp_path / "a" / "run.toml", "--clips", image_folder / "clips.csv"]
    assert run("train", image_folder, *again, "--out", tmp_path / "b") == 0
    reports = [json.loads((tmp_path / name / "report.json").read_text()) for name in "ab"]
    assert reports[0]["confusion_matrix"] == reports[1]["confusion_matrix"]


def test_a_missing_extra_is_told_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    monkeypatch.delitem(sys.modules, "emospec.models", raising=False)
    assert run("models") == 2
    assert 'pip install "emospec[train]"' in capsys.readouterr().err


def test_protocols_are_listed_with_what_may_stand_behind_the_colon(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("protocols") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("kfold-speakers:K ") for line in lines)
    assert {"speakers", "loso", "crema-d/tfds", "tess/swap"} <= {line.split()[0] for line in lines}


def test_a_run_of_folds_can_be_trained_evaluated_and_audited(
    image_folder: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folds = ("--protocol", "kfold-speakers:2", "--out", tmp_path / "folds")
    assert run("train", image_folder, *folds, *TRAIN) == 0
    assert "fold 2 of 2" in capsys.readouterr().out
    assert run("evaluate", tmp_path / "folds") == 0
    source = ("--corpus", f"crema-d={corpus}", "--workers", 1)
    assert run("evaluate", tmp_path / "folds", *source, "--json", tmp_path / "on.json") == 0
    pooled = json.loads((tmp_path / "folds" / "report.json").read_text())
    assert json.loads((tmp_path / "on.json").read_text())["uar"] == pytest.approx(pooled["uar"], abs=1e-6)
    assert run("audit", tmp_path / "folds", *source, "--max-clips", 40, "--out", tmp_path / "audit") in (0, 1)
    audit = json.loads((tmp_path / "audit" / "audit.json").read_text())
    assert audit["verdicts"]
    assert "correctness" in capsys.readouterr().out


def test_what_shared_speakers_are_worth_is_told(
    image_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("leak-gap", image_folder, "--folds", 2, "--out", tmp_path / "gap", *TRAIN) == 0
    said = capsys.readouterr().out
    assert "| kfold-random:2 |" in said
    assert "| kfold-speakers:2 |" in said
    assert json.loads((tmp_path / "gap" / "leak-gap.json").read_text())["random"]["speakers_seen_in_training"] == 7


def test_the_doctors_exit_code_tells_whether_to_mend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_crema_d(tmp_path / "CREMA-D", n_speakers=2)
    assert run("doctor", f"crema-d={root}", "--workers", 1) == 0
    pointer = root / "AudioWAV" / "1001_DFA_ANG_LO.wav"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert run("doctor", f"crema-d={root}", "--workers", 1, "--json", tmp_path / "doctor.json") == 1
    assert "git lfs pull" in capsys.readouterr().out
    assert "1001_DFA_ANG_LO" in (tmp_path / "doctor.json").read_text()


def test_a_run_is_evaluated_on_recordings_or_on_its_images_not_on_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("evaluate", tmp_path, "--corpus", "crema-d=x", "--images", tmp_path) == 2
    assert "not both" in capsys.readouterr().err


def test_a_bundle_is_evaluated_on_recordings_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evaluate", "shipped") == 2
    assert "shipped is a bundle, which has no test part of its own; add --corpus NAME=ROOT" in capsys.readouterr().err
