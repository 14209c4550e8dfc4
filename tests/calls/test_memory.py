"""What is remembered of a number between calls, and what is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from callcenter.floor import Conduct
from callcenter.store.memory import MemoryStore
from callcenter.testing.caller import Caller
from sip import PhoneNumber
from tests.calls.conftest import identify

DANA = "+12065550101"


async def earlier_call(caller: Caller) -> None:
    """Dana was identified and left with an open repair."""
    await caller.dials(DANA)
    await caller.says("what's my balance")
    await identify(caller, "Dana")
    await caller.says("i want a technician")
    await caller.says("the modem is broken")
    await caller.hangs_up()


async def test_returning_caller_is_greeted_by_name(callers: Callable[[], Caller]) -> None:
    """The second call begins where the first ended."""
    await earlier_call(callers())
    again = callers()
    await again.dials(DANA)
    await again.hears("Welcome back to Northwind Broadband, Dana")


async def test_returning_caller_is_not_identified_by_their_number(
    callers: Callable[[], Caller],
) -> None:
    """A number is easily faked: the account stays closed until the PIN."""
    await earlier_call(callers())
    again = callers()
    await again.dials(DANA)
    await again.says("what's my balance")
    await again.hears("account number")
    again.never_heard("dollar")


async def test_open_matter_is_for_identified_callers_only(callers: Callable[[], Caller]) -> None:
    """A number is easily faked; once identified, the next desk knows what is open."""
    await earlier_call(callers())
    again = callers()
    await again.dials(DANA)
    assert "repair" in again.call.facts["open_matter"]
    matter = again.call.facts["open_matter"]
    assert matter not in str(again.switchboard.session.current_agent.instructions)
    await again.says("what's my balance")
    await identify(again, "Dana")
    await again.says("my internet is down")
    assert again.desk == "support"
    assert matter in str(again.switchboard.session.current_agent.instructions)


async def test_forgotten_caller_is_a_stranger_again(
    callers: Callable[[], Caller], callcenter_store: MemoryStore
) -> None:
    """Memory and finished calls are gone."""
    first = callers()
    await earlier_call(first)
    done = await callcenter_store.forget(PhoneNumber(DANA))
    assert (done.memory, done.calls) == (True, 1)
    assert await callcenter_store.history(first.call.id) == []
    again = callers()
    await again.dials(DANA)
    again.never_heard("Dana")


async def test_withheld_number_is_remembered_by_nobody(callers: Callable[[], Caller]) -> None:
    """Two anonymous callers are two strangers."""
    first, second = callers(), callers()
    await first.dials(None)
    await first.hangs_up()
    await second.dials(None)
    second.never_heard("Welcome back")


class TestMemoryOff:
    """With CALLCENTER_REMEMBER_CALLERS=false."""

    @pytest.fixture
    def callcenter_conduct(self) -> Conduct:
        """Nothing is kept by number."""
        return Conduct(remember_callers=False)

    async def test_nothing_is_kept_of_a_caller(
        self, callers: Callable[[], Caller], callcenter_store: MemoryStore
    ) -> None:
        """The second call is a first call."""
        await earlier_call(callers())
        assert await callcenter_store.recall(PhoneNumber(DANA)) is None
        again = callers()
        await again.dials(DANA)
        again.never_heard("Welcome back")
