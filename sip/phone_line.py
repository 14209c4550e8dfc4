"""PhoneLine: an embedded SIP and RTP line; any softphone or trunk can ring it, without a server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Self

from sip.admission import Admission
from sip.calling import Calling
from sip.dialog import Dialog
from sip.front import Front
from sip.guard import Refusal
from sip.keypad import DigitSource
from sip.line import Dialled, Drained, Ended, Farewell, LiveLeg, Offer, Tally, Transferred
from sip.media import POLL_SECONDS
from sip.message import Message
from sip.phone_leg import PhoneLeg
from sip.phone_offer import PhoneOffer
from sip.refusing import No
from sip.stack import NativeCall, Stack
from sip.stream import Stream
from sip.toll import Toll
from sip.tones import digits as digit_tones
from sip.transferring import hold_on, transfer
from sip.trunks import Trunks
from sip.wire import Peer

_log = logging.getLogger("callcenter.sip")
_PORT = 5060
_CAPACITY = 64
_UNTAKEN_SECONDS = 5.0
"""How long the stack may take to show us a call; an INVITE it cannot use never shows up."""


class PhoneLine:
    """Listens from `open` (or `async with`) until `aclose`.

    Only this machine can reach it unless `host` says otherwise; only the sources, numbers, trunks
    and limits of `trunks` are let in and out.
    """

    def __init__(
        self,
        trunks: Trunks | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = _PORT,
        capacity: int = _CAPACITY,
        rtp_timeout: float = 30.0,
        retry_after: int = 10,
        environment: Mapping[str, str] | None = None,
        advertise: str | None = None,
        wideband: bool = False,
        on_refusal: Callable[[Refusal, str], None] | None = None,
    ) -> None:
        self.trunks = trunks or Trunks.load()
        self.capacity = capacity
        self.tally = Tally()
        self.toll = Toll(self.trunks.limits)
        self._where = (host, port)
        self._rtp_timeout = rtp_timeout
        self._on_refusal = on_refusal
        self._advertise = advertise
        self._environment = os.environ if environment is None else environment
        self._legs: dict[str, PhoneLeg] = {}
        self._offers: Stream[Offer] = Stream(capacity * 2)
        self._draining = False
        self._finished = 0
        self._pump: asyncio.Task[None] | None = None
        self._stack: Stack | None = None
        self._front: Front | None = None
        narrow, wide = ("pcmu", "pcma"), ("g722/16000/1",)
        self._codecs = (*wide, *narrow) if wideband else (*narrow, *wide)
        self._admission = Admission(self, self._environment, retry_after=retry_after)
        self._closing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def open(self) -> None:
        """Bind and listen; raises NoAddress if the address cannot be had."""
        host, port = self._where
        self._stack = await Stack.shared(rtp_timeout=self._rtp_timeout)
        try:
            self._front = Front(self, stack_port=self._stack.port, advertise=self._advertise)
            await self._front.open(host, port)
        except BaseException:
            await self._stack.release()
            raise
        self._pump = asyncio.get_running_loop().create_task(self._tick())

    # What Line promises.

    @property
    def address(self) -> str:
        """Where it can be rung."""
        return f"{self.front.host}:{self.front.port}"

    @property
    def live(self) -> int:
        """Connections that take a slot now."""
        return len(self._legs)

    @property
    def draining(self) -> bool:
        """Whether new calls are turned away because the line is to stop."""
        return self._draining

    def offers(self) -> AsyncIterator[Offer]:
        """Incoming calls, each once; ends when the line closes."""
        return self._offers

    async def dial(
        self,
        number: str,
        *,
        trunk: str | None = None,
        caller_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        ring_timeout: float = 30.0,
    ) -> Dialled:
        """Ring somebody through a trunk."""
        calling = Calling(self, number, trunk=trunk, caller_id=caller_id, headers=headers or {})
        return await calling.ring(ring_timeout)

    async def transfer(
        self,
        live: LiveLeg,
        to: str,
        *,
        timeout: float = 30.0,
        headers: Mapping[str, str] | None = None,
    ) -> Transferred:
        """Blind transfer; see `Transferred` for what may become of it."""
        return await transfer(self.toll, _mine(live), to, timeout=timeout, headers=headers or {})

    async def hold(self, live: LiveLeg) -> None:
        """Put them on hold."""
        await hold_on(_mine(live), on=True)

    async def resume(self, live: LiveLeg) -> None:
        """Take them back."""
        await hold_on(_mine(live), on=False)

    async def send_digits(
        self, live: LiveLeg, digits: str, *, by: DigitSource | None = None, gap: float = 0.12
    ) -> None:
        """Press keys: as RFC 4733 events, or as tones for those who do not know them."""
        leg = _mine(live)
        best = DigitSource.RTP if leg.dialog.digits_by_rtp else DigitSource.IN_BAND
        way = by or best
        if way is DigitSource.RTP and leg.native is not None:
            await leg.native.send_digits(digits, gap=gap)
        elif way is DigitSource.IN_BAND:
            leg.play(digit_tones(digits, rate=leg.rate, off=gap))
            await leg.drained()
        else:
            raise ValueError("INFO digits are understood but not sent")

    async def hang_up(self, live: LiveLeg) -> Ended:
        """End it and wait for the other side's confirmation."""
        return await _mine(live).hang_up()

    async def drain(self, timeout: float) -> Drained:
        """Turn new calls away and let running ones finish."""
        self._draining = True
        before = self._finished
        waiting = [leg.ended for leg in self._legs.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=timeout)
        left = list(self._legs.values())
        await asyncio.gather(*(leg.hang_up(Farewell.LINE_CLOSED) for leg in left))
        return Drained(finished=self._finished - before - len(left), cut_off=len(left))

    async def aclose(self) -> None:
        """BYE to everyone, then let go of the port. May be called twice, also while draining."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close())
        await asyncio.shield(self._closing)

    # What its parts ask.

    @property
    def front(self) -> Front:
        """The public side; only there while the line is open."""
        if self._front is None:
            raise RuntimeError("the line is not open")
        return self._front

    @property
    def stack(self) -> Stack:
        """The native side; only there while the line is open."""
        if self._stack is None:
            raise RuntimeError("the line is not open")
        return self._stack

    @property
    def codecs(self) -> tuple[str, ...]:
        """What we offer when we dial, the best first; who rings us gets what they like best."""
        return self._codecs

    @property
    def environment(self) -> Mapping[str, str]:
        """Where passwords are."""
        return self._environment

    def admits(self, source: str) -> bool:
        """Whether this address may speak to us at all."""
        return self._admission.admits(source)

    def ring(self, invite: Message, peer: Peer, *, room: bool) -> Dialog | No:
        """Judge a new INVITE and get ready for it."""
        found = self._admission.judge(invite, peer, room=room)
        if isinstance(found, No):
            return found
        dialog = Dialog(
            call_id=invite.call_id,
            caller_tag=invite.from_tag,
            side="in",
            peer=peer,
            invite=invite,
            contact=self.front.contact(found.dialled, peer),
            early=found.trunk.early_media,
        )
        leg = PhoneLeg(dialog, found.leg, over=self.over)
        offer = PhoneOffer(leg, department=found.department, dialled=found.dialled)
        self.keep(leg)
        dialog.on_reply = lambda _: None if leg.native else leg.close("refused by the stack")
        dialog.on_expiry = lambda: self._expire(leg)
        self.stack.expect(dialog.token, lambda native: self._taken(offer, native))
        leg.patience = asyncio.get_running_loop().call_later(_UNTAKEN_SECONDS, _give_up, leg)
        return dialog

    def refused(self, no: No, peer: Peer) -> None:
        """The front turned something away."""
        self.note_refusal(no.refusal, str(peer))

    def note_refusal(self, refusal: Refusal, source: str) -> None:
        """Count it and tell; a flood does not get a line in the log for each packet."""
        count = self.tally.refused.get(refusal, 0) + 1
        self.tally.refused[refusal] = count
        if count & (count - 1) == 0:
            _log.warning("refused: %s, %s (%d so far)", refusal, source, count)
        if self._on_refusal is not None:
            self._on_refusal(refusal, source)

    def keep(self, leg: PhoneLeg) -> None:
        """This connection takes a slot until it is over."""
        self._legs[leg.dialog.token] = leg

    def over(self, leg: PhoneLeg) -> None:
        """The connection is over: its slot is free again."""
        if self._legs.pop(leg.dialog.token, None) is None:
            return
        self._finished += 1
        self.stack.forget(leg.dialog.token)
        self.front.forget(leg.dialog)
        seconds = time.monotonic() - leg.established_at if leg.established_at else 0.0
        self._admission.finish(leg, seconds)

    def trust(self, host: str) -> None:
        """We are about to dial through this address: its answers are welcome."""
        self._admission.trust(host)

    # Leaves.

    def _taken(self, offer: PhoneOffer, native: NativeCall) -> None:
        offer.phone.attach(native)
        self.tally.offered += 1
        self._offers.put(offer)

    def _expire(self, leg: PhoneLeg) -> None:
        leg.intend(Farewell.SESSION_EXPIRED)
        task = asyncio.get_running_loop().create_task(leg.hang_up(Farewell.SESSION_EXPIRED))
        task.add_done_callback(lambda _: None)

    async def _tick(self) -> None:
        """One clock for all legs: the work of a tick is shared, and nobody's timer drifts."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            now = loop.time()
            self._move(now)
            due = max(due + POLL_SECONDS, now)
            await asyncio.sleep(due - loop.time())

    def _move(self, now: float) -> None:
        for leg in list(self._legs.values()):
            leg.tick(now)

    async def _close(self) -> None:
        self._draining = True
        legs = list(self._legs.values())
        await asyncio.gather(*(leg.hang_up(Farewell.LINE_CLOSED) for leg in legs))
        self._offers.close()
        if self._pump is not None:
            self._pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump
        if self._front is not None:
            await self._front.close()
        if self._stack is not None:
            await self._stack.release()


def _mine(live: LiveLeg) -> PhoneLeg:
    if not isinstance(live, PhoneLeg):
        raise TypeError("this leg belongs to another kind of line")
    return live


def _give_up(leg: PhoneLeg) -> None:
    if leg.native is None:
        leg.close("the stack did not take it")
