"""The command that serves predictions over HTTP."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from emospec.cli_options import given, options_of
from emospec.errors import ConfigError
from emospec.web.limits import LOOPBACK, Limits, Served

KEY_VARIABLE = "EMOSPEC_API_KEY"
LEAST_KEY = 16  # characters
LOOPBACKS = (LOOPBACK, "::1", "localhost")

LimitOptions: Any = options_of(Limits, "LimitOptions", "Limits")


def serve(
    *,
    host: str = LOOPBACK,
    port: int = 8000,
    bundle: Path | None = None,
    workers: int = 0,
    api_key_file: Path | None = None,
    allow_host: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    trust_proxy: str | None = None,
    limits: Annotated[LimitOptions | None, Parameter(name="*")] = None,
) -> None:
    """Serve predictions over HTTP, live ones over a WebSocket, and the studio's page.

    Parameters
    ----------
    host
        Address to listen on; this machine alone unless given.
    port
        0 takes any that is free.
    bundle
        The model; the one that came with emospec unless given.
    workers
        Processes that decode and predict; 0 takes all cores.
    api_key_file
        File with the key that clients must bring; or set EMOSPEC_API_KEY.
    allow_host
        A name that this server goes by, such as voice.example; repeat for several.
    trust_proxy
        Address of the reverse proxy whose X-Forwarded-For is believed.
    """
    from emospec.engine import n_processes
    from emospec.web.server import run_server

    key = api_key(api_key_file)
    if host not in LOOPBACKS and key is None:
        print(
            f"emospec: anyone who reaches {host} can use this server; give --api-key-file to prevent it",
            file=sys.stderr,
        )
    served = Served(bundle, Limits(**given(limits)), n_processes(workers), key, tuple(allow_host))
    run_server(served, host, port, trust_proxy=trust_proxy)


def api_key(path: Path | None) -> str | None:
    """Return the API key in a file, or else in the environment, where nobody sees it in a list of processes.

    Raises
    ------
    ConfigError
        If the file can't be read, or the key is short or no printable ASCII.
    """
    source, key = KEY_VARIABLE, os.environ.pop(KEY_VARIABLE, None)
    if path is not None:
        source, key = str(path), _content(path)
    if key is None:
        return None
    if len(key) < LEAST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(
            f"the API key in {source} is not fit; expected at least {LEAST_KEY} letters, digits, signs, and no spaces"
        )
    return key


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        raise ConfigError(f"{path} cannot be read ({reason}); expected a file with the API key") from None
