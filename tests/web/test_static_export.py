"""The studio as a folder: what is in it, and where its runtime comes from."""

import base64
import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from browsing import write_hearing_bundle
from emospec.bundle import load_bundle
from emospec.cli_studio import written
from emospec.errors import EmospecError
from emospec.files import read_json
from emospec.web import static_export
from emospec.web.static_export import PAGE, RUNTIME_FILES, export_studio
from owners_servers import Server

PACKAGE = f"/onnxruntime-web/-/onnxruntime-web-{static_export.RUNTIME_VERSION}.tgz"


def package(**changes: bytes) -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as archive:
        for member, name in RUNTIME_FILES.items():
            content = changes.get(name.removeprefix("ort."), name.encode())
            entry = tarfile.TarInfo(member)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return memory.getvalue()


def integrity(content: bytes) -> str:
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_hearing_bundle(tmp_path / "bundle")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A stand-in for the npm registry, and an empty cache."""
    server, content = Server(), package()
    server.files[PACKAGE] = content
    monkeypatch.setattr(static_export, "RUNTIME_INTEGRITY", integrity(content))
    monkeypatch.setenv("npm_config_registry", server.url + "/")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield server
    server.close()


def test_the_folder_holds_the_page_the_bundle_and_the_runtime(registry, bundle, tmp_path):
    out = export_studio(tmp_path / "studio", bundle)

    files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    page = {path.relative_to(PAGE).as_posix() for path in PAGE.rglob("*") if path.is_file()}
    runtime = {"runtime/ort.js", "runtime/ort.wasm", "runtime/LICENSE.txt"}
    assert files == page | runtime | {"model.onnx", "bundle.json", "MODEL_CARD.md"}
    assert (out / "runtime/ort.wasm").read_bytes() == b"ort.wasm"
    assert read_json(out / "studio.json")["engine"] == "browser"
    assert read_json(PAGE / "studio.json")["engine"] == "server"


def test_the_folder_is_a_bundle_as_well(registry, bundle, tmp_path):
    out, sound = export_studio(tmp_path / "studio", bundle), np.full(16000, 0.1, np.float32)

    assert load_bundle(out).score([sound], 16000) == pytest.approx(load_bundle(bundle).score([sound], 16000))


def test_the_runtime_is_fetched_once(registry, bundle, tmp_path):
    for name in ("one", "two"):
        export_studio(tmp_path / name, bundle)

    assert registry.requests == {PACKAGE: 1}


def test_a_cached_package_that_is_broken_is_fetched_again(registry, bundle, tmp_path):
    export_studio(tmp_path / "one", bundle)
    cached = next((tmp_path / "cache").rglob("*.tgz"))
    cached.write_bytes(cached.read_bytes()[:-1])

    export_studio(tmp_path / "two", bundle)

    assert registry.requests == {PACKAGE: 2}


def test_a_package_with_other_content_is_refused_and_nothing_is_written(registry, bundle, tmp_path):
    registry.files[PACKAGE] = package(js=b"evil")

    with pytest.raises(EmospecError, match="wrong checksum"):
        export_studio(tmp_path / "studio", bundle)

    assert not (tmp_path / "studio").exists()
    assert not list((tmp_path / "cache").rglob("*.tgz"))


def test_without_a_network_the_package_can_be_given(bundle, tmp_path, monkeypatch):
    content = package()
    (tmp_path / "runtime.tgz").write_bytes(content)
    monkeypatch.setattr(static_export, "RUNTIME_INTEGRITY", integrity(content))
    monkeypatch.setattr(static_export, "Transfer", None)

    export_studio(tmp_path / "studio", bundle, runtime=tmp_path / "runtime.tgz")

    assert (tmp_path / "studio/runtime/ort.js").read_bytes() == b"ort.js"


def test_another_version_of_the_package_is_refused_in_one_line(bundle, tmp_path):
    (tmp_path / "runtime.tgz").write_bytes(package())

    with pytest.raises(
        EmospecError, match=r"is not the package onnxruntime-web .* `npm pack onnxruntime-web@"
    ) as raised:
        export_studio(tmp_path / "studio", bundle, runtime=tmp_path / "runtime.tgz")

    assert "\n" not in str(raised.value)


def test_a_package_that_is_not_there_is_told(bundle, tmp_path):
    with pytest.raises(EmospecError, match=r"missing.tgz does not exist; make it with `npm pack"):
        export_studio(tmp_path / "studio", bundle, runtime=tmp_path / "missing.tgz")


def test_a_package_that_lacks_a_file_is_told_and_nothing_is_written(bundle, tmp_path, monkeypatch):
    archive = tmp_path / "runtime.tgz"
    with tarfile.open(archive, "w:gz"):
        pass
    monkeypatch.setattr(static_export, "RUNTIME_INTEGRITY", integrity(archive.read_bytes()))

    with pytest.raises(EmospecError, match=r"runtime.tgz cannot be read"):
        export_studio(tmp_path / "studio", bundle, runtime=archive)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "runtime.tgz"]


def test_a_folder_that_is_not_empty_is_refused_before_anything_is_fetched(registry, bundle, tmp_path):
    (tmp_path / "studio").mkdir()
    (tmp_path / "studio/mine").touch()

    with pytest.raises(EmospecError, match="not empty"):
        export_studio(tmp_path / "studio", bundle)

    assert not registry.requests


def test_what_is_no_bundle_is_refused_before_anything_is_fetched(registry, tmp_path):
    with pytest.raises(EmospecError, match="is no bundle"):
        export_studio(tmp_path / "studio", tmp_path)

    assert not registry.requests


def test_the_command_says_that_the_folder_is_to_be_served(registry, bundle, tmp_path):
    said = written(tmp_path / "studio", bundle, None)

    assert f"-m http.server --directory {tmp_path / 'studio'}" in said
    assert "http://localhost:8000" in said
