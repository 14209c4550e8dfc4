"""Report: a finished or running call told as figures and lines; a fold over its events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self, TypeVar

from callcenter.domain.call import CallId
from callcenter.domain.department import Department
from callcenter.domain.events import (
    AgentSaid,
    Answered,
    Arrived,
    BrainFailed,
    CallerSaid,
    Disposition,
    Ended,
    EndedBy,
    Event,
    FactLearned,
    HandedOver,
    HandoffRefused,
    Held,
    IdentificationFailed,
    Identified,
    ModelUsed,
    Resumed,
    SilenceNoticed,
    SupervisorAsked,
    SupervisorJoined,
    SupervisorLeft,
    SupervisorMissed,
    TicketOpened,
    ToolFailed,
    ToolUsed,
    Unreadable,
)
from sip import PhoneNumber

_E = TypeVar("_E", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a call's story: when (seconds into the call), who, what."""

    at: float
    who: str
    what: str
    is_speech: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a call was, for people and dashboards. Numbers are masked."""

    call: CallId
    caller: str
    dialled: str
    started_at: float | None
    answered_after: float | None
    seconds: float
    disposition: Disposition | None
    ended_by: EndedBy | None
    detail: str
    departments: tuple[Department, ...]
    handoffs: int
    caller_turns: int
    agent_turns: int
    interruptions: int
    tools_used: int
    tools_failed: int
    identified: bool
    tickets: tuple[str, ...]
    faults: tuple[str, ...]
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, call: CallId, events: Iterable[Event]) -> Self:
        """Fold a history; tolerant, because a report must also tell of damaged ones."""
        history = list(events)
        arrived = _first(history, Arrived)
        answered = _first(history, Answered)
        ended = _first(history, Ended)
        start = history[0].at if history else 0.0
        departments = [e.department for e in history if isinstance(e, Answered)]
        departments += [e.to for e in history if isinstance(e, HandedOver)]
        return cls(
            call=call,
            caller=_shown(arrived.caller if arrived else None),
            dialled=_shown(arrived.dialled if arrived else None),
            started_at=start if history else None,
            answered_after=answered.at - start if answered else None,
            seconds=max((e.at for e in history), default=start) - start,
            disposition=ended.disposition if ended else None,
            ended_by=ended.by if ended else None,
            detail=ended.detail if ended else "",
            departments=tuple(departments),
            handoffs=_count(history, HandedOver),
            caller_turns=_count(history, CallerSaid),
            agent_turns=_count(history, AgentSaid),
            interruptions=sum(isinstance(e, AgentSaid) and e.interrupted for e in history),
            tools_used=_count(history, ToolUsed),
            tools_failed=_count(history, ToolFailed),
            identified=_first(history, Identified) is not None,
            tickets=tuple(
                f"{e.ticket} ({e.topic}): {e.summary}"
                for e in history
                if isinstance(e, TicketOpened)
            ),
            faults=tuple(_faults(history)),
            lines=tuple(line_of(e, start) for e in history),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)

    def transcript(self) -> str:
        """The whole story as text, one line an event."""
        width = max((len(line.who) for line in self.lines), default=0)
        return "\n".join(
            f"{line.at:8.2f}s  {line.who:<{width}}  {line.what}" for line in self.lines
        )


def line_of(event: Event, start: float) -> Line:
    """One event as a line; `start` is when the call began."""
    who, what = _told(event)
    speech = isinstance(event, CallerSaid | AgentSaid)
    return Line(at=round(event.at - start, 3), who=who, what=what, is_speech=speech)


def _told(event: Event) -> tuple[str, str]:  # noqa: C901 - one case an event, nothing else
    match event:
        case CallerSaid():
            return "caller", event.text
        case AgentSaid():
            return event.department, event.text + (" —(interrupted)" if event.interrupted else "")
        case Arrived():
            numbers = f"{_shown(event.caller)} → {_shown(event.dialled)}"
            return "line", f"{event.direction} call over {event.line}, {numbers}"
        case Answered():
            return "line", f"answered by {event.department}"
        case HandedOver():
            return "handover", f"{event.origin} → {event.to}: {event.reason}"
        case HandoffRefused():
            return "handover", f"not to {event.to}: {event.why}"
        case Held():
            return "line", f"on hold {event.reason}".rstrip()
        case Resumed():
            return "line", "back from hold"
        case SupervisorAsked():
            return "supervisor", f"asked for: {event.reason}"
        case SupervisorJoined():
            return "supervisor", f"{event.who} joined"
        case SupervisorMissed():
            return "supervisor", f"not reached ({event.outcome or 'nobody to ring'})"
        case SupervisorLeft():
            return "supervisor", "left"
        case FactLearned():
            return "fact", f"{event.name}: {event.value}"
        case Identified():
            return "identity", f"{event.name}, account {event.account}"
        case IdentificationFailed():
            return "identity", f"wrong, try {event.tries}"
        case ToolUsed():
            return "tool", f"{event.tool}({_arguments(event.arguments)}) {event.seconds:.3f}s"
        case ToolFailed():
            return "tool", (
                f"{event.tool}({_arguments(event.arguments)}) {event.fault} "
                f"after {event.seconds:.3f}s: {event.error}"
            )
        case BrainFailed():
            return "fault", f"{event.part}: {event.error}"
        case TicketOpened():
            due = f", due {event.due}" if event.due else ""
            ring = f", ring {_shown(event.number)}" if event.number else ""
            return "ticket", f"{event.ticket} ({event.topic}{due}{ring}): {event.summary}"
        case ModelUsed():
            figures = _arguments(event.figures) or "nothing counted"
            return "usage", f"{event.part} {event.provider}/{event.model}: {figures}"
        case SilenceNoticed():
            return "clock", f"silence, asked {event.times} times"
        case Ended():
            detail = f" ({event.detail})" if event.detail else ""
            return "line", f"ended by {event.by}: {event.disposition}{detail}"
        case Unreadable():
            return "fault", f"unreadable entry: {event.why}"
        case _:
            return event.kind, ""


def _faults(history: Sequence[Event]) -> Iterable[str]:
    for event in history:
        if isinstance(event, ToolFailed | BrainFailed | Unreadable):
            _, what = _told(event)
            yield what


def _arguments(arguments: Any) -> str:
    return ", ".join(f"{name}={value}" for name, value in arguments.items())


def _shown(number: str | None) -> str:
    return PhoneNumber(number).masked if number else "withheld"


def _count(history: Sequence[Event], kind: type[Event]) -> int:
    return sum(isinstance(event, kind) for event in history)


def _first(history: Sequence[Event], kind: type[_E]) -> _E | None:
    return next((event for event in history if isinstance(event, kind)), None)
