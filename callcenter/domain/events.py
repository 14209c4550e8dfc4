"""Events: what happened in a call, the only thing that is stored about it.

An event is immutable and flat: text, numbers, truth values, enums and text-to-text mappings,
so that `store/codec.py` can write every one of them the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from callcenter.domain.department import Department
from sip import Direction, Outcome

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Disposition(StrEnum):
    """What a call achieved, once it is over."""

    COMPLETED = "completed"
    """The caller was served and said goodbye."""
    CALLBACK_PROMISED = "callback_promised"
    """A person will call back; a ticket says why."""
    CALLER_LEFT = "caller_left"
    """The caller hung up before saying goodbye."""
    SILENT = "silent"
    """The caller stopped answering."""
    TOO_LONG = "too_long"
    """The maximum length was reached."""
    FAILED = "failed"
    """Our fault: a part broke and the caller got an apology."""
    LOST = "lost"
    """The process that served the call died; found and closed afterwards."""


class EndedBy(StrEnum):
    """Who ended a call."""

    CALLER = "caller"
    AGENT = "agent"
    CLOCK = "clock"
    SYSTEM = "system"


class Fault(StrEnum):
    """How a tool failed."""

    RAISED = "raised"
    TIMED_OUT = "timed_out"
    RUBBISH = "rubbish"
    """It returned something that cannot be said."""


class TicketKind(StrEnum):
    """What somebody has to do after the call."""

    CALLBACK = "callback"
    DISPUTE = "dispute"
    REPAIR = "repair"
    PROMISE = "promise"
    PLAN = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened at a moment, in seconds since 1970."""

    kind: ClassVar[str]
    schema: ClassVar[int] = 1
    at: float


# --- moves: these change where the call stands (see call.NEXT) ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived(Event):
    """A call reached us, or we placed one. Numbers are whole here and masked when shown."""

    kind: ClassVar[str] = "arrived"
    caller: str | None = None
    dialled: str | None = None
    direction: Direction = Direction.INBOUND
    line: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """A desk picked up."""

    kind: ClassVar[str] = "answered"
    department: Department


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(Event):
    """The caller moved to another desk."""

    kind: ClassVar[str] = "handed_over"
    origin: Department
    to: Department
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Event):
    """The caller waits."""

    kind: ClassVar[str] = "held"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Event):
    """The waiting is over; the same desk goes on."""

    kind: ClassVar[str] = "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorAsked(Event):
    """A person was asked for; the caller waits for them."""

    kind: ClassVar[str] = "supervisor_asked"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorJoined(Event):
    """The person is on the line with the caller."""

    kind: ClassVar[str] = "supervisor_joined"
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorMissed(Event):
    """Nobody could be had; the desk goes on. `outcome` is how the dial ended, if there was one."""

    kind: ClassVar[str] = "supervisor_missed"
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorLeft(Event):
    """The person gave the caller back to the desk."""

    kind: ClassVar[str] = "supervisor_left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Event):
    """The call is over; the last event of every history."""

    kind: ClassVar[str] = "ended"
    disposition: Disposition
    by: EndedBy
    detail: str = ""


# --- notes: these tell what went on without moving the call ---


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerSaid(Event):
    """Words of the caller; long runs of digits are masked before they get here."""

    kind: ClassVar[str] = "caller_said"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSaid(Event):
    """Words the caller heard from a desk; `interrupted` if the caller cut them off."""

    kind: ClassVar[str] = "agent_said"
    text: str
    department: Department
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FactLearned(Event):
    """Something worth carrying to the next desk and the next call."""

    kind: ClassVar[str] = "fact_learned"
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified(Event):
    """The caller proved who they are; `account` shows only its end."""

    kind: ClassVar[str] = "identified"
    account: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentificationFailed(Event):
    """A wrong account number, PIN or date of birth."""

    kind: ClassVar[str] = "identification_failed"
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRefused(Event):
    """A desk wanted to pass the caller on and was not allowed to."""

    kind: ClassVar[str] = "handoff_refused"
    to: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUsed(Event):
    """A desk's tool did its work."""

    kind: ClassVar[str] = "tool_used"
    tool: str
    department: Department
    seconds: float
    arguments: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFailed(Event):
    """A desk's tool broke; the caller heard an apology."""

    kind: ClassVar[str] = "tool_failed"
    tool: str
    department: Department
    seconds: float
    fault: Fault
    error: str
    arguments: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrainFailed(Event):
    """A model gave up; `part` is stt, llm or tts."""

    kind: ClassVar[str] = "brain_failed"
    part: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOpened(Event):
    """Somebody has something to do after the call."""

    kind: ClassVar[str] = "ticket_opened"
    ticket: str
    topic: TicketKind
    summary: str
    due: str = ""
    number: str | None = None
    """Where to ring; whole here, and masked when shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceNoticed(Event):
    """The caller has said nothing for a while and was asked whether they are there."""

    kind: ClassVar[str] = "silence_noticed"
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsed(Event):
    """What a model did in the whole call, as its provider counts it; written when the call ends."""

    kind: ClassVar[str] = "model_used"
    part: str
    provider: str
    model: str
    figures: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable(Event):
    """An entry this version cannot read: corrupt or newer. Kept as it is, never guessed at."""

    kind: ClassVar[str] = "unreadable"
    raw: str
    why: str


MOVES: tuple[type[Event], ...] = (
    Arrived, Answered, HandedOver, Held, Resumed, SupervisorAsked, SupervisorJoined,
    SupervisorMissed, SupervisorLeft, Ended,
)  # fmt: skip
NOTES: tuple[type[Event], ...] = (
    CallerSaid, AgentSaid, FactLearned, Identified, IdentificationFailed, HandoffRefused, ToolUsed,
    ToolFailed, BrainFailed, TicketOpened, SilenceNoticed, ModelUsed, Unreadable,
)  # fmt: skip
