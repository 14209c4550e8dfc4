"""Call: a caller's whole visit, folded from its events; NEXT is the table of allowed moves."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import NewType, Self

from callcenter.domain.department import Department
from callcenter.domain.errors import CallEnded, IllegalMove
from callcenter.domain.events import (
    Answered,
    Arrived,
    Disposition,
    Ended,
    Event,
    FactLearned,
    HandedOver,
    Held,
    Identified,
    Resumed,
    SupervisorAsked,
    SupervisorJoined,
    SupervisorLeft,
    SupervisorMissed,
    TicketOpened,
)
from sip import PhoneNumber

CallId = NewType("CallId", str)


def new_call_id() -> CallId:
    """A short id that can be read aloud over the phone and never repeats in practice."""
    return CallId(f"c-{secrets.token_hex(6)}")


class CallState(StrEnum):
    """Where a call stands."""

    NEW = "new"
    RINGING = "ringing"
    WITH_DESK = "with_desk"
    HOLDING = "holding"
    WITH_SUPERVISOR = "with_supervisor"
    ENDED = "ended"


NEXT: Mapping[CallState, Mapping[type[Event], CallState]] = MappingProxyType(
    {
        CallState.NEW: {Arrived: CallState.RINGING},
        CallState.RINGING: {Answered: CallState.WITH_DESK, Ended: CallState.ENDED},
        CallState.WITH_DESK: {
            HandedOver: CallState.WITH_DESK,
            Held: CallState.HOLDING,
            SupervisorAsked: CallState.HOLDING,
            Ended: CallState.ENDED,
        },
        CallState.HOLDING: {
            Resumed: CallState.WITH_DESK,
            SupervisorJoined: CallState.WITH_SUPERVISOR,
            SupervisorMissed: CallState.WITH_DESK,
            Ended: CallState.ENDED,
        },
        CallState.WITH_SUPERVISOR: {
            SupervisorLeft: CallState.WITH_DESK,
            Ended: CallState.ENDED,
        },
        CallState.ENDED: {},
    }
)
"""Which move leads where. A note is allowed in every state but NEW and ENDED and moves nothing."""

_TARGET: Mapping[type[Event], CallState] = {
    kind: target for moves in NEXT.values() for kind, target in moves.items()
}


def next_state(state: CallState, event: Event) -> CallState:
    """The state after `event`, or IllegalMove."""
    target = NEXT[state].get(type(event))
    if target is not None:
        return target
    if state is CallState.ENDED:
        raise CallEnded(state, event.kind)
    if state is CallState.NEW or type(event) in _TARGET:
        raise IllegalMove(state, event.kind)
    return state


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of a call after `version` events."""

    id: CallId
    version: int = 0
    state: CallState = CallState.NEW
    caller: PhoneNumber | None = None
    dialled: PhoneNumber | None = None
    department: Department | None = None
    started_at: float | None = None
    last_at: float = 0.0
    handoffs: int = 0
    identified_as: str | None = None
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tickets: tuple[str, ...] = ()
    disposition: Disposition | None = None

    @classmethod
    def of(cls, call_id: CallId, events: Iterable[Event]) -> Self:
        """Fold a history; raises IllegalMove where it could never have happened."""
        call = cls(call_id)
        for event in events:
            call = call.after(event)
        return call

    @classmethod
    def salvaged(cls, call_id: CallId, events: Iterable[Event]) -> Self:
        """Fold a history that may have unreadable entries: every event is believed as it stands."""
        call = cls(call_id)
        for event in events:
            state = NEXT[call.state].get(type(event)) or _TARGET.get(type(event), call.state)
            call = call._moved(event, state)
        return call

    @property
    def is_live(self) -> bool:
        """Whether the caller is still with us."""
        return self.state not in (CallState.NEW, CallState.ENDED)

    def after(self, event: Event) -> Self:
        """The call once `event` has happened, or IllegalMove."""
        return self._moved(event, next_state(self.state, event))

    def _moved(self, event: Event, state: CallState) -> Self:
        # A clock that steps back must not make a call run backwards.
        last_at = max(self.last_at, event.at)
        stepped = replace(self, version=self.version + 1, state=state, last_at=last_at)
        return stepped._with(event)

    def _with(self, event: Event) -> Self:
        match event:
            case Arrived():
                return replace(
                    self,
                    caller=PhoneNumber(event.caller) if event.caller else None,
                    dialled=PhoneNumber(event.dialled) if event.dialled else None,
                    started_at=event.at,
                )
            case Answered():
                return replace(self, department=event.department)
            case HandedOver():
                return replace(self, department=event.to, handoffs=self.handoffs + 1)
            case FactLearned():
                return replace(
                    self, facts=MappingProxyType({**self.facts, event.name: event.value})
                )
            case Identified():
                return replace(self, identified_as=event.account)
            case TicketOpened():
                return replace(self, tickets=(*self.tickets, event.ticket))
            case Ended():
                return replace(self, disposition=event.disposition)
            case _:
                return self
