"""TextLine: a call by typing instead of by phone; the same switchboard and desks behind it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable

from livekit.agents.voice.run_result import RunResult

from callcenter.floor.desk import clipped
from callcenter.floor.switchboard import Switchboard


class TextLine:
    """What a typing caller can do. Use it after `switchboard.answer`."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._turn: asyncio.Future[None] | None = None
        self._over: asyncio.Future[None] | None = None

    async def say(self, text: str) -> None:
        """Say something and wait until the desk has answered; silence says nothing."""
        board = self._switchboard
        words = clipped(text, board.conduct.max_utterance_words).strip()
        if not words or board.is_over or not board.call.is_live:
            return
        board.vigil.clocks.caller_spoke()
        if self._turn is not None and not self._turn.done():
            # Typing on while the desk works: let it finish, as a caller who listens would.
            await self._first(self._turn)
        if board.is_over:
            return
        self._turn = asyncio.ensure_future(_finished(board.session.run(user_input=words)))
        await self._first(self._turn)

    async def hang_up(self) -> None:
        """Put the receiver down, whatever is going on."""
        if self._turn is not None and not self._turn.done():
            self._turn.cancel()
        await self._switchboard.caller_hung_up()

    async def _first(self, turn: asyncio.Future[None]) -> None:
        if self._over is None:
            self._over = asyncio.ensure_future(self._switchboard.wait_until_over())
        await asyncio.wait({turn, self._over}, return_when=asyncio.FIRST_COMPLETED)


async def _finished(run: RunResult[None]) -> None:
    # A failing model is the switchboard's business (it apologises and takes note of it).
    with contextlib.suppress(Exception):
        await _as_awaitable(run)


async def _as_awaitable(run: Awaitable[object]) -> None:
    await run
