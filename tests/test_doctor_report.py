import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import emospec
from emospec.doctor_report import run_doctor
from emospec.errors import CorpusError, EmospecError
from samples import write_crema_d

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4665\nsize 72\n"
CLIP = "1001_DFA_ANG_LO.wav"


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_crema_d(tmp_path_factory.mktemp("corpus") / "crema-d", n_speakers=3)


@pytest.fixture
def harmed(clean: Path, tmp_path: Path) -> Path:
    root = shutil.copytree(clean, tmp_path / "harmed")
    (root / "AudioWAV" / CLIP).write_bytes(POINTER)
    return root


def without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in ("plots", "plots_corpus"):
        monkeypatch.delitem(sys.modules, f"emospec.{name}", raising=False)
        monkeypatch.delattr(emospec, name, raising=False)


def test_a_clean_part_need_not_be_mended(clean: Path) -> None:
    assert not run_doctor(f"crema-d={clean}", workers=1).must_mend


def test_a_pointer_must_be_mended(harmed: Path) -> None:
    assert run_doctor(f"crema-d={harmed}", workers=1).must_mend


def test_the_account_begins_with_what_lies_there(clean: Path) -> None:
    first = str(run_doctor(f"crema-d={clean}", workers=1)).splitlines()[0]
    assert first == f"CREMA-D in {clean}: 24 clips; 3 speakers; 0.2 min; WAV PCM_16, 16,000 Hz, mono"


def test_the_account_says_what_to_do(harmed: Path) -> None:
    account = str(run_doctor(f"crema-d={harmed}", workers=1))
    assert f"MUST MEND\n* 1 Git-LFS pointer in place of audio\n  {CLIP}\n  -> run `git lfs pull`" in account
    assert account.endswith("Verdict: mend this corpus before you train on it (1 finding above all).")


def test_the_account_names_three_files_and_how_many_there_are(clean: Path, tmp_path: Path) -> None:
    root = shutil.copytree(clean, tmp_path / "corpus")
    for path in root.glob("*/*_ANG_*.wav"):
        path.write_bytes(b"")
    account = str(run_doctor(f"crema-d={root}", workers=1))
    assert account.count("is empty") == 3
    assert "(6 in all)" in account


def test_the_account_has_a_row_a_class(clean: Path) -> None:
    rows = [line.split() for line in str(run_doctor(f"crema-d={clean}", workers=1)).splitlines()]
    assert ["angry", "6", "3", "-", "0.50", "(0.50", "to", "0.50)"] in [row[:8] for row in rows]


def test_a_clean_account_fits_a_screen(clean: Path) -> None:
    account = str(run_doctor(f"crema-d={clean}", workers=1)).splitlines()
    assert len(account) <= 40
    assert max(map(len, account[1:])) <= 110


def test_json_has_every_finding_with_every_file(clean: Path, tmp_path: Path) -> None:
    root = shutil.copytree(clean, tmp_path / "corpus")
    for path in root.glob("*/*_ANG_*.wav"):
        path.write_bytes(b"")
    run_doctor(f"crema-d={root}", json=tmp_path / "doctor.json", workers=1)
    found = json.loads((tmp_path / "doctor.json").read_text())
    assert (found["corpus"], found["must_mend"], len(found["files"])) == ("crema-d", True, 24)
    finding = found["findings"][0]
    assert (finding["name"], finding["severity"], finding["count"]) == ("unreadable", "must mend", 6)
    assert len(finding["items"]) == 6


def test_json_has_null_where_nothing_could_be_measured(harmed: Path, tmp_path: Path) -> None:
    run_doctor(f"crema-d={harmed}", json=tmp_path / "doctor.json", workers=1)
    files = {row["file"]: row for row in json.loads((tmp_path / "doctor.json").read_text())["files"]}
    pointer, sound = files[CLIP], files["1001_DFA_ANG_HI.wav"]
    assert [pointer[key] for key in ("problem", "seconds", "sample_rate", "peak")] == ["pointer", None, None, None]
    assert [sound[key] for key in ("problem", "seconds", "sample_rate", "emotion")] == ["", 0.5, 16000, "angry"]


def test_json_counts_clips_by_speaker_and_class(clean: Path, tmp_path: Path) -> None:
    run_doctor(f"crema-d={clean}", json=tmp_path / "doctor.json", workers=1)
    speakers = json.loads((tmp_path / "doctor.json").read_text())["speakers"]
    assert speakers["1002"] == {"angry": 2, "fear": 2, "happy": 2, "sad": 2}


def test_the_folder_has_account_json_table_and_pictures(clean: Path, tmp_path: Path) -> None:
    diagnosis = run_doctor(f"crema-d={clean}", out=tmp_path / "out", workers=1)
    files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    pictures = {f"figures/{name}.png" for name in ("classes", "speakers", "durations", "levels")}
    assert files == {"doctor.txt", "doctor.json", "clips.csv"} | pictures
    assert (tmp_path / "out" / "doctor.txt").read_text().strip() == str(diagnosis).rpartition("\n")[0]


def test_the_table_has_a_row_a_file(clean: Path, tmp_path: Path) -> None:
    run_doctor(f"crema-d={clean}", out=tmp_path / "out", workers=1)
    table = pd.read_csv(tmp_path / "out" / "clips.csv")
    assert len(table) == 24
    assert set(table["emotion"]) == {"angry", "fear", "happy", "sad"}


def test_a_corpus_of_pointers_alone_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / CLIP).write_bytes(POINTER)
    run_doctor(f"crema-d={tmp_path / 'corpus'}", out=tmp_path / "out", workers=1)
    assert {path.stem for path in (tmp_path / "out" / "figures").iterdir()} == {"classes", "speakers"}


def test_names_of_another_corpus_still_give_a_folder(clean: Path, tmp_path: Path) -> None:
    diagnosis = run_doctor(f"savee={clean}", out=tmp_path / "out", workers=1)
    assert diagnosis.must_mend
    assert str(diagnosis).startswith(f"SAVEE in {clean}: 24 audio files")
    assert json.loads((tmp_path / "out" / "doctor.json").read_text())["classes"] == {}


def test_without_matplotlib_the_folder_has_the_numbers(
    clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_matplotlib(monkeypatch)
    diagnosis = run_doctor(f"crema-d={clean}", out=tmp_path / "out", workers=1)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"doctor.txt", "doctor.json", "clips.csv"}
    assert str(diagnosis).endswith('`pip install "emospec[train]"` brings what draws them')


def test_a_folder_that_holds_something_is_refused_before_anything_is_measured(
    clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    monkeypatch.setattr("emospec.doctor_report.examine", None)
    with pytest.raises(EmospecError, match="exists already and is not empty"):
        run_doctor(f"crema-d={clean}", out=tmp_path)


def test_a_source_without_a_root_is_refused() -> None:
    with pytest.raises(CorpusError, match="expected NAME=ROOT"):
        run_doctor("crema-d")


def test_own_spellings_are_understood(tmp_path: Path) -> None:
    (tmp_path / "corpus" / "grumpy").mkdir(parents=True)
    soundfile.write(tmp_path / "corpus" / "grumpy" / "a.wav", 0.1 * np.sin(np.arange(8000)), 8000)
    account = str(run_doctor(f"folder={tmp_path / 'corpus'}", spellings={"grumpy": "angry"}, workers=1))
    assert "1 clip; 0.0 min" in account
