"""RedisStore: histories, slots and caller memory on Redis, Valkey, a Sentinel service or a Cluster.

Which step comes before which, so that a process may die between any two of them:

- *Slot, then history.* A call takes its slot before its first event. Dead in between: a lapsed
  slot without history, which the reaper frees.
- *Indexes, then history.* `recent` and the caller's index are written before the Arrived event they
  point to. Dead in between: an index entry without a history, which every reader skips. The other
  way round, a call would be kept that `forget` cannot find.
- *Ended, then the slot.* Dead in between: an ended call with a lapsed slot; the reaper sees that it
  has ended and frees the slot. The other way round, an open history would be watched by nobody.
- *Claim, Ended, free.* A reaper that dies leaves a slot that lapses again; `free_slot` tells True
  to one process only, because it is one ZREM.
- *Forgetting: memory, history, recent, then the caller's index.* Dead in between: the index still
  names what is left, and forgetting again finishes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Self

from callcenter.domain.call import Call, CallId, CallState
from callcenter.domain.caller import CallerMemory
from callcenter.domain.errors import Outrun
from callcenter.domain.events import Arrived, Event
from callcenter.store import Forgotten, codec, scripts
from callcenter.store.address import Address
from callcenter.store.keys import Keys
from callcenter.store.link import Link, RedisLink
from callcenter.store.scripts import Script
from sip import PhoneNumber

RETENTION = timedelta(days=30)
ABANDONED_AFTER = timedelta(hours=1)
"""A call without a slot that was quiet for so long is over, even if nobody wrote so."""

_LONGEST_CALL = timedelta(days=1)


class RedisStore:
    """The promises of Store on a Redis-compatible server."""

    def __init__(
        self,
        link: Link,
        *,
        prefix: str = "cc",
        retention: timedelta = RETENTION,
        replicas: int = 0,
    ) -> None:
        self._link = link
        self._keys = Keys(prefix)
        self._replicas = replicas
        self._retention = max(1, int(retention.total_seconds() * 1000))
        # An index counts from the arrival, a history from its last event: the index must outlive
        # the longest call, or `forget` would miss one.
        self._index_life = self._retention + min(
            self._retention, int(_LONGEST_CALL.total_seconds() * 1000)
        )

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        prefix: str = "cc",
        retention: timedelta = RETENTION,
        timeout: float = 2.0,
        replicas: int = 0,
    ) -> Self:
        """A store at a URL (see `address`). Makes no round trip: a store may come up after us.

        With `replicas`, an append counts only when so many replicas have it as well.
        Raises BadAddress, a ValueError, if the URL cannot be understood.
        """
        link = RedisLink(Address.parse(url), timeout=timeout)
        return cls(link, prefix=prefix, retention=retention, replicas=replicas)

    async def append(self, call: CallId, events: Sequence[Event], *, after: int, token: str) -> int:
        """Write events, all or none (see Store.append)."""
        entries: list[str] = []
        for event in events:
            if isinstance(event, Arrived):
                await self._note_arrival(call, event)
            entry = codec.encode(event)
            entries += (entry[codec.KIND], entry[codec.SCHEMA], entry[codec.DATA])
        keys = [self._keys.events(call)]
        if self._replicas:
            written, length = await self._link.run_and_wait(
                scripts.APPEND,
                keys,
                *(after, token, self._retention, *entries),
                replicas=self._replicas,
            )
        else:
            written, length = await self._run(
                scripts.APPEND, keys, after, token, self._retention, *entries
            )
        if not written:
            raise Outrun(call, after, length)
        return int(length)

    async def history(self, call: CallId) -> list[Event]:
        """Every event of a call in order; what cannot be read is `Unreadable`."""
        entries = await self._do("XRANGE", self._keys.events(call), "-", "+")
        return [codec.decode(fields) for _, fields in entries]

    async def take_slot(self, call: CallId, *, limit: int, owner: str, lease: float) -> bool:
        """Occupy one of `limit` slots (see Store.take_slot)."""
        return await self._on_slots(scripts.TAKE_SLOT, call, owner, lease, limit)

    async def renew(self, call: CallId, *, owner: str, lease: float) -> bool:
        """Keep one's slot for longer."""
        return await self._on_slots(scripts.RENEW, call, owner, lease)

    async def claim_lapsed(self, call: CallId, *, owner: str, lease: float) -> bool:
        """Take over a lapsed slot; True for exactly one."""
        return await self._on_slots(scripts.CLAIM_LAPSED, call, owner, lease)

    async def free_slot(self, call: CallId) -> bool:
        """Give the slot back; True for exactly one."""
        slots = [self._keys.leases, self._keys.owners]
        return bool(await self._run(scripts.FREE_SLOT, slots, call))

    async def lapsed(self) -> list[CallId]:
        """Calls whose lease has run out by the server's clock."""
        return _calls(await self._run(scripts.LAPSED, [self._keys.leases]))

    async def live(self) -> list[CallId]:
        """Calls that hold a slot."""
        return _calls(await self._do("ZRANGE", self._keys.leases, 0, -1))

    async def recent(self, limit: int = 20) -> list[CallId]:
        """The newest calls, newest first."""
        found: list[CallId] = []
        start = 0
        while len(found) < limit:
            page = limit + 10
            calls = _calls(await self._do("ZREVRANGE", self._keys.recent, start, start + page - 1))
            for call in calls:
                # An arrival that was never written, or a history past its retention.
                if len(found) < limit and await self._do("EXISTS", self._keys.events(call)):
                    found.append(call)
            if len(calls) < page:
                break
            start += page
        return found

    async def remember(self, caller: PhoneNumber, memory: CallerMemory) -> None:
        """Keep what is known of a number."""
        pairs = (text for pair in codec.encode_memory(memory).items() for text in pair)
        await self._run(scripts.REMEMBER, [self._keys.memory(caller)], self._retention, *pairs)

    async def recall(self, caller: PhoneNumber) -> CallerMemory | None:
        """What is known of a number."""
        stored = await self._do("HGETALL", self._keys.memory(caller))
        return codec.decode_memory(stored) if stored else None

    async def forget(self, caller: PhoneNumber) -> Forgotten:
        """Delete what is known of a number and its finished calls."""
        memory = bool(await self._do("DEL", self._keys.memory(caller)))
        index = self._keys.calls(caller)
        deleted = live = 0
        for call in _calls(await self._do("ZRANGE", index, 0, -1)):
            history = await self.history(call)
            if history:
                if not await self._is_over(call, history) or not await self._run(
                    scripts.DELETE_UNCHANGED, [self._keys.events(call)], len(history)
                ):
                    live += 1
                    continue
                deleted += 1
            elif await self._holds_slot(call):
                # Between the index and the first event of a call that is just arriving.
                live += 1
                continue
            await self._do("ZREM", self._keys.recent, call)
            await self._do("ZREM", index, call)
        return Forgotten(memory=memory, calls=deleted, live_calls=live)

    async def ping(self) -> str:
        """Make a round trip; returns a line for people."""
        info = await self._link.info()
        name = "Valkey" if "valkey_version" in info else "Redis"
        version = info.get("valkey_version") or info.get("redis_version", "?")
        keeps = "append-only file on" if info.get("aof_enabled") else "append-only file off"
        role = info.get("role", "")
        return f"{name} {version} at {self._link.where}, {role}, {keeps}"

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._link.aclose()

    async def _note_arrival(self, call: CallId, event: Arrived) -> None:
        indexes = [self._keys.recent]
        if event.caller:
            indexes.append(self._keys.calls(PhoneNumber(event.caller)))
        for index in indexes:
            await self._run(scripts.NOTE_ARRIVAL, [index], call, self._index_life)

    async def _is_over(self, call: CallId, history: Sequence[Event]) -> bool:
        if Call.salvaged(call, history).state is CallState.ENDED:
            return True
        if await self._holds_slot(call):
            return False
        # The key's remaining life tells by the server's clock how long nothing was written.
        left = int(await self._do("PTTL", self._keys.events(call)))
        return self._retention - left > ABANDONED_AFTER.total_seconds() * 1000

    async def _holds_slot(self, call: CallId) -> bool:
        return await self._do("ZSCORE", self._keys.leases, call) is not None

    async def _on_slots(
        self, script: Script, call: CallId, owner: str, lease: float, *more: int
    ) -> bool:
        slots = [self._keys.leases, self._keys.owners]
        milliseconds = max(1, int(lease * 1000))
        reply = await self._run(script, slots, call, owner, milliseconds, self._retention, *more)
        return bool(reply)

    async def _run(self, script: Script, keys: Sequence[str], *args: Any) -> Any:
        return await self._link.run(script, keys, *args)

    async def _do(self, *command: Any) -> Any:
        return await self._link.do(*command)


def _calls(replies: Sequence[bytes]) -> list[CallId]:
    return [CallId(reply.decode()) for reply in replies]
