"""One server for many tests."""

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
