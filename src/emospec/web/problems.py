"""Refusals as problem details (RFC 9457): what was given, what is expected, what to do."""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2


class Kind(NamedTuple):
    """A sort of problem: its status and what it is called."""

    status: int
    title: str


KINDS = {
    "bad-request": Kind(400, "The request cannot be read"),
    "no-key": Kind(401, "An API key is needed"),
    "foreign-page": Kind(403, "A page of another origin may not use this server"),
    "not-found": Kind(404, "There is nothing at this address"),
    "not-allowed": Kind(405, "This address does not take that method"),
    "slow-upload": Kind(408, "The upload took too long"),
    "too-large": Kind(413, "The upload is too large"),
    "unknown-type": Kind(415, "This is no type of a recording"),
    "wrong-host": Kind(421, "This server does not go by that name"),
    "bad-parameter": Kind(422, "A parameter is unknown or out of range"),
    "bad-recording": Kind(422, "The recording cannot be used"),
    "costly-recording": Kind(422, "The recording takes more than is allowed"),
    "too-many-requests": Kind(429, "Too many requests"),
    "too-many-at-once": Kind(429, "Too much at once for one client"),
    "broken": Kind(500, "The server has failed"),
    "busy": Kind(503, "The server has its hands full"),
}
BY_STATUS = {400: "bad-request", 404: "not-found", 405: "not-allowed", 413: "too-large"}


class Problem(Exception):  # noqa: N818 (the word of RFC 9457)
    """A request that is refused.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    detail : str
        One line for the person who asked; it never names a path of this machine.
    """

    def __init__(self, kind: str, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.kind, self.detail = kind, detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind].status

    def to_dict(self) -> dict[str, Any]:
        """Return the members of the problem details."""
        title = KINDS[self.kind].title
        return {"type": f"/docs#{self.kind}", "title": title, "status": self.status, "detail": self.detail}


def busy(detail: str) -> Problem:
    """Return the refusal of a server that has too much to do."""
    return Problem("busy", detail, retry_after=str(RETRY_SECONDS))


def response_to(problem: Problem, **members: Any) -> JSONResponse:
    """Return a problem as an answer, with further members if any."""
    return JSONResponse(problem.to_dict() | members, problem.status, problem.headers, MEDIA_TYPE)


async def on_problem(_: Request, error: Exception) -> JSONResponse:
    """Answer what we refuse ourselves."""
    return response_to(cast(Problem, error))


async def on_http_error(request: Request, error: Exception) -> JSONResponse:
    """Answer what the framework refuses, such as an unknown address."""
    error = cast(HTTPException, error)
    kind = BY_STATUS.get(error.status_code, "bad-request")
    detail = f"{KINDS[kind].title}; /docs lists what this server offers"
    response = response_to(Problem(kind, detail, **_safe_headers(error.headers)))
    response.status_code = error.status_code
    return response


def _safe_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name: value for name, value in (headers or {}).items() if name.lower() == "allow"}


async def on_bad_parameter(_: Request, error: Exception) -> JSONResponse:
    """Answer parameters that are not as the description of the API says."""
    error = cast(RequestValidationError, error)
    found = [{"parameter": str(each["loc"][-1]), "detail": each["msg"]} for each in error.errors()]
    told = "; ".join(f"{each['parameter']}: {each['detail']}" for each in found)
    return response_to(Problem("bad-parameter", told), errors=found)


async def on_failure(_: Request, __: Exception) -> JSONResponse:
    """Answer for a bug of ours; the log has its traceback, the client has none of it."""
    return response_to(Problem("broken", "this is a mistake of the server's, not yours; its log says more"))


def answer_problems(app: FastAPI) -> None:
    """Let an app answer all that goes wrong with problem details."""
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_bad_parameter)
    app.add_exception_handler(Exception, on_failure)
