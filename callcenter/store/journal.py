"""Journal: the events of one call on their way to the store, in order, whatever the store does.

`record` decides against the local fold and returns; one background task writes. A store that is
away costs the caller at most `patience` seconds for a move and nothing for a note.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from callcenter.domain.call import Call, CallState
from callcenter.domain.errors import CallEnded, IllegalMove, JournalFull, Outrun, StoreError
from callcenter.domain.events import MOVES, Ended, Event
from callcenter.store import Store, codec

_log = logging.getLogger(__name__)
_MOST_PER_BATCH = 64
_BACKOFF_SECONDS = (0.05, 1.0)
# Notes come in bursts (words, tool, facts): written together they cost one round trip, not five.
_GATHER_SECONDS = 0.02
# `forget` deletes a call without Ended only when it was quiet for an hour. After so long, an empty
# history means "deleted" and must not rise again; before, it means that the store lost it.
_FORGETTABLE_AFTER_SECONDS = 3_000.0
_MOVES = frozenset(kind.kind for kind in MOVES)


class Trouble(StrEnum):
    """What `on_trouble` is told, once for each change."""

    STORE_AWAY = "store_away"
    STORE_BACK = "store_back"
    ENDED_ELSEWHERE = "ended_elsewhere"


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is being written; kept as it is over retries, so that its token can recognise it."""

    events: tuple[Event, ...]
    after: int
    token: str


class Journal:
    """Writes one call's events; use it from one event loop and close it with `aclose`."""

    def __init__(
        self,
        store: Store,
        call: Call,
        *,
        bound: int = 1_000,
        patience: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        on_trouble: Callable[[Trouble], None] | None = None,
    ) -> None:
        """Go on with `call` as folded from the store; `clock` measures how long it was away."""
        self._store = store
        self._call = call
        self._bound = bound
        self._patience = patience
        self._clock = clock
        self._on_trouble = on_trouble
        self._started_at = call.version
        self._written: list[Event] = []
        self._waiting: deque[Event] = deque()
        self._work = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self._progress = asyncio.Condition()
        self._recorded = 0
        self._done = 0
        self._acknowledged_at = 0.0
        self._away_since: float | None = None
        self._writer: asyncio.Task[None] | None = None
        self._gathering: asyncio.TimerHandle | None = None
        self._urgent = False
        self.full = False
        """Whether events had to be refused because too many were waiting."""
        self.ended_elsewhere = asyncio.Event()
        """Set when another process has ended the call; nothing can be recorded any more."""

    @property
    def call(self) -> Call:
        """The call with everything recorded so far, written or not."""
        return self._call

    @property
    def waiting(self) -> int:
        """How many events are not yet acknowledged by the store."""
        return len(self._waiting)

    @property
    def store_is_away(self) -> bool:
        """Whether the last attempt to write failed."""
        return self._away_since is not None

    async def record(self, event: Event) -> None:
        """Apply an event at once and have it written; a move waits a moment for the store.

        Raises IllegalMove or CallEnded if the call does not allow it, JournalFull if too many
        events wait already. Ended is always taken: a full journal must be able to end its call.
        """
        mine = self._enqueue(event)
        # While the store is known to be away, waiting would only slow the conversation down.
        if event.kind in _MOVES and not self.store_is_away:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._patience), self._progress:
                    await self._progress.wait_for(lambda: self._done >= mine or self.store_is_away)

    def note(self, event: Event) -> None:
        """Like `record`, without waiting: notes that come in a burst are written together."""
        self._enqueue(event)

    async def settled(self, timeout: float) -> bool:
        """Wait until everything recorded is written; False if that took longer."""
        if self._waiting:
            self._go()
        try:
            async with asyncio.timeout(timeout):
                await self._settled.wait()
        except TimeoutError:
            return False
        return True

    async def aclose(self, timeout: float = 5.0) -> bool:
        """Write what is left and stop; False, and a log line, if events had to be given up."""
        written = await self.settled(timeout)
        if not written:
            _log.error(
                "call %s: %d events were never written: the store stayed away",
                self._call.id,
                len(self._waiting),
                extra={"call": self._call.id},
            )
        if self._gathering is not None:
            self._gathering.cancel()
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer])
        return written

    def _enqueue(self, event: Event) -> int:
        """Check, apply and queue in one step; returns which event of this journal it is."""
        if self.ended_elsewhere.is_set():
            raise CallEnded(CallState.ENDED, event.kind)
        call = self._call.after(event)
        dead = self._writer is not None and self._writer.done()
        if dead or (len(self._waiting) >= self._bound and not isinstance(event, Ended)):
            self.full = True
            raise JournalFull(
                "the journal's writer has failed" if dead else f"{len(self._waiting)} events wait"
            )
        self._call = call
        self._waiting.append(event)
        self._recorded += 1
        self._settled.clear()
        if event.kind in _MOVES:
            self._go()
        elif self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._gathered)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name=f"journal {call.id}")
            self._writer.add_done_callback(self._stopped)
        return self._recorded

    async def _write(self) -> None:
        batch: _Batch | None = None
        pauses = 0
        while True:
            await self._work.wait()
            # An attempt that timed out may have been written: it is repeated word for word.
            batch = batch or self._next_batch()
            try:
                await self._store.append(
                    self._call.id, batch.events, after=batch.after, token=batch.token
                )
            except Outrun as outrun:
                batch = None
                if not await self._caught_up(outrun):
                    await self._pause(pauses)
                    pauses += 1
            except StoreError as error:
                await self._went_away(error)
                await self._pause(pauses)
                pauses += 1
            else:
                await self._came_back()
                await self._acknowledge(batch)
                batch, pauses = None, 0

    def _stopped(self, writer: asyncio.Task[None]) -> None:
        if not writer.cancelled() and (error := writer.exception()) is not None:
            # A bug, not a store that is away. From now on `record` refuses, so the call ends.
            _log.error(
                "call %s: the journal's writer failed",
                self._call.id,
                exc_info=error,
                extra={"call": self._call.id},
            )

    def _gathered(self) -> None:
        self._gathering = None
        if self._waiting:
            self._go()

    def _go(self) -> None:
        self._urgent = True
        self._work.set()

    def _next_batch(self) -> _Batch:
        self._urgent = False
        events = tuple(itertools.islice(self._waiting, _MOST_PER_BATCH))
        return _Batch(events, self._started_at + len(self._written), secrets.token_hex(8))

    async def _acknowledge(self, batch: _Batch) -> None:
        self._written += batch.events
        self._acknowledged_at = asyncio.get_running_loop().time()
        for _ in batch.events:
            self._waiting.popleft()
        await self._moved_on(len(batch.events))

    async def _moved_on(self, count: int) -> None:
        if not self._waiting:
            self._work.clear()
            self._settled.set()
        elif self._gathering is not None and not self._urgent:
            # What came during the write is still being gathered.
            self._work.clear()
        self._done += count
        async with self._progress:
            self._progress.notify_all()

    async def _caught_up(self, outrun: Outrun) -> bool:
        """Re-read the history and put what waits on top; False if it could not be read."""
        try:
            history = await self._store.history(self._call.id)
        except StoreError as error:
            await self._went_away(error)
            return False
        await self._came_back()
        _log.warning("%s", outrun, extra={"call": self._call.id})
        lost = self._lost_by_the_store(history)
        if lost:
            # A fail-over to a replica that was behind: what was acknowledged is written again.
            _log.warning(
                "call %s: the store lost %d events; writing them again",
                self._call.id,
                len(lost),
                extra={"call": self._call.id},
            )
            del self._written[-len(lost) :]
            self._waiting.extendleft(reversed(lost))
            self._done -= len(lost)
            return True
        await self._go_on_from(history)
        return True

    def _lost_by_the_store(self, history: Sequence[Event]) -> list[Event]:
        kept = len(history) - self._started_at
        quiet = asyncio.get_running_loop().time() - self._acknowledged_at
        forgotten = not history and quiet > _FORGETTABLE_AFTER_SECONDS
        if forgotten or not 0 <= kept < len(self._written):
            return []
        ours = zip(history[self._started_at :], self._written, strict=False)
        if not all(codec.same(theirs, mine) for theirs, mine in ours):
            return []
        return self._written[kept:]

    async def _go_on_from(self, history: Sequence[Event]) -> None:
        call = Call.salvaged(self._call.id, history)
        # Nothing left although there was something: it was deleted.
        if call.state is CallState.ENDED or (not history and self._call.version):
            await self._give_way(call)
            return
        kept: list[Event] = []
        for event in self._waiting:
            try:
                call = call.after(event)
            except IllegalMove as error:
                self._dropped(event, str(error))
            else:
                kept.append(event)
        dropped = len(self._waiting) - len(kept)
        self._call = call
        self._started_at, self._written = len(history), []
        self._waiting = deque(kept)
        await self._moved_on(dropped)

    async def _give_way(self, call: Call) -> None:
        for event in self._waiting:
            self._dropped(event, "the call was ended elsewhere")
        dropped = len(self._waiting)
        self._waiting.clear()
        self._call = call
        self.ended_elsewhere.set()
        self._tell(Trouble.ENDED_ELSEWHERE)
        await self._moved_on(dropped)

    def _dropped(self, event: Event, why: str) -> None:
        _log.warning(
            "call %s: the event %s was dropped: %s",
            self._call.id,
            event.kind,
            why,
            extra={"call": self._call.id},
        )

    async def _went_away(self, error: StoreError) -> None:
        if self._away_since is not None:
            return
        self._away_since = self._clock()
        _log.warning("call %s: %s", self._call.id, error, extra={"call": self._call.id})
        self._tell(Trouble.STORE_AWAY)
        # Whoever waits for an acknowledgement need not use up all their patience.
        async with self._progress:
            self._progress.notify_all()

    async def _came_back(self) -> None:
        if self._away_since is None:
            return
        seconds = max(0.0, self._clock() - self._away_since)
        self._away_since = None
        _log.warning(
            "call %s: the store is back after %.1f s",
            self._call.id,
            seconds,
            extra={"call": self._call.id},
        )
        self._tell(Trouble.STORE_BACK)

    async def _pause(self, times: int) -> None:
        shortest, longest = _BACKOFF_SECONDS
        seconds = min(longest, shortest * 2 ** min(times, 10))
        # Jitter: many calls that lost one store should not all come back at one moment.
        await asyncio.sleep(seconds * random.uniform(0.5, 1.0))

    def _tell(self, trouble: Trouble) -> None:
        if self._on_trouble is not None:
            self._on_trouble(trouble)
