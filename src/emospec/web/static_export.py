"""The studio as a folder that needs no server of ours: the page, a bundle, and what runs it in the browser."""

import base64
import hashlib
import os
import shutil
import tarfile
from pathlib import Path

import pooch
from tqdm import tqdm

from emospec.bundle import CARD, FACTS, GRAPH, load_bundle
from emospec.download.transfer import Transfer
from emospec.errors import ArchiveError, ConfigError
from emospec.files import check_new_folder, read_json, whole_folder, write_json, write_text

PAGE = Path(__file__).parent / "page"
REGISTRY = "https://registry.npmjs.org"
RUNTIME = "onnxruntime-web"
RUNTIME_VERSION = "1.30.0"
RUNTIME_INTEGRITY = (
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="  # SHA-512
)
RUNTIME_FILES = {
    "package/dist/ort.wasm.bundle.min.mjs": "ort.js",  # .js: not every server knows what .mjs is
    "package/dist/ort-wasm-simd-threaded.wasm": "ort.wasm",
}
SETUP = {"engine": "browser", "model": GRAPH, "facts": FACTS, "card": CARD, "runtime": "runtime/"}
LICENCE = """onnxruntime-web {version}
Copyright (c) Microsoft Corporation

MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def export_studio(out: Path, bundle: Path | None = None, *, runtime: Path | None = None) -> Path:
    """Write a folder that any web server can serve; in it the browser itself runs the model.

    Parameters
    ----------
    out : path
        New folder; it is a bundle as well.
    bundle : path, optional
        The one that came with emospec unless given.
    runtime : path, optional
        The npm package of onnxruntime-web, a .tgz of the version that the page was tested with; fetched unless given.

    Raises
    ------
    EmospecError
        If the folder can't be written, the bundle is none, or the runtime can't be had.
    """
    check_new_folder(out)
    folder = load_bundle(bundle, threads=1).path
    archive = fetch_runtime() if runtime is None else runtime
    check_integrity(archive)
    with whole_folder(out) as temporary:
        copy_page(temporary)
        for name in (GRAPH, FACTS, CARD):
            shutil.copyfile(folder / name, temporary / name)
        extract_runtime(archive, temporary / "runtime")
        write_json(SETUP, temporary / "studio.json")
    return out


def copy_page(folder: Path) -> None:
    """Copy the built page, all of it and nothing else."""
    if not (PAGE / "build.json").is_file():
        raise ConfigError(f"this installation of emospec has no page in {PAGE}; build it: see docs/studio.md")
    for name in ("build.json", *read_json(PAGE / "build.json")["files"]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PAGE / name, folder / name)


def fetch_runtime() -> Path:
    """Return the runtime's npm package from the user's cache, and fetch it first where it is not there.

    The registry is npm's own, or that of the environment variable `npm_config_registry`; proxies and certificates are
    those that requests knows.
    """
    name = f"{RUNTIME}-{RUNTIME_VERSION}.tgz"
    path = Path(pooch.os_cache("emospec")) / name
    if path.is_file() and integrity_of(path) == RUNTIME_INTEGRITY:
        return path
    registry = os.environ.get("npm_config_registry", REGISTRY)  # noqa: SIM112 (so npm spells it)
    url = f"{registry.rstrip('/')}/{RUNTIME}/-/{name}"
    known = f"sha512:{base64.b64decode(RUNTIME_INTEGRITY).hex()}"
    with Transfer() as transfer, tqdm(desc=name, unit="B", unit_scale=True) as bar:
        transfer.fetch([url], path, known_hash=known, bar=bar)
    return path


def check_integrity(archive: Path) -> None:
    """Raise unless this is the npm package that the page was tested with."""
    if not archive.is_file():
        raise ConfigError(f"{archive} does not exist; make it with `npm pack {RUNTIME}@{RUNTIME_VERSION}`")
    if integrity_of(archive) != RUNTIME_INTEGRITY:
        raise ConfigError(
            f"{archive} is not the package {RUNTIME} {RUNTIME_VERSION} (other SHA-512); "
            f"make it with `npm pack {RUNTIME}@{RUNTIME_VERSION}`"
        )


def integrity_of(path: Path) -> str:
    """Return the SHA-512 of a file as npm writes it, in base 64."""
    with path.open("rb") as file:
        return base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()


def extract_runtime(archive: Path, folder: Path) -> None:
    """Write what the page needs of the npm package, and its licence."""
    folder.mkdir()
    try:
        with tarfile.open(archive) as package:
            for member, name in RUNTIME_FILES.items():
                source = package.extractfile(member)
                if source is None:
                    raise ArchiveError(f"{archive}: {member} is no file")
                with source, (folder / name).open("wb") as target:
                    shutil.copyfileobj(source, target)
    except (tarfile.TarError, KeyError, OSError) as error:
        raise ArchiveError(f"{archive} cannot be read ({error}); fetch it again") from None
    write_text(LICENCE.format(version=RUNTIME_VERSION), folder / "LICENSE.txt")
