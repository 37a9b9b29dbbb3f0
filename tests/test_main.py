import subprocess
import sys

from emospec import __version__


def test_python_runs_the_package_as_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "emospec", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == __version__
