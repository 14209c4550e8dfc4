"""One suite for every home: memory, embedded Valkey, a server by URL, and (slow) a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from redis.crc import key_slot

from callcenter.domain.call import Call, CallId, CallState, new_call_id
from callcenter.domain.caller import CallerMemory
from callcenter.domain.department import Department
from callcenter.domain.errors import Outrun
from callcenter.domain.events import (
    Answered,
    Arrived,
    CallerSaid,
    Disposition,
    Ended,
    EndedBy,
    Event,
    Unreadable,
)
from callcenter.store import Forgotten, Store
from sip import PhoneNumber

if TYPE_CHECKING:
    from tests.callcenter.store.conftest import Home

pytestmark = pytest.mark.asyncio

with_server = pytest.mark.parametrize(
    "home",
    ["embedded", "redis", pytest.param("cluster", marks=pytest.mark.slow)],
    indirect=True,
)
ADA = PhoneNumber("+15550100123")
BOB = PhoneNumber("+15550100456")
TRIAGE = Department("triage")
MONTH = timedelta(days=30)


def said(text: str) -> CallerSaid:
    """Some words."""
    return CallerSaid(at=2.0, text=text)


def whole_call(caller: PhoneNumber = ADA) -> list[Event]:
    """A short call from arrival to end."""
    return [
        Arrived(at=1.0, caller=caller.e164),
        Answered(at=2.0, department=TRIAGE),
        said("héllo \0 🦉"),
        Ended(at=3.0, disposition=Disposition.COMPLETED, by=EndedBy.CALLER),
    ]


async def test_a_history_comes_back_in_order(store: Store) -> None:
    """Batches follow each other; the new length is told."""
    call, events = new_call_id(), whole_call()
    assert await store.history(call) == []
    assert await store.append(call, events[:1], after=0, token="a") == 1
    assert await store.append(call, events[1:], after=1, token="b") == 4
    assert await store.history(call) == events


async def test_who_writes_behind_a_wrong_length_is_outrun(store: Store) -> None:
    """The error tells the true length, whether it is longer or shorter; nothing is written."""
    call = new_call_id()
    await store.append(call, [said("a"), said("b")], after=0, token="a")
    for after in (0, 1, 3):
        with pytest.raises(Outrun) as caught:
            await store.append(call, [said("x")], after=after, token="x")
        assert (caught.value.expected, caught.value.version) == (after, 2)
        assert caught.value.retry
    assert await store.history(call) == [said("a"), said("b")]


async def test_a_batch_repeated_with_its_token_is_written_once(store: Store) -> None:
    """A lost reply costs nothing, even if somebody else has written since."""
    call = new_call_id()
    batch = [said("a"), said("b")]
    for _ in range(3):
        assert await store.append(call, batch, after=0, token="mine") == 2
    await store.append(call, [said("c")], after=2, token="other")
    assert await store.append(call, batch, after=0, token="mine") == 2
    with pytest.raises(Outrun):
        await store.append(call, batch, after=0, token="stranger")
    assert await store.history(call) == [said("a"), said("b"), said("c")]


async def test_of_many_writers_at_one_place_exactly_one_wins(home: Home) -> None:
    """Several clients, each with connections of its own."""
    stores = [await home.open() for _ in range(4)]
    call = new_call_id()
    for after in range(5):
        attempts = [
            store.append(call, [said(f"{number}")], after=after, token=f"{number}-{after}")
            for number, store in enumerate(stores * 3)
        ]
        # Twelve attempts under four stores; tokens differ, so one place goes to one of them.
        results = await asyncio.gather(*attempts, return_exceptions=True)
        assert results.count(after + 1) == 1
        assert sum(isinstance(result, Outrun) for result in results) == len(results) - 1
    assert len(await stores[0].history(call)) == 5


async def test_slots_are_limited_and_renewed_by_taking_again(store: Store) -> None:
    """The limit holds for newcomers only."""
    one, two, three = (new_call_id() for _ in range(3))
    assert await store.take_slot(one, limit=2, owner="a", lease=30)
    assert await store.take_slot(two, limit=2, owner="b", lease=30)
    assert not await store.take_slot(three, limit=2, owner="a", lease=30)
    assert await store.take_slot(one, limit=2, owner="a", lease=30)
    assert not await store.take_slot(one, limit=9, owner="b", lease=30)
    assert sorted(await store.live()) == sorted([one, two])
    assert await store.free_slot(two)
    assert await store.take_slot(three, limit=2, owner="a", lease=30)


async def test_of_many_who_want_the_last_slot_one_gets_it(home: Home) -> None:
    """Counting and taking are one step."""
    stores = [await home.open() for _ in range(3)]
    tries = [
        store.take_slot(new_call_id(), limit=5, owner="w", lease=30)
        for store in stores
        for _ in range(5)
    ]
    assert sum(await asyncio.gather(*tries)) == 5


async def test_a_slot_is_freed_exactly_once(home: Home) -> None:
    """Whoever hears True is the one who freed it."""
    stores = [await home.open() for _ in range(3)]
    call = new_call_id()
    await stores[0].take_slot(call, limit=5, owner="w", lease=30)
    assert sum(await asyncio.gather(*(store.free_slot(call) for store in stores * 3))) == 1
    assert not await stores[0].free_slot(call)
    assert not await stores[0].renew(call, owner="w", lease=30)


async def test_a_lapsed_slot_still_counts_until_it_is_freed(store: Store) -> None:
    """Nobody else's caller is let in before the lost call is closed."""
    call = new_call_id()
    await store.take_slot(call, limit=1, owner="w", lease=0.02)
    await asyncio.sleep(0.05)
    assert await store.lapsed() == [call]
    assert await store.live() == [call]
    assert not await store.take_slot(new_call_id(), limit=1, owner="w", lease=30)


async def test_renewing_needs_ones_own_slot_and_wakes_a_lapsed_one(store: Store) -> None:
    """A worker that was only slow keeps its call, unless somebody has claimed it."""
    call = new_call_id()
    await store.take_slot(call, limit=1, owner="w", lease=0.02)
    await asyncio.sleep(0.05)
    assert not await store.renew(call, owner="stranger", lease=30)
    assert await store.renew(call, owner="w", lease=30)
    assert await store.lapsed() == []


async def test_a_lapsed_slot_is_claimed_by_exactly_one(home: Home) -> None:
    """Then its former owner has lost it."""
    stores = [await home.open() for _ in range(3)]
    call = new_call_id()
    await stores[0].take_slot(call, limit=1, owner="w", lease=30)
    assert not await stores[1].claim_lapsed(call, owner="r", lease=30)
    await stores[0].renew(call, owner="w", lease=0.02)
    await asyncio.sleep(0.05)
    claims = (
        store.claim_lapsed(call, owner=f"r{number}", lease=30)
        for number, store in enumerate(stores * 3)
    )
    assert sum(await asyncio.gather(*claims)) == 1
    assert not await stores[0].renew(call, owner="w", lease=30)
    assert await stores[0].lapsed() == []
    assert not await stores[0].claim_lapsed(new_call_id(), owner="r", lease=30)


async def test_recent_calls_come_newest_first_without_those_that_never_arrived(home: Home) -> None:
    """A repeated arrival keeps its place."""
    store = await home.open()
    calls = [new_call_id() for _ in range(5)]
    for call in calls:
        await store.append(call, whole_call(), after=0, token="t")
    await store.append(calls[0], whole_call(), after=0, token="t")
    with pytest.raises(Outrun):
        await store.append(new_call_id(), whole_call(), after=7, token="t")
    assert await store.recent() == calls[::-1]
    assert await store.recent(2) == calls[:2:-1]


async def test_what_is_known_of_a_caller_is_replaced_as_a_whole(store: Store) -> None:
    """An open matter that was settled does not linger."""
    assert await store.recall(ADA) is None
    await store.remember(ADA, CallerMemory(name="Ada", open_matter="refund", calls=1))
    known = CallerMemory(name="Ada \ud800", last_call="c-1", last_at=2.25, calls=2)
    await store.remember(ADA, known)
    assert await store.recall(ADA) == CallerMemory(
        name="Ada \ufffd", last_call="c-1", last_at=2.25, calls=2
    )
    assert await store.recall(BOB) is None


async def test_forgetting_deletes_the_memory_and_the_finished_calls_of_one_caller(
    store: Store,
) -> None:
    """Live calls are left and counted; other callers keep everything."""
    ended, live, other = new_call_id(), new_call_id(), new_call_id()
    await store.append(ended, whole_call(), after=0, token="t")
    await store.append(other, whole_call(BOB), after=0, token="t")
    await store.take_slot(live, limit=9, owner="w", lease=30)
    await store.append(live, whole_call()[:2], after=0, token="t")
    await store.remember(ADA, CallerMemory(name="Ada"))
    await store.remember(BOB, CallerMemory(name="Bob"))

    assert await store.forget(ADA) == Forgotten(memory=True, calls=1, live_calls=1)
    assert await store.recall(ADA) is None
    assert await store.history(ended) == []
    assert await store.recent() == [live, other]
    assert await store.recall(BOB) == CallerMemory(name="Bob")
    assert await store.history(other) == whole_call(BOB)

    await store.append(live, whole_call()[2:], after=2, token="u")
    assert await store.forget(ADA) == Forgotten(memory=False, calls=1, live_calls=0)
    assert await store.forget(ADA) == Forgotten(memory=False, calls=0, live_calls=0)
    assert await store.recent() == [other]


@with_server
async def test_a_call_that_nobody_ended_can_be_forgotten_once_it_is_long_quiet(home: Home) -> None:
    """Without a slot, an hour after its last event; by the server's clock."""
    assert home.peek is not None
    store = await home.open()
    call = new_call_id()
    await store.append(call, whole_call()[:2], after=0, token="t")
    assert (await store.forget(ADA)).live_calls == 1
    key = f"{home.prefix}:{{{call}}}:events"
    home.peek.pexpire(key, MONTH - timedelta(minutes=61))
    assert await store.take_slot(call, limit=9, owner="w", lease=30)
    assert (await store.forget(ADA)).live_calls == 1
    assert await store.free_slot(call)
    assert await store.forget(ADA) == Forgotten(memory=False, calls=1)
    assert await store.history(call) == []


async def test_nothing_outlives_the_retention(home: Home) -> None:
    """Histories and memories go by themselves, and the newest list does not show holes."""
    store = await home.open(retention=timedelta(seconds=0.3))
    call = new_call_id()
    await store.append(call, whole_call(), after=0, token="t")
    await store.remember(ADA, CallerMemory(name="Ada"))
    assert await store.recall(ADA) is not None
    await eventually(lambda: _is_empty(store, call))
    assert await store.forget(ADA) == Forgotten(memory=False, calls=0)


@with_server
async def test_every_key_has_a_lifetime_and_one_call_lies_in_one_slot(home: Home) -> None:
    """Nothing is kept for ever, and no key shows a number."""
    assert home.peek is not None
    store = await home.open()
    call = new_call_id()
    await store.take_slot(call, limit=5, owner="w", lease=30)
    await store.append(call, whole_call()[:3], after=0, token="t")
    await store.remember(ADA, CallerMemory(name="Ada"))
    keys = _keys(home)
    kinds = sorted(key.removeprefix(f"{home.prefix}:").rpartition("}:")[2] for key in keys)
    assert kinds == ["calls", "events", "leases", "memory", "owners", "recent"]
    day = 86_400
    for key in keys:
        assert 29 * day < home.peek.ttl(key) <= 31 * day
        assert ADA.e164.lstrip("+") not in key
    slots = {key_slot(key.encode()) for key in keys if "slots" in key or "calls" in key}
    assert len(slots) == 2
    assert f"{home.prefix}:{{{call}}}:events" in keys


@with_server
async def test_entries_that_cannot_be_read_stay_in_their_place(home: Home) -> None:
    """Foreign, newer and damaged entries do not stop a call from being read and continued."""
    assert home.peek is not None
    store = await home.open()
    call = new_call_id()
    await store.append(call, whole_call()[:2], after=0, token="t")
    key = f"{home.prefix}:{{{call}}}:events"
    home.peek.xadd(key, {"k": "hologram_shown", "v": "1", "d": '{"at":5.0}'})
    home.peek.xadd(key, {b"\xff": b"\xfe\x00"})
    assert await store.append(call, whole_call()[3:], after=4, token="u") == 5
    assert await store.append(call, whole_call()[3:], after=4, token="u") == 5
    history = await store.history(call)
    assert [event.kind for event in history] == [
        *("arrived", "answered", "unreadable", "unreadable", "ended")
    ]
    assert isinstance(history[2], Unreadable)
    assert history[2].at == 5.0
    assert Call.salvaged(call, history).state is CallState.ENDED


@with_server
async def test_a_call_goes_on_after_somebody_deleted_its_last_entry(home: Home) -> None:
    """Positions are counted, so a hole made by hand does not block the call."""
    assert home.peek is not None
    store = await home.open()
    call = new_call_id()
    await store.append(call, [said("a"), said("b")], after=0, token="t")
    home.peek.xdel(f"{home.prefix}:{{{call}}}:events", "2-0")
    assert await store.append(call, [said("c")], after=1, token="u") == 2
    assert await store.append(call, [said("d")], after=2, token="v") == 3
    assert await store.history(call) == [said("a"), said("c"), said("d")]


async def test_ping_says_what_keeps_the_calls(home: Home) -> None:
    """A line for `doctor`, without a password."""
    line = await (await home.open()).ping()
    assert line
    assert "not-a-secret" not in line
    assert {"memory": "memory", "embedded": "append-only file on"}.get(home.name, "Valkey") in line


async def _is_empty(store: Store, call: CallId) -> bool:
    return not (await store.history(call) or await store.recall(ADA) or await store.recent())


async def eventually(claim: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the claim holds."""
    async with asyncio.timeout(10):
        while not await claim():
            await asyncio.sleep(0.02)


def _keys(home: Home) -> list[str]:
    assert home.peek is not None
    return [key.decode() for key in home.peek.scan_iter(f"{home.prefix}:*")]
