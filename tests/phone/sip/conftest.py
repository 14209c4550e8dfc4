"""Lines on free ports of this machine: one that is rung, and one that rings it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np
import pytest_asyncio

from sip.line import Dialled, Frame, LiveLeg, Offer
from sip.phone_line import PhoneLine
from sip.trunks import Trunks

DESK = """
numbers: {"*": triage, "+15550100777": billing}
inbound: [{name: here, sources: [127.0.0.1]}]
limits: {calls_a_day_per_caller: 100000, calls_a_day: 100000}
"""
NUMBER = "+15550100123"


@dataclass
class Desk:
    """A line that is rung and what its callers are told."""

    line: PhoneLine
    legs: list[LiveLeg] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    answer: Callable[[Offer], Awaitable[LiveLeg | None]] | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def port(self) -> int:
        """Where to ring it."""
        return self.line.front.port

    async def serve(self) -> None:
        """Answer everybody."""
        async for offer in self.line.offers():
            self.offers.append(offer)
            task = asyncio.create_task(self._one(offer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _one(self, offer: Offer) -> None:
        leg = await (self.answer(offer) if self.answer else offer.accept())
        if leg is not None:
            self.legs.append(leg)
        self.arrived.set()


@contextlib.asynccontextmanager
async def desk_with(yaml: str = DESK, **options: object) -> AsyncIterator[Desk]:
    """A desk with its own trunks file."""
    line = PhoneLine(Trunks.read(yaml), port=0, **options)  # type: ignore[arg-type]
    async with line:
        desk = Desk(line)
        serving = asyncio.create_task(desk.serve())
        yield desk
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


@contextlib.asynccontextmanager
async def phone_to(
    port: int, *, trunk: str = "", limits: str = "", **options: object
) -> AsyncIterator[PhoneLine]:
    """A line whose only trunk is the desk at `port`."""
    yaml = f"""
outbound: [{{name: desk, host: 127.0.0.1, port: {port}{trunk}}}]
limits: {{calls_a_day: 100000, calls_a_day_per_caller: 100000{limits}}}
"""
    async with PhoneLine(Trunks.read(yaml), port=0, **options) as line:  # type: ignore[arg-type]
        yield line


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    """A line that answers everybody."""
    async with desk_with() as desk:
        yield desk


@pytest_asyncio.fixture
async def phone(desk: Desk) -> AsyncIterator[PhoneLine]:
    """A line that rings the desk."""
    async with phone_to(desk.port) as line:
        yield line


async def answered(phone: PhoneLine, desk: Desk, number: str = NUMBER) -> tuple[LiveLeg, LiveLeg]:
    """A call that is up: the phone's end and the desk's."""
    desk.arrived.clear()
    dialled: Dialled = await phone.dial(number)
    assert dialled.leg is not None, dialled
    async with asyncio.timeout(3):
        await desk.arrived.wait()
    return dialled.leg, desk.legs[-1]


async def listen(leg: LiveLeg, seconds: float) -> list[Frame]:
    """So many seconds of what is heard."""
    frames: list[Frame] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for frame in leg.heard():
                frames.append(frame)  # noqa: PERF401 - a comprehension would lose all at the end
    return frames


def pitch(frames: list[Frame]) -> float:
    """The strongest frequency in the loud part."""
    loud = [f for f in frames if not f.made_up and loudness(f) > 500]
    if not loud:
        return 0.0
    wave = np.frombuffer(b"".join(f.pcm for f in loud), "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(wave.size)))
    return float(spectrum.argmax() * loud[0].rate / wave.size)


def loudness(frame: Frame) -> float:
    """Root mean square."""
    wave = np.frombuffer(frame.pcm, "<i2").astype(float)
    return float(np.sqrt((wave**2).mean())) if wave.size else 0.0
