from pathlib import Path

import pytest

from emospec import precision
from emospec.precision import chosen_precision, computes_bfloat16
from emospec.settings import TrainConfig


@pytest.fixture
def flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def write(text: str) -> None:
        (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: fpu {text} sse2\n")
        monkeypatch.setattr(precision, "CPUINFO", tmp_path / "cpuinfo")
        computes_bfloat16.cache_clear()

    yield write
    computes_bfloat16.cache_clear()


@pytest.mark.parametrize("flag", ["avx512_bf16", "amx_bf16"])
def test_auto_is_bfloat16_where_the_processor_has_it(flags, flag):
    flags(flag)
    assert chosen_precision("auto", backend="tensorflow", gpu=False) == "bfloat16"


def test_auto_is_float32_on_other_processors(flags):
    flags("avx2 avx512f avx512_bf16x")
    assert chosen_precision("auto", backend="tensorflow", gpu=False) == "float32"


def test_auto_is_float32_where_the_system_does_not_say(flags, monkeypatch):
    flags("avx512_bf16")
    monkeypatch.setattr(precision, "CPUINFO", Path("/nowhere/cpuinfo"))
    assert chosen_precision("auto", backend="tensorflow", gpu=False) == "float32"


@pytest.mark.parametrize(("backend", "gpu"), [("torch", False), ("jax", False), ("tensorflow", True)])
def test_auto_is_float32_where_bfloat16_was_not_measured_to_help(flags, backend, gpu):
    flags("avx512_bf16")
    assert chosen_precision("auto", backend=backend, gpu=gpu) == "float32"


@pytest.mark.parametrize("asked", ["float32", "bfloat16"])
def test_a_precision_that_was_asked_for_is_taken(flags, asked):
    flags("sse")
    assert chosen_precision(asked, backend="torch", gpu=True) == asked


def test_without_a_word_training_is_the_same_on_every_machine():
    assert TrainConfig().precision == "float32"
