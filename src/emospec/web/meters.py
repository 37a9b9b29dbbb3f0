"""What the server counts of itself, for Prometheus, and the log of its requests; neither tells whose they were."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emospec import __version__

METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")
SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)

log = logging.getLogger("emospec.serve")
disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, of no use here


class Meters:
    """The metrics of one server.

    Parameters
    ----------
    model : str
        Name of what is served.
    """

    def __init__(self, model: str) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Info("emospec", "What is served", registry=registry).info({"version": __version__, "model": model})
        self.requests = Counter(
            "emospec_requests", "Requests that were answered", ["route", "method", "status"], registry=registry
        )
        self.seconds = Histogram(
            "emospec_request_seconds", "Time from request to answer", ["route"], buckets=SECONDS, registry=registry
        )
        self.work = Histogram(
            "emospec_work_seconds", "Time that workers took", ["step"], buckets=SECONDS, registry=registry
        )
        self.recorded = Counter("emospec_recording_seconds", "Length of what was heard", registry=registry)

    def watch(self, name: str, text: str, value: Any) -> None:
        """Add a gauge whose value a function returns."""
        Gauge(f"emospec_{name}", text, registry=self.registry).set_function(value)

    def count_work(self, answer: Mapping[str, Any]) -> None:
        """Count what a worker's answer says of time and length."""
        for step in ("decode", "predict"):
            self.work.labels(step).observe(answer["timings"][f"{step}_ms"] / 1000)
        self.recorded.inc(answer["seconds"])

    def count_request(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one request under its route, whatever its address held, and log it so."""
        route, known = getattr(scope.get("route"), "path", "other"), (*METHODS, "WS")
        method = scope.get("method", "WS")
        shown = method if method in known else "other"
        self.requests.labels(route, shown, str(status)).inc()
        if method != "WS":  # a live session lasts as long as a person speaks
            self.seconds.labels(route).observe(seconds)
        level = logging.DEBUG if route == "other" and status < 400 else logging.INFO  # the page has many files
        log.log(level, "%s %s %d %.0f ms", shown, route, status, seconds * 1000)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class Counted:
    """An ASGI app in front of another one, which counts its answers."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self.app, self.meters = app, meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass, and count."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        status, start = 500, time.perf_counter()

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
            elif message["type"] == "websocket.accept":
                status = 101
            await send(message)

        try:
            await self.app(scope, receive, send_counted)
        finally:
            self.meters.count_request(scope, status, time.perf_counter() - start)
