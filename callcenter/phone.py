"""phone: START HERE (embedded line): ring → answer → talk → hang up, on a phone line of our own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from callcenter.domain.department import Department
from callcenter.domain.errors import UnknownDepartment
from callcenter.domain.events import Disposition, EndedBy
from callcenter.floor import CentreFull, Seating, Switchboard
from callcenter.floor.phrases import Phrases
from callcenter.floor.sound import Sound
from callcenter.floor.spoken import fixed_phrases
from callcenter.offline.sayings import collected
from callcenter.settings import Settings
from callcenter.ticker import Ticker
from callcenter.wiring import Aloud, Centre, build
from flows import DESKS, FRONT, open_reception, scripts_of
from flows.demo_accounts.customers import AREAS, CUSTOMERS
from sip import CallerGone, Farewell, Line, LiveLeg, Offer
from sip.phone_line import PhoneLine
from sip.signals import until_told
from sip.trunks import Trunks

log = logging.getLogger(__name__)
_KEY_PAUSE = 2.0
_RETRY_AFTER = 30
_UNAVAILABLE = 503
_SETTLING_SECONDS = 10.0
_OUR_FAULT = frozenset({Farewell.LINE_CLOSED, Farewell.ERROR})


async def serve(settings: Settings) -> int:
    """Take calls until asked to stop; returns the exit code."""
    console = Console(highlight=False)
    trunks = _trunks(settings.trunks_file)
    seat, phrases = open_reception(scripts=settings.scripts_dir, data_dir=settings.data_dir)
    line = PhoneLine(
        trunks,
        host=settings.sip_host,
        port=settings.sip_port,
        capacity=settings.max_calls,
        advertise=settings.sip_advertise,
    )
    for department in trunks.numbers.values():
        if department not in DESKS:
            raise UnknownDepartment(department, DESKS)
    async with await build(settings, aloud=aloud(settings.scripts_dir)) as centre:
        phone = Phone(centre, line, seat, phrases, on_call=lambda board: _show(console, board))
        async with line:
            console.print(
                f"Ring sip:desk@{line.address} from a softphone. Ctrl-C stops.", style="bold"
            )
            await _until_stopped(phone, line, settings.drain_seconds)
        # The line has said goodbye to everyone; their records are still being closed.
        await phone.settled()
    return 0


def aloud(scripts: Path | None = None) -> Aloud:
    """What ears and mouth have to know of these conversations."""
    words = scripts_of(scripts).values()
    return Aloud(
        desks=tuple(DESKS),
        phrases=fixed_phrases(words),
        sayings=collected(
            DESKS.values(),
            words,
            names=[
                name
                for who in CUSTOMERS
                for name in (who.first_name, who.last_name, f"{who.first_name} {who.last_name}")
            ],
            places=sorted(set(AREAS.values())),
        ),
    )


class Phone:
    """Takes every call that rings on a line, until it is drained."""

    def __init__(
        self,
        centre: Centre,
        line: Line,
        seat: Seating,
        phrases: Phrases,
        *,
        on_call: Callable[[Switchboard], None] = lambda _: None,
    ) -> None:
        self._centre = centre
        self._line = line
        self._seat = seat
        self._phrases = phrases
        self._on_call = on_call
        self._calls: set[asyncio.Task[None]] = set()
        self._draining = False

    async def serve(self) -> None:
        """Answer calls until the line closes."""
        async for offer in self._line.offers():
            task = asyncio.create_task(self._take(offer), name=f"call from {offer.leg.caller}")
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)

    async def drain(self, timeout: float) -> None:
        """Take no new calls; wait for those that run, then end them."""
        self._draining = True
        await self._line.drain(timeout)
        await self.settled()

    async def settled(self) -> None:
        """Wait until the records of all calls are closed."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=_SETTLING_SECONDS)

    async def _take(self, offer: Offer) -> None:
        if self._draining:
            await offer.reject(_UNAVAILABLE, retry_after=_RETRY_AFTER)
            return
        board = self._centre.switchboard(
            self._seat, self._phrases, hang_up=lambda: self._hang_up(offer.live)
        )
        try:
            # The slot comes first: a house that is full must not pick up.
            await board.reserve()
        except CentreFull:
            await offer.reject(_UNAVAILABLE, retry_after=_RETRY_AFTER)
            return
        try:
            live = await offer.accept()
            self._on_call(board)
        except CallerGone:
            await board.never_answered(offer.leg)
        except Exception:
            log.exception("a call could not be picked up")
            await board.end(Disposition.FAILED, EndedBy.SYSTEM, detail="could not be picked up")
        else:
            await self._converse(board, live, offer)

    async def _converse(self, board: Switchboard, live: LiveLeg, offer: Offer) -> None:
        department = Department(offer.department) if offer.department else FRONT
        keys = asyncio.create_task(_keys(board, live), name="keys")
        gone = asyncio.create_task(_gone(board, live), name="gone")
        try:
            await board.answer(
                live.leg, department, Sound(live, cancel_echo=board.conduct.cancel_echo)
            )
            await board.wait_until_over()
        except Exception:
            # `answer` has closed the record and put the line down; the process goes on.
            log.exception("the call %s failed", board.id)
        finally:
            keys.cancel()
            gone.cancel()
            await self._hang_up(live)

    async def _hang_up(self, live: LiveLeg) -> None:
        if not live.ended.done():
            await self._line.hang_up(live)


async def _gone(board: Switchboard, live: LiveLeg) -> None:
    """The caller put the receiver down."""
    ended = await asyncio.shield(live.ended)
    log.info("leg %s ended: %s %s", live.id, ended.how, ended.detail)
    if ended.how in _OUR_FAULT:
        await board.end(Disposition.FAILED, EndedBy.SYSTEM, detail=f"line: {ended.how}")
    else:
        await board.caller_hung_up()


async def _keys(board: Switchboard, live: LiveLeg) -> None:
    """Keys that are pressed count as if they had been said, after a pause or the # key."""
    digits = live.digits()
    typed = ""
    while True:
        try:
            async with asyncio.timeout(_KEY_PAUSE if typed else None):
                key = (await anext(digits)).key
        except StopAsyncIteration:
            return
        except TimeoutError:
            key = "#"
        board.vigil.clocks.caller_spoke()
        if key != "#":
            typed += key
            continue
        if typed and board.call.is_live:
            with contextlib.suppress(RuntimeError):  # the session is closing
                board.session.interrupt()
                board.session.generate_reply(user_input=typed)
        typed = ""


async def _until_stopped(phone: Phone, line: Line, patience: float) -> None:
    """The first signal lets the running calls finish, the second ends them at once."""
    serving = asyncio.create_task(phone.serve())
    told = asyncio.create_task(until_told(line, patience=patience))
    await asyncio.wait({serving, told}, return_when=asyncio.FIRST_COMPLETED)
    failed = serving.done() and not serving.cancelled() and serving.exception() is not None
    if failed:
        told.cancel()
    await asyncio.gather(told, return_exceptions=failed)
    await serving


def _show(console: Console, board: Switchboard) -> None:
    Ticker(console, board)


def _trunks(file: Path | None) -> Trunks:
    return Trunks.load(file) if file else Trunks.load()
