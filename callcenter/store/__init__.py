"""Store: what is remembered, one promise kept in three homes (memory, embedded Valkey, Redis)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from callcenter.domain.call import CallId
from callcenter.domain.caller import CallerMemory
from callcenter.domain.events import Event
from sip import PhoneNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What `forget` deleted, and how many calls it had to leave because they are still going on."""

    memory: bool
    calls: int
    live_calls: int = 0


class Store(Protocol):
    """Histories, slots and caller memory. Every method may raise StoreAway."""

    async def append(self, call: CallId, events: Sequence[Event], *, after: int, token: str) -> int:
        """Write `events` behind the first `after` ones, all or none; returns the new length.

        Raises Outrun if the call does not have exactly `after` events. `token` names this attempt:
        writing the same batch again with the same token, after a reply that got lost, is a success.
        """

    async def history(self, call: CallId) -> list[Event]:
        """Every event of a call in order; empty if the call is unknown or was deleted."""

    async def take_slot(self, call: CallId, *, limit: int, owner: str, lease: float) -> bool:
        """Occupy one of `limit` slots for `lease` seconds; False if none is free.

        Taking a slot one already holds renews it. A lapsed slot still counts until it is freed.
        """

    async def renew(self, call: CallId, *, owner: str, lease: float) -> bool:
        """Keep the slot for `lease` more seconds; False if it was freed or belongs to another."""

    async def free_slot(self, call: CallId) -> bool:
        """Give the slot back. True for exactly one of those who try."""

    async def claim_lapsed(self, call: CallId, *, owner: str, lease: float) -> bool:
        """Take over a slot whose lease has run out; True for exactly one of those who try."""

    async def lapsed(self) -> list[CallId]:
        """Calls that hold a slot whose lease has run out: their process is gone."""

    async def live(self) -> list[CallId]:
        """Calls that hold a slot."""

    async def recent(self, limit: int = 20) -> list[CallId]:
        """The newest calls, newest first."""

    async def remember(self, caller: PhoneNumber, memory: CallerMemory) -> None:
        """Keep what is known of a number, for as long as the retention says."""

    async def recall(self, caller: PhoneNumber) -> CallerMemory | None:
        """What is known of a number."""

    async def forget(self, caller: PhoneNumber) -> Forgotten:
        """Delete what is known of a number and every finished call of it, beyond recovery."""

    async def ping(self) -> str:
        """Make a round trip; returns a line for people (server, version, persistence)."""

    async def aclose(self) -> None:
        """Let go of connections; the embedded home also stops its server with its last user."""


__all__ = ["Forgotten", "Store"]
