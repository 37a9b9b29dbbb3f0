"""The command that opens the studio, or writes it as a folder."""

import shlex
import sys
import threading
import time
import webbrowser
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

PATIENCE = 60.0  # seconds for the server to come up


def studio(
    *,
    export: Annotated[Path | None, Parameter(help="Write the studio there, as a folder that needs no emospec.")] = None,
    bundle: Path | None = None,
    port: int = 8000,
    browser: Annotated[bool, Parameter(negative="--no-browser")] = True,
    runtime: Path | None = None,
) -> None:
    """Open the studio in your browser: record or drop a sound, see what a model makes of it. Ctrl+C ends it.

    Parameters
    ----------
    bundle
        The model; the one that came with emospec unless given.
    port
        Of this machine, at which the page is served.
    browser
        Open it there; else only its address is printed.
    runtime
        With --export, offline: the .tgz of onnxruntime-web that `npm pack` makes.
    """
    if export is not None:
        print(written(export, bundle, runtime))
        return
    from emospec.web.limits import LOOPBACK, Limits, Served
    from emospec.web.server import run_server

    if browser:
        threading.Thread(target=open_when_up, args=(f"http://{LOOPBACK}:{port}/",), daemon=True).start()
    run_server(Served(bundle, Limits(), 1, None), LOOPBACK, port)


def written(export: Path, bundle: Path | None, runtime: Path | None) -> str:
    """Write the static studio and tell how to serve it."""
    from emospec.web.static_export import export_studio

    export_studio(export, bundle, runtime=runtime)
    return (
        f"{export} holds the studio. Browsers run it only if it is served over HTTP, by any web server:\n"
        f"  {Path(sys.executable).name} -m http.server --directory {shlex.quote(str(export))}\n"
        "then open http://localhost:8000. Recording works on localhost and on https:// addresses."
    )


def open_when_up(address: str) -> None:
    """Open a page in the user's browser as soon as its server answers."""
    import urllib.request  # not at the top: it would slow down `emospec --help`

    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}healthz", timeout=1):  # noqa: S310 (our own address)
                webbrowser.open(address)
                return
        except OSError:  # of which URLError is one
            time.sleep(0.1)
