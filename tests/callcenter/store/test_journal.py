"""The journal: in order, once, and never in the caller's way, whatever the store does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from callcenter.domain.call import Call, CallId, CallState, new_call_id
from callcenter.domain.department import Department
from callcenter.domain.errors import CallEnded, IllegalMove, JournalFull, StoreAway
from callcenter.domain.events import (
    Answered,
    Arrived,
    CallerSaid,
    Disposition,
    Ended,
    EndedBy,
    Event,
    HandedOver,
    Held,
    Resumed,
)
from callcenter.store import Store
from callcenter.store.journal import Journal, Trouble
from callcenter.store.memory import MemoryStore
from callcenter.store.redis import RedisStore

if TYPE_CHECKING:
    from tests.callcenter.store.conftest import ValkeyServer

pytestmark = pytest.mark.asyncio

TRIAGE, BILLING = Department("triage"), Department("billing")
ARRIVED = Arrived(at=1.0, caller="+15550100123")
ANSWERED = Answered(at=2.0, department=TRIAGE)
ENDED = Ended(at=9.0, disposition=Disposition.COMPLETED, by=EndedBy.CALLER)


def said(text: str) -> CallerSaid:
    """Some words."""
    return CallerSaid(at=3.0, text=text)


class MoodyStore(MemoryStore):
    """A store that is away on demand, before or after it has written."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.loses_replies = 0
        self.takes = 0.0
        self.batches: list[int] = []

    async def append(self, call: CallId, events: Sequence[Event], *, after: int, token: str) -> int:
        """Write, unless away; perhaps lose the reply."""
        await asyncio.sleep(self.takes)
        if self.away:
            raise StoreAway("away on demand")
        length = await super().append(call, events, after=after, token=token)
        if self.loses_replies:
            self.loses_replies -= 1
            raise StoreAway("the reply got lost")
        self.batches.append(len(events))
        return length

    async def history(self, call: CallId) -> list[Event]:
        """Read, unless away."""
        if self.away:
            raise StoreAway("away on demand")
        return await super().history(call)

    def cut(self, call: CallId, length: int) -> None:
        """Lose the newest events, as a fail-over to a replica that was behind does."""
        history = self._histories[call]
        del history.entries[length:]
        history.tokens.clear()


@pytest.fixture
def moody() -> MoodyStore:
    """A store in a good mood."""
    return MoodyStore()


@contextlib.asynccontextmanager
async def journal_on(
    store: Store,
    *,
    call: Call | None = None,
    bound: int = 1_000,
    patience: float = 1.0,
    on_trouble: Callable[[Trouble], None] | None = None,
) -> AsyncIterator[Journal]:
    """A journal that is closed in any case."""
    call = call or Call(new_call_id())
    journal = Journal(store, call, bound=bound, patience=patience, on_trouble=on_trouble)
    try:
        yield journal
    finally:
        await journal.aclose(timeout=0.05)


async def test_a_recorded_move_is_in_the_store_when_record_returns(moody: MoodyStore) -> None:
    """Notes follow without being waited for."""
    async with journal_on(moody) as journal:
        await journal.record(ARRIVED)
        assert await moody.history(journal.call.id) == [ARRIVED]
        await journal.record(ANSWERED)
        moody.takes = 0.02
        journal.note(said("a"))
        await journal.record(said("b"))
        assert journal.waiting == 2
        assert journal.call.version == 4
        assert await journal.settled(1)
        assert await moody.history(journal.call.id) == [ARRIVED, ANSWERED, said("a"), said("b")]


async def test_what_the_call_does_not_allow_is_refused_at_once(moody: MoodyStore) -> None:
    """Neither the fold nor the store sees it."""
    async with journal_on(moody) as journal:
        with pytest.raises(IllegalMove):
            await journal.record(ANSWERED)
        with pytest.raises(IllegalMove):
            journal.note(said("before the call"))
        await journal.record(ARRIVED)
        await journal.record(ENDED)
        with pytest.raises(CallEnded):
            await journal.record(ANSWERED)
        assert await moody.history(journal.call.id) == [ARRIVED, ENDED]
        assert journal.call.state is CallState.ENDED


async def test_events_that_wait_are_written_in_batches(moody: MoodyStore) -> None:
    """A store that was away is not asked once for each event."""
    async with journal_on(moody) as journal:
        await journal.record(ARRIVED)
        for number in range(150):
            journal.note(said(f"{number}"))
        assert await journal.settled(1)
        assert len(await moody.history(journal.call.id)) == 151
        assert max(moody.batches) == 64
        assert len(moody.batches) <= 5


async def test_a_store_that_is_away_costs_one_patience_and_loses_nothing(
    moody: MoodyStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Going away and coming back are each told once."""
    told: list[Trouble] = []
    caplog.set_level(logging.WARNING)
    async with journal_on(moody, patience=0.2, on_trouble=told.append) as journal:
        await journal.record(ARRIVED)
        moody.away = True
        before = time.monotonic()
        events = [ANSWERED, said("a"), Held(at=4.0), Resumed(at=5.0), said("b"), ENDED]
        for event in events:
            await journal.record(event)
        assert time.monotonic() - before < 0.3
        assert journal.store_is_away
        assert not await journal.settled(0.2)
        moody.away = False
        assert await journal.settled(3)
        assert await moody.history(journal.call.id) == [ARRIVED, *events]
    assert told == [Trouble.STORE_AWAY, Trouble.STORE_BACK]
    assert [record.getMessage().partition(": ")[2][:17] for record in caplog.records] == [
        "away on demand",
        "the store is back",
    ]


async def test_a_slow_store_is_waited_for_no_longer_than_patience(moody: MoodyStore) -> None:
    """The conversation goes on; the event is written all the same."""
    moody.takes = 0.3
    async with journal_on(moody, patience=0.05) as journal:
        before = time.monotonic()
        await journal.record(ARRIVED)
        assert 0.04 < time.monotonic() - before < 0.2
        assert await journal.settled(1)
        assert await moody.history(journal.call.id) == [ARRIVED]


async def test_a_lost_reply_does_not_double_an_event(moody: MoodyStore) -> None:
    """Also when more events came in before the retry."""
    async with journal_on(moody) as journal:
        await journal.record(ARRIVED)
        moody.loses_replies = 3
        journal.note(said("a"))
        await asyncio.sleep(0.01)
        await journal.record(ANSWERED)
        assert await journal.settled(3)
        assert await moody.history(journal.call.id) == [ARRIVED, said("a"), ANSWERED]


async def test_too_many_waiting_events_are_refused_but_the_end_is_taken(
    moody: MoodyStore,
) -> None:
    """The call can still end honestly; what was refused left no trace."""
    moody.away = True
    async with journal_on(moody, bound=3, patience=0.01) as journal:
        await journal.record(ARRIVED)
        await journal.record(ANSWERED)
        await journal.record(said("a"))
        for _ in range(2):
            with pytest.raises(JournalFull):
                await journal.record(said("too much"))
        assert journal.full
        assert journal.call.version == 3
        await journal.record(ENDED)
        moody.away = False
        assert await journal.settled(3)
        assert await moody.history(journal.call.id) == [ARRIVED, ANSWERED, said("a"), ENDED]


async def test_when_outrun_the_waiting_events_are_put_on_top(
    moody: MoodyStore, caplog: pytest.LogCaptureFixture
) -> None:
    """What the new history still allows is written, the rest is dropped with a log line."""
    call_id = new_call_id()
    async with journal_on(moody, call=Call(call_id)) as journal:
        await journal.record(ARRIVED)
        await journal.record(ANSWERED)
        moved = HandedOver(at=3.0, origin=TRIAGE, to=BILLING, reason="money")
        held = Held(at=3.5)
        await moody.append(call_id, [moved, held], after=2, token="other")
        journal.note(said("a"))
        await journal.record(Held(at=4.0))
        assert await journal.settled(1)
        assert await moody.history(call_id) == [ARRIVED, ANSWERED, moved, held, said("a")]
        assert journal.call.department == BILLING
        assert journal.call.state is CallState.HOLDING
        assert "held was dropped" in caplog.text
        await journal.record(Resumed(at=5.0))
        assert len(await moody.history(call_id)) == 6


async def test_a_call_ended_elsewhere_takes_nothing_more(
    moody: MoodyStore, caplog: pytest.LogCaptureFixture
) -> None:
    """The reaper thought us dead; what waits is dropped, and the call learns of it."""
    call_id = new_call_id()
    lost = Ended(at=5.0, disposition=Disposition.LOST, by=EndedBy.SYSTEM)
    async with journal_on(moody, call=Call(call_id)) as journal:
        await journal.record(ARRIVED)
        await moody.append(call_id, [lost], after=1, token="reaper")
        await journal.record(ANSWERED)
        await asyncio.wait_for(journal.ended_elsewhere.wait(), 1)
        assert journal.call.disposition is Disposition.LOST
        assert await journal.settled(0)
        with pytest.raises(CallEnded):
            await journal.record(said("anybody?"))
        assert await moody.history(call_id) == [ARRIVED, lost]
        assert "answered was dropped" in caplog.text


async def test_events_that_a_fail_over_lost_are_written_again(
    moody: MoodyStore, caplog: pytest.LogCaptureFixture
) -> None:
    """A promoted replica that was behind does not cost the call its past."""
    call_id = new_call_id()
    for kept in (2, 1, 0):
        journal = Journal(moody, Call(call_id))
        before = [ARRIVED, ANSWERED, said("a"), said("b")]
        for event in before:
            await journal.record(event)
        assert await journal.settled(1)
        moody.cut(call_id, kept)
        await journal.record(said("c"))
        assert await journal.aclose()
        assert await moody.history(call_id) == [*before, said("c")]
        assert f"lost {4 - kept} events" in caplog.text
        moody.cut(call_id, 0)


async def test_a_journal_can_go_on_with_a_call_that_has_a_past(moody: MoodyStore) -> None:
    """It writes behind what was there."""
    call_id = new_call_id()
    await moody.append(call_id, [ARRIVED, ANSWERED], after=0, token="before")
    call = Call.of(call_id, await moody.history(call_id))
    async with journal_on(moody, call=call) as journal:
        await journal.record(Held(at=4.0))
        assert await moody.history(call_id) == [ARRIVED, ANSWERED, Held(at=4.0)]


async def test_closing_writes_what_is_left_or_says_what_was_given_up(
    moody: MoodyStore, caplog: pytest.LogCaptureFixture
) -> None:
    """True only if everything is in the store."""
    moody.takes = 0.05
    journal = Journal(moody, Call(new_call_id()), patience=0.0)
    await journal.record(ARRIVED)
    journal.note(said("a"))
    assert await journal.aclose(timeout=2)
    assert len(await moody.history(journal.call.id)) == 2

    moody.away = True
    journal = Journal(moody, Call(new_call_id()), patience=0.0)
    await journal.record(ARRIVED)
    assert not await journal.aclose(timeout=0.1)
    assert "1 events were never written" in caplog.text
    assert await Journal(moody, Call(new_call_id())).aclose()


async def test_a_bug_in_the_writer_makes_record_refuse(
    moody: MoodyStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call must not go on for an hour with nobody writing."""

    async def broken(*_: object, **__: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(moody, "append", broken)
    async with journal_on(moody, patience=0.05) as journal:
        await journal.record(ARRIVED)
        with pytest.raises(JournalFull, match="writer has failed"):
            await journal.record(ANSWERED)
    assert "ZeroDivisionError" in caplog.text


async def test_a_clock_that_steps_back_does_not_disturb(moody: MoodyStore) -> None:
    """Neither in the events nor in measuring how long the store was away."""
    ticks = iter([100.0, 50.0, 20.0])
    journal = Journal(moody, Call(new_call_id()), clock=lambda: next(ticks))
    await journal.record(Arrived(at=100.0))
    moody.away = True
    await journal.record(Answered(at=40.0, department=TRIAGE))
    moody.away = False
    assert await journal.aclose()
    assert journal.call.last_at == 100.0


@pytest.mark.slow
@pytest.mark.parametrize("how", ["freeze", "kill"])
async def test_a_conversation_goes_on_while_the_server_is_gone(
    how: str, start_server: Callable[..., ValkeyServer]
) -> None:
    """A frozen or killed server; every event is there once when it is back."""
    server = start_server(appendonly="yes", appendfsync="always")
    store = await RedisStore.connect(server.url, timeout=0.3)
    journal = Journal(store, Call(new_call_id()), patience=0.5)
    await journal.record(ARRIVED)
    await journal.record(ANSWERED)
    server.pause() if how == "freeze" else server.kill()
    before = time.monotonic()
    texts = [f"{number}" for number in range(100)]
    for text in texts:
        await journal.record(said(text))
    await journal.record(Held(at=4.0))
    await journal.record(Resumed(at=5.0))
    assert time.monotonic() - before < 1.0
    assert not await journal.settled(1.0)
    if how == "freeze":
        server.resume()
    else:
        await asyncio.to_thread(server.start)
    await journal.record(ENDED)
    assert await journal.aclose(timeout=5)
    history = await store.history(journal.call.id)
    assert [event.text for event in history if isinstance(event, CallerSaid)] == texts
    assert len(history) == len(texts) + 5
    await store.aclose()
