import pytest
from starlette.requests import HTTPConnection

from emospec.web import clients
from emospec.web.clients import RateLimit, check_key, client_of, key_in
from emospec.web.problems import Problem


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def connection(host: str = "10.0.0.1", **headers: str) -> HTTPConnection:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "client": (host, 1234), "headers": named})


def test_a_client_has_a_minute_s_requests_at_once_and_then_waits():
    limit = RateLimit(3, Clock())
    for _ in range(3):
        limit.check("a")
    with pytest.raises(Problem, match="more than 3 requests a minute; try again in 20 s") as refused:
        limit.check("a")
    assert refused.value.headers == {"retry-after": "20"}


def test_requests_come_back_steadily():
    clock = Clock()
    limit = RateLimit(3, clock)
    for _ in range(3):
        limit.check("a")
    clock.now += 20.001
    limit.check("a")
    with pytest.raises(Problem):
        limit.check("a")


def test_clients_do_not_share_their_requests():
    limit = RateLimit(1, Clock())
    limit.check("a")
    limit.check("b")


def test_0_sets_no_limit():
    limit = RateLimit(0, Clock())
    for _ in range(1000):
        limit.check("a")


def test_clients_beyond_a_number_are_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clients, "MAX_CLIENTS", 3)
    limit = RateLimit(1, Clock())
    for name in "abcdefg":
        limit.check(name)
    assert len(limit._left) == 3


def test_a_household_with_ipv6_is_one_client():
    assert client_of(connection("2001:db8:1:2:aaaa::1")) == client_of(connection("2001:db8:1:2:bbbb::9"))
    assert client_of(connection("2001:db8:1:2::1")) != client_of(connection("2001:db8:1:3::1"))
    assert client_of(connection("::1")) == "::/64"


def test_every_ipv4_address_is_a_client():
    assert client_of(connection("10.0.0.1")) == "10.0.0.1"


def test_the_right_key_passes_and_no_other():
    check_key(None, None)
    check_key("0123456789abcdef", "0123456789abcdef")
    for wrong in (None, "", "0123456789abcdeF", "0123456789abcde", "käse", "\udcff", 5):
        with pytest.raises(Problem, match="missing or wrong"):
            check_key("0123456789abcdef", wrong)


def test_a_key_comes_in_either_header():
    assert key_in(connection(authorization="Bearer abc")) == "abc"
    assert key_in(connection(authorization="bearer  abc ")) == "abc"
    assert key_in(connection(x_api_key="abc")) == "abc"
    assert key_in(connection(authorization="Basic abc")) is None
    assert key_in(connection()) is None
