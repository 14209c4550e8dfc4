"""The reaper: a call whose process died is found, closed honestly, and freed exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from callcenter.domain.call import Call, CallId, CallState, new_call_id
from callcenter.domain.department import Department
from callcenter.domain.errors import StoreAway
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
from callcenter.store import Store
from callcenter.store.memory import MemoryStore
from callcenter.store.reaper import Reaper, close_lost_calls
from callcenter.store.redis import RedisStore

if TYPE_CHECKING:
    from tests.callcenter.store.conftest import Home, ValkeyServer

pytestmark = pytest.mark.asyncio

ARRIVED = Arrived(at=1.0, caller="+15550100123")
ANSWERED = Answered(at=2.0, department=Department("triage"))
ENDED = Ended(at=3.0, disposition=Disposition.COMPLETED, by=EndedBy.CALLER)


async def lose_a_call(store: Store, *events: Event) -> CallId:
    """A call whose process dies after these events."""
    call = new_call_id()
    assert await store.take_slot(call, limit=99, owner="dead", lease=0.01)
    if events:
        await store.append(call, events, after=0, token="t")
    await asyncio.sleep(0.02)
    return call


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ((), None),
        ((ARRIVED,), Disposition.LOST),
        ((ARRIVED, ANSWERED), Disposition.LOST),
        ((ARRIVED, ANSWERED, ENDED), Disposition.COMPLETED),
        ((Unreadable(at=0.0, raw="?", why="?"),), Disposition.LOST),
    ],
    ids=["empty", "ringing", "with desk", "ended", "unreadable"],
)
async def test_a_lost_call_is_ended_once_and_its_slot_is_free(
    store: Store, events: tuple[Event, ...], end: Disposition | None
) -> None:
    """Wherever its process died."""
    call = await lose_a_call(store, *events)
    assert await close_lost_calls(store, owner="r", grace=0.01, clock=lambda: 50.0) == [call]
    assert await store.live() == []
    assert not await store.free_slot(call)
    history = await store.history(call)
    assert Call.salvaged(call, history).disposition is end
    if end is Disposition.LOST:
        assert history == [
            *events,
            Ended(
                at=50.0,
                disposition=Disposition.LOST,
                by=EndedBy.SYSTEM,
                detail="the process that served the call died",
            ),
        ]
    else:
        assert history == list(events)
    assert await close_lost_calls(store, owner="r", grace=0) == []


async def test_of_several_reapers_one_closes_each_call(home: Home) -> None:
    """All start at the same moment."""
    stores = [await home.open() for _ in range(3)]
    calls = [await lose_a_call(stores[0], ARRIVED, ANSWERED) for _ in range(4)]
    sweeps = (
        close_lost_calls(store, owner=f"r{number}", grace=0.02)
        for number, store in enumerate(stores)
    )
    closed = [call for sweep in await asyncio.gather(*sweeps) for call in sweep]
    assert sorted(closed) == sorted(calls)
    for call in calls:
        assert [event.kind for event in await stores[0].history(call)] == [
            *("arrived", "answered", "ended")
        ]


async def test_a_worker_that_renews_in_time_keeps_its_call(store: Store) -> None:
    """After the store was away every lease has lapsed although nobody died."""
    call = await lose_a_call(store, ARRIVED)
    sweep = asyncio.create_task(close_lost_calls(store, owner="r", grace=0.1))
    await asyncio.sleep(0.02)
    assert await store.renew(call, owner="dead", lease=30)
    assert await sweep == []
    assert await store.history(call) == [ARRIVED]


async def test_a_call_is_left_alone_until_it_was_lapsed_for_the_grace(store: Store) -> None:
    """One look proves nothing."""
    call = await lose_a_call(store, ARRIVED)
    reaper = Reaper(store, owner="r", grace=0.1)
    assert await reaper.sweep() == []
    assert await reaper.sweep() == []
    await asyncio.sleep(0.11)
    assert await reaper.sweep() == [call]


class FailingStore(MemoryStore):
    """Fails before or after its n-th step, as a process or a connection dies there."""

    def __init__(self) -> None:
        super().__init__()
        self.steps_left: int | None = None
        self.after = False

    async def _step(self, *, done: bool) -> None:
        if self.steps_left is None or done is not self.after:
            return
        if self.steps_left == 0:
            raise StoreAway("died here")
        self.steps_left -= 1

    async def lapsed(self) -> list[CallId]:
        """Look."""
        await self._step(done=False)
        return await super().lapsed()

    async def claim_lapsed(self, call: CallId, *, owner: str, lease: float) -> bool:
        """Claim for a moment, so that the test need not wait for a dead reaper's claim."""
        await self._step(done=False)
        won = await super().claim_lapsed(call, owner=owner, lease=min(lease, 0.01))
        await self._step(done=True)
        return won

    async def append(self, call: CallId, events: Sequence[Event], *, after: int, token: str) -> int:
        """Write."""
        await self._step(done=False)
        length = await super().append(call, events, after=after, token=token)
        await self._step(done=True)
        return length

    async def free_slot(self, call: CallId) -> bool:
        """Free."""
        await self._step(done=False)
        freed = await super().free_slot(call)
        await self._step(done=True)
        return freed


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", range(4))
async def test_a_reaper_may_die_at_any_step(step: int, *, after: bool) -> None:
    """The next one finishes its work: one Ended, one slot freed, nothing left lapsed."""
    store = FailingStore()
    call = await lose_a_call(store, ARRIVED)
    store.steps_left, store.after = step, after
    with contextlib.suppress(StoreAway):
        await close_lost_calls(store, owner="first", grace=0)
    store.steps_left = None
    await asyncio.sleep(0.02)
    await close_lost_calls(store, owner="second", grace=0)
    assert [event.kind for event in await store.history(call)] == ["arrived", "ended"]
    assert await store.live() == []


async def test_an_outage_between_two_looks_starts_the_grace_anew() -> None:
    """The workers, too, could not renew in the meantime."""
    store = FailingStore()
    call = await lose_a_call(store, ARRIVED)
    reaper = Reaper(store, owner="r", grace=0.05)
    await reaper.sweep()
    await asyncio.sleep(0.06)
    store.steps_left = 0
    with pytest.raises(StoreAway):
        await reaper.sweep()
    store.steps_left = None
    assert await reaper.sweep() == []
    await asyncio.sleep(0.06)
    assert await reaper.sweep() == [call]


async def test_an_event_that_comes_in_late_is_kept_before_the_end() -> None:
    """The dying process's last write may still be on its way when the reaper has read."""

    class LateStore(MemoryStore):
        late = True

        async def history(self, call: CallId) -> list[Event]:
            history = await super().history(call)
            if self.late:
                self.late = False
                await self.append(call, [CallerSaid(at=2.0, text="late")], after=1, token="late")
            return history

    store = LateStore()
    call = await lose_a_call(store, ARRIVED)
    assert await close_lost_calls(store, owner="r", grace=0) == [call]
    kinds = [event.kind for event in await store.history(call)]
    assert kinds == ["arrived", "caller_said", "ended"]


async def test_the_end_is_never_dated_before_the_last_event(store: Store) -> None:
    """The reaper's clock may be behind the dead worker's."""
    call = await lose_a_call(store, Arrived(at=1000.0))
    await close_lost_calls(store, owner="r", grace=0, clock=lambda: 3.0)
    assert (await store.history(call))[-1].at == 1000.0


async def test_a_started_reaper_sweeps_until_it_is_closed(store: Store) -> None:
    """And survives a store that is away."""
    call = await lose_a_call(store, ARRIVED)
    async with Reaper(store, owner="r", grace=0.02, every=0.02):
        async with asyncio.timeout(5):
            while await store.live():
                await asyncio.sleep(0.01)
    assert Call.of(call, await store.history(call)).state is CallState.ENDED

    away = FailingStore()
    other = await lose_a_call(away, ARRIVED)
    away.steps_left = 0
    async with Reaper(away, owner="r", grace=0.02, every=0.01):
        await asyncio.sleep(0.05)
        away.steps_left = None
        async with asyncio.timeout(5):
            while await away.live():
                await asyncio.sleep(0.01)
    assert len(await away.history(other)) == 2


@pytest.mark.slow
async def test_a_killed_worker_s_call_is_found_and_all_it_acknowledged_is_there(
    start_server: Callable[..., ValkeyServer], worker: Callable[..., subprocess.Popen[str]]
) -> None:
    """Kill -9 at a random moment; what it had printed as written is in the history."""
    server = start_server()
    store = await RedisStore.connect(server.url)
    for pause in (0.0, 0.013, 0.05, 0.11):
        call = new_call_id()
        process = worker(server.url, call)
        assert process.stdout is not None
        acknowledged = int(await asyncio.to_thread(process.stdout.readline))
        await asyncio.sleep(pause)
        process.kill()
        for line in process.stdout.read().splitlines():
            acknowledged = int(line)
        history = await store.history(call)
        assert acknowledged <= len(history) <= acknowledged + 1
        assert [e.text for e in history if isinstance(e, CallerSaid)] == [
            str(number) for number in range(1, len(history))
        ]
        reaper = Reaper(store, owner="r", grace=0.1, every=0.1)
        closed: list[CallId] = []
        async with asyncio.timeout(5):
            while not closed:
                closed = await reaper.sweep()
                await asyncio.sleep(0.05)
        assert closed == [call]
        final = await store.history(call)
        assert len(final) == len(history) + 1
        assert Call.of(call, final).disposition is Disposition.LOST
    await store.aclose()
