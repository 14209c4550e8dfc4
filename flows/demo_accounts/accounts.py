"""DemoAccounts: the promises of `Accounts`, kept by a small SQLite book."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from flows import terms
from flows.accounts import (
    Balance,
    Bill,
    BillChange,
    BillLine,
    Identity,
    LineReset,
    LineStatus,
    Outage,
    Plan,
    PlanTerms,
    Promise,
    Refusal,
    Refused,
    Seal,
    Signal,
    Slot,
    Ticket,
    Unproven,
)
from flows.demo_accounts.book import MEMORY, DemoBook, cents, dollars
from flows.demo_accounts.door import Door, only_digits
from flows.demo_accounts.tickets import Tickets
from sip import PhoneNumber

DAYS_TO_PAY = 21
RESETS_A_DAY = 2
RESET_TAKES = timedelta(minutes=3)

_Step = Literal["promise", "plan", "line_reset"]


class DemoAccounts:
    """`Accounts` over a DemoBook; `today` decides what every day in the book means."""

    def __init__(
        self, path: str | Path = MEMORY, *, today: Callable[[], date] = date.today
    ) -> None:
        self._book = DemoBook(path)
        self._today = today
        self._seal = Seal()
        self._door = Door(self._book, self._seal, today)
        self._tickets = Tickets(self._book, today)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()

    # --- who is calling ---

    async def identify(
        self,
        account_number: str,
        *,
        pin: str | None = None,
        date_of_birth: date | None = None,
    ) -> Identity | None:
        """The proven customer, or None."""
        return self._door.enter(account_number, pin, date_of_birth)

    # --- money ---

    async def balance(self, identity: Identity) -> Balance:
        """What the customer owes now."""
        return self._balance(self._customer(identity))

    async def last_bill(self, identity: Identity) -> Bill:
        """The latest bill."""
        bills = self._bills(self._customer(identity))
        if not bills:
            raise Refused(Refusal.NO_BILL, "There is no bill on this account yet.")
        return bills[0]

    async def why_it_rose(self, identity: Identity) -> BillChange:
        """The latest bill against the one before."""
        bills = self._bills(self._customer(identity))
        if len(bills) < 2:
            raise Refused(
                Refusal.NO_EARLIER_BILL,
                "There is no earlier bill on this account to compare with.",
            )
        return terms.bill_change(bills[1], bills[0])

    async def promise_to_pay(
        self, identity: Identity, amount: Decimal, day: date, *, key: str
    ) -> Promise:
        """Note that the customer will pay; a later promise replaces an earlier one."""
        customer = self._customer(identity)
        with self._book.writing():
            if done := self._done("promise", customer, key):
                return _promise(done)
            terms.check_promise(self._free_debt(customer), amount, day, self._today())
            reference = self._book.change(
                "INSERT INTO promise (account, key, cents, day) VALUES (?, ?, ?, ?)",
                (customer["account"], key, cents(amount), day.isoformat()),
            )
        return Promise(str(reference), dollars(cents(amount)), day)

    async def payment_plan_options(self, identity: Identity) -> list[PlanTerms]:
        """The plans on offer, shortest first."""
        return terms.plan_options(self._free_debt(self._customer(identity)), self._today())

    async def start_payment_plan(self, identity: Identity, months: int, *, key: str) -> Plan:
        """Agree on one of the offered plans."""
        customer = self._customer(identity)
        with self._book.writing():
            if done := self._done("plan", customer, key):
                return _plan(done)
            agreed = terms.plan_for(self._free_debt(customer), months, self._today())
            reference = self._book.change(
                "INSERT INTO plan (account, key, cents, months, first_day, last_day) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    customer["account"],
                    key,
                    cents(agreed.debt),
                    months,
                    agreed.first_day.isoformat(),
                    agreed.instalments[-1].day.isoformat(),
                ),
            )
        return Plan(str(reference), agreed)

    async def open_dispute(self, identity: Identity, about: str, *, key: str) -> Ticket:
        """Have a person look at a charge the customer contests."""
        return self._tickets.dispute(self._customer(identity)["account"], about, key)

    # --- the line ---

    async def outage(self, area: str) -> Outage | None:
        """The known outage of a ZIP code or town, or None if all is well there."""
        return self._outage(self._town(area))

    async def line_status(self, identity: Identity) -> LineStatus:
        """What the network sees of the customer's modem."""
        return self._line(self._customer(identity))

    async def reset_line(self, identity: Identity, *, key: str) -> LineReset:
        """Restart the customer's modem."""
        customer = self._customer(identity)
        with self._book.writing():
            if done := self._done("line_reset", customer, key):
                return LineReset(str(done["reference"]), RESET_TAKES)
            line = self._line(customer)
            if line.outage:
                raise Refused(
                    Refusal.OUTAGE_IN_AREA,
                    f"There is an outage in {line.outage.area}, so a restart would not help.",
                )
            if line.resets_today >= RESETS_A_DAY:
                raise Refused(
                    Refusal.RESET_OFTEN,
                    "We have already restarted that modem twice today. "
                    "A technician should look at it.",
                )
            reference = self._book.change(
                "INSERT INTO line_reset (account, key, day) VALUES (?, ?, ?)",
                (customer["account"], key, self._today().isoformat()),
            )
        return LineReset(str(reference), RESET_TAKES)

    # --- what a person does later ---

    async def open_repair(
        self,
        identity: Identity | None,
        summary: str,
        *,
        key: str,
        callback: PhoneNumber | None = None,
    ) -> Ticket:
        """Send a technician; a known customer is called on their own number if none is given."""
        phone = callback.e164 if callback else None
        if identity is None:
            return self._tickets.repair(None, summary, phone, key)
        customer = self._customer(identity)
        return self._tickets.repair(customer["account"], summary, phone or customer["phone"], key)

    async def callback_slots(self, day: date) -> list[Slot]:
        """The windows of a day that have a place left."""
        return self._tickets.free_slots(day)

    async def book_callback(
        self, slot: Slot, number: PhoneNumber | None, about: str, *, key: str
    ) -> Ticket:
        """Promise that a person calls `number` in that window."""
        return self._tickets.callback(slot, about, number.e164 if number else None, key)

    # --- reading the book ---

    def _customer(self, identity: Identity) -> sqlite3.Row:
        account = self._seal.account_of(identity)
        row = self._book.row("SELECT * FROM customer WHERE account = ?", (account,))
        if row is None:  # taken out of the book during the call
            raise Unproven
        return row

    def _bills(self, customer: sqlite3.Row) -> list[Bill]:
        lines: dict[int, list[BillLine]] = {}
        for row in self._book.rows(
            "SELECT * FROM bill_line WHERE account = ? ORDER BY age, place", (customer["account"],)
        ):
            lines.setdefault(row["age"], []).append(BillLine(row["label"], dollars(row["cents"])))
        latest = self._today() - timedelta(days=customer["issued_ago"])
        return [_bill(latest, age, tuple(lines[age])) for age in sorted(lines)]

    def _balance(self, customer: sqlite3.Row) -> Balance:
        today = self._today()
        unpaid = self._bills(customer)[: customer["unpaid"]]
        owed = terms.total_of(unpaid) - dollars(customer["credit_cents"])
        due = min((bill.due for bill in unpaid), default=None) if owed > 0 else None
        plan = _plan(row) if (row := self._running("plan", "last_day", customer)) else None
        if plan:
            due = next(part.day for part in plan.terms.instalments if part.day >= today)
        promise = _promise(row) if (row := self._running("promise", "day", customer)) else None
        return Balance(
            owed=owed,
            due=due,
            overdue=due is not None and due < today,
            autopay=bool(customer["autopay"]),
            promise=promise,
            plan=plan,
        )

    def _free_debt(self, customer: sqlite3.Row) -> Decimal:
        """What is owed, unless a plan already says how it is paid."""
        balance = self._balance(customer)
        if balance.plan:
            raise Refused(Refusal.PLAN_RUNNING, "There is already a payment plan for what is owed.")
        return balance.owed

    def _line(self, customer: sqlite3.Row) -> LineStatus:
        resets = len(
            self._book.rows(
                "SELECT reference FROM line_reset WHERE account = ? AND day = ?",
                (customer["account"], self._today().isoformat()),
            )
        )
        healed = resets > 0 and customer["reset_helps"]
        return LineStatus(
            online=bool(customer["online"] or healed),
            signal=Signal.GOOD if healed else Signal(customer["signal"]),
            seen_ago=timedelta(minutes=0 if healed else customer["seen_minutes"]),
            resets_today=resets,
            outage=self._outage(self._town(customer["zip_code"])),
        )

    def _town(self, area: str) -> str:
        """The town we serve under that name or ZIP code, however it was said."""
        digits, words = only_digits(area), f" {' '.join(re.findall(r'[a-z]+', area.casefold()))} "
        for row in self._book.rows("SELECT zip_code, town FROM area"):
            town = str(row["town"])
            if digits[:5] == row["zip_code"] or f" {town.casefold()} " in words:
                return town
        raise Refused(
            Refusal.AREA_UNKNOWN,
            "I can't find that place in our area. What is the ZIP code there?",
        )

    def _outage(self, town: str) -> Outage | None:
        row = self._book.row("SELECT * FROM outage WHERE town = ?", (town,))
        if row is None:
            return None
        codes = self._book.rows("SELECT zip_code FROM area WHERE town = ? ORDER BY 1", (town,))
        return Outage(
            area=town,
            zip_codes=tuple(code["zip_code"] for code in codes),
            services=tuple(row["services"].split(",")),
            cause=row["cause"],
            since=self._today() - timedelta(days=row["since_days"]),
            expected_day=self._today() + timedelta(days=row["back_in_days"]),
            expected_time=time.fromisoformat(row["back_at"]),
        )

    def _done(self, step: _Step, customer: sqlite3.Row, key: str) -> sqlite3.Row | None:
        """What the same step did before under this key."""
        return self._book.row(
            f"SELECT * FROM {step} WHERE account = ? AND key = ?",  # noqa: S608 - a Literal
            (customer["account"], key),
        )

    def _running(
        self,
        step: Literal["promise", "plan"],
        until: Literal["day", "last_day"],
        customer: sqlite3.Row,
    ) -> sqlite3.Row | None:
        """The newest promise or plan whose last day has not passed."""
        return self._book.row(
            f"SELECT * FROM {step} WHERE account = ? AND {until} >= ? "  # noqa: S608 - Literals
            "ORDER BY reference DESC LIMIT 1",
            (customer["account"], self._today().isoformat()),
        )


def _bill(latest: date, age: int, lines: tuple[BillLine, ...]) -> Bill:
    issued = terms.month_later(latest, -age)
    return Bill(
        first_day=terms.month_later(latest, -age - 1),
        last_day=issued - timedelta(days=1),
        lines=lines,
        issued=issued,
        due=issued + timedelta(days=DAYS_TO_PAY),
    )


def _promise(row: sqlite3.Row) -> Promise:
    return Promise(str(row["reference"]), dollars(row["cents"]), date.fromisoformat(row["day"]))


def _plan(row: sqlite3.Row) -> Plan:
    first_day = date.fromisoformat(row["first_day"])
    return Plan(
        str(row["reference"]), terms.plan_terms(dollars(row["cents"]), row["months"], first_day)
    )
