"""Worker processes: what one of them can't stand, or takes too long over, costs that process and nothing else."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

from emospec.errors import EmospecError
from emospec.web.limits import LONGEST_ANSWER, MIB, Served
from emospec.web.problems import Problem
from emospec.web.shares import Turns

WORKER = (sys.executable, "-P", "-m", "emospec.web.worker")
SECONDS_TO_START = 60.0
SECONDS_BETWEEN_TRIES = 2.0
NOT_FOR_WORKERS = ("EMOSPEC_API_KEY",)

log = logging.getLogger("emospec.serve")


class LostWorkerError(Exception):
    """A worker that ended instead of answering.

    Parameters
    ----------
    code : int
        Its exit code; below 0, the signal that ended it.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"a worker ended with {f'signal {-code}' if code < 0 else f'exit code {code}'}")
        self.code = code


class Worker:
    """One process that takes jobs as lines of JSON and answers with such lines.

    Parameters
    ----------
    setup : mapping
        The first line that it gets.
    """

    def __init__(self, setup: Mapping[str, Any], command: Sequence[str] = WORKER) -> None:
        self.setup, self.command = setup, command
        self.process: asyncio.subprocess.Process | None = None
        self.owes_answer = False

    @property
    def is_usable(self) -> bool:
        """Whether it runs and waits for a job."""
        return self.process is not None and self.process.returncode is None and not self.owes_answer

    async def start(self) -> None:
        """Start the process, and wait until it has loaded the model."""
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            *self.command, stdin=pipe, stdout=pipe, limit=LONGEST_ANSWER, start_new_session=True, env=_environment()
        )
        self.owes_answer = False
        async with asyncio.timeout(SECONDS_TO_START):
            await self.ask(self.setup)

    async def ask(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Send a job and wait for its answer; one that is not waited for leaves the worker of no use."""
        process = cast(asyncio.subprocess.Process, self.process)
        jobs, answers = cast(asyncio.StreamWriter, process.stdin), cast(asyncio.StreamReader, process.stdout)
        self.owes_answer = True
        try:
            jobs.write(json.dumps(job).encode() + b"\n")
            await jobs.drain()
            line = await answers.readline()
        except (BrokenPipeError, ConnectionResetError):
            line = b""
        except ValueError:  # longer than any answer
            process.kill()
            line = b""
        if not line.endswith(b"\n"):
            raise LostWorkerError(await process.wait())
        self.owes_answer = False
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def stop(self) -> None:
        """End the process, whatever it does."""
        if self.process is None:
            return
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


def _environment() -> dict[str, str]:
    """Return ours without secrets; the libraries use one thread, since there are as many workers as there are cores."""
    ours = {name: value for name, value in os.environ.items() if name not in NOT_FOR_WORKERS}
    return ours | {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


class Pool:
    """As many workers as are wanted; each has one job at a time, and those that are lost are replaced."""

    def __init__(self, served: Served, command: Sequence[str] = WORKER) -> None:
        limits = served.limits
        setup = {
            "bundle": None if served.bundle is None else str(served.bundle.absolute()),
            "memory": limits.worker_memory * MIB,
            "max_duration": limits.max_duration,
            "max_time": limits.max_time,
        }
        self.workers = [Worker(setup, command) for _ in range(served.workers)]
        self.turns: Turns[Worker] = Turns()
        self.n_replaced = 0
        self._replacing: set[asyncio.Task[None]] = set()

    @property
    def n_busy(self) -> int:
        """How many workers are not waiting for a job."""
        return len(self.workers) - len(self.turns.idle)

    async def start(self) -> None:
        """Start all workers; one that can't is an `EmospecError`."""
        try:
            await asyncio.gather(*(worker.start() for worker in self.workers))
        except (OSError, TimeoutError, LostWorkerError) as error:
            await self.stop()
            raise EmospecError(
                f"the workers could not start ({error}); see the lines above, or try --workers 1"
            ) from None
        for worker in self.workers:
            self.turns.put(worker)

    async def stop(self) -> None:
        """End all workers."""
        for task in self._replacing:
            task.cancel()
        await asyncio.gather(*(worker.stop() for worker in self.workers))

    async def borrow(self, client: str) -> Worker:
        """Wait for a worker that has nothing to do, each client in turn; `give_back` must follow."""
        while not (worker := await self.turns.take(client)).is_usable:
            self.give_back(worker)
        return worker

    def give_back(self, worker: Worker) -> None:
        """Let others have a worker, or another one in its place."""
        if worker.is_usable:
            self.turns.put(worker)
            return
        task = asyncio.create_task(self._replace(worker))
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)

    async def _replace(self, worker: Worker) -> None:
        self.n_replaced += 1
        while True:
            await worker.stop()
            try:
                await worker.start()
            except (OSError, TimeoutError, LostWorkerError) as error:
                log.warning("a worker could not be replaced (%s); trying again", error)
                await asyncio.sleep(SECONDS_BETWEEN_TRIES)
            else:
                self.turns.put(worker)
                return


async def ask(worker: Worker, job: Mapping[str, Any]) -> dict[str, Any]:
    """Return a worker's answer.

    Raises
    ------
    Problem
        If the recording cannot be used, or the worker did not survive it.
    """
    try:
        answer = await worker.ask(job)
    except LostWorkerError as lost:
        log.warning("%s", lost)
        if lost.code >= 0:
            raise Problem("broken", "a worker failed; that is a mistake of the server's: its log says more") from None
        detail = "decoding it crashed, or took more memory or time than is allowed; convert it to WAV or FLAC"
        raise Problem("costly-recording", detail) from None
    if "refused" in answer:
        raise Problem(answer["kind"], answer["refused"])
    return answer
