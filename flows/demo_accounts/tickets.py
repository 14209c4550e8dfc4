"""Tickets: what people of the company do after the call: disputes, repairs and callbacks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date, time

from callcenter.domain.events import TicketKind
from flows import terms
from flows.accounts import Refusal, Refused, Slot, Ticket
from flows.demo_accounts.book import DemoBook

PLACES_A_SLOT = 3
"""How many callers a window takes."""
DISPUTE_DAYS = 5
REPAIR_DAYS = 2


class Tickets:
    """Opens each ticket once for an account (None: a caller without one), kind and key."""

    def __init__(self, book: DemoBook, today: Callable[[], date]) -> None:
        self._book = book
        self._today = today

    def dispute(self, account: str, about: str, key: str) -> Ticket:
        """Somebody answers about a charge within five working days."""
        due = terms.working_day_after(self._today(), DISPUTE_DAYS)
        return self._open(TicketKind.DISPUTE, account, key, about, due)

    def repair(self, account: str | None, summary: str, phone: str | None, key: str) -> Ticket:
        """A technician calls within two working days."""
        due = terms.working_day_after(self._today(), REPAIR_DAYS)
        return self._open(TicketKind.REPAIR, account, key, summary, due, phone)

    def callback(self, slot: Slot, about: str, phone: str | None, key: str) -> Ticket:
        """Somebody calls in that window."""
        return self._open(TicketKind.CALLBACK, None, key, about, slot.day, phone, slot)

    def free_slots(self, day: date) -> list[Slot]:
        """The windows of a day that have a place left."""
        return [slot for slot in terms.windows(day, self._today()) if not self._is_full(slot)]

    def _open(
        self,
        kind: TicketKind,
        account: str | None,
        key: str,
        about: str,
        due: date,
        phone: str | None = None,
        slot: Slot | None = None,
    ) -> Ticket:
        with self._book.writing():
            done = self._book.row(
                "SELECT * FROM ticket WHERE coalesce(account, '') = ? AND kind = ? AND key = ?",
                (account or "", kind.value, key),
            )
            if done:
                return _ticket(done)
            if kind is not TicketKind.DISPUTE and not phone:
                raise Refused(Refusal.NUMBER_MISSING, "I need a number where we can reach you.")
            if slot:
                self._check(slot)
            about = terms.matter(about)
            hours = (slot.start.isoformat(), slot.end.isoformat()) if slot else (None, None)
            number = self._book.change(
                "INSERT INTO ticket (account, key, kind, about, due, phone, slot_start, slot_end) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (account, key, kind.value, about, due.isoformat(), phone, *hours),
            )
        return Ticket(number=str(number), kind=kind, about=about, due=due, slot=slot)

    def _check(self, slot: Slot) -> None:
        if slot not in terms.windows(slot.day, self._today()):
            raise Refused(Refusal.SLOT_UNKNOWN, "We don't call back at that time.")
        if self._is_full(slot):
            raise Refused(
                Refusal.SLOT_TAKEN, "That time has just been taken. Shall I look for another one?"
            )

    def _is_full(self, slot: Slot) -> bool:
        booked = self._book.rows(
            "SELECT number FROM ticket WHERE kind = ? AND due = ? AND slot_start = ?",
            (TicketKind.CALLBACK.value, slot.day.isoformat(), slot.start.isoformat()),
        )
        return len(booked) >= PLACES_A_SLOT


def _ticket(row: sqlite3.Row) -> Ticket:
    due = date.fromisoformat(row["due"])
    start, end = row["slot_start"], row["slot_end"]
    return Ticket(
        number=str(row["number"]),
        kind=TicketKind(row["kind"]),
        about=row["about"],
        due=due,
        slot=Slot(due, time.fromisoformat(start), time.fromisoformat(end)) if start else None,
    )
