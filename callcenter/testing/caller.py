"""Caller: a simulated caller for tests; dials, speaks, listens, watches, hangs up."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence

from callcenter.domain.call import Call
from callcenter.domain.department import Department
from callcenter.domain.events import AgentSaid, Event, ToolFailed, ToolUsed
from callcenter.domain.report import Report
from callcenter.floor import Switchboard, TextLine
from sip import Leg, PhoneNumber

Judge = Callable[[str, str], Awaitable[bool]]
"""Asked with what was heard and with what should have been meant."""


class Caller:
    """One simulated caller. Every assertion that fails shows the whole call."""

    def __init__(
        self, connect: Callable[[], Switchboard], *, front: Department, judge: Judge | None = None
    ) -> None:
        self._connect = connect
        self._front = front
        self._judge = judge
        self._switchboard: Switchboard | None = None
        self._line: TextLine | None = None
        self._unheard_from = 0
        self.events: list[Event] = []
        """Everything that has happened in the call so far."""

    # --- what a caller does ---

    async def dials(
        self,
        number: str | None = "+15550100199",
        *,
        dialled: str = "+15550100100",
        department: str | None = None,
    ) -> None:
        """Ring; returns when the greeting has been spoken. `number=None` withholds it."""
        board = self._connect()
        board.watch(self.events.append)
        self._switchboard = board
        self._line = TextLine(board)
        leg = Leg(
            caller=PhoneNumber.parse_or_none(number), dialled=PhoneNumber.parse_or_none(dialled)
        )
        await board.answer(leg, Department(department) if department else self._front)
        await _settle()

    async def says(self, text: str) -> None:
        """Say something and wait for the answer."""
        self._unheard_from = len(self.events)
        await self._connected_line.say(text)
        await _settle()

    async def waits(self, seconds: float) -> None:
        """Say nothing for a while; in virtual time this costs nothing."""
        await asyncio.sleep(seconds)

    async def hangs_up(self) -> None:
        """Put the receiver down."""
        await self._connected_line.hang_up()

    # --- what a caller notices ---

    async def hears(self, pattern: str, *, within: float = 10.0) -> re.Match[str]:
        """Assert that a sentence since the last thing said matches; waits for it if need be."""
        deadline = asyncio.get_running_loop().time() + within
        while True:
            if match := re.search(pattern, self.heard, re.IGNORECASE | re.DOTALL):
                return match
            if asyncio.get_running_loop().time() >= deadline or self.switchboard.is_over:
                break
            await asyncio.sleep(0.1)
        raise AssertionError(f"did not hear /{pattern}/, but: {self.heard!r}")

    def never_heard(self, pattern: str) -> None:
        """Assert that nothing in the whole call matches."""
        for event in self.events:
            if isinstance(event, AgentSaid) and re.search(pattern, event.text, re.IGNORECASE):
                raise AssertionError(f"heard what nobody should: {event.text!r}")

    async def understands(self, meaning: str) -> None:
        """Assert by a judge model that what was heard means this; skips without a judge."""
        if self._judge is None:
            import pytest

            pytest.skip("no judge model: set OPENAI_API_KEY or OPENAI_BASE_URL")
        if not await self._judge(self.heard, meaning):
            raise AssertionError(f"{self.heard!r} does not mean: {meaning}")

    @property
    def heard(self) -> str:
        """What the agent said since the caller last spoke (or since the call began)."""
        return " ".join(
            event.text
            for event in self.events[self._unheard_from :]
            if isinstance(event, AgentSaid)
        )

    @property
    def desk(self) -> Department | None:
        """The desk that has the caller now."""
        return self.call.department

    @property
    def call(self) -> Call:
        """State, facts, tickets and disposition of the call."""
        return self.switchboard.call

    @property
    def tools(self) -> Sequence[ToolUsed | ToolFailed]:
        """The tools that were used, with their arguments, in order."""
        return [event for event in self.events if isinstance(event, ToolUsed | ToolFailed)]

    def used(self, tool: str) -> bool:
        """Whether a tool of this name did its work."""
        return any(isinstance(event, ToolUsed) and event.tool == tool for event in self.tools)

    @property
    def report(self) -> Report:
        """The call as the report shows it."""
        return Report.of(self.call.id, self.events)

    @property
    def switchboard(self) -> Switchboard:
        """The live call behind it, for tests that need to reach in."""
        assert self._switchboard is not None, "the caller has not dialled yet"
        return self._switchboard

    @property
    def has_dialled(self) -> bool:
        """Whether there is a call to look at."""
        return self._switchboard is not None

    async def gone(self) -> None:
        """Leave nothing behind: hang up if the call is still on."""
        if self._switchboard is not None and not self._switchboard.is_over:
            await self._switchboard.caller_hung_up()

    @property
    def _connected_line(self) -> TextLine:
        assert self._line is not None, "the caller has not dialled yet"
        return self._line


async def _settle() -> None:
    """Let what was scheduled for this very moment happen."""
    await asyncio.sleep(0.01)
