"""Fair shares: what there is of slots and workers does not all go to the client that asks most."""

import asyncio
import math
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from emospec.web.problems import RETRY_SECONDS, Problem, busy

T = TypeVar("T")


class Slots:
    """A number of slots of which one client can't hold all.

    A few are always left to others, instead of a small number being allowed to each: on a person's own machine all
    pages come from 127.0.0.1, and that one client should have nearly all that there is.

    Parameters
    ----------
    number : int
        Of slots.
    share : per cent
        That one client may hold, rounded up: of fewer than five slots, 80 % are all.
    what : str
        What a slot is for, in the plural.
    """

    def __init__(self, number: int, share: int, what: str) -> None:
        self.number, self.most, self.what = number, math.ceil(number * share / 100), what
        self.held: Counter[str] = Counter()

    @property
    def n_held(self) -> int:
        """How many are taken."""
        return self.held.total()

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """Hold a slot while the block lasts; raise a `Problem` if none is free for this client."""
        self._check(client)
        self.held[client] += 1
        try:
            yield
        finally:
            self.held[client] -= 1
            self.held += Counter()  # forgets those who hold none

    def _check(self, client: str) -> None:
        if self.n_held >= self.number:
            raise busy(f"{self.number} {self.what} already; try again in a moment")
        if self.held[client] >= self.most:
            detail = f"{self.most} {self.what} from you alone, the rest is for others; wait until one of yours ends"
            raise Problem("too-many-at-once", detail, retry_after=str(RETRY_SECONDS))


class Turns(Generic[T]):
    """Things that are lent one at a time; while none is left, each client in turn gets the next one.

    In the order of coming, somebody with one short clip would wait for all long recordings that another client has
    sent before, and be refused when the time was over.
    """

    def __init__(self) -> None:
        self.idle: deque[T] = deque()
        self._waiting: OrderedDict[str, deque[asyncio.Future[T]]] = OrderedDict()

    async def take(self, client: str) -> T:
        """Wait for a thing; it has to be put back."""
        if self.idle:
            return self.idle.popleft()
        turn: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came in the moment in which the client gave up
                self.put(turn.result())
            raise

    def put(self, thing: T) -> None:
        """Lend a thing to the client whose turn it is, or keep it until somebody asks."""
        while self._waiting:
            client, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[client] = turns  # behind all others
            if not turn.done():
                turn.set_result(thing)
                return
        self.idle.append(thing)
