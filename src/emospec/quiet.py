"""Load Keras without the lines that TensorFlow's libraries print at each start."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from emospec.errors import ConfigError

BACKENDS = ("tensorflow", "jax", "torch")


def load_keras() -> None:
    """Import Keras and its backend; what they print is shown only if that fails.

    Raises
    ------
    ConfigError
        If `KERAS_BACKEND` names a backend that there isn't.
    ImportError
        If Keras or TensorFlow isn't installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend not in BACKENDS or (backend != "tensorflow" and find_spec(backend) is None):
        raise ConfigError(f"KERAS_BACKEND is {backend}; expected one that is installed of {', '.join(BACKENDS)}")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # its advice on retracing is to programmers
    with held_back_errors():
        import keras  # noqa: F401


@contextmanager
def held_back_errors() -> Iterator[None]:
    """Hold back what is written to the process' standard error, by C++ libraries too, unless the block fails."""
    sys.stderr.flush()
    kept, failed = os.dup(2), True
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
            failed = False
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            if failed:
                file.seek(0)
                os.write(2, file.read())
