"""demo: a simulated caller's whole conversation; exit 0 only if it really reached its end."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from callcenter.archive import print_error, show
from callcenter.domain.department import Department
from callcenter.domain.events import AgentSaid, Disposition, Event
from callcenter.domain.report import Report
from callcenter.floor import TextLine
from callcenter.settings import Settings
from callcenter.ticker import Ticker
from callcenter.wiring import build, open_store
from flows import FRONT, open_reception
from sip import Leg, PhoneNumber


@dataclass(frozen=True, slots=True)
class Turn:
    """What the caller must have heard, and what they say then."""

    heard: str
    says: str


SCRIPT: tuple[Turn, ...] = (
    Turn(r"help", "hi, um, my bill went up this month and i don't know why"),
    Turn(r"account number", "it's four four seven one two two"),
    Turn(r"pin", "four eight two one"),
    Turn(r"dollars", "okay, can i pay that on friday"),
    Turn(r"shall i note", "yes please"),
    Turn(r"noted|promise", "also my internet is not working since yesterday"),
    Turn(r"light", "yes it's on"),
    Turn(r"power cable|unplug", "no it is still not working"),
    Turn(r"from here|line", "yes go ahead"),
    Turn(r"back|minutes", "no it didn't help"),
    Turn(r"ticket", "no thanks that's all, bye"),
)
DESKS = (Department("triage"), Department("billing"), Department("support"))


async def play(out: Path, *, pace: float) -> int:
    """Hold the conversation, then read it back from the store with a connection of its own."""
    started = time.monotonic()
    console = Console(highlight=False)
    out.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - before there is anybody to wait
    console.print("A simulated caller rings. No key, no network, no server.\n", style="bold")
    # A store of its own: a second demo must not be greeted as a returning caller.
    with tempfile.TemporaryDirectory(prefix="callcenter-") as folder:
        settings = Settings(llm="offline", store="embedded", data_dir=Path(folder))
        report, missed = await _call(console, settings, pace)
    console.print()
    show(report)
    (out / "transcript.txt").write_text(report.transcript() + "\n", encoding="utf-8")
    (out / "report.json").write_text(json.dumps(report.as_dict(), indent=2), encoding="utf-8")
    console.print(f"\n{time.monotonic() - started:.1f} s. Written to {out}/", style="dim")
    problem = missed or _wrong_with(report)
    if problem:
        print_error(f"the demo did not reach its end: {problem}")
        return 1
    return 0


async def _call(console: Console, settings: Settings, pace: float) -> tuple[Report, str]:
    centre = await build(settings)
    async with centre:
        seat, phrases = open_reception()
        board = centre.switchboard(seat, phrases)
        Ticker(console, board)
        events: list[Event] = []
        board.watch(events.append)
        await board.answer(Leg(caller=PhoneNumber("+12065550101")), FRONT)
        missed = await _talk(TextLine(board), events, pace)
        if not board.is_over:
            await board.caller_hung_up()
        # A second connection: what it finds is what was really written.
        reader = await open_store(settings)
        try:
            return Report.of(board.id, await reader.history(board.id)), missed
        finally:
            await reader.aclose()


async def _talk(line: TextLine, events: list[Event], pace: float) -> str:
    said_until = 0
    for turn in SCRIPT:
        heard = await _hear(events, said_until, turn.heard)
        if heard:
            return f"the caller waited for /{turn.heard}/ and heard {heard!r}"
        await asyncio.sleep(pace)
        said_until = len(events)
        await line.say(turn.says)
    return ""


async def _hear(events: list[Event], since: int, pattern: str) -> str:
    """Wait for the words; what was heard instead if they do not come."""
    heard = ""
    for _ in range(100):
        heard = " ".join(e.text for e in events[since:] if isinstance(e, AgentSaid))
        if re.search(pattern, heard, re.IGNORECASE):
            return ""
        await asyncio.sleep(0.05)
    return heard or "nothing"


def _wrong_with(report: Report) -> str:
    if report.departments != DESKS:
        return f"desks were {', '.join(report.departments)}"
    if report.disposition is not Disposition.COMPLETED:
        return f"it ended as {report.disposition}"
    if not report.identified or len(report.tickets) < 2:
        return "the caller was not served"
    if report.faults:
        return "; ".join(report.faults)
    return ""
