"""What can be asked for besides the recording: the API's description and its answers agree on it."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.exceptions import RequestValidationError

from bundle_samples import write_made_bundle
from emospec.mel import MelConfig
from emospec.web.app import create_app
from emospec.web.limits import Served
from emospec.web.service import Service
from emospec.web.windows import WindowLimits
from serving import RunningServer, encoded, voice, write_seeing_bundle

SOUND = encoded(voice())
SHORT = 0.384  # s that the seeing bundle hears


def described(api: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The schemas of a timeline's parameters, by their names."""
    parameters = api["paths"]["/v1/timeline"]["post"]["parameters"]
    return {parameter["name"]: parameter["schema"] for parameter in parameters}


def api_of(bundle: Path) -> dict[str, Any]:
    app = create_app(Service(Served(bundle)))

    async def ask() -> dict[str, Any]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return (await client.get("/openapi.json")).json()

    return asyncio.run(ask())


def test_the_description_announces_what_the_model_can_hear(tmp_path: Path):
    mel = MelConfig(width=200)
    bundle = write_made_bundle(tmp_path / "bundle", mel=mel.to_dict())
    longest = 200 * mel.hop_length / mel.sample_rate
    found = described(api_of(bundle))
    assert found["window"] == {"type": "number", "minimum": 0.5, "maximum": longest, "default": 3.0}
    assert found["hop"] == {"type": "number", "minimum": 0.1, "maximum": longest, "default": 1.0}


def test_a_model_that_hears_less_than_the_usual_window_announces_and_takes_less(tmp_path: Path):
    found = described(api_of(write_seeing_bundle(tmp_path / "bundle")))
    assert found["window"] == {"type": "number", "minimum": SHORT, "maximum": SHORT, "default": SHORT}
    assert found["hop"] == {"type": "number", "minimum": 0.1, "maximum": SHORT, "default": SHORT}
    assert WindowLimits(SHORT).chosen(None, None) == {"window": SHORT, "hop": SHORT}


@pytest.mark.parametrize("end", ["minimum", "maximum", "default"])
def test_what_is_announced_is_taken(server: RunningServer, end: str):
    window, hop = (described(server.get("openapi.json").json())[name][end] for name in ("window", "hop"))
    assert server.post("timeline", SOUND, params={"window": window}).status_code == 200
    longest = described(server.get("openapi.json").json())["window"]["maximum"]
    assert server.post("timeline", SOUND, params={"window": longest, "hop": hop}).status_code == 200


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (
            {"window": 0.3},
            "window: 0.3 s; expected 0.5 s, the least that this server takes, to 3.1 s, the most that this",
        ),
        (
            {"window": 10},
            "window: 10 s; expected 0.5 s, the least that this server takes, to 3.1 s, the most that this",
        ),
        ({"hop": 0.05}, "hop: 0.05 s; expected 0.1 s, the least that this server takes, to 3 s, the window"),
        ({"window": 1, "hop": 2}, "hop: 2 s; expected 0.1 s, the least that this server takes, to 1 s, the window"),
    ],
)
def test_every_refusal_tells_the_same_bounds(server: RunningServer, query: dict, told: str):
    refused = server.post("timeline", SOUND, params=query)
    longest = described(server.get("openapi.json").json())["window"]["maximum"]
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(told.replace("3.1", repr(longest)))
    assert [each["parameter"] for each in refused.json()["errors"]] == [list(query)[-1]]


def test_bounds_are_told_with_all_their_digits():
    with pytest.raises(RequestValidationError) as refused:
        WindowLimits(2.90249659).chosen(2.9025, None)
    assert "2.9025 s; expected" in refused.value.errors()[0]["msg"]
    assert "to 2.90249659 s" in refused.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("what", "known"), [("predict", "channel"), ("explain", "channel"), ("timeline", "window or hop or channel")]
)
def test_a_mistyped_parameter_is_refused_with_the_known_ones(server: RunningServer, what: str, known: str):
    refused = server.post(what, SOUND, params={"channels": 1})
    told = f"no parameter of this address; expected {known}"
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert refused.json()["detail"] == f"channels: {told}"
    assert refused.json()["errors"] == [{"parameter": "channels", "detail": told}]


def test_the_key_is_asked_for_before_parameters_are_looked_at(locked_server: RunningServer):
    assert locked_server.post("predict", SOUND, params={"channels": 1}).status_code == 401


def test_all_types_that_are_announced_are_taken_and_no_others(server: RunningServer):
    def post(kind: str) -> int:
        headers = {"content-type": kind.replace("*", "webm")}
        return httpx.post(f"{server.url}v1/predict", content=SOUND, headers=headers).status_code

    announced = set(server.get("openapi.json").json()["paths"]["/v1/predict"]["post"]["requestBody"]["content"])
    assert {"multipart/form-data", "audio/*", "video/*", "application/octet-stream"} <= announced
    assert {post(kind) for kind in announced - {"multipart/form-data"}} == {200}
    assert {post(kind) for kind in ("text/plain", "application/json", "application/octet-streams", "video")} == {415}
