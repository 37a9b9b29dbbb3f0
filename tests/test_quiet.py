import os
import subprocess
import sys

import pytest

from emospec.errors import ConfigError
from emospec.quiet import held_back_errors, load_keras


def test_what_libraries_print_is_held_back(capfd: pytest.CaptureFixture[str]) -> None:
    with held_back_errors():
        os.write(2, b"noise")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_what_libraries_print_is_shown_if_they_fail(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError):
        fail_with(b"the reason")
    assert capfd.readouterr().err == "the reason"


def fail_with(words: bytes) -> None:
    with held_back_errors():
        os.write(2, words)
        raise ImportError


def test_keras_loads_without_a_word() -> None:
    code = "from emospec.quiet import load_keras; load_keras()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr == b""


def test_an_unknown_backend_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "foo")
    with pytest.raises(ConfigError, match="KERAS_BACKEND is foo; expected one that is installed of tensorflow, jax"):
        load_keras()
