"""Everything that can go wrong with a call, as one tree; each error says whether to retry it.

CallError
├── StoreError
│   ├── Outrun         another process wrote first: re-read and decide again
│   ├── StoreAway      the store does not answer or is full: retry later
│   │   └── StoreRefused   it answers and says no (password, rights): mend the settings
│   └── JournalFull    too many events wait for a store that is away: end the call
├── UnknownDepartment  nobody wrote that desk: mend the name
└── IllegalMove        the call's state does not allow this event (a bug or a race): do not retry
    └── CallEnded      … because the call is over
"""

from __future__ import annotations

from collections.abc import Iterable


class PlainError(Exception):
    """The message is made for people: it says what is wrong and what to do."""


class CallError(PlainError):
    """Anything wrong with a call. `retry` tells whether the same step may succeed later."""

    retry: bool = False


class IllegalMove(CallError):
    """The event is not allowed in the call's present state."""

    def __init__(self, state: str, kind: str) -> None:
        super().__init__(f"a call that is {state} cannot take the event {kind!r}")
        self.state = state
        self.kind = kind


class CallEnded(IllegalMove):
    """The call is over; nothing more can be recorded."""


class UnknownDepartment(CallError):
    """No desk answers for that department."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"nobody answers at {name!r}; there are: {', '.join(known)}")


class StoreError(CallError):
    """The store could not do what was asked."""


class Outrun(StoreError):
    """Somebody else appended first; `version` is how many events the call has now."""

    retry = True

    def __init__(self, call_id: str, expected: int, version: int) -> None:
        super().__init__(
            f"call {call_id} has {version} events, not {expected}: another process wrote first"
        )
        self.call_id = call_id
        self.expected = expected
        self.version = version


class StoreAway(StoreError):
    """The store cannot be reached, is failing over, read-only or out of memory."""

    retry = True


class JournalFull(StoreError):
    """More events wait for the store than the bound allows; the call must end honestly."""
