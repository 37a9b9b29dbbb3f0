"""The page on the design names what there is."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def held_layers() -> list[str]:
    """Return the modules of emospec from top to bottom, as the check of imports knows them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return [module.strip() for layer in contracts[0]["layers"] for module in layer.split("|")]


def test_the_page_has_the_layers_that_are_checked():
    table = (ROOT / "docs" / "design.md").read_text().split("| layer | modules |")[1].split("\n\n")[0]
    assert ["__main__", *re.findall(r"`(\w+)`", table)] == held_layers()


def test_every_module_has_its_layer():
    package = ROOT / "src" / "emospec"
    modules = {path.stem for path in package.glob("*.py")} | {
        path.parent.name for path in package.glob("*/__init__.py")
    }
    assert modules - {"__init__"} == set(held_layers())
