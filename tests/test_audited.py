from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit_samples import FOUR, model_of
from emospec.audited import checked_scores, load_function_model
from emospec.errors import ConfigError, EmospecError
from samples import clips_table

CLIPS = clips_table(1, 1)


def check(scores: Any) -> Any:
    return checked_scores(model_of(lambda *given: scores), [], 8000, CLIPS)


def test_probabilities_come_back_as_float32() -> None:
    assert check(np.eye(4)).dtype == np.float32


def test_scores_of_another_shape_are_refused_with_the_shape_that_is_expected() -> None:
    with pytest.raises(EmospecError, match=r"shape \(4, 3\); expected numbers of shape \(4, 4\)"):
        check(np.ones((4, 3)) / 3)


def test_scores_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(EmospecError, match="expected numbers"):
        check(np.full((4, 4), "angry"))


def test_scores_that_are_not_finite_are_refused() -> None:
    with pytest.raises(EmospecError, match="not finite"):
        check(np.full((4, 4), np.nan))


@pytest.mark.parametrize("row", [[3.0, 1.0, 0.5, 0.1], [1.5, -0.5, 0.0, 0.0]])
def test_outputs_that_are_no_probabilities_are_refused(row: list[float]) -> None:
    with pytest.raises(EmospecError, match="apply a softmax"):
        check(np.tile(row, (4, 1)))


def test_a_function_is_loaded_by_its_file_and_finds_the_modules_beside_it(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_model.py").write_text("SHARE = 0.25\n")
    code = (
        "import numpy\nfrom neighbour_of_model import SHARE\ndef guess(w, r, clips):\n"
        "    return numpy.full((len(clips), 4), SHARE)\n"
    )
    (tmp_path / "my_model.py").write_text(code)
    model = load_function_model(f"{tmp_path / 'my_model.py'}:guess", "four", training_speakers=["made/s0"])
    assert model.classes == FOUR
    assert model.training_speakers == {"made/s0"}
    assert (checked_scores(model, [], 8000, CLIPS) == 0.25).all()


def test_another_file_is_another_model(tmp_path: Path) -> None:
    prints = []
    for body in ("1", "2"):
        (tmp_path / "m.py").write_text(f"def score(*given): return {body}\n")
        prints.append(load_function_model(f"{tmp_path / 'm.py'}:score", "four").fingerprint)
    assert prints[0] != prints[1]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("model.py", "expected FILE.py:FUNCTION"),
        ("model.txt:score", "expected FILE.py:FUNCTION"),
        ("no-such.py:score", "does not exist"),
        ("there.py:other", "has no function other"),
        ("there.py:NUMBER", "has no function NUMBER"),
        ("broken.py:score", r"SyntaxError: .* \(.*broken.py:1\); try `python broken.py`"),
        ("wanting.py:score", r"ModuleNotFoundError: No module named .* \(wanting.py:1\)"),
        ("nameless.py:score", r"NameError: name 'nump' is not defined \(nameless.py:2\)"),
        ("leaving.py:score", r"SystemExit: 0 \(leaving.py:1\)"),
    ],
)
def test_what_is_no_function_is_told_in_a_line(
    spec: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.py").write_text("NUMBER = 1\ndef score(*given): pass\n")
    Path("broken.py").write_text("def score(:\n")
    Path("wanting.py").write_text("import no_such_module_anywhere\n")
    Path("nameless.py").write_text("import numpy\nWEIGHTS = nump.ones(4)\n")
    Path("leaving.py").write_text("raise SystemExit(0)\n")
    with pytest.raises(ConfigError, match=said):
        load_function_model(spec, "four")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def score(w, r, c):\n    return {}['x']\n", r"KeyError: 'x' \(m.py:2\)"),
        ("def score(w, r, c):\n    raise OSError('gone\\nmore')\n", r"OSError: gone \(m.py:2\)"),
        ("def score(w, r, c):\n    assert 1 > 2\n", r"AssertionError \(m.py:2\)"),
        ("\ndef score(w):\n    return w\n", r"TypeError: score\(\) takes 1 .* 3 were given \(m.py:2\)"),
        ("def score(w, r, c): return [[1, 0], [1]]\n", r"ValueError: .*inhomogeneous.* \(m.py:1\)"),
        ("def score(w, r, c):\n    raise SystemExit\n", r"SystemExit \(m.py:2\)"),
        ("from os.path import join as score\n", r"TypeError: .* \(m.py\)"),
    ],
)
def test_an_error_in_the_function_is_a_line_with_its_kind_and_place(
    code: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.py").write_text(code)
    with pytest.raises(EmospecError, match=rf"^m.py:score failed with {said}; expected FUNCTION") as raised:
        checked_scores(load_function_model("m.py:score", "four"), [], 8000, CLIPS)
    assert "\n" not in str(raised.value)


def test_whoever_interrupts_the_function_is_heard(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("def score(*given): raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        checked_scores(load_function_model(f"{tmp_path / 'm.py'}:score", "four"), [], 8000, CLIPS)
