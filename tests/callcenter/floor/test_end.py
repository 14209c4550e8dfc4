"""Every way in which a call ends: said, hung up, silent, too long, stuck, broken."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.domain.call import CallState
from callcenter.domain.events import BrainFailed, Disposition, Ended, EndedBy, SilenceNoticed
from callcenter.floor import Conduct
from callcenter.floor.clocks import Clocks
from callcenter.store.memory import MemoryStore
from callcenter.testing.caller import Caller
from tests.fakes.brain import Answer, ScriptedBrain


@pytest.fixture
def callcenter_store() -> MemoryStore:
    """One store, so that tests can look at its slots."""
    return MemoryStore()


async def ended(caller: Caller, store: MemoryStore) -> Ended:
    """The one last event; nothing of the call may be left."""
    await asyncio.wait_for(caller.switchboard.wait_until_over(), 60)
    assert caller.call.state is CallState.ENDED
    last = caller.events[-1]
    assert isinstance(last, Ended)
    assert sum(isinstance(e, Ended) for e in caller.events) == 1
    assert await store.live() == []
    assert await store.history(caller.call.id) == caller.events
    return last


async def test_goodbye_ends_the_call_after_it_was_spoken(
    caller: Caller, brain: ScriptedBrain, callcenter_store: MemoryStore
) -> None:
    """The last words are heard, then the line goes dead."""
    brain.script = {"bye": Answer(calls=[("say_goodbye", {})])}
    await caller.dials()
    await caller.says("bye")
    end = await ended(caller, callcenter_store)
    assert (end.disposition, end.by) == (Disposition.COMPLETED, EndedBy.AGENT)
    await caller.hears(r"\[goodbye\]")


async def test_caller_who_hangs_up_ends_the_call(
    caller: Caller, callcenter_store: MemoryStore
) -> None:
    """No goodbye, no matter: the slot is free and the disposition honest."""
    await caller.dials()
    await caller.hangs_up()
    end = await ended(caller, callcenter_store)
    assert (end.disposition, end.by) == (Disposition.CALLER_LEFT, EndedBy.CALLER)


async def test_caller_who_hangs_up_while_a_tool_hangs_ends_the_call(
    caller: Caller, brain: ScriptedBrain, callcenter_store: MemoryStore
) -> None:
    """A tool that never returns does not keep a dead call alive."""
    brain.script = {"please": Answer(calls=[("hangs", {})])}
    await caller.dials()
    asking = asyncio.ensure_future(caller.says("please"))
    await caller.waits(1)
    await caller.hangs_up()
    await asking
    assert (await ended(caller, callcenter_store)).disposition is Disposition.CALLER_LEFT


async def test_promised_call_back_is_the_disposition_of_a_caller_who_leaves(
    caller: Caller, brain: ScriptedBrain, callcenter_store: MemoryStore
) -> None:
    """What the call achieved counts, not how the receiver was put down."""
    brain.script = {"person": Answer(calls=[("ask_for_person", {})])}
    await caller.dials()
    await caller.says("a person please")
    await caller.hangs_up()
    end = await ended(caller, callcenter_store)
    assert end.disposition is Disposition.CALLBACK_PROMISED


async def test_silent_caller_is_asked_twice_and_then_let_go(
    caller: Caller, callcenter_store: MemoryStore
) -> None:
    """Fifteen seconds each time; then a goodbye and the end."""
    await caller.dials()
    await caller.waits(16)
    await caller.hears(r"\[still_there\]")
    await caller.waits(15)
    await caller.hears(r"\[still_there_again\]")
    await caller.waits(15)
    end = await ended(caller, callcenter_store)
    assert (end.disposition, end.by) == (Disposition.SILENT, EndedBy.CLOCK)
    assert [e.times for e in caller.events if isinstance(e, SilenceNoticed)] == [1, 2]
    await caller.hears(r"\[silent_goodbye\]")


async def test_caller_who_speaks_again_is_not_counted_as_silent(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """The count starts anew with every word."""
    brain.otherwise = lambda _: Answer(text="Yes?")
    await caller.dials()
    for _ in range(4):
        await caller.waits(20)
        await caller.says("still here")
    assert caller.call.is_live
    assert {e.times for e in caller.events if isinstance(e, SilenceNoticed)} == {1}


class TestShortCalls:
    """With a short maximum length."""

    @pytest.fixture
    def callcenter_conduct(self) -> Conduct:
        """Thirty seconds at most."""
        return Conduct(max_call_seconds=30, user_away_timeout=0)

    async def test_the_longest_call_ends_with_words(
        self, caller: Caller, callcenter_store: MemoryStore
    ) -> None:
        """The caller is told, then the line is closed."""
        await caller.dials()
        await caller.waits(31)
        end = await ended(caller, callcenter_store)
        assert (end.disposition, end.by) == (Disposition.TOO_LONG, EndedBy.CLOCK)
        await caller.hears(r"\[too_long\]")


async def test_agent_that_thinks_for_ever_apologises_and_then_gives_up(
    caller: Caller, brain: ScriptedBrain, callcenter_store: MemoryStore
) -> None:
    """A model that hangs twice ends the call honestly."""
    brain.otherwise = lambda _: Answer(text="late", after=10_000)
    await caller.dials()
    for _ in range(2):
        asking = asyncio.ensure_future(caller.says("hello?"))
        await caller.waits(31)
        await asyncio.wait({asking}, timeout=1)
        asking.cancel()
    end = await ended(caller, callcenter_store)
    assert (end.disposition, end.by) == (Disposition.FAILED, EndedBy.CLOCK)
    await caller.hears(r"\[give_up\]")


async def test_model_that_fails_once_costs_an_apology_not_the_call(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """The next turn works again."""
    brain.script = {"break": Answer(fails=True), "again": Answer(text="Here I am.")}
    await caller.dials()
    await caller.says("break")
    await caller.hears(r"\[apology\]")
    assert any(isinstance(e, BrainFailed) and e.part == "llm" for e in caller.events)
    await caller.says("again")
    await caller.hears("Here I am")


async def test_model_that_keeps_failing_ends_the_call_honestly(
    caller: Caller, brain: ScriptedBrain, callcenter_store: MemoryStore
) -> None:
    """Three failures in a row, then a goodbye instead of a loop of apologies."""
    brain.script = {"break": Answer(fails=True)}
    await caller.dials()
    for _ in range(3):
        await caller.says("break")
    assert (await ended(caller, callcenter_store)).disposition is Disposition.FAILED


async def test_ending_twice_at_once_records_one_end(
    caller: Caller, callcenter_store: MemoryStore
) -> None:
    """The caller hangs up while the system ends the call."""
    await caller.dials()
    board = caller.switchboard
    await asyncio.gather(
        board.caller_hung_up(), board.end(Disposition.FAILED, EndedBy.SYSTEM), caller.hangs_up()
    )
    await ended(caller, callcenter_store)


async def test_goodbye_that_never_finishes_is_cut_off(
    caller: Caller, brain: ScriptedBrain, callcenter_store: MemoryStore
) -> None:
    """Ten seconds after the goodbye began the line is closed anyway."""
    brain.script = {"bye": Answer(calls=[("say_goodbye", {}), ("hangs", {})])}
    await caller.dials()
    asking = asyncio.ensure_future(caller.says("bye"))
    await caller.waits(30)
    await asking
    await ended(caller, callcenter_store)


async def test_call_with_nobody_in_it_ends_even_if_nothing_can_be_said(
    caller: Caller, callcenter_store: MemoryStore
) -> None:
    """A key, a cough or a word that becomes no turn does not keep the line open for an hour."""
    await caller.dials()
    await caller.waits(5)
    caller.switchboard.vigil.clocks.caller_spoke()
    await caller.waits(50)
    assert (await ended(caller, callcenter_store)).disposition is Disposition.SILENT


@pytest.mark.virtual_time
async def test_silence_is_not_counted_while_the_agent_speaks() -> None:
    """Only who has the floor can be silent; then it is counted until somebody speaks."""
    rung: list[int] = []
    clocks = Clocks(
        Conduct(),
        on_too_long=lambda: None,
        on_silence=rung.append,
        on_stuck=lambda: None,
        on_goodbye_over=lambda: None,
    )
    clocks.agent_listens()
    clocks.agent_spoke()
    await asyncio.sleep(60)
    assert rung == []
    clocks.agent_listens()
    await asyncio.sleep(50)
    assert rung == [1, 2, 3]
    clocks.caller_spoke()
    await asyncio.sleep(16)
    assert rung == [1, 2, 3, 1]
    clocks.stop()


async def test_watcher_that_breaks_costs_neither_the_call_nor_its_slot(
    caller: Caller, callcenter_store: MemoryStore
) -> None:
    """A terminal that went away is no reason to hang up, or to keep a line busy for ever."""

    def broken(_: object) -> None:
        raise BrokenPipeError

    await caller.dials()
    caller.switchboard.watch(broken)
    await caller.hangs_up()
    await ended(caller, callcenter_store)


async def test_memory_that_breaks_costs_no_call(
    caller: Caller, callcenter_store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Being recognised is a kindness."""

    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(callcenter_store, "recall", broken)
    await caller.dials()
    await caller.hears(r"\[greeting\]")
    await caller.hangs_up()
    await ended(caller, callcenter_store)
