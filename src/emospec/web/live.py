"""Live sound over a WebSocket: samples come in, what the last seconds sound like goes out."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.websockets import WebSocket, WebSocketDisconnect

from emospec.errors import AudioError, ScoreError
from emospec.predict import Prediction, Predictor
from emospec.web.clients import check_key, client_of, key_in
from emospec.web.problems import Problem
from emospec.web.service import Service

HEARD_SECONDS = 3.0  # an answer is on so much sound
FIRST_ANSWER = 0.5  # s
BETWEEN_ANSWERS = 0.25  # s of sound
PATIENCE = 30.0  # s without a message
PATIENCE_AT_FIRST = 5.0  # s without the first one, which says who asks: nobody has a session before
RATES = (8_000, 192_000)  # Hz
LONGEST_MESSAGE = 2**20  # bytes: more than a second at the highest rate
MAX_PEAK = 4.0
REFUSED, FAILED = 1008, 1011  # codes with which a WebSocket is closed


class Ear:
    """Remembers the last seconds of a stream, and the last ones in which somebody spoke.

    Parameters
    ----------
    sample_rate : Hz
        Of the stream.
    """

    def __init__(self, predictor: Predictor, sample_rate: int) -> None:
        self.predictor, self.sample_rate = predictor, sample_rate
        self.seconds = min(HEARD_SECONDS, predictor.answerer.hears_seconds)
        self.n_samples = 0
        self.last: NDArray[np.float32] = np.zeros(0, np.float32)
        self._spoken: Prediction | None = None

    @property
    def at(self) -> float:
        """Seconds heard."""
        return self.n_samples / self.sample_rate

    def hear(self, message: bytes) -> None:
        """Take the next samples.

        Raises
        ------
        Problem
            If they are no samples.
        """
        if len(message) % 4 or len(message) > LONGEST_MESSAGE:
            raise Problem(
                "bad-request",
                f"a message of {len(message)} bytes; expected float32 samples, 4 bytes each, at most {LONGEST_MESSAGE}",
            )
        samples = np.frombuffer(message, "<f4").astype(np.float32)
        if not (np.abs(samples) <= MAX_PEAK).all():  # so is NaN
            raise Problem("bad-recording", "samples beyond -1 to 1, or that are no numbers; send floats in [-1, 1]")
        self.n_samples += len(samples)
        self.last = np.concatenate([self.last, samples])[-round(self.seconds * self.sample_rate) :]

    def answer(self) -> dict[str, Any]:
        """Return what the last seconds sound like; the emotion is None in silence."""
        at, prediction = self.at, self._prediction(self.last)
        if prediction is None:
            return {"at": at, "emotion": None}
        self._spoken = prediction
        return {"at": at} | prediction.to_dict()

    def final(self) -> dict[str, Any]:
        """Return what the last seconds of speech sounded like; the emotion is None if nobody spoke."""
        answer = self.answer() if len(self.last) else {"at": 0.0, "emotion": None}
        if answer["emotion"] is None and self._spoken:
            answer |= self._spoken.to_dict()
        return {"final": True} | answer

    def _prediction(self, sound: NDArray[np.float32]) -> Prediction | None:
        try:
            timeline = self.predictor.timeline(sound, self.sample_rate, window=self.seconds, hop=self.seconds)
        except ScoreError:
            raise
        except AudioError:  # of silence, or of next to no sound
            return None
        return next((window.prediction for window in timeline.windows if window.prediction), None)


async def serve_live(socket: WebSocket, service: Service) -> None:
    """Hold one live session, to its end or to the first thing that is wrong."""
    try:
        service.rate.check(client_of(socket))
        await socket.accept()
        sample_rate = await _greeted(socket, service)
        with service.live.one(client_of(socket)):
            async with asyncio.timeout(service.limits.max_duration + PATIENCE):
                await _session(socket, service, sample_rate)
    except Problem as problem:
        await _refuse(socket, problem)
    except ScoreError as error:
        await _refuse(socket, Problem("bad-recording", str(error)))
    except TimeoutError:
        await _refuse(socket, _too_long(service))
    except WebSocketDisconnect:
        return


def _too_long(service: Service) -> Problem:
    return Problem("too-large", f"more than {service.limits.max_duration:g} s of sound; open another session")


async def _refuse(socket: WebSocket, problem: Problem) -> None:
    with suppress(WebSocketDisconnect):  # a client that is gone need not be told
        if socket.client_state.name == "CONNECTING":
            await socket.accept()  # a browser shows nothing of a connection that is not accepted
        await socket.send_json({"error": problem.to_dict()})
        await socket.close(REFUSED, problem.kind)


async def _greeted(socket: WebSocket, service: Service) -> int:
    """Return the sample rate that the first message tells, once the client has shown its key."""
    hello = _command(await _next(socket, PATIENCE_AT_FIRST))
    check_key(service.served.api_key, key_in(socket) or hello.get("key"))
    return _rate_in(hello)


async def _session(socket: WebSocket, service: Service, sample_rate: int) -> None:
    ear = Ear(service.predictor, sample_rate)
    speaker = Speaker(socket, ear)
    try:
        while isinstance(message := await _next(socket), bytes):
            ear.hear(message)
            if ear.at > service.limits.max_duration:
                raise _too_long(service)
            speaker.speak()
        _check_end(_command(message))
    finally:
        await speaker.stop()
    await socket.send_json(await asyncio.to_thread(ear.final))
    await socket.close()


class Speaker:
    """Sends answers while more sound comes in, one at a time: where answers take long, there are fewer of them."""

    def __init__(self, socket: WebSocket, ear: Ear) -> None:
        self.socket, self.ear = socket, ear
        self.next_at = FIRST_ANSWER
        self._task: asyncio.Task[None] | None = None

    def speak(self) -> None:
        """Send an answer if it is time for one, and the last one is out."""
        if self.ear.at < self.next_at or (self._task and not self._task.done()):
            return
        if self._task:
            self._task.result()  # raises what went wrong with the last answer
        self.next_at = self.ear.at + BETWEEN_ANSWERS
        self._task = asyncio.create_task(self._answer())

    async def _answer(self) -> None:
        await self.socket.send_json(await asyncio.to_thread(self.ear.answer))

    async def stop(self) -> None:
        """Wait for the answer that is on its way; a client that is gone does not get it."""
        if self._task:
            await asyncio.gather(self._task, return_exceptions=True)


async def _next(socket: WebSocket, patience: float = PATIENCE) -> str | bytes:
    """Return the next message; one that does not come is a `Problem`."""
    try:
        async with asyncio.timeout(patience):
            message = await socket.receive()
    except TimeoutError:
        raise Problem("slow-upload", f"nothing came for {patience:g} s") from None
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    text: str | None = message.get("text")
    return message["bytes"] if text is None else text


def _command(message: str | bytes) -> Mapping[str, Any]:
    try:
        command = json.loads(message) if isinstance(message, str) else None
    except (ValueError, RecursionError):
        command = None
    if not isinstance(command, dict):
        raise Problem("bad-request", 'expected JSON such as {"sample_rate": 48000}, then binary samples, {"end": true}')
    return command


def _rate_in(hello: Mapping[str, Any]) -> int:
    rate = hello.get("sample_rate")
    if not (isinstance(rate, int | float) and RATES[0] <= rate <= RATES[1]):
        raise Problem(
            "bad-parameter", f"sample_rate {rate!r:.40}; expected a number from {RATES[0]} to {RATES[1]} (Hz)"
        )
    return round(rate)


def _check_end(command: Mapping[str, Any]) -> None:
    if command.get("end") is not True:
        raise Problem("bad-request", 'expected binary samples, or {"end": true}')
