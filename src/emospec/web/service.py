"""What all requests share: the model, the workers, and who has how much in hand."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import HTTPConnection, Request

from emospec import __version__
from emospec.bundle import CARD
from emospec.predict import Predictor
from emospec.web.clients import RateLimit, check_key, client_of, key_in
from emospec.web.limits import Served
from emospec.web.meters import Meters
from emospec.web.pool import Pool, ask
from emospec.web.problems import Problem, busy
from emospec.web.shares import Slots
from emospec.web.uploads import received
from emospec.web.windows import WindowLimits


class Service:
    """One server's state.

    Raises
    ------
    ConfigError
        If there is no such bundle.
    """

    def __init__(self, served: Served) -> None:
        self.served, self.limits = served, served.limits
        self.predictor = Predictor(served.bundle, threads=1)  # for live sound, which needs no decoder
        self.bundle = self.predictor.bundle
        self.windows = WindowLimits(self.predictor.answerer.hears_seconds)
        self.card = self.bundle.card() if (self.bundle.path / CARD).is_file() else ""
        self.pool, self.rate = Pool(served), RateLimit(served.limits.rate)
        self.meters = Meters(self.bundle.name)
        limits = self.limits
        self.uploads = Slots(limits.max_requests, limits.max_share, "uploads are in hand")
        self.live = Slots(limits.max_live, limits.max_share, "live sessions are open")
        self._watch()

    def _watch(self) -> None:
        watch, pool = self.meters.watch, self.pool
        watch("uploads_in_hand", "Uploads that are received, wait or are worked on", lambda: self.uploads.n_held)
        watch("live_sessions", "Live sessions that are open", lambda: self.live.n_held)
        watch("workers", "Worker processes", lambda: len(pool.workers))
        watch("workers_busy", "Worker processes that are not waiting for work", lambda: pool.n_busy)
        watch("workers_replaced", "Worker processes that were lost and replaced", lambda: pool.n_replaced)

    def admit(self, connection: HTTPConnection) -> None:
        """Raise a `Problem` unless a client may ask now; wrong keys are counted too."""
        self.rate.check(client_of(connection))
        check_key(self.served.api_key, key_in(connection))

    @property
    def signature(self) -> dict[str, Any]:
        """What every answer says of the model and of us."""
        return {"model": {"name": self.bundle.name, "sha256": self.bundle.fingerprint}, "version": __version__}

    async def answer(self, request: Request, job: Mapping[str, Any]) -> dict[str, Any]:
        """Receive an upload, let a worker do a job on it, and return the answer.

        Raises
        ------
        Problem
            If the upload cannot be used, takes too long, or there is too much to do.
        """
        turn = Turn(self.limits.max_time)
        with self.uploads.one(client_of(request)):
            try:
                async with asyncio.timeout(self.limits.max_time):
                    answer = await self._work(request, job, turn)
            except TimeoutError:
                raise turn.late() from None
        self.meters.count_work(answer)
        return answer | self.signature

    async def _work(self, request: Request, job: Mapping[str, Any], turn: "Turn") -> dict[str, Any]:
        async with received(request, self.limits.body_bytes) as path:
            turn.step = "wait"
            worker = await self.pool.borrow(client_of(request))
            try:
                turn.step = "work"
                return await ask(worker, dict(job) | {"path": str(path)})
            finally:
                self.pool.give_back(worker)


class Turn:
    """How far a request has come, so that one that is late can be told why.

    Parameters
    ----------
    seconds : float
        That it may take.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.step = seconds, "receive"

    def late(self) -> Problem:
        """Return the refusal for a request whose time is over."""
        if self.step == "receive":
            return Problem("slow-upload", f"the upload took longer than {self.seconds:g} s; send less")
        if self.step == "wait":
            return busy(f"no worker was free within {self.seconds:g} s; try again in a moment")
        return Problem("costly-recording", f"the answer took longer than {self.seconds:g} s; send a shorter recording")
