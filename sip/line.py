"""Line: what can dial and be rung, and LiveLeg: one connection that is up; the promises of both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from sip.guard import Refusal
from sip.keypad import Digit, DigitSource
from sip.leg import Leg
from sip.outcome import Outcome

FRAME_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms of PCM16 mono; `made_up` if it stands for sound that never came."""

    pcm: bytes
    rate: int
    made_up: bool = False


class Farewell(StrEnum):
    """How a connection ended."""

    FAR_END = "far_end"
    OURS = "ours"
    CANCELLED = "cancelled"
    """The caller gave up before we answered."""
    REFUSED = "refused"
    """Never answered: we, or they, said no."""
    TRANSFERRED = "transferred"
    RTP_TIMEOUT = "rtp_timeout"
    SESSION_EXPIRED = "session_expired"
    LINE_CLOSED = "line_closed"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a connection. `verified`: the other side knows it (its BYE, or its 200)."""

    how: Farewell
    sip_status: int | None = None
    verified: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LegStats:
    """How well a connection sounds."""

    heard_frames: int = 0
    made_up_frames: int = 0
    late_frames: int = 0
    unread_frames: int = 0
    """Dropped because a listener did not keep up."""
    rtp_received: int = 0
    rtp_lost: int = 0
    jitter_ms: float = 0.0
    round_trip_ms: float = 0.0


@runtime_checkable
class LiveLeg(Protocol):
    """One running connection. Sound is PCM16 mono at `rate`."""

    @property
    def id(self) -> str:
        """The SIP Call-ID or whatever names the connection in other people's logs."""

    @property
    def leg(self) -> Leg:
        """Who called whom, with which headers."""

    @property
    def rate(self) -> int:
        """Samples a second, both ways: 8000 or 16000."""

    @property
    def ended(self) -> asyncio.Future[Ended]:
        """Done when the connection is over; never fails and is never cancelled."""

    @property
    def held(self) -> bool:
        """Whether the other side has put us on hold."""

    @property
    def stats(self) -> LegStats:
        """How well it sounds so far."""

    def heard(self) -> AsyncIterator[Frame]:
        """Their sound, one frame every 20 ms without gaps until the end. May be asked for again."""

    def digits(self) -> AsyncIterator[Digit]:
        """Keys they press, each once, until the end."""

    def play(self, pcm: bytes) -> None:
        """Say this after all that was given before. Never blocks."""

    def clear(self) -> float:
        """Stop within one frame; how many seconds were left unsaid."""

    @property
    def played(self) -> float:
        """Seconds of what was given to `play` that really went out."""

    @property
    def queued(self) -> float:
        """Seconds that still wait to be said."""

    async def drained(self) -> None:
        """Wait until all is said or the connection is over."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """How a dial ended; `leg` only if somebody answered, `refusal` only if we did not even try."""

    outcome: Outcome
    leg: LiveLeg | None = None
    sip_status: int | None = None
    refusal: Refusal | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Transferred:
    """How a blind transfer ended. Unless it was answered, the caller is back with us."""

    outcome: Outcome
    sip_status: int | None = None
    progress: tuple[int, ...] = ()
    """The SIP statuses that were reported on the way, such as 100, 180, 200."""
    refusal: Refusal | None = None
    detail: str = ""


@runtime_checkable
class Offer(Protocol):
    """Somebody rings; exactly one of `accept` and `reject` is due."""

    @property
    def leg(self) -> Leg:
        """Who calls whom."""

    @property
    def department(self) -> str:
        """What trunks.yaml says of the dialled number; "" if nothing."""

    @property
    def dialled(self) -> str:
        """What was dialled, as it came: may be an extension or a name."""

    @property
    def live(self) -> LiveLeg:
        """The connection: already with sound if the trunk has early media."""

    @property
    def gone(self) -> asyncio.Future[Ended]:
        """Done as soon as the caller gives up."""

    async def accept(self) -> LiveLeg:
        """Answer; raises CallerGone if they gave up meanwhile."""

    async def reject(self, status: int = 486, *, retry_after: int | None = None) -> None:
        """Turn down with a SIP status of 400 to 699."""


class CallerGone(RuntimeError):
    """The other side hung up before what was asked could be done."""


@dataclass(frozen=True, slots=True)
class Drained:
    """How a drain ended."""

    finished: int
    cut_off: int
    """Calls that were still up when the time was over and got a BYE."""


@runtime_checkable
class Line(Protocol):
    """What can dial and be rung."""

    @property
    def address(self) -> str:
        """Where it can be rung, as host:port."""

    def offers(self) -> AsyncIterator[Offer]:
        """Incoming calls, until the line closes."""

    async def dial(
        self,
        number: str,
        *,
        trunk: str | None = None,
        caller_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        ring_timeout: float = 30.0,
    ) -> Dialled:
        """Ring somebody; returns when they answer or it is clear that they will not."""

    async def transfer(
        self,
        live: LiveLeg,
        to: str,
        *,
        timeout: float = 30.0,
        headers: Mapping[str, str] | None = None,
    ) -> Transferred:
        """Hand a caller over to another number; they are held meanwhile and back if it fails."""

    async def hold(self, live: LiveLeg) -> None:
        """They hear nothing and say nothing until `resume`."""

    async def resume(self, live: LiveLeg) -> None:
        """Take them back."""

    async def send_digits(
        self, live: LiveLeg, digits: str, *, by: DigitSource | None = None, gap: float = 0.12
    ) -> None:
        """Press keys on this leg; `by` None takes the best way the other side understands."""

    async def hang_up(self, live: LiveLeg) -> Ended:
        """End it and wait until the other side has confirmed or cannot be asked any more."""

    async def drain(self, timeout: float) -> Drained:
        """Take no new calls and wait for those that run; after `timeout` end them."""

    async def aclose(self) -> None:
        """End everything at once, with a BYE to everyone."""


@dataclass(slots=True)
class Tally:
    """Counts of what a line has done, for metrics."""

    offered: int = 0
    accepted: int = 0
    dialled: int = 0
    refused: dict[Refusal, int] = field(default_factory=dict)
