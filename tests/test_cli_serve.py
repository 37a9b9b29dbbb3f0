import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

from bundle_samples import write_made_bundle
from emospec.cli_serve import api_key
from emospec.errors import ConfigError
from serving import encoded, running_server, start, voice

SOUND = encoded(voice())


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_made_bundle(tmp_path / "bundle")


def is_running(process: int) -> bool:
    try:
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())  # empty for one that has ended
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_in_hand_is_answered_before_the_server_ends(bundle: Path, tmp_path: Path, number: int):
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1) as server, ThreadPoolExecutor() as pool:
        (worker,) = server.workers
        os.kill(worker, signal.SIGSTOP)
        waiting = pool.submit(server.post, "predict", SOUND)
        server.wait_for("emospec_workers_busy 1.0")
        server.process.send_signal(number)
        time.sleep(0.3)
        os.kill(worker, signal.SIGCONT)
        assert waiting.result().status_code == 200
        assert server.process.wait(20) == 0
        assert server.left_behind() == []
        assert not any("Traceback" in line for line in server.log)


def test_a_server_that_is_killed_leaves_neither_files_nor_workers(bundle: Path, tmp_path: Path):
    with running_server(tmp_path, "--bundle", bundle, "--workers", 2) as server, ThreadPoolExecutor() as pool:
        workers = server.workers
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        waiting = pool.submit(server.post, "predict", SOUND)
        server.wait_for("emospec_workers_busy 1.0")
        server.process.kill()
        server.process.wait(20)
        assert server.left_behind() == []
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
        assert waiting.exception() is not None
        for _ in range(200):
            if not any(is_running(worker) for worker in workers):
                return
            time.sleep(0.1)
        raise AssertionError("workers go on without their server")


def test_the_server_listens_on_this_machine_alone(bundle: Path, tmp_path: Path):
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert not any("anyone" in line for line in server.log)


def test_a_server_for_others_without_a_key_is_warned_of(bundle: Path, tmp_path: Path):
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1, "--host", "0.0.0.0") as server:
        assert server.get("healthz").status_code == 200
    assert any("anyone who reaches 0.0.0.0 can use this server" in line for line in server.log)


def refusal(folder: Path, *options: object, **variables: str) -> str:
    process = start(folder, *options, **variables)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    return errors


def test_an_address_that_is_taken_is_told_in_one_line(bundle: Path, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        told = refusal(tmp_path, "--bundle", bundle, "--port", other.getsockname()[1])
    assert told.count("\n") == 1
    assert "choose others with --host and --port" in told


@pytest.mark.parametrize("port", [99999, -1])
def test_a_port_that_is_none_is_told_in_one_line(bundle: Path, tmp_path: Path, port: int):
    assert refusal(tmp_path, "--bundle", bundle, f"--port={port}").count("\n") == 1


def test_a_folder_that_is_no_bundle_is_told_in_one_line(tmp_path: Path):
    told = refusal(tmp_path, "--bundle", tmp_path)
    assert told.count("\n") == 1
    assert "is no bundle" in told


def test_a_limit_out_of_range_is_told_in_one_line(bundle: Path, tmp_path: Path):
    assert refusal(tmp_path, "--bundle", bundle, "--max-body", 0).startswith("emospec: --max-body 0: expected")


def test_workers_that_cannot_start_are_told(bundle: Path, tmp_path: Path):
    told = refusal(tmp_path, "--bundle", bundle, "--workers", -1)
    assert told.startswith("emospec: workers -1: expected 0 (all cores)")


def test_a_key_comes_from_a_file_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "key").write_text("from-a-file-01234\n")
    monkeypatch.setenv("EMOSPEC_API_KEY", "from-the-environment")
    assert api_key(tmp_path / "key") == "from-a-file-01234"
    assert "EMOSPEC_API_KEY" not in os.environ
    monkeypatch.setenv("EMOSPEC_API_KEY", "from-the-environment")
    assert api_key(None) == "from-the-environment"
    assert api_key(None) is None


@pytest.mark.parametrize(
    "key", ["", "short", "with spaces in between it", "käse-käse-käse-käse", "two\nlines-two-lines"]
)
def test_a_key_that_could_be_guessed_or_not_be_sent_is_refused(tmp_path: Path, key: str):
    (tmp_path / "key").write_text(key)
    with pytest.raises(ConfigError, match="expected at least 16"):
        api_key(tmp_path / "key")


def test_a_key_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        api_key(tmp_path / "key")
