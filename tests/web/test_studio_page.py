"""The committed page: it belongs to its source, asks nobody else for anything, and its colours can be told apart."""

import hashlib
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

from emospec.emotions import CLASS_SETS, EMOTIONS
from emospec.web.static_export import PAGE, RUNTIME, RUNTIME_INTEGRITY, RUNTIME_VERSION

STUDIO = Path(__file__).parents[2] / "studio"
SOURCES = (
    "index.html",
    "package.json",
    "package-lock.json",
    "public",
    "scripts",
    "src",
    "tsconfig.json",
    "vite.config.ts",
)
BUILD = json.loads((PAGE / "build.json").read_text())
COLOURS = {
    name: colours
    for name, *colours in re.findall(r'(\w+): \["(#\w{6})", "(#\w{6})"\]', (STUDIO / "src/emotions.ts").read_text())
}
PAPERS = ("#ffffff", "#17131f")  # of the light and the dark cards


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def source_files() -> list[Path]:
    return [
        file
        for name in SOURCES
        for file in ((STUDIO / name).rglob("*") if (STUDIO / name).is_dir() else [STUDIO / name])
    ]


def test_the_committed_page_was_built_from_the_source_that_is_there() -> None:
    names = sorted((file.relative_to(STUDIO).as_posix().encode(), file) for file in source_files() if file.is_file())
    listing = "".join(f"{sha256(file)}  {name.decode()}\n" for name, file in names)

    assert hashlib.sha256(listing.encode()).hexdigest() == BUILD["sources"], "run `npm run build` in studio/"


def test_the_files_of_the_page_are_those_that_were_built() -> None:
    files = {file.relative_to(PAGE).as_posix(): sha256(file) for file in PAGE.rglob("*") if file.is_file()}
    files.pop("build.json")

    assert files == BUILD["files"]


def test_the_page_asks_no_other_server_for_anything() -> None:
    policy = re.search(r'Content-Security-Policy"\s+content="([^"]+)"', (PAGE / "index.html").read_text())
    text = "".join(file.read_text() for file in PAGE.rglob("*") if file.suffix in (".html", ".js", ".css", ".svg"))
    addresses = set(re.findall(r"https?://[\w.:/-]+", text))

    assert policy is not None
    assert not re.search(r"https?:|\*", policy[1])
    assert "connect-src 'self'" in policy[1]
    assert all(each.startswith(("http://www.w3.org/", "http://localhost:8000", "https://")) for each in addresses)
    assert not re.search(r"""(src|href)=["']https?:|url\(["']?https?:|import\(["']https?:|fetch\(["']https?:""", text)


def test_the_runtime_is_that_of_the_lock_file() -> None:
    packages = json.loads((STUDIO / "package-lock.json").read_text())["packages"]
    runtime = packages[f"node_modules/{RUNTIME}"]

    assert (runtime["version"], runtime["integrity"]) == (RUNTIME_VERSION, f"sha512-{RUNTIME_INTEGRITY}")


def linear(colour: str) -> np.ndarray:
    levels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def oklab(light: np.ndarray) -> np.ndarray:
    """Björn Ottosson's space, in which equal distances look equal."""
    cones = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
             [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
    axes = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip
    return np.array(axes) @ np.cbrt(np.array(cones) @ light.clip(0, 1))


VISION = {  # Machado, Oliveira and Fernandes 2009, at full strength
    "trichromats": np.eye(3),
    "protanopes": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopes": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopes": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


@pytest.mark.parametrize("paper", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(("classes", "least"), [("four", 0.12), ("seven", 0.09)])
def test_no_two_emotions_of_a_class_set_look_alike(classes: str, least: float, vision: str, paper: int) -> None:
    seen = [oklab(np.array(VISION[vision]) @ linear(COLOURS[name][paper])) for name in CLASS_SETS[classes]]

    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > least


@pytest.mark.parametrize("paper", [0, 1], ids=["light", "dark"])
def test_every_emotion_has_a_colour_that_stands_out_from_its_paper(paper: int) -> None:
    luminances = {name: linear(COLOURS[name][paper]) @ [0.2126, 0.7152, 0.0722] for name in EMOTIONS}
    ground = float(linear(PAPERS[paper]) @ [0.2126, 0.7152, 0.0722])

    for name, luminance in luminances.items():
        low, high = sorted((luminance, ground))
        assert (high + 0.05) / (low + 0.05) >= 3, name
