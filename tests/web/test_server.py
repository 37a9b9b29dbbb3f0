"""A real client against a real server."""

import json
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from websockets.sync.client import connect

from bundle_samples import answer as made_answer
from bundle_samples import write_bundle_without_numbers
from emospec import __version__
from emospec.predict import Predictor
from emospec.web.server import listening
from serving import RATE, SMALL, RunningServer, encoded, running_server, voice, write_seeing_bundle

SOUND = encoded(voice())


def test_an_upload_gets_one_answer_with_scores_times_and_versions(server: RunningServer, bundle: Path):
    answer = server.post("predict", SOUND).json()
    assert set(answer) == {"emotion", "confidence", "scores", "uncertain", "seconds", "timings", "model", "version"}
    assert answer["emotion"] == max(answer["scores"], key=answer["scores"].get)
    assert answer["seconds"] == 2.0
    assert answer["version"] == __version__
    assert answer["model"] == {"name": "made", "sha256": json.loads((bundle / "bundle.json").read_text())["sha256"]}
    assert answer["timings"].keys() == {"decode_ms", "predict_ms"}


def test_the_scores_are_those_of_the_bundle(server: RunningServer):
    scores = server.post("predict", SOUND).json()["scores"]
    heard = np.round(voice() * 2**15) / 2**15
    np.testing.assert_allclose(list(scores.values()), made_answer(heard), atol=1e-4)


def test_the_server_answers_as_the_predictor_does(server: RunningServer, bundle: Path, tmp_path: Path):
    (tmp_path / "speech.ogg").write_bytes(encoded(voice(3, 44_100), 44_100, "OGG"))
    expected = Predictor(bundle).predict(tmp_path / "speech.ogg").to_dict()
    answer = server.post("predict", (tmp_path / "speech.ogg").read_bytes()).json()
    assert answer["scores"] == pytest.approx(expected["scores"], abs=1e-3)
    assert answer["emotion"] == expected["emotion"]


@pytest.mark.parametrize("kind", ["audio/wav", "application/octet-stream", "video/webm"])
def test_the_bare_bytes_do_as_well_as_a_form(server: RunningServer, kind: str):
    answer = httpx.post(f"{server.url}v1/predict", content=SOUND, headers={"content-type": kind}).json()
    assert answer["scores"] == server.post("predict", SOUND).json()["scores"]


def test_a_sound_that_the_model_finds_no_numbers_for_is_refused_and_no_worker_is_lost(tmp_path: Path):
    bundle = write_bundle_without_numbers(tmp_path / "bundle")  # none where the mean is below zero
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1) as server:
        workers, below = server.workers, encoded(voice() - 0.1)
        for kind in ("predict", "timeline"):
            refused = server.post(kind, below)
            assert (refused.status_code, refused.json()["type"].rsplit("#")[-1]) == (422, "bad-recording")
            assert refused.json()["detail"].startswith("the recording: the model made returns scores that are no")
        with connect(server.url.replace("http", "ws") + "v1/live") as line:
            line.send(json.dumps({"sample_rate": RATE}))
            line.send((voice() - 0.1).astype("<f4").tobytes())
            line.send('{"end": true}')
            assert "no finite numbers" in json.loads(line.recv(timeout=20))["error"]["detail"]
        assert server.post("predict", encoded(voice() + 0.1)).status_code == 200
        assert server.workers == workers


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_connections_send_without_waiting_for_the_client_to_confirm(host: str):
    """Else each further answer over one connection comes 40 ms late."""
    with (
        listening(host, 0) as listener,
        socket.create_connection(listener.getsockname()[:2]),
        listener.accept()[0] as connection,
    ):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_body_of_unknown_length_is_read_to_its_end(server: RunningServer):
    pieces = (SOUND[start : start + 1000] for start in range(0, len(SOUND), 1000))
    answer = httpx.post(f"{server.url}v1/predict", content=pieces, headers={"content-type": "audio/wav"})
    assert answer.json()["scores"] == server.post("predict", SOUND).json()["scores"]


def test_a_channel_can_be_asked_for(server: RunningServer):
    both = np.stack([voice(), -voice(2, seed=1)], axis=1)
    left = server.post("predict", encoded(both), params={"channel": 1}).json()["scores"]
    assert left == server.post("predict", SOUND).json()["scores"]
    assert left != server.post("predict", encoded(both), params={"channel": 2}).json()["scores"]
    refused = server.post("predict", encoded(both), params={"channel": 3})
    assert refused.status_code == 422
    assert "channels 1 to 2" in refused.json()["detail"]


def test_other_fields_of_a_form_are_left_unread(server: RunningServer):
    form = {"file": ("a.wav", SOUND), "other": ("b.wav", b"x" * 10_000)}
    answer = httpx.post(f"{server.url}v1/predict", files=form, data={"note": "mine"})
    assert answer.json()["scores"] == server.post("predict", SOUND).json()["scores"]


def test_a_timeline_has_windows_and_segments(server: RunningServer):
    sound = np.concatenate([voice(5), np.zeros(4 * RATE, np.float32), voice(5)])
    answer = server.post("timeline", encoded(sound), params={"window": 2, "hop": 1}).json()
    assert answer["seconds"] == 14.0
    assert answer["segments"][0]["start"] == 0.0
    assert answer["segments"][-1]["end"] == 14.0
    assert any(segment["emotion"] is None for segment in answer["segments"])
    assert any(window["emotion"] is not None for window in answer["windows"])


def test_an_explanation_has_a_picture_and_its_heat_with_low_tones_at_the_bottom(tmp_path: Path):
    bundle = write_seeing_bundle(tmp_path / "bundle")
    low_tone = 0.5 * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)
    with running_server(tmp_path, "--bundle", bundle, "--workers", 1) as server:
        answer = server.post("explain", encoded(low_tone)).json()
        predicted = server.post("predict", encoded(low_tone)).json()
        assert server.get("v1/model").json()["card"] == "# Seeing\n"
    image, heat = np.array(answer["image"]), np.array(answer["heat"])
    assert image.shape == heat.shape == (SMALL.height, SMALL.width)
    assert image[-4:].mean() > image[:4].mean()
    assert np.abs(heat).max() == 1.0
    assert answer["start"] < answer["end"]
    assert answer["scores"] == pytest.approx(predicted["scores"], abs=1e-3)


def test_a_model_without_a_picture_explains_nothing_and_keeps_its_place_to_itself(server: RunningServer, bundle: Path):
    refused = server.post("explain", SOUND)
    assert refused.status_code == 422
    assert str(bundle) not in refused.text


@pytest.mark.parametrize(
    "query", [{"window": 0}, {"hop": 0}, {"window": "nan"}, {"hop": "x"}, {"channel": 0}, {"channel": -1}]
)
def test_a_parameter_out_of_range_is_named(server: RunningServer, query: dict):
    refused = server.post("timeline", SOUND, params=query)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["parameter"] == next(iter(query))


def test_the_model_tells_all_but_who_spoke(server: RunningServer, bundle: Path):
    model = server.get("v1/model").json()
    facts = json.loads((bundle / "bundle.json").read_text())
    assert model["classes"] == facts["classes"]
    assert model["threshold"] == 0.4
    assert model["sample_rate"] == 16000
    assert model["facts"]["training"]["corpora"]["made"] == {"n_clips": 3, "n_speakers": 2}
    assert "s0" not in json.dumps(model["facts"])


def test_health_tells_of_the_workers(server: RunningServer):
    assert server.get("healthz").json() == {"status": "ok", "version": __version__, "workers": 2, "busy": 0}


def test_metrics_count_requests_by_their_route(server: RunningServer):
    def count() -> float:
        found = re.search(
            r'emospec_requests_total\{method="POST",route="/v1/predict",status="200"\} (\S+)',
            server.get("metrics").text,
        )
        return float(found[1]) if found else 0.0

    before = count()
    server.post("predict", SOUND)
    assert count() == before + 1


def test_neither_metrics_nor_log_hold_what_a_client_wrote(server: RunningServer):
    server.post("predict", SOUND, name="my-secret-name.wav")
    server.get("my-secret-name?my-secret-name")
    assert "secret" not in server.get("metrics").text
    assert "secret" not in "".join(server.log)
    assert any("POST /v1/predict 200" in line for line in server.log)


@pytest.mark.parametrize("path", ["docs", "docs/docs.js", "docs/docs.css", "openapi.json"])
def test_the_documentation_needs_no_other_server(server: RunningServer, path: str):
    answer = server.get(path)
    assert answer.status_code == 200
    assert not re.findall(r"""["'(]\s*(?:https?:)?//[a-z]""", answer.text)


def test_the_description_names_every_address_and_its_problems(server: RunningServer):
    api = server.get("openapi.json").json()
    assert set(api["paths"]) == {"/v1/predict", "/v1/timeline", "/v1/explain", "/v1/model", "/healthz", "/metrics"}
    answers = api["paths"]["/v1/predict"]["post"]["responses"]
    assert {"200", "400", "413", "415", "422", "429", "503"} <= set(answers)
    assert list(answers["413"]["content"]) == ["application/problem+json"]


def test_every_type_of_a_problem_leads_to_the_documentation(server: RunningServer):
    named = {problem["id"] for problem in server.get("openapi.json").json()["x-problems"]}
    assert server.get("nowhere").json()["type"].removeprefix("/docs#") in named


def test_answers_carry_safe_headers(server: RunningServer):
    for answer in (server.get("healthz"), server.get("docs"), server.get("nowhere"), server.post("predict", b"")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "access-control-allow-origin" not in answer.headers


def test_foreign_pages_and_foreign_names_are_kept_out(server: RunningServer):
    assert server.post("predict", SOUND, headers={"origin": "http://evil.example"}).status_code == 403
    assert server.get("v1/model", headers={"host": "evil.example"}).status_code == 421
    assert server.post("predict", SOUND, headers={"origin": server.url.rstrip("/")}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "v1/predict", 405), ("PUT", "v1/model", 405), ("GET", "v1", 404)]
)
def test_what_is_not_there_is_told_as_a_problem(server: RunningServer, method: str, path: str, status: int):
    answer = httpx.request(method, server.url + path)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_of_fifty_uploads_at_once_none_is_lost(server: RunningServer):
    sounds = [encoded(voice(0.5 + n / 100, seed=n)) for n in range(50)]
    start = threading.Barrier(50)

    def send(sound: bytes) -> httpx.Response:
        start.wait(30)
        return server.post("predict", sound)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, sounds))
    assert [answer.status_code for answer in answers] == [200] * 50
    assert [answer.json()["seconds"] for answer in answers] == pytest.approx([0.5 + n / 100 for n in range(50)])
    assert server.left_behind() == []
