"""Servers for many tests each: to start one takes seconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

from bundle_samples import write_made_bundle
from serving import RunningServer, running_server


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_made_bundle(tmp_path_factory.mktemp("served") / "bundle")


@pytest.fixture(scope="session")
def server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder, "--bundle", bundle, "--workers", 2, "--max-body", 4, "--max-duration", 120) as server:
        yield server
        assert server.process.poll() is None, (server.process.poll(), server.log[-20:])  # it has lived on


@pytest.fixture(scope="session")
def key() -> str:
    return "0123456789abcdef"


@pytest.fixture(scope="session")
def locked_server(bundle: Path, key: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One that asks for the key."""
    folder = tmp_path_factory.mktemp("locked")
    with running_server(folder, "--bundle", bundle, "--workers", 1, EMOSPEC_API_KEY=key) as server:
        yield server


@pytest.fixture(scope="session")
def small_server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One with a single worker, five slots for uploads and five for live sessions; it believes X-Forwarded-For."""
    folder = tmp_path_factory.mktemp("small")
    options = ("--workers", 1, "--max-requests", 5, "--max-live", 5, "--trust-proxy", "127.0.0.1")
    with running_server(folder, "--bundle", bundle, *options) as server:
        yield server
