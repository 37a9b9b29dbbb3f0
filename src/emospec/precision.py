"""Whether layers compute in bfloat16: where the processor can, and where it was measured to help."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from emospec.settings import Precision

CPUINFO = Path("/proc/cpuinfo")
FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
FASTER = ("tensorflow",)  # backends; see docs/performance.md


def chosen_precision(asked: Precision, *, backend: str, gpu: bool) -> Literal["float32", "bfloat16"]:
    """Return the precision that was asked for, or what `auto` means on this machine.

    Parameters
    ----------
    backend : str
        Of Keras: tensorflow, jax or torch.
    gpu : bool
        Whether a graphics card computes: nothing was measured there, so `auto` stays with float32.
    """
    if asked != "auto":
        return asked
    return "bfloat16" if backend in FASTER and not gpu and computes_bfloat16() else "float32"


@lru_cache(maxsize=1)
def computes_bfloat16() -> bool:
    """Tell whether the processor has instructions for bfloat16, as far as the system says: Linux does."""
    try:
        lines = CPUINFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return any(FLAGS & set(line.split()) for line in lines if line.startswith("flags"))
