"""Accounts: what the books know and do for a caller; money comes from here, never from a model.

Every method that tells something about an account takes an `Identity`, which only `identify` makes.
`key` makes a step safe to repeat: the same step for the same account with the same key is done
once, and every repetition returns the first result, whatever its other arguments. Amounts are
US dollars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from callcenter.domain.events import TicketKind
from flows.identity import AccountsError, Identity, Seal, Unproven
from sip import PhoneNumber

__all__ = [
    "Accounts", "AccountsError", "Balance", "Bill", "BillChange", "BillLine", "BookAway", "Change",
    "Identity", "Instalment", "LineChange", "LineReset", "LineStatus", "Outage", "Plan",
    "PlanTerms", "Promise", "Refusal", "Refused", "Seal", "Signal", "Slot", "Ticket", "Unproven",
]  # fmt: skip


class Refusal(StrEnum):
    """Which rule of the house said no."""

    NOTHING_OWED = "nothing_owed"
    NOT_AN_AMOUNT = "not_an_amount"
    MORE_THAN_OWED = "more_than_owed"
    DAY_PASSED = "day_passed"
    DAY_TOO_FAR = "day_too_far"
    DEBT_TOO_SMALL = "debt_too_small"
    MONTHS_NOT_OFFERED = "months_not_offered"
    PLAN_RUNNING = "plan_running"
    NO_BILL = "no_bill"
    NO_EARLIER_BILL = "no_earlier_bill"
    AREA_UNKNOWN = "area_unknown"
    OUTAGE_IN_AREA = "outage_in_area"
    RESET_OFTEN = "reset_often"
    NUMBER_MISSING = "number_missing"
    MATTER_MISSING = "matter_missing"
    SLOT_UNKNOWN = "slot_unknown"
    SLOT_TAKEN = "slot_taken"


class Refused(AccountsError):
    """A rule of the house says no; `.spoken` is a sentence made for the caller."""

    def __init__(self, why: Refusal, spoken: str) -> None:
        super().__init__(f"{why}: {spoken}")
        self.why = why
        self.spoken = spoken


class BookAway(AccountsError):
    """The books cannot be read or written; the message tells the operator what to do."""

    def __init__(self, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.retry = retry


# --- money ---


@dataclass(frozen=True, slots=True)
class BillLine:
    """One thing on a bill; a discount is negative."""

    label: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What was charged for the days from `first_day` to `last_day`."""

    first_day: date
    last_day: date
    lines: tuple[BillLine, ...]
    issued: date
    due: date

    @property
    def total(self) -> Decimal:
        """The sum of the lines: a bill cannot disagree with itself."""
        return sum((line.amount for line in self.lines), Decimal(0))


class Change(StrEnum):
    """What happened to a line between two bills."""

    NEW = "new"
    RAISED = "raised"
    LOWERED = "lowered"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """A line that differs; `before` is zero where it is new, `after` where it was dropped.

    A dropped discount goes from minus twenty to zero: its `difference` is plus twenty.
    """

    label: str
    change: Change
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        """How much this line adds to the bill."""
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class BillChange:
    """Why the latest bill differs from the one before; `lines` has the weightiest first."""

    previous: Bill
    latest: Bill
    lines: tuple[LineChange, ...]

    @property
    def difference(self) -> Decimal:
        """The latest total less the previous one; always the sum of the lines' differences."""
        return self.latest.total - self.previous.total


@dataclass(frozen=True, slots=True)
class Promise:
    """The customer will pay `amount` on `day`."""

    reference: str
    amount: Decimal
    day: date


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment of a plan."""

    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """A debt in equal monthly payments; cents that do not divide are in the last one."""

    debt: Decimal
    months: int
    monthly: Decimal
    last: Decimal
    first_day: date
    instalments: tuple[Instalment, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A payment plan that was agreed."""

    reference: str
    terms: PlanTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What is owed (negative: a credit), and until when.

    `due` is the earliest day of an unpaid bill, or None if nothing is owed; with `autopay` the
    amount is collected on that day. `overdue` is false while a plan runs.
    """

    owed: Decimal
    due: date | None
    overdue: bool
    autopay: bool
    promise: Promise | None = None
    plan: Plan | None = None


# --- the line ---


class Signal(StrEnum):
    """How well a modem hears us."""

    GOOD = "good"
    WEAK = "weak"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A disturbance that everyone in an area has."""

    area: str
    zip_codes: tuple[str, ...]
    services: tuple[str, ...]
    cause: str
    since: date
    expected_day: date
    expected_time: time


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStatus:
    """What the network sees of a customer's modem."""

    online: bool
    signal: Signal
    seen_ago: timedelta
    resets_today: int
    outage: Outage | None = None


@dataclass(frozen=True, slots=True)
class LineReset:
    """The modem was restarted; the line is back, if it comes back, after `ready_in`."""

    reference: str
    ready_in: timedelta


# --- what a person does later ---


@dataclass(frozen=True, slots=True)
class Slot:
    """A window in which a person can call back."""

    day: date
    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Something a person has to do until `due`; `number` is digits that can be read aloud."""

    number: str
    kind: TicketKind
    about: str
    due: date
    slot: Slot | None = None


class Accounts(Protocol):
    """The books of the company. Refused: a rule says no. BookAway: the books cannot be used."""

    async def identify(
        self,
        account_number: str,
        *,
        pin: str | None = None,
        date_of_birth: date | None = None,
    ) -> Identity | None:
        """The proven customer; None for an unknown account, a wrong answer or no answer at all.

        If both PIN and date of birth are given, both must be right. Too many wrong answers for an
        account on one day close it to `identify` until tomorrow, which also looks like None.
        """
        ...

    async def balance(self, identity: Identity) -> Balance:
        """What the customer owes now."""
        ...

    async def last_bill(self, identity: Identity) -> Bill:
        """The latest bill."""
        ...

    async def why_it_rose(self, identity: Identity) -> BillChange:
        """The latest bill against the one before, line by line; also if it fell."""
        ...

    async def promise_to_pay(
        self, identity: Identity, amount: Decimal, day: date, *, key: str
    ) -> Promise:
        """Note that the customer will pay; a later promise replaces an earlier one."""
        ...

    async def payment_plan_options(self, identity: Identity) -> list[PlanTerms]:
        """The plans on offer, shortest first; the instalments of each sum to the debt exactly."""
        ...

    async def start_payment_plan(self, identity: Identity, months: int, *, key: str) -> Plan:
        """Agree on one of the offered plans."""
        ...

    async def open_dispute(self, identity: Identity, about: str, *, key: str) -> Ticket:
        """Have a person look at a charge the customer contests."""
        ...

    async def outage(self, area: str) -> Outage | None:
        """The known outage of a ZIP code or town; public. Refused if we do not serve the area."""
        ...

    async def line_status(self, identity: Identity) -> LineStatus:
        """What the network sees of the customer's modem."""
        ...

    async def reset_line(self, identity: Identity, *, key: str) -> LineReset:
        """Restart the customer's modem; the connection drops for some minutes."""
        ...

    async def open_repair(
        self,
        identity: Identity | None,
        summary: str,
        *,
        key: str,
        callback: PhoneNumber | None = None,
    ) -> Ticket:
        """Send a technician; without an identity a number to call back is needed."""
        ...

    async def callback_slots(self, day: date) -> Sequence[Slot]:
        """The windows of a day in which a person can still call back; empty if there are none."""
        ...

    async def book_callback(
        self, slot: Slot, number: PhoneNumber | None, about: str, *, key: str
    ) -> Ticket:
        """Promise that a person calls `number` in that window."""
        ...
