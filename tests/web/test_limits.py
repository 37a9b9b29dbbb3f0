"""What costs too much is refused or ended, and the server goes on."""

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from emospec.errors import ConfigError
from emospec.web.limits import Limits
from serving import RunningServer, encoded, running_server, voice

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's /proc")
SOUND = encoded(voice())
KEY = "0123456789abcdef"
BEGUN = b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/wav\r\nContent-Length: 99\r\n\r\nRIFF"


def frozen(server: RunningServer) -> int:
    """Stop the one worker, as if it hung."""
    (worker,) = server.workers
    os.kill(worker, signal.SIGSTOP)
    return worker


def until_it_answers(server: RunningServer) -> httpx.Response:
    """Ask until a worker was replaced, but not for long."""
    for _ in range(30):
        answer = server.post("predict", SOUND)
        if answer.status_code == 200:
            break
        time.sleep(0.2)
    return answer


def test_a_worker_that_hangs_is_replaced(bundle: Path, tmp_path: Path):
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1, "--max-time", 2) as server:
        worker = frozen(server)
        refused = server.post("predict", SOUND)
        assert (refused.status_code, refused.json()["type"]) == (422, "/docs#costly-recording")
        assert until_it_answers(server).status_code == 200
        assert worker not in server.workers
        assert "emospec_workers_replaced 1.0" in server.get("metrics").text
        assert server.left_behind() == []


def test_a_worker_that_crashes_is_replaced(bundle: Path, tmp_path: Path):
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1) as server, ThreadPoolExecutor() as pool:
        worker = frozen(server)
        waiting = pool.submit(server.post, "predict", SOUND)
        server.wait_for("emospec_workers_busy 1.0")
        os.kill(worker, signal.SIGKILL)
        assert (waiting.result().status_code, waiting.result().json()["type"]) == (422, "/docs#costly-recording")
        assert server.post("predict", SOUND).status_code == 200
        assert any("signal 9" in line for line in server.log)


def test_a_worker_that_dies_unasked_costs_nobody_an_answer(bundle: Path, tmp_path: Path):
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1) as server:
        (worker,) = server.workers
        os.kill(worker, signal.SIGKILL)
        while Path(f"/proc/{worker}").exists():
            time.sleep(0.1)
        time.sleep(0.3)
        assert server.post("predict", SOUND).status_code == 200


def test_a_recording_that_takes_too_much_memory_is_refused(bundle: Path, tmp_path: Path):
    options = ("--workers", 1, "--worker-memory", 24, "--max-duration", 2000)
    with running_server(tmp_path, "--bundle", bundle, *options) as server:
        refused = server.post("timeline", encoded(voice(1800, 8000), 8000, "FLAC"))
        assert (refused.status_code, refused.json()["type"]) == (422, "/docs#costly-recording")
        assert until_it_answers(server).status_code == 200
        assert server.left_behind() == []


def test_a_recording_over_the_limit_is_refused(server: RunningServer):
    refused = server.post("timeline", encoded(voice(121, 1000), 1000))
    assert refused.status_code == 422
    assert "expected at most 120 s" in refused.json()["detail"]


def test_one_answer_is_on_a_minute_at_most(server: RunningServer):
    refused = server.post("predict", encoded(voice(61, 1000), 1000))
    assert refused.status_code == 422
    assert "/v1/timeline" in refused.json()["detail"]


def test_uploads_over_the_limit_are_told_to_come_back(bundle: Path, tmp_path: Path):
    options = ("--workers", 1, "--max-requests", 2)
    with running_server(tmp_path, "--bundle", bundle, *options) as server, ThreadPoolExecutor() as pool:
        worker = frozen(server)
        waiting = [pool.submit(server.post, "predict", SOUND) for _ in range(2)]
        server.wait_for("emospec_uploads_in_hand 2.0")
        refused = server.post("predict", SOUND)
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        os.kill(worker, signal.SIGCONT)
        assert [each.result().status_code for each in waiting] == [200, 200]


def test_those_that_wait_too_long_are_told_to_come_back(bundle: Path, tmp_path: Path):
    options = ("--workers", 1, "--max-time", 2)
    with running_server(tmp_path, "--bundle", bundle, *options) as server, ThreadPoolExecutor() as pool:
        frozen(server)
        refused = sorted(each.status_code for each in pool.map(lambda _: server.post("predict", SOUND), range(2)))
        assert refused in ([422, 503], [200, 422], [422, 422])  # the second may get the new worker


def test_an_upload_that_drips_is_ended(bundle: Path, tmp_path: Path):
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1, "--max-time", 1) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), timeout=10) as line:
            line.sendall(BEGUN)
            assert b" 408 " in line.recv(65536).splitlines()[0]
        assert server.left_behind() == []


def test_an_upload_that_breaks_off_leaves_nothing(server: RunningServer):
    address = urlsplit(server.url)
    for _ in range(5):
        with socket.create_connection((address.hostname, address.port), timeout=10) as line:
            line.sendall(BEGUN)
    server.wait_for("emospec_uploads_in_hand 0.0")
    assert server.left_behind() == []


def test_nothing_has_a_name_while_it_is_worked_on(bundle: Path, tmp_path: Path):
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1) as server:
        worker = frozen(server)
        sender = threading.Thread(target=server.post, args=("predict", SOUND))
        sender.start()
        server.wait_for("emospec_workers_busy 1.0")
        assert server.left_behind() == []
        os.kill(worker, signal.SIGCONT)
        sender.join(30)


def test_a_client_that_asks_too_often_is_told_when_to_come_back(bundle: Path, tmp_path: Path):
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1, "--rate", 3) as server:
        answers = [server.get("v1/model") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert int(answers[-1].headers["retry-after"]) <= 20
        assert server.get("healthz").status_code == 200


@pytest.mark.parametrize(("trusted", "statuses"), [(True, [200, 200, 429]), (False, [200, 429, 429])])
def test_behind_a_proxy_that_is_trusted_each_client_is_one(
    bundle: Path, tmp_path: Path, trusted: bool, statuses: list[int]
):
    options = ("--trust-proxy", "127.0.0.1") if trusted else ()
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1, "--rate", 1, *options) as server:
        clients = ("203.0.113.1", "203.0.113.2", "203.0.113.1")
        answers = [server.get("v1/model", headers={"x-forwarded-for": client}).status_code for client in clients]
    assert answers == statuses


def test_a_client_without_the_key_gets_nothing(bundle: Path, tmp_path: Path):
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1, EMOSPEC_API_KEY=KEY) as server:
        for path in ("v1/model", "metrics"):
            refused = server.get(path)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"].startswith("Bearer")
        assert server.post("predict", SOUND).status_code == 401
        assert server.post("predict", SOUND, headers={"authorization": "Bearer wrong"}).status_code == 401
        assert server.post("predict", SOUND, headers={"authorization": f"Bearer {KEY}"}).status_code == 200
        assert server.get("v1/model", headers={"x-api-key": KEY}).status_code == 200
        assert server.get("healthz").status_code == 200
        api = server.get("openapi.json").json()
        assert api["paths"]["/v1/predict"]["post"]["security"] == [{"key": []}]


def test_the_key_is_in_no_list_of_processes(bundle: Path, tmp_path: Path):
    (tmp_path / "key").write_text(f"{KEY}\n")
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1, "--api-key-file", tmp_path / "key") as server:
        for process in (server.process.pid, *server.workers):
            assert KEY.encode() not in Path(f"/proc/{process}/cmdline").read_bytes()
        assert server.get("v1/model", headers={"x-api-key": KEY}).status_code == 200


def test_workers_do_not_know_the_key(bundle: Path, tmp_path: Path):
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1, EMOSPEC_API_KEY=KEY) as server:
        assert KEY.encode() not in Path(f"/proc/{server.workers[0]}/environ").read_bytes()


@pytest.mark.parametrize(
    "limit",
    [{"max_body": 0}, {"max_time": 0.5}, {"rate": -1}, {"max_duration": float("nan")}, {"max_time": float("inf")}],
)
def test_a_limit_that_would_let_nothing_through_is_refused(limit: dict):
    with pytest.raises(ConfigError, match="expected a number, at least"):
        Limits(**limit)
