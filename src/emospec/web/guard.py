"""What stands before everything else: foreign pages and foreign names are kept out, every answer gets safe headers."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emospec.web.problems import Problem, response_to

SAFE_METHODS = ("GET", "HEAD")
SAFE_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=(self), camera=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guard:
    """An ASGI app in front of another one.

    Without it, any page that a person has open could send recordings to a server on their own machine, or, with a name
    that it lets point to 127.0.0.1 (DNS rebinding), read its answers as well.

    Parameters
    ----------
    hosts : tuple of str
        Names by which clients may call this server, besides `localhost` and IP addresses; `*` for any.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...] = ()) -> None:
        self.app, self.hosts = app, tuple(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let pass."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        try:
            check_origin(Headers(scope=scope), scope.get("method", "GET"), self.hosts)
        except Problem as problem:
            await response_to(problem)(scope, receive, with_safe_headers(send))
        else:
            await self.app(scope, receive, with_safe_headers(send))


def with_safe_headers(send: Send) -> Send:
    """Return `send` with the safe headers added to each answer that has not its own."""

    async def send_safely(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            for name, value in SAFE_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_safely


def check_origin(headers: Headers, method: str, hosts: tuple[str, ...] = ()) -> None:
    """Raise a `Problem` unless this server was meant, by a page of its own or by no page at all."""
    host = _split(f"//{headers.get('host', '')}")
    if not _is_known(host.hostname, hosts):
        raise Problem(
            "wrong-host",
            "expected the Host header localhost, an IP address, or a name that was given with --allow-host",
        )
    origin = headers.get("origin")
    if origin is not None and not _is_same(_split(origin), host, hosts):
        raise Problem("foreign-page", "only pages that come from this server may call it from a browser")
    if method not in SAFE_METHODS and headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise Problem("foreign-page", "only pages that come from this server may send recordings from a browser")


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        return parts if parts.port != 0 else urlsplit("")
    except ValueError:  # of a port that is no number, or of brackets without an address
        return urlsplit("")


def _is_known(name: str | None, hosts: tuple[str, ...]) -> bool:
    if not name:
        return False
    return name == "localhost" or name.endswith(".localhost") or name in hosts or "*" in hosts or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_same(origin: SplitResult, host: SplitResult, hosts: tuple[str, ...]) -> bool:
    """Tell whether a page belongs here: it has our name and port, or a name that was allowed (behind a proxy)."""
    if origin.scheme not in ("http", "https") or not origin.hostname:
        return False
    usual = 443 if origin.scheme == "https" else 80
    ours = origin.hostname == host.hostname and (origin.port or usual) == (host.port or usual)
    return ours or origin.hostname in hosts
