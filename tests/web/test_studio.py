"""The page's files, from an app in this process."""

import asyncio
from pathlib import Path

import httpx
import pytest

from emospec.web.app import create_app
from emospec.web.limits import Served
from emospec.web.service import Service

FILES = {"index.html": "<!doctype html>", "assets/index-abc.js": "1", "assets/worker.mjs": "2", "runtime.wasm": "3"}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "page" / "assets").mkdir(parents=True)
    for name, content in FILES.items():
        (tmp_path / "page" / name).write_text(content)
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "page"


def get(bundle: Path, page: Path, path: str, method: str = "GET") -> httpx.Response:
    app = create_app(Service(Served(bundle)), page=page)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("path", "content", "kind", "kept"),
    [
        ("/", "<!doctype html>", "text/html", "no-cache"),
        ("/index.html", "<!doctype html>", "text/html", "no-cache"),
        ("/assets/index-abc.js", "1", "text/javascript", "public, max-age=31536000, immutable"),
        ("/assets/worker.mjs", "2", "text/javascript", "public, max-age=31536000, immutable"),
        ("/runtime.wasm", "3", "application/wasm", "no-cache"),
    ],
)
def test_files_come_with_their_type_and_how_long_they_keep(
    bundle: Path, page: Path, path: str, content: str, kind: str, kept: str
):
    answer = get(bundle, page, path)
    assert (answer.status_code, answer.text) == (200, content)
    assert answer.headers["content-type"].split(";")[0] == kind
    assert answer.headers["cache-control"] == kept
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_may_run_its_own_scripts_and_webassembly_and_nothing_of_others(bundle: Path, page: Path):
    policy = get(bundle, page, "/").headers["content-security-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "worker-src 'self' blob:" in policy
    assert "http" not in policy
    assert "*" not in policy


@pytest.mark.parametrize("path", ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/nothing.js"])
def test_what_is_not_of_the_page_is_not_found(bundle: Path, page: Path, path: str):
    answer = get(bundle, page, path)
    assert answer.status_code == answer.json()["status"] == 404


def test_addresses_of_the_api_are_not_the_page_s(bundle: Path, page: Path):
    assert get(bundle, page, "/v1/predict").status_code == 405
    assert get(bundle, page, "/", "POST").status_code == 405
    assert get(bundle, page, "/docs").text.startswith("<!doctype html>\n<html")


def test_a_page_that_is_not_built_is_told_in_one_line(bundle: Path, tmp_path: Path):
    answer = get(bundle, tmp_path / "page", "/")
    assert answer.status_code == 404
    assert "is not built" in answer.json()["detail"]
    assert get(bundle, tmp_path / "page", "/other.html").status_code == 404


def test_a_mistake_of_ours_tells_the_client_nothing_of_it(bundle: Path, page: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(_: object) -> None:
        raise RuntimeError("/a/path/of/ours")

    monkeypatch.setattr("emospec.web.api.without_speakers", fail)
    answer = get(bundle, page, "/v1/model")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "path" not in answer.text
