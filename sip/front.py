"""Front: stands before the native SIP stack; only well-formed, wanted messages get past it.

The stack listens on a private loopback port. The front is a small proxy with the public address:
it reads every message strictly, writes it afresh, and hides the private port in Contact. Sound does
not pass through it: the SDP names the stack's own RTP ports.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from sip.dialog import Dialog, Dialogs
from sip.guard import Pace, Refusal
from sip.info import digit_of, progress_of
from sip.manners import facing, stamp, towards, wrong_with
from sip.message import Malformed, Message, Via
from sip.refusing import No
from sip.sdp import inward, outward
from sip.session import refuse_session, seal_session, wish_session
from sip.stack import TOKEN
from sip.wire import Peer, Wire

_log = logging.getLogger("callcenter.sip")
_INSIDE_HOST = "127.0.0.1"
_ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, NOTIFY"
_MARK = "z9hG4bKcc"
_SWEEP_SECONDS = 1.0
_HOPS = 70
_PASSED_ON = frozenset({"INVITE", "ACK", "BYE", "UPDATE", "NOTIFY", "PRACK"})
_ELSEWHERE = _PASSED_ON | {"REGISTER", "SUBSCRIBE", "PUBLISH", "MESSAGE", "REFER", "INFO"}
"""Methods that exist but make no sense without a call."""
_SUCCESS = 200
_FAILURE = 300


class Owner(Protocol):
    """What the line decides for its front."""

    def admits(self, source: str) -> bool:
        """Whether this address may speak to us at all."""

    def ring(self, invite: Message, peer: Peer, *, room: bool) -> Dialog | No:
        """Judge a new INVITE. `room` is False if the front cannot remember one more."""

    def refused(self, no: No, peer: Peer) -> None:
        """Something was turned away."""


class Front:
    """The public side of a line."""

    def __init__(self, owner: Owner, *, stack_port: int, advertise: str | None = None) -> None:
        self.dialogs = Dialogs()
        self.dropped: Counter[str] = Counter()
        self._owner = owner
        self._stack = (_INSIDE_HOST, stack_port)
        self._advertise = advertise
        self._wire = Wire(self._from_outside)
        self._inside: asyncio.DatagramTransport | None = None
        self._inside_port = 0
        self._key = secrets.token_bytes(32)
        self._packets = Pace(rate=500, burst=1000)
        self._dialled: dict[str, Dialog] = {}
        self._sweeper: asyncio.Task[None] | None = None

    async def open(self, host: str, port: int) -> None:
        """Start listening."""
        loop = asyncio.get_running_loop()
        self._wire = await Wire.open(host, port, self._from_outside)
        inside, _ = await loop.create_datagram_endpoint(
            lambda: _Inside(self._from_inside, self._stack), local_addr=(_INSIDE_HOST, 0)
        )
        self._inside = inside
        self._inside_port = int(inside.get_extra_info("sockname")[1])
        self._sweeper = loop.create_task(self._sweep())

    async def close(self) -> None:
        """Stop listening."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        if self._inside is not None:
            self._inside.close()
        await self._wire.close()
        self.dialogs.forget_all()
        self._dialled.clear()

    @property
    def host(self) -> str:
        """Where we listen."""
        return self._wire.host

    @property
    def port(self) -> int:
        """The public port."""
        return self._wire.port

    @property
    def outbound(self) -> str:
        """What the stack has to know to send everything through here."""
        return f"sip:{_INSIDE_HOST}:{self._inside_port}"

    def own_host(self, peer: Peer) -> str:
        """Our address as that peer sees it."""
        if self._advertise:
            return self._advertise
        return facing(peer) if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared

    def contact(self, user: str, peer: Peer) -> str:
        """The address under which that peer reaches this call."""
        tail = ";transport=tcp" if peer.transport == "tcp" else ""
        return f"<sip:{user or 'line'}@{self.own_host(peer)}:{self.port}{tail}>"

    def expect(self, dialog: Dialog) -> None:
        """The stack will send this INVITE; without this it would go nowhere."""
        self._dialled[dialog.token] = dialog

    def forget(self, dialog: Dialog) -> None:
        """The call is over."""
        self._dialled.pop(dialog.token, None)
        self.dialogs.end(dialog)

    # From outside.

    def _from_outside(self, data: bytes, peer: Peer) -> None:
        if not self._owner.admits(peer.host):
            self._drop(Refusal.SOURCE, peer)
            return
        if not self._packets.take(peer.host):
            self._drop(Refusal.TOO_FAST, peer)
            return
        try:
            message = Message.parse(data)
            if message.status:
                self._answer_in(message)
            else:
                self._request_in(message, peer)
        except Malformed as error:
            _log.debug("message from %s dropped: %s", peer, error)
            self._drop(Refusal.MALFORMED, peer)

    def _drop(self, refusal: Refusal, peer: Peer) -> None:
        self.dropped[refusal] += 1
        self._owner.refused(No(refusal), peer)

    def _request_in(self, request: Message, peer: Peer) -> None:
        stamp(request, peer)
        hops = int(request.get("Max-Forwards") or _HOPS)
        if hops == 0 and request.method != "ACK":
            self._reply(request, peer, 483, "Too Many Hops")
            return
        request.set("Max-Forwards", str(max(hops - 1, 0)))
        if request.method == "CANCEL" or not request.to_tag:
            self._outside_dialog(request, peer)
            return
        dialog = self.dialogs.find(request, outside=True)
        if dialog is None:
            # An ACK for one of our own refusals ends here, as it should.
            if request.method != "ACK":
                self._reply(request, peer, 481, "Call/Transaction Does Not Exist")
            return
        self._within(dialog, request, peer)

    def _outside_dialog(self, request: Message, peer: Peer) -> None:
        match request.method:
            case "OPTIONS":
                headers = {"Allow": _ALLOW, "Accept": "application/sdp", "Supported": "timer"}
                self._reply(request, peer, 200, "OK", headers)
            case "INVITE":
                self._invite(request, peer)
            case "CANCEL":
                known = self.dialogs.find(request, outside=True)
                if known is None or known.side != "in":
                    self._reply(request, peer, 481, "Call/Transaction Does Not Exist")
                else:
                    self._to_stack(request, known, peer)
            case "ACK":
                pass
            case method if method in _ELSEWHERE:
                self._reply(request, peer, 405, "Method Not Allowed", {"Allow": _ALLOW})
            case _:
                self._reply(request, peer, 501, "Not Implemented", {"Allow": _ALLOW})

    def _invite(self, invite: Message, peer: Peer) -> None:
        known = self.dialogs.find(invite, outside=True)
        if known is not None and known.side == "in":
            # A repetition (or the same call by another way): the stack tells which.
            self._to_stack(invite, known, peer)
            return
        no = wrong_with(invite, own_port=self.port, mark=_MARK) or refuse_session(invite)
        verdict = no or self._owner.ring(invite, peer, room=True)
        if isinstance(verdict, Dialog) and not self.dialogs.add(verdict):
            verdict = self._owner.ring(invite, peer, room=False)
        if isinstance(verdict, No):
            self._refuse(invite, peer, verdict)
        elif isinstance(verdict, Dialog):
            verdict.digits_by_rtp = b"telephone-event" in invite.body
            wish_session(verdict, invite)
            self._to_stack(invite, verdict, peer)

    def _refuse(self, request: Message, peer: Peer, no: No) -> None:
        self.dropped[no.refusal] += 1
        self._owner.refused(no, peer)
        if no.status:
            self._reply(request, peer, no.status, no.reason, no.headers)

    def _within(self, dialog: Dialog, request: Message, peer: Peer) -> None:
        match request.method:
            case "INFO":
                self._info(dialog, request, peer)
            case "REFER":
                # Whoever rings us does not get to spend our trunk's money.
                self._reply(request, peer, 603, "Decline")
            case "OPTIONS":
                self._reply(request, peer, 200, "OK", {"Allow": _ALLOW})
            case method if method in _PASSED_ON:
                if method == "INVITE":
                    dialog.peer = peer  # RFC 3261, 12.2: a target refresh may come from elsewhere
                if method == "BYE":
                    dialog.ended_by_peer = True
                    dialog.on_farewell()
                if method == "NOTIFY":
                    dialog.on_progress(progress_of(request))
                if request.body and method in ("INVITE", "ACK"):
                    dialog.digits_by_rtp = b"telephone-event" in request.body
                self._to_stack(request, dialog, peer)
            case _:
                self._reply(request, peer, 405, "Method Not Allowed", {"Allow": _ALLOW})

    def _info(self, dialog: Dialog, request: Message, peer: Peer) -> None:
        kind = (request.get("Content-Type") or "").partition(";")[0].strip().lower()
        found = digit_of(kind, request.body)
        if found is None:
            self._reply(request, peer, 415, "Unsupported Media Type",
                        {"Accept": "application/dtmf-relay, application/dtmf"})  # fmt: skip
            return
        self._reply(request, peer, 200, "OK")
        if request.sequence > dialog.info_sequence:
            dialog.info_sequence = request.sequence
            dialog.on_digit(*found)

    def _answer_in(self, answer: Message) -> None:
        vias = list(answer.all("Via"))
        if len(vias) < 2:
            raise Malformed("a response to nothing we sent")
        top, below = Via.parse(vias[0]), Via.parse(vias[1])
        if top.params.get("branch") != self._branch(below, answer.call_id):
            raise Malformed("a response to nothing we sent")
        answer.pop("Via")
        if dialog := self.dialogs.find(answer, outside=True):
            dialog.note_answer(answer)
        answer.headers.append(("Record-Route", f"<{self.outbound};lr>"))
        self._send_inside(answer)

    def _to_stack(self, request: Message, dialog: Dialog, peer: Peer) -> None:
        # The identity does not change within a call; RFC 3261 lets us name the stack as we like.
        user = "early" if dialog.early else "line"
        if f":{self.port}" in (request.get("Route") or ""):
            request.pop("Route")
        request.uri = f"sip:{user}@{self._stack[0]}:{self._stack[1]}"
        request.remove(TOKEN)
        request.headers.append((TOKEN, dialog.token))
        if request.method == "INVITE":
            request.push("Record-Route", f"<{self.outbound};lr>")
        branch = self._branch(request.via, request.call_id)
        via = Via("UDP", _INSIDE_HOST, self._inside_port, {"branch": branch})
        if peer.connection:
            via.params["c"] = str(peer.connection)
        request.push("Via", str(via))
        self._send_inside(request)

    # From the stack.

    def _from_inside(self, data: bytes) -> None:
        try:
            message = Message.parse(data)
        except Malformed as error:
            _log.warning("the stack wrote something we do not understand: %s", error)
            return
        if message.status:
            self._answer_out(message)
        else:
            self._request_out(message)

    def _request_out(self, request: Message) -> None:
        dialog = self.dialogs.find(request, outside=False)
        token = request.get(TOKEN) or ""
        if dialog is None and not request.to_tag:
            dialog = self._dialled.pop(token, None)
            if dialog is not None:
                dialog.call_id, dialog.caller_tag = request.call_id, request.from_tag
                dialog.invite = request
                self.dialogs.add(dialog)
        if dialog is None:
            # No open relay: what no line asked for goes nowhere.
            self.dropped["unasked"] += 1
            return
        request.remove(TOKEN)
        request.remove("User-Agent")
        request.pop("Route")
        added = {"INVITE": dialog.headers, "REFER": dialog.refer_headers}
        for name, value in added.get(request.method, {}).items():
            request.set(name, value)
        if dialog.target:
            # In a dialog the stack uses the Contact it was told; before that, our stand-in.
            request.uri = dialog.target if not request.to_tag else request.uri
            request.set("To", request.to.renamed(dialog.target))
        self._disguise(request, dialog)
        host, peer = self.own_host(dialog.peer), dialog.peer
        branch = self._branch(request.via, request.call_id)
        via = Via(peer.transport.upper(), host, self.port, {"branch": branch, "rport": ""})
        request.push("Via", str(via))
        self._wire.send(request.encode(), peer)
        if request.method == "ACK":
            dialog.on_settled()

    def _answer_out(self, answer: Message) -> None:
        connection = answer.via.params.get("c", "0")
        answer.pop("Via")
        dialog = self.dialogs.find(answer, outside=False)
        if dialog is None:
            return
        routes = list(answer.all("Record-Route"))
        answer.remove("Record-Route")
        answer.headers += (("Record-Route", r) for r in routes if self.outbound not in r)
        answer.remove("Server")
        self._disguise(answer, dialog)
        if answer.method == "INVITE":
            self._polish(answer, dialog)
        elif answer.method == "UPDATE" and _SUCCESS <= answer.status < _FAILURE:
            seal_session(answer, dialog)
        self._wire.send(answer.encode(), towards(answer.via, int(connection)))

    def _polish(self, answer: Message, dialog: Dialog) -> None:
        """Say what the line means where the stack has only one word for it."""
        if answer.status >= _FAILURE and dialog.final and not dialog.answered:
            answer.status, answer.reason = dialog.final.status, dialog.final.reason
            for name, value in dialog.final.headers.items():
                answer.set(name, value)
        if answer.status >= _FAILURE and not dialog.answered and dialog.side == "in":
            dialog.status = answer.status
            dialog.on_reply(answer.status)
        elif _SUCCESS <= answer.status < _FAILURE:
            answer.reason = "OK"
            dialog.answered = True
            seal_session(answer, dialog)

    def _disguise(self, message: Message, dialog: Dialog) -> None:
        message.replace("Contact", dialog.contact)
        message.body = outward(message.body, self.own_host(dialog.peer))
        if message.status == 0 and dialog.identity:
            message.set("From", message.from_.renamed(dialog.identity))

    # Both ways.

    def _branch(self, via: Via, call_id: str) -> str:
        """The same for a request, its repetitions, its CANCEL and the ACK of its refusal."""
        text = f"{via.params.get('branch')}|{via.host}|{via.port}|{call_id}"
        digest = hashlib.blake2b(text.encode(), key=self._key, digest_size=12).hexdigest()
        return _MARK + digest

    def _reply(
        self,
        request: Message,
        peer: Peer,
        status: int,
        reason: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        tag = self._branch(request.via, request.call_id)[len(_MARK) :]
        answer = request.reply(status, reason, tag=tag, headers=dict(headers or {}))
        self._wire.send(answer.encode(), towards(request.via, peer.connection))

    def _send_inside(self, message: Message) -> None:
        message.body = inward(message.body)
        if self._inside is not None:
            self._inside.sendto(message.encode(), self._stack)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self.dialogs.sweep()


class _Inside(asyncio.DatagramProtocol):
    """The private socket; hears nobody but the stack."""

    def __init__(self, receive: Callable[[bytes], None], stack: tuple[str, int]) -> None:
        self._receive = receive
        self._stack = stack

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr == self._stack:
            self._receive(data)
