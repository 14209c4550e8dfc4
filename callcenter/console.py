"""console: a call by typing instead of by phone; the same desks, the same record."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading

from rich.console import Console

from callcenter.domain.call import Call
from callcenter.domain.department import Department
from callcenter.floor import Switchboard, TextLine
from callcenter.settings import Settings
from callcenter.ticker import Ticker
from callcenter.wiring import build
from flows import FRONT, open_reception
from sip import Leg, PhoneNumber


async def converse(settings: Settings, *, number: str, department: str) -> int:
    """Hold one typed call; returns the exit code."""
    console = Console(highlight=False)
    caller = PhoneNumber.parse(number, region=settings.region) if number else None
    centre = await build(settings)
    async with centre:
        seat, phrases = open_reception(scripts=settings.scripts_dir, data_dir=settings.data_dir)
        board = centre.switchboard(seat, phrases)
        Ticker(console, board)
        console.print(
            f"Calling from {caller or 'a withheld number'}. "
            "Type what you would say; Ctrl-D hangs up.",
            style="dim",
        )
        await board.answer(Leg(caller=caller), Department(department) if department else FRONT)
        line = TextLine(board)
        try:
            await _typed(line, board)
        finally:
            await board.caller_hung_up()
    _summarise(console, board.call)
    return 0


async def _typed(line: TextLine, board: Switchboard) -> None:
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    # A thread of its own, not an executor: nothing may wait for a line that is never typed.
    threading.Thread(target=_read, args=(loop, lines), daemon=True).start()
    over = asyncio.ensure_future(board.wait_until_over())
    while not board.is_over:
        typed = asyncio.ensure_future(lines.get())
        await asyncio.wait({typed, over}, return_when=asyncio.FIRST_COMPLETED)
        if not typed.done():
            typed.cancel()
            break
        words = typed.result()
        if words is None:
            if board.is_parting:
                await asyncio.wait({over}, timeout=board.conduct.goodbye_seconds)
            break
        await line.say(words)
    over.cancel()


def _read(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str | None]) -> None:
    # Not `input()`: a thread that holds the buffered standard input aborts the process at its end.
    rest = b""
    while True:
        with contextlib.suppress(RuntimeError):  # the call ended and the loop is closed
            while b"\n" in rest:
                line, _, rest = rest.partition(b"\n")
                loop.call_soon_threadsafe(lines.put_nowait, line.decode("utf-8", "replace"))
            more = os.read(sys.stdin.fileno(), 4096)
            rest += more
            if not more:
                loop.call_soon_threadsafe(lines.put_nowait, None)
                return
            continue
        return


def _summarise(console: Console, call: Call) -> None:
    console.print(
        f"The call is over: {call.disposition}. `callcenter report {call.id}` tells it again.",
        style="dim",
    )
