import hashlib
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from emospec import download
from emospec.corpora import CORPORA, load_corpus
from emospec.download import transfer
from emospec.errors import CorpusError
from owners_servers import CLIPS, DEMOGRAPHICS, GITHUB, GITLAB, INDEX, assert_complete, get, zipped


def test_every_clip_and_table_comes_as_the_owners_have_it(server, tmp_path):
    assert get(server, "crema-d", tmp_path / "c") == tmp_path / "c"

    assert_complete(tmp_path / "c")
    assert (tmp_path / "c" / "VideoDemographics.csv").read_bytes() == DEMOGRAPHICS


def test_what_was_downloaded_loads_as_a_corpus(server, tmp_path):
    clips = load_corpus("crema-d", get(server, "crema-d", tmp_path / "c"))

    assert clips[["speaker", "sex", "age"]].drop_duplicates().to_numpy().tolist() == [
        ["1001", "male", 51],
        ["1002", "female", 21],
        ["1003", "female", 21],
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="needs the program sha256sum")
def test_the_checksums_are_those_that_sha256sum_reads(server, tmp_path):
    get(server, "crema-d", tmp_path / "c")

    subprocess.run(["sha256sum", "--check", "--strict", "crema-d.sha256"], cwd=tmp_path / "c", check=True)


def test_the_licence_is_told_before_anything_is_fetched(server, tmp_path):
    told = []
    server.status[INDEX] = 404

    with pytest.raises(CorpusError):
        get(server, "crema-d", tmp_path / "c", notify=told.append)

    assert "Open Database License" in told[0]
    assert "Cao H" in told[0]


def test_a_complete_corpus_is_not_fetched_again(server, tmp_path):
    told = []
    get(server, "crema-d", tmp_path / "c")
    server.requests.clear()

    get(server, "crema-d", tmp_path / "c", notify=told.append)

    assert server.requests == {}
    assert "is complete" in told[0]


def test_only_what_is_missing_or_damaged_is_fetched_again(server, tmp_path):
    get(server, "crema-d", tmp_path / "c")
    (tmp_path / "c" / "AudioWAV" / "1001_DFA_ANG_XX.wav").unlink()
    (tmp_path / "c" / "AudioWAV" / "1002_DFA_SAD_XX.wav").write_bytes(b"damaged")
    server.requests.clear()

    get(server, "crema-d", tmp_path / "c")

    asked = {GITHUB + "AudioWAV/1001_DFA_ANG_XX.wav": 1, GITHUB + "AudioWAV/1002_DFA_SAD_XX.wav": 1}
    assert server.requests == asked
    assert_complete(tmp_path / "c")


@pytest.mark.parametrize(
    "name", ["../../x.wav", "AudioWAV/../../x.wav", "{outside}/x.wav", "..\\..\\x.wav", "C:\\x.wav", ".", "./."]
)
def test_checksums_that_name_files_outside_the_folder_are_refused(name, server, tmp_path):
    name = name.format(outside=tmp_path / "outside")
    content = b"planted"
    server.files |= {base + "x.wav": content for base in (GITHUB, GITLAB)}
    server.files |= {base + name: content for base in (GITHUB, GITLAB)}
    (tmp_path / "a" / "c").mkdir(parents=True)
    (tmp_path / "a" / "c" / "crema-d.sha256").write_text(f"{hashlib.sha256(content).hexdigest()}  {name}\n")

    with pytest.raises(CorpusError, match=r"crema-d\.sha256 names .* nothing was fetched; remove that file"):
        get(server, "crema-d", tmp_path / "a" / "c")

    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["crema-d.sha256"]


def test_a_folder_that_is_called_as_the_home_is_none(server, tmp_path, monkeypatch):
    content = b"planted"
    server.files |= {base + "~/x.wav": content for base in (GITHUB, GITLAB)}
    (tmp_path / "c" / "~").mkdir(parents=True)
    (tmp_path / "c" / "crema-d.sha256").write_text(f"{hashlib.sha256(content).hexdigest()}  ~/x.wav\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "c")

    get(server, "crema-d", ".")

    assert (tmp_path / "c" / "~" / "x.wav").read_bytes() == content
    assert not (tmp_path / "home").exists()


def test_a_name_that_no_file_can_have_is_told_in_a_line(server, tmp_path):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "crema-d.sha256").write_text(f"{'0' * 64}  AudioWAV/{'x' * 300}.wav\n")

    with pytest.raises(CorpusError, match=r"cannot be read .*; is the list of checksums right"):
        get(server, "crema-d", tmp_path / "c")


@pytest.mark.parametrize("takes_ranges", [True, False])
def test_a_connection_that_breaks_is_tried_again(takes_ranges, server, tmp_path):
    server.takes_ranges = takes_ranges
    server.breaks.update({INDEX: 1, **{base + name: 1 for base in (GITHUB, GITLAB) for name in CLIPS}})

    get(server, "crema-d", tmp_path / "c")

    assert_complete(tmp_path / "c")


def test_a_connection_that_goes_on_breaking_leaves_what_is_there_for_the_next_call(server, tmp_path):
    name = "AudioWAV/1003_DFA_SAD_XX.wav"
    server.takes_ranges = False
    server.breaks.update({GITHUB + name: 100, GITLAB + name: 100})

    with pytest.raises(CorpusError, match=r"5 of 6 clips .*connection failed.*run the same command again") as one:
        get(server, "crema-d", tmp_path / "c")
    assert "\n" not in str(one.value)
    assert not (tmp_path / "c" / name).exists()
    server.breaks.clear()
    server.requests.clear()
    get(server, "crema-d", tmp_path / "c")

    assert server.requests == {GITHUB + name: 1}
    assert_complete(tmp_path / "c")


def test_a_clip_with_a_wrong_checksum_is_refused_and_removed(server, tmp_path):
    name = "AudioWAV/1001_DFA_ANG_XX.wav"
    server.files |= {base + name: b"<html>not a clip</html>" for base in (GITHUB, GITLAB)}

    with pytest.raises(CorpusError, match=r"5 of 6 clips .*1001_DFA_ANG_XX.wav has a wrong checksum") as one:
        get(server, "crema-d", tmp_path / "c")

    assert "\n" not in str(one.value)
    assert len(list((tmp_path / "c" / "AudioWAV").iterdir())) == 5
    assert server.requests[GITHUB + name] == 1


@pytest.mark.parametrize("status", [403, 404, 429, 502])
def test_the_owners_mirror_gives_what_github_does_not(status, server, tmp_path):
    server.status |= {GITHUB + name: status for name in CLIPS}

    get(server, "crema-d", tmp_path / "c")

    assert_complete(tmp_path / "c")


def test_a_missing_clip_does_not_stop_the_others(server, tmp_path):
    name = "AudioWAV/1001_DFA_ANG_XX.wav"
    server.status |= {GITHUB + name: 404, GITLAB + name: 404}

    with pytest.raises(CorpusError, match=r"5 of 6 clips .* answers 404"):
        get(server, "crema-d", tmp_path / "c")

    assert server.requests[GITHUB + name] == 1


def test_a_dead_server_is_given_up_after_a_few_clips(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download.repository, "MAX_FAILURES", 2)
    monkeypatch.setattr(download.repository, "CONNECTIONS", 1)
    server.status |= {base + name: 503 for base in (GITHUB, GITLAB) for name in CLIPS}

    with pytest.raises(CorpusError, match="0 of 6 clips"):
        get(server, "crema-d", tmp_path / "c")

    assert server.n_clips_asked <= 3 * 2 * transfer.ATTEMPTS


def test_giving_up_ends_the_pauses_of_the_other_connections(server, tmp_path, monkeypatch):
    first, *others = CLIPS
    monkeypatch.setattr(download.repository, "MAX_FAILURES", 1)
    monkeypatch.setattr(transfer, "PAUSE", 30.0)
    server.status |= {base + first: 404 for base in (GITHUB, GITLAB)}
    server.status |= {base + name: 503 for base in (GITHUB, GITLAB) for name in others}
    begun = time.monotonic()

    with pytest.raises(CorpusError, match="answers 404"):
        get(server, "crema-d", tmp_path / "c")

    assert time.monotonic() - begun < 20


def test_a_server_that_asks_to_wait_is_waited_for(server, tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(threading.Event, "wait", lambda _, seconds=None: waited.append(seconds))
    error = transfer.TransferError("busy", passing=True, pause=7.0)
    answers = iter([error, None])

    def retrieve(*_):
        answer = next(answers)
        if answer:
            raise answer

    monkeypatch.setattr(transfer.Transfer, "_retrieve", retrieve)

    transfer.Transfer().fetch(["http://127.0.0.1/a"], tmp_path / "a")

    assert waited == [7.0]


def test_an_index_without_all_clips_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setitem(CORPORA, "crema-d", replace(CORPORA["crema-d"], n_clips=7))

    with pytest.raises(CorpusError, match="lists 6 clips; expected 7"):
        get(server, "crema-d", tmp_path / "c")


def test_an_index_that_is_no_zip_is_refused_and_removed(server, tmp_path):
    server.files[INDEX] = b"<html>"

    with pytest.raises(CorpusError, match="did not give a whole zip"):
        get(server, "crema-d", tmp_path / "c")

    assert list((tmp_path / "c").iterdir()) == []


def test_audio_in_the_place_of_a_pointer_is_refused(server, tmp_path):
    server.files[INDEX] = zipped({f"CREMA-D-master/{name}": b"RIFF" for name in CLIPS})

    with pytest.raises(CorpusError, match="is no Git LFS pointer"):
        get(server, "crema-d", tmp_path / "c")


def test_a_disk_that_is_too_small_is_told_at_once(server, tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 10_000})
    monkeypatch.setattr(download.repository.shutil, "disk_usage", lambda _: usage)

    with pytest.raises(CorpusError, match="make room"):
        get(server, "crema-d", tmp_path / "c")

    assert server.n_clips_asked == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_leaves_whole_files_and_the_next_call_goes_on(server, tmp_path):
    out = tmp_path / "c"
    get(server, "crema-d", out)
    for path in (out / "AudioWAV").iterdir():
        path.unlink()
    server.requests.clear()
    server.pause = 0.5
    code = f"from emospec.download import get_corpus; get_corpus('crema-d', {str(out)!r}, base_url={server.url!r})"
    # A process started in the background by a script inherits that it ignores SIGINT.
    listen = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    patch = listen + "import emospec.download.repository as r; r.CONNECTIONS = 1; "
    process = subprocess.Popen([sys.executable, "-c", patch + code], stderr=subprocess.PIPE)
    while server.n_clips_asked < 3 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert b"KeyboardInterrupt" in process.communicate(timeout=20)[1]

    there = {f"AudioWAV/{path.name}": path.read_bytes() for path in (out / "AudioWAV").glob("*.wav")}
    assert 1 <= len(there) < 6
    assert there.items() <= CLIPS.items()
    server.pause = 0.0
    server.requests.clear()
    get(server, "crema-d", out)
    assert server.n_clips_asked == 6 - len(there)
    assert_complete(out)
