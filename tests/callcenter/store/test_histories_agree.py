"""Random calls: no home ever holds an illegal history, and all homes hold the same one."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcenter.domain.call import NEXT, Call, CallId, CallState, new_call_id
from callcenter.domain.department import Department
from callcenter.domain.errors import CallEnded, IllegalMove, Outrun
from callcenter.domain.events import (
    Answered,
    Arrived,
    CallerSaid,
    Disposition,
    Ended,
    EndedBy,
    Event,
    FactLearned,
    HandedOver,
    Held,
    Resumed,
    SupervisorAsked,
    SupervisorJoined,
    SupervisorLeft,
    SupervisorMissed,
    TicketKind,
    TicketOpened,
)
from callcenter.store import Store
from callcenter.store.embedded import EmbeddedStore
from callcenter.store.journal import Journal
from callcenter.store.memory import MemoryStore
from callcenter.store.redis import RedisStore

if TYPE_CHECKING:
    from tests.callcenter.store.conftest import ValkeyServer

DESKS = st.sampled_from([Department("triage"), Department("billing")])
TEXTS = st.text(max_size=10)
TIMES = st.floats(min_value=0, max_value=2e9)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Arrived, at=TIMES, caller=st.sampled_from(["+15550100123", None])),
    st.builds(Answered, at=TIMES, department=DESKS),
    st.builds(HandedOver, at=TIMES, origin=DESKS, to=DESKS, reason=TEXTS),
    st.builds(Held, at=TIMES),
    st.builds(Resumed, at=TIMES),
    st.builds(SupervisorAsked, at=TIMES, reason=TEXTS),
    st.builds(SupervisorJoined, at=TIMES, who=TEXTS),
    st.builds(SupervisorMissed, at=TIMES),
    st.builds(SupervisorLeft, at=TIMES),
    st.builds(
        Ended,
        at=TIMES,
        disposition=st.sampled_from(Disposition),
        by=st.sampled_from(EndedBy),
        detail=TEXTS,
    ),
    st.builds(CallerSaid, at=TIMES, text=TEXTS),
    st.builds(FactLearned, at=TIMES, name=TEXTS, value=TEXTS),
    st.builds(
        TicketOpened, at=TIMES, ticket=TEXTS, topic=st.sampled_from(TicketKind), summary=TEXTS
    ),
)


@st.composite
def scripts(draw: st.DrawFn) -> list[Event]:
    """Events of which most are legal where they stand, so that calls get somewhere."""
    call = Call(CallId("c-script"))
    script: list[Event] = []
    for _ in range(draw(st.integers(0, 14))):
        event = draw(EVENTS)
        if call.state is CallState.NEW and draw(st.integers(0, 9)):
            event = Arrived(at=draw(TIMES), caller="+15550100123")
        script.append(event)
        with contextlib.suppress(IllegalMove):
            call = call.after(event)
    return script


@contextlib.asynccontextmanager
async def three_homes(url: str, folder: Path) -> AsyncIterator[list[Store]]:
    """Memory, embedded and a server, all empty."""
    prefix = secrets.token_hex(6)
    stores: list[Store] = [
        MemoryStore(),
        await EmbeddedStore.open(folder, prefix=prefix),
        await RedisStore.connect(url, prefix=prefix),
    ]
    try:
        yield stores
    finally:
        for store in stores:
            await store.aclose()


async def play(store: Store, call_id: CallId, script: list[Event]) -> Call:
    """Two processes take turns with one call: each checks, then writes behind what it has read."""
    call = Call(call_id)
    for number, event in enumerate(script):
        is_over = call.state is CallState.ENDED
        try:
            call = call.after(event)
        except CallEnded:
            assert is_over
        except IllegalMove:
            assert not is_over
        else:
            await store.append(call_id, [event], after=call.version - 1, token=f"{number}")
            continue
        if call.version:
            # The other process, whose fold is stale, cannot slip it in either.
            with pytest.raises(Outrun):
                await store.append(call_id, [event], after=call.version - 1, token="stale")
    return call


@given(script=scripts())
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_script_leaves_the_same_legal_history_in_every_home(
    script: list[Event], shared_server: ValkeyServer, shared_folder: Path
) -> None:
    """What is read back folds, step by step along the table, to what the writer knew."""

    async def run() -> None:
        async with three_homes(shared_server.url, shared_folder) as stores:
            call_id = new_call_id()
            calls = [await play(store, call_id, script) for store in stores]
            histories = [await store.history(call_id) for store in stores]
            assert histories[0] == histories[1] == histories[2]
            assert calls[0] == calls[1] == calls[2]
            folded = Call.of(call_id, histories[0])
            assert folded == calls[0] == Call.salvaged(call_id, histories[0])
            assert folded.version == len(histories[0])
            _assert_legal(call_id, histories[0])

    asyncio.run(run())


@given(script=scripts())
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_journal_writes_what_it_took_and_nothing_else(
    script: list[Event], shared_server: ValkeyServer, shared_folder: Path
) -> None:
    """Illegal events are refused at once; the rest is in the store, once and in order."""

    async def run() -> None:
        async with three_homes(shared_server.url, shared_folder) as stores:
            call_id = new_call_id()
            for store in stores:
                journal = Journal(store, Call(call_id))
                taken = []
                for event in script:
                    with contextlib.suppress(IllegalMove):
                        await journal.record(event)
                        taken.append(event)
                assert await journal.aclose()
                assert await store.history(call_id) == taken
                assert journal.call == Call.of(call_id, taken)

    asyncio.run(run())


def _assert_legal(call_id: CallId, history: list[Event]) -> None:
    call = Call(call_id)
    for event in history:
        after = call.after(event)
        assert after.state is NEXT[call.state].get(type(event), call.state)
        assert call.state is not CallState.ENDED
        assert after.last_at >= call.last_at
        call = after
