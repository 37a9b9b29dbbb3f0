"""A real WebSocket against a real server."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from emospec.predict import Predictor
from emospec.web import live
from emospec.web.live import Ear
from emospec.web.problems import Problem
from serving import RATE, RunningServer, voice


def address(server: RunningServer) -> str:
    return server.url.replace("http", "ws") + "v1/live"


@pytest.fixture
def line(server: RunningServer) -> Iterator[ClientConnection]:
    with connect(address(server)) as line:
        yield line


def hello(line: ClientConnection, **changes: object) -> None:
    line.send(json.dumps({"sample_rate": RATE} | changes))


def read(line: ClientConnection) -> dict:
    return json.loads(line.recv(timeout=20))


def answers_to(line: ClientConnection, sound: np.ndarray, step: int = RATE // 4) -> list[dict]:
    """Send a sound piece by piece, each answered, and return all answers."""
    answers = []
    for start in range(0, len(sound), step):
        line.send(sound[start : start + step].astype("<f4").tobytes())
        if start >= step:
            answers.append(read(line))
    line.send('{"end": true}')
    return [*answers, read(line)]


def test_answers_come_four_times_a_second_while_sound_comes_in(line: ClientConnection):
    hello(line)
    *partial, final = answers_to(line, voice(3))
    assert [answer["at"] for answer in partial] == pytest.approx(np.arange(0.5, 3.01, 0.25))
    assert set(partial[-1]) == {"at", "emotion", "confidence", "scores", "uncertain", "seconds"}
    assert final["final"] is True


def test_the_last_answer_is_that_of_the_predictor(line: ClientConnection, bundle: Path):
    hello(line)
    final = answers_to(line, voice(3))[-1]
    timeline = Predictor(bundle).timeline(voice(3), RATE, window=3, hop=3)
    assert final["scores"] == pytest.approx(timeline.windows[0].prediction.scores, abs=1e-3)


def test_the_server_closes_after_the_last_answer(line: ClientConnection):
    hello(line)
    answers_to(line, voice(1))
    with pytest.raises(ConnectionClosed) as closed:
        line.recv(timeout=20)
    assert closed.value.rcvd.code == 1000


def test_silence_has_no_emotion(line: ClientConnection):
    hello(line)
    answers = answers_to(line, np.zeros(RATE, np.float32))
    assert [answer["emotion"] for answer in answers] == [None] * len(answers)


def test_after_silence_the_last_answer_is_on_the_last_speech(line: ClientConnection):
    hello(line)
    sound = np.concatenate([voice(2), np.zeros(5 * RATE, np.float32)])
    *partial, final = answers_to(line, sound)
    assert partial[-1]["emotion"] is None
    assert final["emotion"] is not None
    assert final["at"] == 7.0


def test_a_session_without_sound_ends_without_an_emotion(line: ClientConnection):
    hello(line)
    line.send('{"end": true}')
    assert read(line) == {"final": True, "at": 0.0, "emotion": None}


def test_sound_that_comes_faster_than_answers_loses_answers_but_no_sound(line: ClientConnection):
    hello(line)
    for piece in np.array_split(voice(30), 300):
        line.send(piece.astype("<f4").tobytes())
    line.send('{"end": true}')
    answers = []
    while not (answers and answers[-1].get("final")):
        answers.append(read(line))
    assert answers[-1]["at"] == 30.0


WRONG = {
    "samples before the rate": ([b"\0\0\0\0"], "bad-request"),
    "no JSON": (["hello"], "bad-request"),
    "JSON that is no object": (["[1]"], "bad-request"),
    "JSON that is too deep": (["[" * 100_000], "bad-request"),
    "no rate": (["{}"], "bad-parameter"),
    "a rate that is no number": (['{"sample_rate": "fast"}'], "bad-parameter"),
    "a rate out of range": (['{"sample_rate": 1e9}'], "bad-parameter"),
    "a rate that is not finite": (['{"sample_rate": NaN}'], "bad-parameter"),
    "half a sample": (['{"sample_rate": 16000}', b"\0\0\0"], "bad-request"),
    "NaN": (['{"sample_rate": 16000}', np.float32([np.nan]).tobytes()], "bad-recording"),
    "samples out of scale": (['{"sample_rate": 16000}', np.float32([30_000]).tobytes()], "bad-recording"),
    "another command": (['{"sample_rate": 16000}', '{"stop": true}'], "bad-request"),
    "two hours": (['{"sample_rate": 8000}', *[bytes(2**20)] * 5], "too-large"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_and_ends_the_session(line: ClientConnection, name: str):
    messages, kind = WRONG[name]
    try:
        for message in messages:
            line.send(message)
    except ConnectionClosed:
        pass
    told = read(line)
    while "error" not in told:
        told = read(line)
    assert told["error"]["type"] == f"/docs#{kind}"
    with pytest.raises(ConnectionClosed) as closed:
        line.recv(timeout=20)
    assert closed.value.rcvd.code == 1008


def test_a_page_of_another_origin_hears_nothing(server: RunningServer):
    with pytest.raises(InvalidStatus) as refused, connect(address(server), origin="http://evil.example"):
        pass
    assert refused.value.response.status_code == 403


def test_a_client_that_hangs_up_is_not_told_what_was_wrong(server: RunningServer):
    with connect(address(server)) as line:
        line.send("[1]")
        line.socket.close()
    with connect(address(server)) as line:
        line.send("[1]")
    assert "Traceback" not in "".join(server.log)


def test_a_client_that_hangs_up_leaves_nothing_open(server: RunningServer):
    for _ in range(12):
        with connect(address(server)) as line:
            hello(line)
            line.send(voice(1).tobytes())
            line.socket.close()
    with connect(address(server)) as line:
        hello(line)
        assert answers_to(line, voice(1))[-1]["final"]


def test_sessions_over_the_limit_are_refused_and_one_client_cannot_take_all(small_server: RunningServer):
    with ExitStack() as open_:

        def enter(client: str) -> ClientConnection:
            headers = {"x-forwarded-for": client}
            line = open_.enter_context(connect(address(small_server), additional_headers=headers))
            hello(line)
            return line

        first, *_ = [enter("203.0.113.1") for _ in range(4)]
        small_server.wait_for("emospec_live_sessions 4.0")
        assert read(enter("203.0.113.1"))["error"]["type"] == "/docs#too-many-at-once"
        other = enter("203.0.113.2")
        small_server.wait_for("emospec_live_sessions 5.0")
        assert read(enter("203.0.113.3"))["error"]["status"] == 503
        for line in (first, other):
            assert answers_to(line, voice(1))[-1]["final"]


def test_who_says_nothing_has_no_session(small_server: RunningServer):
    small_server.wait_for("emospec_live_sessions 0.0")
    with ExitStack() as open_:
        for _ in range(6):
            open_.enter_context(connect(address(small_server)))
        line = open_.enter_context(connect(address(small_server)))
        hello(line)
        assert answers_to(line, voice(1))[-1]["final"]
        small_server.wait_for("emospec_live_sessions 0.0")


def test_who_says_nothing_is_soon_sent_away(monkeypatch: pytest.MonkeyPatch):
    class Mute:
        async def receive(self) -> None:
            await asyncio.sleep(60)

    monkeypatch.setattr(live, "PATIENCE_AT_FIRST", 0.01)
    with pytest.raises(Problem, match=r"nothing came for 0\.01 s"):
        asyncio.run(live._greeted(Mute(), None))


def test_the_key_comes_in_a_header_or_in_the_first_message(locked_server: RunningServer, key: str):
    with connect(address(locked_server), additional_headers={"Authorization": f"Bearer {key}"}) as line:
        hello(line)
        assert answers_to(line, voice(1))[-1]["final"]
    with connect(address(locked_server)) as line:
        hello(line, key=key)
        assert answers_to(line, voice(1))[-1]["final"]
    for wrong in ({}, {"key": "wrong"}, {"key": 5}):
        with connect(address(locked_server)) as line:
            hello(line, **wrong)
            assert read(line)["error"]["status"] == 401


def test_an_ear_remembers_three_seconds(bundle: Path):
    ear = Ear(Predictor(bundle), 1000)
    for second in range(10):
        ear.hear(np.full(1000, second / 10, "<f4").tobytes())
    assert ear.at == 10.0
    np.testing.assert_allclose(np.unique(ear.last), [0.7, 0.8, 0.9])


def test_a_message_that_is_too_long_is_refused(bundle: Path):
    with pytest.raises(Problem, match="at most 1048576"):
        Ear(Predictor(bundle), RATE).hear(bytes(2**20 + 4))
