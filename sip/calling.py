"""Calling: one outgoing call, from the number that was asked for to the Outcome."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping
from typing import Protocol

from sip.dialog import Dialog
from sip.front import Front
from sip.guard import Refusal, is_loopback
from sip.leg import Direction, Leg
from sip.line import Dialled, Farewell, Tally
from sip.message import Message
from sip.number import PhoneNumber
from sip.outcome import Outcome
from sip.phone_leg import PhoneLeg
from sip.stack import TOKEN, Stack, StackFailed
from sip.status import outcome_of
from sip.toll import Toll
from sip.trunks import MissingPassword, Outbound, Trunks, check_header, password_of
from sip.wire import Peer

_log = logging.getLogger("callcenter.sip")
_NAMELESS = "line"
_FINAL = 200


class Caller(Protocol):
    """What an outgoing call needs of its line."""

    trunks: Trunks
    toll: Toll
    tally: Tally
    capacity: int

    @property
    def live(self) -> int:
        """Slots in use."""

    @property
    def draining(self) -> bool:
        """Whether the line is about to stop."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Where passwords are."""

    @property
    def codecs(self) -> tuple[str, ...]:
        """What is offered."""

    @property
    def front(self) -> Front:
        """The public side."""

    @property
    def stack(self) -> Stack:
        """The native side."""

    def note_refusal(self, refusal: Refusal, source: str) -> None:
        """Count it and tell whoever wants to know."""

    def keep(self, leg: PhoneLeg) -> None:
        """Take a slot."""

    def over(self, leg: PhoneLeg) -> None:
        """Give it back."""

    def trust(self, host: str) -> None:
        """Let this address answer."""


class Calling:
    """Asks the guards, sends the INVITE and waits for whoever decides first."""

    def __init__(
        self,
        line: Caller,
        number: str,
        *,
        trunk: str | None,
        caller_id: str | None,
        headers: Mapping[str, str],
    ) -> None:
        self._line = line
        self._number = number
        self._trunk = line.trunks.outgoing(trunk)
        self._caller_id = caller_id
        self._headers = headers

    async def ring(self, ring_timeout: float) -> Dialled:
        """The whole call up to the answer."""
        to = self._allowed()
        if isinstance(to, Refusal):
            return self._refused(to)
        trunk = self._trunk
        assert trunk is not None  # noqa: S101 - a missing trunk was refused
        peer = await _resolved(trunk)
        if peer is None:
            return Dialled(Outcome.TRUNK_FAILED, detail=f"{trunk.host} cannot be resolved")
        if self._line.live >= self._line.capacity:
            return self._refused(Refusal.CAPACITY)  # somebody was faster than the name server
        leg = self._leg(trunk, to, peer)
        self._line.keep(leg)
        self._line.tally.dialled += 1
        placing = asyncio.get_running_loop().create_task(self._place(leg, trunk, to))
        try:
            await asyncio.shield(placing)
        except asyncio.CancelledError:
            # The INVITE may be out already: wait for its handle, without which nobody can stop it.
            await asyncio.wait({placing})
            await leg.hang_up(Farewell.CANCELLED)
            raise
        except (StackFailed, MissingPassword) as error:
            leg.close("")
            return Dialled(Outcome.TRUNK_FAILED, detail=str(error))
        return await self._answer(leg, ring_timeout)

    async def _place(self, leg: PhoneLeg, trunk: Outbound, to: PhoneNumber | str) -> None:
        agent = await self._agent(trunk)
        self._line.front.expect(leg.dialog)
        text = to.e164 if isinstance(to, PhoneNumber) else to
        uri = f"sip:{text}@{trunk.host}:{trunk.port}"
        if trunk.host.replace(".", "").isdigit() and not is_loopback(trunk.host):
            # The stack refuses to dial a numeric address that is not on its one interface.
            leg.dialog.target, uri = uri, f"sip:{text}@127.0.0.1:{trunk.port}"
        headers = {TOKEN: leg.dialog.token}
        leg.native = await self._line.stack.dial(agent, uri, headers, leg.happened)

    def _allowed(self) -> PhoneNumber | str | Refusal:
        line, trunk = self._line, self._trunk
        if line.draining:
            return Refusal.DRAINING
        if trunk is None:
            return Refusal.TRUNK
        if line.live >= line.capacity:
            return Refusal.CAPACITY
        try:
            for name, value in self._headers.items():
                check_header(name, value)
            if self._caller_id is not None:
                PhoneNumber.parse(self._caller_id, region=line.trunks.limits.region)
            password_of(trunk, line.environment)
        except MissingPassword:
            return Refusal.TRUNK
        except ValueError:
            return Refusal.HEADER
        to = line.toll.read(self._number, extensions=trunk.extensions)
        if isinstance(to, Refusal):
            return to
        refusal = line.toll.judge(to) if isinstance(to, PhoneNumber) else None
        return refusal or line.toll.begin_out(to) or to

    def _refused(self, refusal: Refusal) -> Dialled:
        self._line.note_refusal(refusal, "dial")
        return Dialled(Outcome.BLOCKED, refusal=refusal, detail=f"not dialled: {refusal}")

    def _leg(self, trunk: Outbound, to: PhoneNumber | str, peer: Peer) -> PhoneLeg:
        own = self._caller_id or trunk.number
        region = self._line.trunks.limits.region
        caller = PhoneNumber.parse(own, region=region) if own else None
        user = caller.e164 if caller else trunk.user or _NAMELESS
        front = self._line.front
        dialog = Dialog(
            call_id="", caller_tag="", side="out", peer=peer, invite=Message("INVITE"),
            contact=front.contact(user, peer),
            headers={**trunk.headers, **self._headers},
            identity=f"sip:{user}@{front.own_host(peer)}",
            charged_to=to.e164 if isinstance(to, PhoneNumber) else to,
        )  # fmt: skip
        leg = Leg(
            caller=caller,
            dialled=to if isinstance(to, PhoneNumber) else None,
            direction=Direction.OUTBOUND,
            line="phone",
            headers=dialog.headers,
        )
        self._line.trust(peer.host)
        return PhoneLeg(dialog, leg, over=self._line.over)

    async def _agent(self, trunk: Outbound) -> str:
        secret = password_of(trunk, self._line.environment)
        return await self._line.stack.agent(
            outbound=self._line.front.outbound,
            user=trunk.user or _NAMELESS,
            host=trunk.host,
            password=secret.get_secret_value() if secret else "",
            codecs=self._line.codecs,
        )

    async def _answer(self, leg: PhoneLeg, ring_timeout: float) -> Dialled:
        try:
            done, _ = await asyncio.wait({leg.established}, timeout=ring_timeout)
        except asyncio.CancelledError:
            # Whoever wanted this call is gone: nobody may be left ringing.
            await asyncio.shield(leg.hang_up(Farewell.CANCELLED))
            raise
        if not done:
            await leg.hang_up(Farewell.CANCELLED)
            status = leg.dialog.status
            if not status:
                return Dialled(Outcome.TRUNK_FAILED, detail="the trunk did not say a word")
            detail = f"not answered in {ring_timeout:g} s"
            return Dialled(Outcome.NO_ANSWER, sip_status=status, detail=detail)
        if leg.established.result():
            return Dialled(Outcome.ANSWERED, leg, leg.dialog.status)
        ended = await asyncio.shield(leg.ended)
        status = leg.dialog.status
        if status < _FINAL:
            return Dialled(Outcome.TRUNK_FAILED, detail=ended.detail or "no answer to the INVITE")
        return Dialled(outcome_of(status), sip_status=status, detail=ended.detail)


async def _resolved(trunk: Outbound) -> Peer | None:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            trunk.host, trunk.port, family=socket.AF_INET, type=socket.SOCK_DGRAM
        )
    except OSError:
        return None
    host, port = found[0][4][:2]
    return Peer(str(host), int(port), trunk.transport)
