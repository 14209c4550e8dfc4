"""Record: everything that is written down of a live call, and who is told of it."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable

from callcenter.domain.call import Call, CallId, new_call_id
from callcenter.domain.errors import CallEnded, JournalFull
from callcenter.domain.events import Event, FactLearned, TicketKind, TicketOpened
from callcenter.domain.privacy import masked
from callcenter.floor.voice import Conduct
from callcenter.store import Store
from callcenter.store.journal import Journal


class Record:
    """The call as its events, in this process; digits are masked before they get here."""

    def __init__(
        self,
        store: Store,
        conduct: Conduct,
        *,
        clock: Callable[[], float] = time.time,
        call_id: CallId | None = None,
    ) -> None:
        self.id = call_id or new_call_id()
        self.conduct = conduct
        self.log = logging.LoggerAdapter(logging.getLogger("callcenter.call"), {"call": self.id})
        self._clock = clock
        self._journal = Journal(
            store,
            Call(self.id),
            bound=conduct.store_buffer,
            patience=conduct.store_patience,
        )
        self._watchers: list[Callable[[Event], None]] = []

    @property
    def call(self) -> Call:
        """The call as it stands in this process."""
        return self._journal.call

    def now(self) -> float:
        """The time of the next event; never before the last one, whatever the clock does."""
        return max(self._clock(), self.call.last_at)

    def watch(self, watcher: Callable[[Event], None]) -> None:
        """Call `watcher` with every event as it happens."""
        self._watchers.append(watcher)

    async def written(self) -> bool:
        """Wait until the store has acknowledged everything so far; False if it does not."""
        return await self._journal.settled(self.conduct.store_patience)

    def note(self, event: Event) -> None:
        """Write down what happened without moving the call."""
        try:
            self._journal.note(event)
        except CallEnded:
            self.log.debug("too late to note %s", event.kind)
            return
        except JournalFull as trouble:
            self._store_is_lost(trouble)
            return
        self._tell(event)

    def learn(self, name: str, value: str) -> None:
        """Remember a fact for the next desk; saying it twice writes it once."""
        if self.call.facts.get(name) != value:
            self.note(FactLearned(at=self.now(), name=name, value=value))

    def open_ticket(
        self,
        topic: TicketKind,
        summary: str,
        *,
        ticket: str = "",
        due: str = "",
        number: str | None = None,
    ) -> str:
        """Write down what somebody has to do after the call; returns the ticket's number."""
        ticket = ticket or f"T-{secrets.randbelow(900_000) + 100_000}"
        self.note(
            TicketOpened(
                at=self.now(),
                ticket=ticket,
                topic=topic,
                summary=masked(summary),
                due=due,
                number=number,
            )
        )
        return ticket

    async def _move(self, event: Event) -> None:
        """The only way to change where a call stands: check the table, then append."""
        try:
            await self._journal.record(event)
        except JournalFull as trouble:
            self._store_is_lost(trouble)
            return
        self._tell(event)

    def _tell(self, event: Event) -> None:
        for watcher in self._watchers:
            try:
                watcher(event)
            except Exception:  # a terminal that went away must not end a call
                self.log.exception("a watcher failed")

    def _store_is_lost(self, trouble: JournalFull) -> None:
        """Too many events wait for a store that does not come back."""
        raise NotImplementedError
