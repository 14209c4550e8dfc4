"""Whole calls over real SIP and RTP: ring, hear, press keys, hang up."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.domain.call import CallState
from callcenter.domain.events import AgentSaid, Disposition, Ended, EndedBy
from callcenter.floor import Conduct
from callcenter.testing.phone import Faults, NotAnswered
from tests.phone.house.conftest import open_house

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]
FRONT, BILLING = "+15550100100", "+15550100101"


async def test_caller_hears_the_greeting_and_is_served_by_keys(conduct: Conduct) -> None:
    """The number leads to billing; account number and PIN are pressed, not said."""
    async with open_house(conduct) as house:
        async with house.exchange.dial(BILLING) as call:
            await call.hears("billing desk")
            assert call.call.department == "billing"
            await call.press("447122#")
            await call.hears("PIN")
            await call.press("4821")
            await call.hears("Thank you, Dana")
        assert call.call.disposition is Disposition.CALLER_LEFT
        assert "447122" not in call.report.transcript()
        assert await house.store.live() == []
        assert await house.store.history(call.call.id) == call.events


async def test_sound_arrives_without_holes(conduct: Conduct) -> None:
    """The agent's sentence is one stretch of sound at the caller."""
    async with open_house(conduct) as house:
        async with house.exchange.dial(FRONT) as call:
            await call.hears("help you today")
        (greeting, *_) = call.recording.agent
        assert 1.0 < greeting.end - greeting.start < 2.5
        assert call.recording.longest_gap() <= 0.04


async def test_caller_who_hangs_up_in_mid_sentence_is_recorded_as_having_heard_a_part(
    conduct: Conduct,
) -> None:
    """What the history says was spoken is what could be heard."""
    async with open_house(conduct) as house:
        async with house.exchange.dial(FRONT) as call:
            while call.recording.seconds < 0.8:
                await asyncio.sleep(0.02)
        (said,) = [event for event in call.events if isinstance(event, AgentSaid)]
        assert said.interrupted
        assert "Thank you for calling".startswith(said.text[:21])
        assert "today" not in said.text
        end = call.events[-1]
        assert isinstance(end, Ended)
        assert (end.disposition, end.by) == (Disposition.CALLER_LEFT, EndedBy.CALLER)


@pytest.mark.parametrize("after", [0.0, 0.05, 0.2, 0.5, 1.5, 3.0])
async def test_caller_may_hang_up_at_any_moment(conduct: Conduct, after: float) -> None:
    """Each time: one end, one freed slot, no leg left over."""
    async with open_house(conduct) as house:
        async with house.exchange.dial(FRONT) as call:
            await asyncio.sleep(after)
        assert call.call.state is CallState.ENDED
        assert sum(isinstance(event, Ended) for event in call.events) == 1
        assert await house.store.live() == []
        assert house.line.live == 0


async def test_goodbye_of_the_agent_puts_the_line_down() -> None:
    """Silent caller, short patience: the agent hangs up and the far end notices."""
    impatient = Conduct(user_away_timeout=0.3, silence_asks=0)
    async with open_house(impatient) as house:
        async with house.exchange.dial(FRONT) as call:
            await call.hears("hang up now", within=20)
            await asyncio.wait_for(call.switchboard.wait_until_over(), 10)
        assert call.call.disposition is Disposition.SILENT
        assert house.line.live == 0


async def test_full_house_does_not_pick_up() -> None:
    """The second caller gets 503 and no half-answered call."""
    async with open_house(Conduct(max_calls=1)) as house, house.exchange.dial(FRONT) as first:
        await first.hears("help you today")
        with pytest.raises(NotAnswered, match="503"):
            async with house.exchange.dial(FRONT):
                pass
        assert first.call.is_live


async def test_drain_finishes_running_calls_and_takes_no_new_ones(conduct: Conduct) -> None:
    """A restart in the middle of the day loses nobody."""
    async with open_house(conduct) as house:
        async with house.exchange.dial(FRONT) as first:
            await first.hears("help you today")
            draining = asyncio.create_task(house.phone.drain(20))
            await asyncio.sleep(0.1)
            with pytest.raises(NotAnswered):
                async with house.exchange.dial(FRONT):
                    pass
            assert not draining.done()
        await asyncio.wait_for(draining, 10)
        assert first.call.disposition is Disposition.CALLER_LEFT


async def test_number_that_nobody_declared_is_not_answered(conduct: Conduct) -> None:
    """No guess at a department."""
    async with open_house(conduct) as house:
        with pytest.raises(NotAnswered):
            async with house.exchange.dial("+15550100177"):
                pass
        assert await house.store.live() == []


async def test_several_callers_are_served_at_once(conduct: Conduct) -> None:
    """Four lines, four conversations, none mixed up."""
    async with open_house(conduct) as house:

        async def one(account: str, pin: str, name: str) -> None:
            async with house.exchange.dial(BILLING) as call:
                await call.hears("billing desk")
                await call.press(f"{account}#")
                await call.hears("PIN")
                await call.press(pin)
                await call.hears(f"Thank you, {name}")

        await asyncio.gather(
            one("447122", "4821", "Dana"),
            one("518840", "7305", "Priya"),
            one("733906", "2648", "Tom"),
            one("602315", "1937", "Marcus"),
        )
        assert await house.store.live() == []


async def test_caller_with_a_bad_line_is_still_heard(conduct: Conduct) -> None:
    """Noise and echo on the line do not stop keys from working."""
    faults = Faults(noise_snr=20, echo=-20)
    async with open_house(conduct) as house, house.exchange.dial(BILLING, faults=faults) as call:
        await call.hears("billing desk")
        await call.press("447122#")
        await call.hears("PIN")
