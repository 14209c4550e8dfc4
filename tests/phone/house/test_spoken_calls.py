"""Calls with real speech both ways, offline: what is said aloud is understood and acted on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from callcenter.domain.events import AgentSaid
from callcenter.offline.mouth import Manner, OfflineMouth
from callcenter.phone import Phone, aloud
from callcenter.settings import Settings
from callcenter.testing.phone import Exchange, Faults
from callcenter.wiring import build
from flows import open_reception
from sip.phone_line import PhoneLine
from sip.trunks import Outbound, Trunks

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]
FRONT = "+15550100100"


@asynccontextmanager
async def speaking_house() -> AsyncIterator[Exchange]:
    """A house with the offline ears and voices, and a line to ring it from."""
    seat, phrases = open_reception()
    async with (
        await build(Settings(store="memory", llm="offline"), aloud=aloud()) as centre,
        PhoneLine(port=0) as house,
    ):
        host, port = house.address.split(":")
        trunk = Outbound(name="house", host=host, port=int(port))
        async with PhoneLine(Trunks(outbound=(trunk,)), port=0) as far:
            exchange = Exchange(far, OfflineMouth(Manner(speed=0.95, pitch=1.08)))
            phone = Phone(centre, house, seat, phrases, on_call=exchange.watch)
            serving = asyncio.create_task(phone.serve())
            try:
                yield exchange
            finally:
                await phone.drain(0)
                serving.cancel()


async def test_caller_who_speaks_over_the_agent_is_heard() -> None:
    """The agent stops, and the record has only the words that were heard."""
    async with speaking_house() as exchange, exchange.dial(FRONT) as call:
        await call.hears("help you today")
        await call.says("when are you open")
        while not call.recording.agent_is_loud(0.1):
            await asyncio.sleep(0.05)
        await asyncio.sleep(2)
        await call.blurts("wait i want to pay my bill")
        # The words are recorded when it is clear that the rest will not be said.
        await call.hears("billing desk")
        said = [e for e in call.events if isinstance(e, AgentSaid) and e.interrupted]
        assert said, call.report.transcript()
        assert said[0].text.startswith("I'm here")
        assert "afternoon" not in said[0].text


async def test_agent_does_not_interrupt_itself_by_its_own_echo() -> None:
    """20 dB softer and 200 ms later, as phone networks return it."""
    faults = Faults(echo=-20, echo_delay=0.2)
    async with speaking_house() as exchange, exchange.dial(FRONT, faults=faults) as call:
        await call.hears("help you today")
        await call.says("when are you open")
        await call.hears("five in the afternoon")
        assert not any(isinstance(e, AgentSaid) and e.interrupted for e in call.events)
