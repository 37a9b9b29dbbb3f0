import asyncio
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from emospec.web.app import create_app
from emospec.web.limits import Served
from emospec.web.problems import Problem, busy
from emospec.web.service import Service
from emospec.web.shares import Slots, Turns


def test_a_client_that_takes_all_it_can_leaves_slots_to_others():
    slots = Slots(10, 80, "uploads are in hand")
    with ExitStack() as held:
        for _ in range(8):
            held.enter_context(slots.one("a"))
        with pytest.raises(Problem, match="8 uploads are in hand from you alone") as refused:
            held.enter_context(slots.one("a"))
        assert refused.value.status == 429
        assert refused.value.headers["retry-after"]
        for _ in range(2):
            held.enter_context(slots.one("b"))
        with pytest.raises(Problem, match="10 uploads are in hand already") as refused:
            held.enter_context(slots.one("b"))
        assert refused.value.status == 503


@pytest.mark.parametrize(("number", "most"), [(1, 1), (4, 4), (5, 4), (8, 7), (64, 52)])
def test_of_few_slots_a_client_may_have_all(number: int, most: int):
    assert Slots(number, 80, "").most == most


def test_a_slot_that_is_given_back_can_be_taken_again_and_its_client_is_forgotten():
    slots = Slots(1, 100, "")
    for _ in range(3):
        with pytest.raises(KeyError), slots.one("a"):
            raise KeyError
    assert slots.n_held == 0
    assert not slots.held


async def order_of(clients: str) -> str:
    """Let clients wait for one thing, and return in which order they got it."""
    turns, got = Turns[object](), []

    async def use(client: str) -> None:
        thing = await turns.take(client)
        got.append(client)
        await asyncio.sleep(0)
        turns.put(thing)

    tasks = [asyncio.create_task(use(client)) for client in clients]
    await asyncio.sleep(0)
    turns.put(object())
    await asyncio.gather(*tasks)
    assert len(turns.idle) == 1
    return "".join(got)


@pytest.mark.parametrize(
    ("came", "served"), [("aaaa", "aaaa"), ("aaaab", "abaaa"), ("aaabbc", "abcaba"), ("abab", "abab")]
)
def test_clients_that_wait_get_one_each_in_turn(came: str, served: str):
    assert asyncio.run(order_of(came)) == served


def test_what_comes_when_a_client_has_given_up_goes_to_the_next():
    async def give_up_and_go_on() -> object:
        turns, thing = Turns[object](), object()
        gone, late, next_ = (asyncio.create_task(turns.take(client)) for client in "abc")
        await asyncio.sleep(0)
        gone.cancel()  # before anything came
        await asyncio.sleep(0)
        turns.put(thing)
        late.cancel()  # in the moment in which it came
        async with asyncio.timeout(5):
            return await next_ is thing

    assert asyncio.run(give_up_and_go_on())


def test_an_upload_waits_in_the_name_of_its_client(bundle: Path, monkeypatch: pytest.MonkeyPatch):
    service, asked = Service(Served(bundle)), []

    async def borrow(client: str) -> None:
        asked.append((client, dict(service.uploads.held)))
        raise busy("")

    async def send(client: str) -> None:
        transport = httpx.ASGITransport(create_app(service), client=(client, 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as sender:
            await sender.post("/v1/predict", content=b"RIFF", headers={"content-type": "audio/wav"})

    monkeypatch.setattr(service.pool, "borrow", borrow)
    for client in ("203.0.113.1", "203.0.113.2"):
        asyncio.run(send(client))
    assert asked == [(client, {client: 1}) for client in ("203.0.113.1", "203.0.113.2")]
