"""Dialog: what the front knows of one SIP call, and the bounded table of them."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sip.message import Message
from sip.wire import Peer

Side = Literal["in", "out"]

_LINGER_SECONDS = 32.0
"""RFC 3261's 64 × T1: how long the other side may still repeat its last words."""
_MOST = 4096
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Final:
    """The status to say instead of the stack's own."""

    status: int
    reason: str
    headers: Mapping[str, str] = field(default_factory=dict)


def _nothing(*_: object) -> None:
    return None


@dataclass(slots=True, eq=False)
class Dialog:
    """One call as SIP sees it. `caller_tag` is the From tag of the first INVITE."""

    call_id: str
    caller_tag: str
    side: Side
    peer: Peer
    invite: Message
    contact: str
    token: str = field(default_factory=lambda: secrets.token_hex(12))
    answered: bool = False
    digits_by_rtp: bool = False
    """Whether the other side's SDP speaks of telephone-event."""
    final: Final | None = None
    """Set before a refusal: what the other side is told."""
    status: int = 0
    """The last answer to our INVITE."""
    bye_status: int = 0
    """The answer to our BYE; 0 while there is none."""
    ended_by_peer: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    """What an outgoing INVITE carries besides the stack's own."""
    early: bool = False
    """Whether an incoming call's sound starts before it is answered."""
    charged_to: str | None = None
    """Whose allowance an outgoing call uses."""
    target: str = ""
    """Whom an outgoing call is really for, where the stack was given a stand-in."""
    identity: str = ""
    """The From URI of an outgoing call."""
    refer_headers: Mapping[str, str] = field(default_factory=dict)
    info_sequence: int = 0
    """The CSeq of the last INFO with a digit: a repetition is no second digit."""
    refer_status: int = 0
    """The answer to our REFER."""
    session_seconds: int = 0
    """RFC 4028: the agreed interval, 0 for none."""
    refresh_by: float = 0.0
    gone_at: float = 0.0
    on_digit: Callable[[str, int], None] = _nothing
    on_progress: Callable[[int], None] = _nothing
    on_farewell: Callable[[], None] = _nothing
    """Our BYE was answered, or the other side said goodbye."""
    on_settled: Callable[[], None] = _nothing
    """Our INVITE, the first or a later one, has got its ACK."""
    on_expiry: Callable[[], None] = _nothing
    on_reply: Callable[[int], None] = _nothing
    """A response to our INVITE went by."""

    @property
    def key(self) -> tuple[str, str, Side]:
        """What tells this dialog from all others, even from the other end of a call to oneself."""
        return self.call_id, self.caller_tag, self.side

    def note_answer(self, answer: Message) -> None:
        """The other side answered a request of ours."""
        if answer.method == "BYE":
            self.bye_status = answer.status
            self.on_farewell()
        elif answer.method == "REFER":
            self.refer_status = answer.status
        elif answer.method == "INVITE" and self.side == "out" and not self.answered:
            self.status = answer.status
            self.answered = answer.status in _SUCCESS
            if answer.body:
                self.digits_by_rtp = b"telephone-event" in answer.body
            self.on_reply(answer.status)

    def refreshed(self, now: float) -> None:
        """The session timer starts again."""
        if self.session_seconds:
            # RFC 4028, 10: give up a little before the interval is over, so that BYE comes first.
            early = min(32.0, self.session_seconds / 3)
            self.refresh_by = now + self.session_seconds - early


class Dialogs:
    """Running dialogs and, for as long as repeats may come, those that are over."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str, Side], Dialog] = {}

    def __len__(self) -> int:
        return sum(not dialog.gone_at for dialog in self._known.values())

    @property
    def remembered(self) -> int:
        """Running and recently ended dialogs together."""
        return len(self._known)

    def add(self, dialog: Dialog) -> bool:
        """Remember a dialog; False if even the past is too crowded."""
        if len(self._known) >= _MOST:
            self.sweep(linger=0.0)
        if len(self._known) >= _MOST:
            return False
        self._known[dialog.key] = dialog
        return True

    def end(self, dialog: Dialog) -> None:
        """It is over; forget it once nothing can be repeated any more."""
        dialog.gone_at = dialog.gone_at or self._clock()
        dialog.on_digit = dialog.on_progress = dialog.on_reply = _nothing
        dialog.on_expiry = _nothing

    def find(self, message: Message, *, outside: bool) -> Dialog | None:
        """The dialog of a message that comes from outside or from the stack."""
        sender, receiver = message.from_tag, message.to_tag
        if message.status:
            # A response travels against its request: who receives it sent the request.
            outside = not outside
        by_sender: Side = "in" if outside else "out"
        by_receiver: Side = "out" if outside else "in"
        found = self._known.get((message.call_id, sender, by_sender))
        return found or self._known.get((message.call_id, receiver, by_receiver))

    def sweep(self, *, linger: float = _LINGER_SECONDS) -> None:
        """Forget what is long over and report sessions that nobody refreshed."""
        now = self._clock()
        for dialog in list(self._known.values()):
            if dialog.gone_at:
                if now - dialog.gone_at >= linger:
                    del self._known[dialog.key]
            elif dialog.refresh_by and now >= dialog.refresh_by:
                dialog.refresh_by = 0.0
                dialog.on_expiry()

    def forget_all(self) -> None:
        """The line is closed."""
        self._known.clear()

    def first(self, count: int) -> list[Dialog]:
        """A few running ones, to look at."""
        return list(itertools.islice((d for d in self._known.values() if not d.gone_at), count))
