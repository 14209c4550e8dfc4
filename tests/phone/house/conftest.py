"""A house on a real phone line of this machine, and callers who ring it; keys instead of ears."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from callcenter.floor import Conduct, Voice
from callcenter.offline.brain import OfflineBrain
from callcenter.phone import Phone
from callcenter.settings import Settings
from callcenter.store.memory import MemoryStore
from callcenter.store.reaper import Reaper
from callcenter.testing.phone import Exchange
from callcenter.wiring import Centre
from flows import open_reception
from sip.phone_line import PhoneLine
from sip.trunks import Inbound, Outbound, Trunks
from tests.fakes.mouth import ToneMouth

LOOPBACK = (Inbound(name="loopback", sources=("127.0.0.0/8",)),)
NUMBERS = {"+15550100100": "triage", "+15550100101": "billing", "+15550100102": "support"}


@dataclass
class House:
    """What a test needs of it."""

    store: MemoryStore
    line: PhoneLine
    phone: Phone
    exchange: Exchange


@asynccontextmanager
async def open_house(conduct: Conduct, capacity: int = 8) -> AsyncIterator[House]:
    """Open a house on a free port, and a second line to ring it from."""
    import asyncio

    store = MemoryStore()
    centre = Centre(
        settings=Settings(),
        store=store,
        conduct=conduct,
        voice=Voice(brain=OfflineBrain(), mouth=ToneMouth()),
        owner="test",
        reaper=Reaper(store, owner="test"),
    )
    seat, phrases = open_reception()
    line = PhoneLine(Trunks(numbers=NUMBERS, inbound=LOOPBACK), port=0, capacity=capacity)
    async with line:
        host, port = line.address.split(":")
        trunk = Outbound(name="house", host=host, port=int(port))
        async with PhoneLine(Trunks(outbound=(trunk,)), port=0) as far:
            exchange = Exchange(far, ToneMouth())
            phone = Phone(centre, line, seat, phrases, on_call=exchange.watch)
            serving = asyncio.create_task(phone.serve())
            try:
                yield House(store, line, phone, exchange)
            finally:
                await phone.drain(0)
                serving.cancel()


@pytest.fixture
def conduct() -> Conduct:
    """How calls are led; override it in a test class."""
    return Conduct()
