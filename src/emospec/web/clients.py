"""Who may ask, and how often."""

import hmac
import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import HTTPConnection

from emospec.web.problems import Problem

MAX_CLIENTS = 10_000  # that are remembered


class RateLimit:
    """Counts the requests of each client: a bucket of a minute's requests, which fills up again steadily.

    Parameters
    ----------
    per_minute : int
        0 sets no limit.
    clock : callable
        Returns seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute, self.clock = per_minute, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # requests left, when

    def check(self, client: str) -> None:
        """Count one request; raise a `Problem` if there were too many."""
        if not self.per_minute:
            return
        now = self.clock()
        left, before = self._left.pop(client, (float(self.per_minute), now))
        left = min(self.per_minute, left + (now - before) * self.per_minute / 60)
        self._left[client] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > MAX_CLIENTS:
            self._left.popitem(last=False)
        if left < 1:
            wait = math.ceil((1 - left) * 60 / self.per_minute)
            detail = f"more than {self.per_minute} requests a minute; try again in {wait} s"
            raise Problem("too-many-requests", detail, retry_after=str(wait))


def client_of(connection: HTTPConnection) -> str:
    """Return what tells clients apart: the address, of IPv6 the network that one household has."""
    host = connection.client.host if connection.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ipaddress.IPv6Network((int(address), 64), strict=False))


def check_key(key: str | None, given: object) -> None:
    """Raise a `Problem` unless the client brought the key, if there is one; the comparison takes always as long."""
    if key is None:
        return
    if not isinstance(given, str) or not hmac.compare_digest(key.encode(), given.encode("utf-8", "surrogatepass")):
        detail = "the API key is missing or wrong; send the header `Authorization: Bearer KEY`"
        raise Problem("no-key", detail, www_authenticate='Bearer realm="emospec"')


def key_in(connection: HTTPConnection) -> str | None:
    """Return the API key that came in a header, if any."""
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else connection.headers.get("x-api-key")
