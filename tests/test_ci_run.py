"""`.ci/run` with stand-ins for what it calls: the browser's tests must not be skipped without a word."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / ".ci" / "run"

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="needs a shell"),
    pytest.mark.skipif(not RUN.is_file(), reason="the sources hold no .ci"),
]


def ci_run(folder: Path, *, ci: str, user: int = 0, **programs: str) -> tuple[int, list[str]]:
    """Run `.ci/run` where only these programs exist; return the exit code, and what they were called with."""
    tools, calls = folder / "tools", folder / "calls"
    tools.mkdir()
    for name in ("bash", "dirname"):
        (tools / name).symlink_to(shutil.which(name))
    for name, does in ({"make": "", "id": f"echo {user}"} | programs).items():
        (tools / name.replace("_", "-")).write_text(f'#!/usr/bin/env bash\necho "${{0##*/}} $*" >> {calls}\n{does}\n')
        (tools / name.replace("_", "-")).chmod(0o755)
    (folder / ".ci").mkdir()
    shutil.copy(RUN, folder / ".ci" / "run")
    env = {"PATH": str(tools), "CI": ci}
    done = subprocess.run(
        [tools / "bash", folder / ".ci" / "run"], env=env, capture_output=True, text=True, check=False
    )
    called = calls.read_text().splitlines() if calls.exists() else []
    assert done.returncode == 0 or "no Chromium, which the studio's tests need" in done.stderr
    return done.returncode, [call for call in called if not call.startswith("id")]


TESTS = ["make check", "make test"]
INSTALLED = ["apt-get update --quiet", "apt-get install --yes --quiet chromium"]
# What apt-get does where it works: a file of that name, beside the other programs.
INSTALLS = 'cd "${0%/*}" && [ "$1" = update ] || { echo > chromium; /bin/chmod 755 chromium; }'


def test_a_browser_that_is_there_is_used(tmp_path: Path) -> None:
    assert ci_run(tmp_path, ci="true", chromium="", apt_get="exit 1") == (0, TESTS)


def test_a_browser_that_is_missing_is_installed(tmp_path: Path) -> None:
    assert ci_run(tmp_path, ci="true", apt_get=INSTALLS) == (0, [*INSTALLED, *TESTS])


@pytest.mark.parametrize("programs", [{"apt_get": "exit 1"}, {"apt_get": "true"}, {}])
def test_in_ci_nothing_is_tested_without_a_browser(programs: dict[str, str], tmp_path: Path) -> None:
    code, called = ci_run(tmp_path, ci="true", **programs)
    assert code == 1
    assert not set(TESTS) & set(called)


def test_elsewhere_a_missing_browser_is_told_and_the_rest_is_tested(tmp_path: Path) -> None:
    assert ci_run(tmp_path, ci="", user=1000, apt_get=INSTALLS) == (0, TESTS)
