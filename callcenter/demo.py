"""demo: a simulated caller rings the house over real SIP and talks to it; exit 0 only at the end.

Typed (`--text`) the same conversation takes a second and needs no sound.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from callcenter.archive import print_error, show
from callcenter.domain.department import Department
from callcenter.domain.events import AgentSaid, Disposition, Event
from callcenter.domain.report import Report
from callcenter.floor import Switchboard, TextLine
from callcenter.page import page
from callcenter.settings import Settings
from callcenter.ticker import Ticker
from callcenter.wiring import Centre, build, open_store
from flows import FRONT, open_reception
from sip import Leg, PhoneNumber

CALLER = PhoneNumber("+12065550101")
HOUSE = "+15550100100"


@dataclass(frozen=True, slots=True)
class Turn:
    """What the caller must have heard, and what they do then: say something, or press keys."""

    heard: str
    says: str = ""
    keys: str = ""


SCRIPT: tuple[Turn, ...] = (
    Turn(r"help", "my bill went up and i don't know why"),
    Turn(r"account number", "four four seven one two two"),
    Turn(r"pin", keys="4821#"),
    Turn(r"went up", "can i pay on friday"),
    Turn(r"shall i note", "yes please"),
    Turn(r"have noted", "my internet is not working"),
    Turn(r"light", "yes it is on"),
    Turn(r"plug it in", "no it is still not working"),
    Turn(r"restart your line", "yes go ahead"),
    Turn(r"have restarted", "no it didn't help"),
    Turn(r"ticket number", "no thanks goodbye"),
)
VISITED = (Department("triage"), Department("billing"), Department("support"))


@dataclass(slots=True)
class Played:
    """What came of it."""

    report: Report
    missed: str
    """What the caller waited for in vain; "" if nothing."""
    page: str = ""


async def play(out: Path, *, pace: float, typed: bool) -> int:
    """Hold the conversation, keep its traces in `out`, and judge it by its events."""
    started = time.monotonic()
    console = Console(highlight=False)
    out.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - before there is anybody to wait
    how = "types" if typed else "rings over SIP"
    console.print(f"A simulated caller {how}. No key, no network, no server.\n", style="bold")
    # A store of its own: a second demo must not be greeted as a returning caller.
    with tempfile.TemporaryDirectory(prefix="callcenter-") as folder:
        settings = Settings(
            llm="offline", stt="offline", tts="offline", store="embedded", data_dir=Path(folder)
        )
        if typed:
            played = await _typed(console, settings, pace)
        else:
            played = await _rung(console, settings, out)
    console.print()
    show(played.report)
    _keep(out, played)
    console.print(f"\n{time.monotonic() - started:.1f} s. Written to {out}/", style="dim")
    problem = played.missed or _wrong_with(played.report)
    if problem:
        print_error(f"the demo did not reach its end: {problem}")
        return 1
    return 0


def _keep(out: Path, played: Played) -> None:
    report = played.report
    (out / "transcript.txt").write_text(report.transcript() + "\n", encoding="utf-8")
    (out / "report.json").write_text(json.dumps(report.as_dict(), indent=2), encoding="utf-8")
    (out / "report.html").write_text(played.page or page(report), encoding="utf-8")


async def _rung(console: Console, settings: Settings, out: Path) -> Played:
    """Two lines of our own on free ports: the house's and the caller's."""
    from callcenter.offline.mouth import Manner, OfflineMouth
    from callcenter.phone import Phone, aloud
    from callcenter.testing.phone import Exchange
    from sip.phone_line import PhoneLine
    from sip.trunks import Outbound, Trunks

    console.print("Learning the words of the desks, loading the voice …", style="dim")
    seat, phrases = open_reception()
    async with AsyncExitStack() as stack:
        centre = await stack.enter_async_context(await build(settings, aloud=aloud()))
        house = await stack.enter_async_context(PhoneLine(port=0))
        host, port = house.address.split(":")
        trunk = Outbound(name="house", host=host, port=int(port))
        far = await stack.enter_async_context(PhoneLine(Trunks(outbound=(trunk,)), port=0))
        exchange = Exchange(far, OfflineMouth(Manner(speed=0.95, pitch=1.08)))

        def on_call(board: Switchboard) -> None:
            Ticker(console, board)
            exchange.watch(board)

        serving = asyncio.create_task(Phone(centre, house, seat, phrases, on_call=on_call).serve())
        stack.callback(serving.cancel)
        console.print(f"Ringing sip:{HOUSE}@{house.address}\n", style="dim")
        missed = ""
        async with exchange.dial(HOUSE, caller_id=CALLER.e164) as call:
            try:
                for turn in SCRIPT:
                    await call.hears(turn.heard, within=45)
                    await (call.press(turn.keys) if turn.keys else call.says(turn.says))
                await asyncio.wait_for(call.switchboard.wait_until_over(), 30)
            except AssertionError as error:
                missed = str(error).partition("\n")[0]
            except TimeoutError:
                missed = "the agent did not hang up after the goodbye"
        report = await _read_back(centre, call.switchboard)
        call.recording.write(out / "call.wav")
        spans = [
            [(s.start, s.end) for s in who] for who in (call.recording.caller, call.recording.agent)
        ]
        delay = call.reply_delay
        console.print(
            f"\nReply after {delay.p50:.2f} s (median of {delay.count}), "
            f"worst {delay.worst:.2f} s; stereo sound in {out}/call.wav",
            style="dim",
        )
        return Played(report, missed, page(report, caller=spans[0], agent=spans[1]))


async def _typed(console: Console, settings: Settings, pace: float) -> Played:
    seat, phrases = open_reception()
    async with await build(settings) as centre:
        board = centre.switchboard(seat, phrases)
        Ticker(console, board)
        events: list[Event] = []
        board.watch(events.append)
        await board.answer(Leg(caller=CALLER), FRONT)
        missed = await _talk(TextLine(board), events, pace)
        if not board.is_over:
            await board.caller_hung_up()
        return Played(await _read_back(centre, board), missed)


async def _read_back(centre: Centre, board: Switchboard) -> Report:
    """The report from a second connection: what it finds is what was really written."""
    reader = await open_store(centre.settings)
    try:
        return Report.of(board.id, await reader.history(board.id))
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
        await line.say(turn.says or turn.keys)
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
    if report.departments != VISITED:
        return f"desks were {', '.join(report.departments)}"
    if report.disposition is not Disposition.COMPLETED:
        return f"it ended as {report.disposition}"
    if not report.identified or len(report.tickets) < 2:
        return "the caller was not served"
    if report.faults:
        return "; ".join(report.faults)
    return ""
