"""MemoryStore: the promises of Store inside one process, for tests and for trying things out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from callcenter.domain.call import Call, CallId, CallState
from callcenter.domain.caller import CallerMemory
from callcenter.domain.errors import Outrun
from callcenter.domain.events import Arrived, Event
from callcenter.store import Forgotten, codec
from sip import PhoneNumber

_ABANDONED_AFTER_SECONDS = 3600.0


@dataclass(slots=True)
class _History:
    """A call's entries as a server would keep them, so that reading mends and refuses alike."""

    entries: list[codec.Entry] = field(default_factory=list)
    tokens: dict[str, int] = field(default_factory=dict)
    written_at: float = 0.0


@dataclass(slots=True)
class _Slot:
    owner: str
    ends_at: float


class MemoryStore:
    """Everything in dictionaries; `clock` need not be the time of day but must not step back.

    No method awaits anything, so each of them is one step for everybody else in the process.
    """

    def __init__(
        self,
        *,
        retention: timedelta = timedelta(days=30),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._retention = retention.total_seconds()
        self._clock = clock
        self._histories: dict[CallId, _History] = {}
        self._callers: dict[PhoneNumber, set[CallId]] = {}
        self._memories: dict[PhoneNumber, tuple[dict[str, str], float]] = {}
        self._slots: dict[CallId, _Slot] = {}

    async def append(self, call: CallId, events: Sequence[Event], *, after: int, token: str) -> int:
        """Write events, all or none (see Store.append)."""
        self._expire()
        entries = [codec.encode(event) for event in events]
        history = self._histories.get(call, _History())
        if history.tokens.get(token) == after:
            return after + len(entries)
        if len(history.entries) != after:
            raise Outrun(call, after, len(history.entries))
        if entries:
            # Dictionaries keep their order: the order of first events is the order of arrival.
            self._histories[call] = history
            history.entries += entries
            history.tokens[token] = after
            history.written_at = self._clock()
        for event in events:
            if isinstance(event, Arrived) and event.caller:
                self._callers.setdefault(PhoneNumber(event.caller), set()).add(call)
        return len(history.entries)

    async def history(self, call: CallId) -> list[Event]:
        """Every event of a call in order."""
        self._expire()
        found = self._histories.get(call, _History())
        return [codec.decode(entry) for entry in found.entries]

    async def take_slot(self, call: CallId, *, limit: int, owner: str, lease: float) -> bool:
        """Occupy one of `limit` slots (see Store.take_slot)."""
        held = self._slots.get(call)
        if held is None and len(self._slots) >= limit:
            return False
        if held is not None and held.owner != owner:
            return False
        self._slots[call] = _Slot(owner, self._clock() + lease)
        return True

    async def renew(self, call: CallId, *, owner: str, lease: float) -> bool:
        """Keep one's slot for longer."""
        held = self._slots.get(call)
        if held is None or held.owner != owner:
            return False
        held.ends_at = self._clock() + lease
        return True

    async def free_slot(self, call: CallId) -> bool:
        """Give the slot back; True for exactly one."""
        return self._slots.pop(call, None) is not None

    async def claim_lapsed(self, call: CallId, *, owner: str, lease: float) -> bool:
        """Take over a lapsed slot; True for exactly one."""
        held = self._slots.get(call)
        if held is None or held.ends_at > self._clock():
            return False
        self._slots[call] = _Slot(owner, self._clock() + lease)
        return True

    async def lapsed(self) -> list[CallId]:
        """Calls whose lease has run out."""
        now = self._clock()
        return [call for call, held in self._slots.items() if held.ends_at <= now]

    async def live(self) -> list[CallId]:
        """Calls that hold a slot."""
        return list(self._slots)

    async def recent(self, limit: int = 20) -> list[CallId]:
        """The newest calls, newest first."""
        self._expire()
        return list(reversed(self._histories))[:limit]

    async def remember(self, caller: PhoneNumber, memory: CallerMemory) -> None:
        """Keep what is known of a number."""
        self._memories[caller] = (codec.encode_memory(memory), self._clock())

    async def recall(self, caller: PhoneNumber) -> CallerMemory | None:
        """What is known of a number."""
        self._expire()
        stored = self._memories.get(caller)
        return codec.decode_memory(stored[0]) if stored else None

    async def forget(self, caller: PhoneNumber) -> Forgotten:
        """Delete what is known of a number and its finished calls."""
        self._expire()
        memory = self._memories.pop(caller, None) is not None
        deleted = live = 0
        for call in sorted(self._callers.pop(caller, ())):
            if self._is_over(call):
                deleted += 1
                del self._histories[call]
            else:
                live += 1
                self._callers.setdefault(caller, set()).add(call)
        return Forgotten(memory=memory, calls=deleted, live_calls=live)

    async def ping(self) -> str:
        """Say what this is."""
        return f"in memory, {len(self._histories)} calls, nothing outlives this process"

    async def aclose(self) -> None:
        """Nothing to let go of."""

    def _is_over(self, call: CallId) -> bool:
        history = self._histories[call]
        events = [codec.decode(entry) for entry in history.entries]
        if Call.salvaged(call, events).state is CallState.ENDED:
            return True
        # Quiet for so long and without a slot: it is over, even if nobody wrote so.
        quiet = self._clock() - history.written_at
        return call not in self._slots and quiet > _ABANDONED_AFTER_SECONDS

    def _expire(self) -> None:
        oldest = self._clock() - self._retention
        for call in [c for c, h in self._histories.items() if h.written_at <= oldest]:
            del self._histories[call]
        for caller in [n for n, (_, at) in self._memories.items() if at <= oldest]:
            del self._memories[caller]
        for caller in list(self._callers):
            self._callers[caller] &= self._histories.keys()
            if not self._callers[caller]:
                del self._callers[caller]
