"""FlakyStore: a MemoryStore whose line to the server can be cut, as a test says."""

from __future__ import annotations

from collections.abc import Sequence

from callcenter.domain.call import CallId
from callcenter.domain.caller import CallerMemory
from callcenter.domain.errors import StoreAway
from callcenter.domain.events import Event
from callcenter.store.memory import MemoryStore
from sip import PhoneNumber


class FlakyStore(MemoryStore):
    """Works like MemoryStore until `away` is set; then every call raises StoreAway."""

    away = False

    def _check(self) -> None:
        if self.away:
            raise StoreAway("the store was cut off by the test")

    async def append(self, call: CallId, events: Sequence[Event], *, after: int, token: str) -> int:
        """Append, unless cut off."""
        self._check()
        return await super().append(call, events, after=after, token=token)

    async def history(self, call: CallId) -> list[Event]:
        """Read, unless cut off."""
        self._check()
        return await super().history(call)

    async def take_slot(self, call: CallId, *, limit: int, owner: str, lease: float) -> bool:
        """Occupy, unless cut off."""
        self._check()
        return await super().take_slot(call, limit=limit, owner=owner, lease=lease)

    async def renew(self, call: CallId, *, owner: str, lease: float) -> bool:
        """Renew, unless cut off."""
        self._check()
        return await super().renew(call, owner=owner, lease=lease)

    async def free_slot(self, call: CallId) -> bool:
        """Free, unless cut off."""
        self._check()
        return await super().free_slot(call)

    async def recall(self, caller: PhoneNumber) -> CallerMemory | None:
        """Remember, unless cut off."""
        self._check()
        return await super().recall(caller)

    async def remember(self, caller: PhoneNumber, memory: CallerMemory) -> None:
        """Keep, unless cut off."""
        self._check()
        await super().remember(caller, memory)
