"""Admission: whether an INVITE may become a call, in the order in which saying no costs least."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from sip.digest import Digest
from sip.guard import Pace, Refusal
from sip.leg import Direction, Leg
from sip.message import Address, Malformed, Message, user_of
from sip.number import PhoneNumber
from sip.phone_leg import PhoneLeg
from sip.refusing import No
from sip.toll import Toll
from sip.trunks import Inbound, MissingPassword, Trunks, password_of
from sip.wire import Peer

_REALM = "callcenter"
_INVITES_A_SECOND = 50
_INVITES_AT_ONCE = 100
_PLUMBING = frozenset({
    "via", "from", "to", "call-id", "cseq", "contact", "max-forwards", "content-length",
    "content-type", "route", "record-route", "authorization", "proxy-authorization", "allow",
    "supported", "require", "accept", "session-expires", "min-se",
})  # fmt: skip
"""SIP's own business; everything else may interest a conversation."""


class Desk(Protocol):
    """What admission has to know of the line."""

    trunks: Trunks
    toll: Toll
    capacity: int

    @property
    def live(self) -> int:
        """Slots in use."""

    @property
    def draining(self) -> bool:
        """Whether the line is about to stop."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """An INVITE that may ring."""

    trunk: Inbound
    leg: Leg
    department: str
    dialled: str


class Admission:
    """Judges incoming calls."""

    def __init__(self, line: Desk, environment: Mapping[str, str], *, retry_after: int) -> None:
        self._line = line
        self._environment = environment
        self._later = {"Retry-After": str(retry_after)}
        self._sources = [(trunk, trunk.allowed) for trunk in line.trunks.inbound]
        self._carriers: set[str] = set()
        self._pace = Pace(rate=_INVITES_A_SECOND, burst=_INVITES_AT_ONCE)
        self._digest = Digest(_REALM)
        self._charged: dict[str, str] = {}

    def admits(self, source: str) -> bool:
        """Whether this address belongs to a trunk, or to one that we dial through."""
        return source in self._carriers or any(source in allowed for _, allowed in self._sources)

    def trust(self, host: str) -> None:
        """We dial through this address: its answers are welcome."""
        self._carriers.add(host)

    def judge(self, invite: Message, peer: Peer, *, room: bool) -> Welcome | No:
        """The call as it may ring, or why not."""
        line = self._line
        if not self._pace.take(peer.host):
            return No(Refusal.TOO_FAST, 503, "Service Unavailable", self._later)
        trunk = next((trunk for trunk, allowed in self._sources if peer.host in allowed), None)
        if trunk is None:
            return No(Refusal.SOURCE, 403, "Forbidden")
        if line.draining:
            return No(Refusal.DRAINING, 503, "Service Unavailable", self._later)
        challenge = self._challenge(trunk, invite, peer)
        if challenge is not None:
            return challenge
        if line.live >= line.capacity or not room:
            return No(Refusal.CAPACITY, 503, "Service Unavailable", self._later)
        dialled = user_of(invite.uri) or invite.to.user
        number = PhoneNumber.parse_or_none(dialled, region=line.trunks.limits.region)
        department = line.trunks.department(number.e164 if number else dialled)
        if department is None and number is not None:
            department = line.trunks.department(dialled)
        if department is None:
            return No(Refusal.NUMBER, 404, "Not Found")
        caller = _caller(invite, line.trunks.limits.region)
        person = caller.e164 if caller else f"{peer.host}/{invite.from_.user[:64]}"
        refusal = line.toll.begin_in(person)
        if refusal is not None:
            return No(refusal, 403, "Forbidden")
        self._charged[invite.call_id + invite.from_tag] = person
        leg = Leg(
            caller=caller, dialled=number, direction=Direction.INBOUND, line="phone",
            headers=_headers(invite),
        )  # fmt: skip
        return Welcome(trunk, leg, department, dialled)

    def finish(self, leg: PhoneLeg, seconds: float) -> None:
        """The call is over: its minutes count."""
        dialog = leg.dialog
        if dialog.side == "in":
            person = self._charged.pop(dialog.call_id + dialog.caller_tag, None)
            if person is not None:
                self._line.toll.finish(person, seconds, out=False)
        elif dialog.charged_to is not None:
            self._line.toll.finish(dialog.charged_to, seconds, out=True)

    def _challenge(self, trunk: Inbound, invite: Message, peer: Peer) -> No | None:
        """Ask for the password; a missing one on our side is our fault and lets nobody in."""
        if trunk.user is None:
            return None
        try:
            secret = password_of(trunk, self._environment)
        except MissingPassword:
            return No(Refusal.CREDENTIALS, 500, "Server Internal Error")
        given = invite.get("Authorization")
        if secret and self._digest.accepts(
            given,
            method="INVITE",
            host=peer.host,
            user=trunk.user,
            password=secret.get_secret_value(),
        ):
            return None
        # Two values need two header lines.
        values = "\r\nWWW-Authenticate: ".join(self._digest.challenges(peer.host))
        return No(Refusal.CREDENTIALS, 401, "Unauthorized", {"WWW-Authenticate": values})


def _caller(invite: Message, region: str) -> PhoneNumber | None:
    """The asserted number if the trunk gives one, else what From says; None if withheld."""
    if "id" in (invite.get("Privacy") or "").lower():
        return None
    for name in ("P-Asserted-Identity", "From"):
        try:
            found = PhoneNumber.parse_or_none(
                Address.parse(invite.get(name) or "").user, region=region
            )
        except Malformed:
            continue
        if found is not None:
            return found
    return None


def _headers(invite: Message) -> Mapping[str, str]:
    kept = {name: value for name, value in invite.headers if name.lower() not in _PLUMBING}
    return MappingProxyType(kept)
