"""FakeLeg: a LiveLeg whose sound goes out in the time of the loop, virtual or real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from sip import Digit, Ended, Farewell, Frame, Leg, LegStats, PhoneNumber


class FakeLeg:
    """Plays at the loop's pace, hears silence, presses nothing until told."""

    def __init__(self, rate: int = 8000) -> None:
        self.id = "fake"
        self.leg = Leg(caller=PhoneNumber("+15550100199"))
        self.rate = rate
        self.held = False
        self.stats = LegStats()
        self.given = bytearray()
        """Everything that was ever given to `play`."""
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[Ended] = self._loop.create_future()
        self._empty_at = 0.0
        self._said = 0.0
        self._digits: asyncio.Queue[Digit | None] = asyncio.Queue()

    async def heard(self) -> AsyncIterator[Frame]:
        """Silence, 20 ms at a time."""
        while not self.ended.done():
            await asyncio.sleep(0.02)
            yield Frame(b"\0" * (self.rate // 25), self.rate)

    async def digits(self) -> AsyncIterator[Digit]:
        """The keys that the test presses."""
        while (digit := await self._digits.get()) is not None:
            yield digit

    def press(self, digit: Digit) -> None:
        """The caller presses a key."""
        self._digits.put_nowait(digit)

    def play(self, pcm: bytes) -> None:
        """Say this after all that was given before."""
        self.given += pcm
        seconds = len(pcm) / 2 / self.rate
        self._said += seconds
        self._empty_at = max(self._empty_at, self._loop.time()) + seconds

    def clear(self) -> float:
        """Stop; how many seconds were left."""
        left = self.queued
        self._said -= left
        self._empty_at = self._loop.time()
        return left

    @property
    def queued(self) -> float:
        """Seconds that wait."""
        return max(0.0, self._empty_at - self._loop.time())

    @property
    def played(self) -> float:
        """Seconds that went out."""
        return self._said - self.queued

    async def drained(self) -> None:
        """Wait until all is said or the connection is over."""
        while self.queued > 1e-6 and not self.ended.done():
            await asyncio.sleep(min(self.queued, 0.02))

    def hang_up(self) -> None:
        """The far end is gone."""
        self._digits.put_nowait(None)
        if not self.ended.done():
            self.ended.set_result(Ended(Farewell.FAR_END))
