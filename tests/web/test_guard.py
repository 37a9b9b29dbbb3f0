import pytest
from starlette.datastructures import Headers

from emospec.web.guard import check_origin
from emospec.web.problems import Problem


def refusal(method: str = "POST", hosts: tuple[str, ...] = (), **headers: str) -> str | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        check_origin(Headers(named), method, hosts)
    except Problem as problem:
        return problem.kind
    return None


@pytest.mark.parametrize(
    "host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "192.168.1.5:80", "LOCALHOST", "a.localhost"]
)
def test_addresses_and_localhost_are_names_of_every_server(host: str):
    assert refusal(host=host) is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::1", "a:b:c", "x@y:z", "127.0.0.1:0"],
)
def test_a_name_that_somebody_lets_point_here_is_refused(host: str):
    assert refusal(host=host) == "wrong-host"


def test_a_request_without_a_host_is_refused():
    assert refusal() == "wrong-host"


def test_a_name_passes_if_it_was_allowed():
    assert refusal(host="Voice.example:8000", hosts=("voice.example",)) is None
    assert refusal(host="other.example", hosts=("*",)) is None


@pytest.mark.parametrize("origin", ["http://localhost:8000", "http://LOCALHOST:8000"])
def test_a_page_of_this_server_may_use_it(origin: str):
    assert refusal(host="localhost:8000", origin=origin, sec_fetch_site="same-origin") is None


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost:3000",
        "https://localhost",
        "null",
        "",
        "file://",
        "http://127.0.0.1:8000",
        "http://[x",
    ],
)
def test_a_page_of_another_origin_may_not(origin: str):
    assert refusal(host="localhost:8000", origin=origin) == "foreign-page"
    assert refusal("GET", host="localhost:8000", origin=origin) == "foreign-page"


def test_the_port_that_a_scheme_implies_need_not_be_named():
    assert refusal(host="127.0.0.1:80", origin="http://127.0.0.1") is None
    assert refusal(host="127.0.0.1:80", origin="https://127.0.0.1") == "foreign-page"


def test_behind_a_proxy_the_page_has_the_name_that_was_allowed():
    assert refusal(host="127.0.0.1:8000", origin="https://voice.example", hosts=("voice.example",)) is None
    assert refusal(host="127.0.0.1:8000", origin="https://evil.example", hosts=("voice.example",)) == "foreign-page"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_tells_of_a_foreign_page_is_believed_even_without_an_origin(site: str):
    assert refusal(host="localhost", sec_fetch_site=site) == "foreign-page"
    assert refusal("GET", host="localhost", sec_fetch_site=site) is None  # a link to the page
