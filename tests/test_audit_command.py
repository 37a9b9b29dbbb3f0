from pathlib import Path
from typing import Any

import pytest

from commands import run

CODE = """
import numpy
def score(waveforms, sample_rate, clips):
    return numpy.full((len(clips), 6), 1 / 6)
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command asks of `run_audit`, which does nothing."""
    given: dict[str, Any] = {}

    class Done:
        passed = True

    def remember(model: Any, sources: list[str], **options: Any) -> Done:
        given.update(options, model=model, sources=sources)
        return Done()

    monkeypatch.setattr("emospec.audit.run_audit", remember)
    return given


def test_classes_are_refused_for_a_run_which_knows_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("audit", "runs/none", "--corpus", "csv=none", "--out", "none", "--classes", "six") == 2
    assert "--classes six is for FILE.py:FUNCTION alone; runs/none knows its classes" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "n_classes"), [((), 4), (("--classes", "six"), 6)])
def test_classes_of_a_function_are_four_unless_given(
    options: tuple[str, ...], n_classes: int, asked: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "m.py").write_text(CODE)
    assert run("audit", f"{tmp_path / 'm.py'}:score", "--corpus", "csv=none", "--out", "none", *options) == 0
    assert len(asked["model"].classes) == n_classes


def test_the_seed_is_passed_on(asked: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(CODE)
    run("audit", f"{tmp_path / 'm.py'}:score", "--corpus", "csv=none", "--out", "none", "--seed", 7)
    assert asked["seed"] == 7
