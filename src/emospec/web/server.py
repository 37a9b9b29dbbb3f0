"""Run the server until somebody ends it."""

import asyncio
import logging
import signal
import socket
import sys

import uvicorn

from emospec.errors import ConfigError
from emospec.web.app import create_app
from emospec.web.limits import Served
from emospec.web.live import LONGEST_MESSAGE
from emospec.web.service import Service

LONGEST_HEADERS = 32_768  # bytes
OTHERS = 64  # connections beside uploads and live sessions: pages, probes, waiting browsers


def run_server(served: Served, host: str, port: int, *, trust_proxy: str | None = None) -> None:
    """Serve until SIGINT or SIGTERM; what is in hand then is still answered.

    Parameters
    ----------
    trust_proxy : str, optional
        Address of the reverse proxy whose word on its clients' addresses is taken.

    Raises
    ------
    EmospecError
        If the bundle is none, the address is taken, or the workers don't start.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO, stream=sys.stderr)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    with listening(host, port) as listener:
        asyncio.run(_serve(Service(served), listener, trust_proxy))


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address.

    Raises
    ------
    ConfigError
        If it is taken, or not one of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=256)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"cannot listen on {host}, port {port} ({reason}); choose others with --host and --port"
        ) from None
    # Connections inherit it. Without it the second part of an answer waits until the client confirms the first, which
    # clients that keep a connection open put off for 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def _serve(service: Service, listener: socket.socket, trust_proxy: str | None) -> None:
    try:
        await service.pool.start()
        server = uvicorn.Server(_config(service, trust_proxy))
        for number in (signal.SIGINT, signal.SIGTERM):  # before uvicorn does so, and after, when it sends them again
            signal.signal(number, server.handle_exit)
        print(f"emospec: {service.bundle.name} at {address_of(listener)} (Ctrl+C ends it)", flush=True)
        await server.serve([listener])
    finally:
        await service.pool.stop()


def address_of(listener: socket.socket) -> str:
    """Return the address to open in a browser."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}/"


def _config(service: Service, trust_proxy: str | None) -> uvicorn.Config:
    limits = service.limits
    return uvicorn.Config(
        create_app(service),
        lifespan="off",
        http="h11",
        ws="websockets-sansio",
        ws_max_size=2 * LONGEST_MESSAGE,
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=LONGEST_HEADERS,
        limit_concurrency=2 * (limits.max_requests + limits.max_live) + OTHERS,
        timeout_graceful_shutdown=int(limits.max_time),
        proxy_headers=trust_proxy is not None,
        forwarded_allow_ips=trust_proxy,
        server_header=False,
        access_log=False,
        log_config=None,
    )
