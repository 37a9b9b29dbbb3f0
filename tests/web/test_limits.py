"""What costs too much is refused or ended, and the server goes on."""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from emospec.errors import ConfigError
from emospec.web import pool, worker
from emospec.web.limits import MIB, Limits
from emospec.web.problems import Problem
from serving import RunningServer, encoded, running_server, voice

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's /proc")
SOUND = encoded(voice())
BEGUN = b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/wav\r\nContent-Length: 99\r\n\r\nRIFF"


def frozen(server: RunningServer) -> int:
    """Stop the one worker, as if it hung."""
    (process,) = server.workers
    os.kill(process, signal.SIGSTOP)
    return process


def until_it_answers(server: RunningServer) -> httpx.Response:
    """Ask until a worker was replaced, but not for long."""
    for _ in range(30):
        answer = server.post("predict", SOUND)
        if answer.status_code == 200:
            break
        time.sleep(0.2)
    return answer


@pytest.fixture(scope="module")
def hurried_server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("hurried")
    with running_server(folder, "--bundle", bundle, "--workers", 1, "--max-time", 2) as server:
        yield server


def test_a_worker_that_hangs_is_replaced(hurried_server: RunningServer):
    process = frozen(hurried_server)
    refused = hurried_server.post("predict", SOUND)
    assert (refused.status_code, refused.json()["type"]) == (422, "/docs#costly-recording")
    assert until_it_answers(hurried_server).status_code == 200
    assert process not in hurried_server.workers
    assert "emospec_workers_replaced 0.0" not in hurried_server.get("metrics").text
    assert hurried_server.left_behind() == []


def test_a_worker_that_crashes_is_replaced(small_server: RunningServer):
    with ThreadPoolExecutor() as threads:
        process = frozen(small_server)
        waiting = threads.submit(small_server.post, "predict", SOUND)
        small_server.wait_for("emospec_workers_busy 1.0")
        os.kill(process, signal.SIGKILL)
        assert (waiting.result().status_code, waiting.result().json()["type"]) == (422, "/docs#costly-recording")
        assert small_server.post("predict", SOUND).status_code == 200
        assert any("signal 9" in line for line in small_server.log)


def test_a_worker_that_dies_unasked_costs_nobody_an_answer(small_server: RunningServer):
    (process,) = small_server.workers
    os.kill(process, signal.SIGKILL)
    while Path(f"/proc/{process}").exists():
        time.sleep(0.1)
    time.sleep(0.3)
    assert small_server.post("predict", SOUND).status_code == 200


def test_a_recording_that_takes_too_much_memory_is_refused(bundle: Path, tmp_path: Path):
    options = ("--workers", 1, "--worker-memory", 24, "--max-duration", 2000)
    with running_server(tmp_path, "--bundle", bundle, *options) as server:
        refused = server.post("timeline", encoded(np.tile(voice(10, 8000), 90), 8000, "FLAC"))  # 55 MiB when decoded
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


def test_uploads_over_the_limit_are_told_to_come_back_and_one_client_cannot_take_all(small_server: RunningServer):
    def send(client: str) -> httpx.Response:
        return small_server.post("predict", SOUND, headers={"x-forwarded-for": client})

    with ThreadPoolExecutor() as threads:
        process = frozen(small_server)
        waiting = [threads.submit(send, "203.0.113.1") for _ in range(4)]
        small_server.wait_for("emospec_uploads_in_hand 4.0")
        greedy = send("203.0.113.1")
        waiting.append(threads.submit(send, "203.0.113.2"))
        small_server.wait_for("emospec_uploads_in_hand 5.0")
        late = send("203.0.113.3")
        os.kill(process, signal.SIGCONT)
    assert (greedy.status_code, greedy.json()["type"]) == (429, "/docs#too-many-at-once")
    assert (late.status_code, late.json()["type"]) == (503, "/docs#busy")
    assert greedy.headers["retry-after"]
    assert late.headers["retry-after"]
    assert [each.result().status_code for each in waiting] == [200] * 5


def test_those_that_wait_too_long_are_told_to_come_back(hurried_server: RunningServer):
    with ThreadPoolExecutor() as threads:
        frozen(hurried_server)
        refused = sorted(
            each.status_code for each in threads.map(lambda _: hurried_server.post("predict", SOUND), range(2))
        )
        assert refused in ([422, 503], [200, 422], [422, 422])  # the second may get the new worker
    until_it_answers(hurried_server)


def test_an_upload_that_drips_is_ended(hurried_server: RunningServer):
    address = urlsplit(hurried_server.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as line:
        line.sendall(BEGUN)
        assert b" 408 " in line.recv(65536).splitlines()[0]
    assert hurried_server.left_behind() == []


def test_an_upload_that_breaks_off_leaves_nothing(server: RunningServer):
    address = urlsplit(server.url)
    for _ in range(5):
        with socket.create_connection((address.hostname, address.port), timeout=10) as line:
            line.sendall(BEGUN)
    server.wait_for("emospec_uploads_in_hand 0.0")
    assert server.left_behind() == []


def test_nothing_has_a_name_while_it_is_worked_on(small_server: RunningServer):
    process = frozen(small_server)
    sender = threading.Thread(target=small_server.post, args=("predict", SOUND))
    sender.start()
    small_server.wait_for("emospec_workers_busy 1.0")
    assert small_server.left_behind() == []
    os.kill(process, signal.SIGCONT)
    sender.join(30)


def test_an_answer_that_is_too_long_is_refused_and_the_worker_lives_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(worker, "LONGEST_ANSWER", MIB)
    assert json.loads(worker.line_of({"text": "x" * (MIB - 100)})) == {"text": "x" * (MIB - 100)}
    refused = json.loads(worker.line_of({"text": "x" * MIB}))
    assert refused["kind"] == "costly-recording"
    assert "larger than 1 MiB; send a shorter recording" in refused["refused"]


def test_a_worker_that_says_more_than_any_answer_is_ended(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pool, "LONGEST_ANSWER", 1000)
    talks = (sys.executable, "-c", "import time\nfor n in (10, 9000): print(repr([0] * n), flush=True)\ntime.sleep(60)")

    async def refused() -> Problem:
        talker = pool.Worker({}, talks)
        await talker.start()
        with pytest.raises(Problem) as refused:
            await pool.ask(talker, {})
        assert not talker.is_usable
        return refused.value

    assert asyncio.run(refused()).kind == "costly-recording"


def test_a_client_that_asks_too_often_is_told_when_to_come_back_whoever_it_says_it_is(bundle: Path, tmp_path: Path):
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1, "--rate", 3) as server:
        answers = [server.get("v1/model", headers={"x-forwarded-for": f"203.0.113.{n}"}) for n in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert int(answers[-1].headers["retry-after"]) <= 20
        assert server.get("healthz").status_code == 200


def test_behind_a_proxy_that_is_trusted_each_client_is_one(bundle: Path, tmp_path: Path):
    options = ("--workers", 1, "--rate", 1, "--trust-proxy", "127.0.0.1")
    with running_server(tmp_path, "--bundle", bundle, *options) as server:
        clients = ("203.0.113.1", "203.0.113.2", "203.0.113.1")
        answers = [server.get("v1/model", headers={"x-forwarded-for": client}).status_code for client in clients]
    assert answers == [200, 200, 429]


def test_a_client_without_the_key_gets_nothing(locked_server: RunningServer, key: str):
    for path in ("v1/model", "metrics"):
        refused = locked_server.get(path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
    assert locked_server.post("predict", SOUND).status_code == 401
    assert locked_server.post("predict", SOUND, headers={"authorization": "Bearer wrong"}).status_code == 401
    assert locked_server.post("predict", SOUND, headers={"authorization": f"Bearer {key}"}).status_code == 200
    assert locked_server.get("v1/model", headers={"x-api-key": key}).status_code == 200
    assert locked_server.get("healthz").status_code == 200
    api = locked_server.get("openapi.json").json()
    assert api["paths"]["/v1/predict"]["post"]["security"] == [{"key": []}]


def test_the_key_is_in_no_list_of_processes(bundle: Path, key: str, tmp_path: Path):
    (tmp_path / "key").write_text(f"{key}\n")
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1, "--api-key-file", tmp_path / "key") as server:
        for process in (server.process.pid, *server.workers):
            assert key.encode() not in Path(f"/proc/{process}/cmdline").read_bytes()
        assert server.get("v1/model", headers={"x-api-key": key}).status_code == 200


def test_workers_do_not_know_the_key(locked_server: RunningServer, key: str):
    assert key.encode() not in Path(f"/proc/{locked_server.workers[0]}/environ").read_bytes()


@pytest.mark.parametrize(
    "limit",
    [{"max_body": 0}, {"max_time": 0.5}, {"rate": -1}, {"max_duration": float("nan")}, {"max_time": float("inf")}],
)
def test_a_limit_that_would_let_nothing_through_is_refused(limit: dict):
    with pytest.raises(ConfigError, match="expected a number, at least"):
        Limits(**limit)


def test_a_client_cannot_have_more_than_all():
    with pytest.raises(ConfigError, match="--max-share 101: expected per cent, from 1 to 100"):
        Limits(max_share=101)
