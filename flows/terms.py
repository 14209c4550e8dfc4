"""The terms of the house: what may be promised, how a debt is divided, why a bill rose."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, time, timedelta
from decimal import ROUND_DOWN, Decimal

from flows.accounts import (
    Bill,
    BillChange,
    Change,
    Instalment,
    LineChange,
    PlanTerms,
    Refusal,
    Refused,
    Slot,
)
from flows.wording import say_count, say_date, say_money, say_number

PROMISE_DAYS = 14
"""How far ahead a payment may be promised."""
PLAN_DEBT = Decimal(60)
"""The smallest debt that may be paid in instalments."""
PLAN_MONTHS = range(2, 7)
"""How many instalments there may be."""
PLAN_STARTS_AFTER = timedelta(days=7)
CALLBACK_DAYS = 14
"""How far ahead a callback may be booked."""
WINDOWS = tuple((time(hour), time(hour + 2)) for hour in (9, 11, 13, 15))
"""The windows of a working day in which people call back."""

_CENT = Decimal("0.01")
_SUNDAY = 6


def check_promise(owed: Decimal, amount: Decimal, day: date, today: date) -> None:
    """Refuse a promise that the house does not take."""
    if owed <= 0:
        raise Refused(Refusal.NOTHING_OWED, "There is nothing to pay at the moment.")
    if amount.is_finite() and amount > owed:
        raise Refused(
            Refusal.MORE_THAN_OWED,
            f"That is more than what is owed. I can note up to {say_money(owed)}.",
        )
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(_CENT):
        raise Refused(
            Refusal.NOT_AN_AMOUNT, "I need an amount in dollars and cents that is more than zero."
        )
    if day < today:
        raise Refused(
            Refusal.DAY_PASSED, "That day has already passed. I need a day from today on."
        )
    latest = today + timedelta(days=PROMISE_DAYS)
    if day > latest:
        raise Refused(
            Refusal.DAY_TOO_FAR,
            "I can note a payment at most two weeks ahead. "
            f"The latest day is {say_date(latest, today)}.",
        )


def plan_options(debt: Decimal, today: date) -> list[PlanTerms]:
    """Every plan for a debt, or a refusal if it is too small."""
    if debt <= 0:
        raise Refused(Refusal.NOTHING_OWED, "There is nothing to pay at the moment.")
    if debt < PLAN_DEBT:
        raise Refused(
            Refusal.DEBT_TOO_SMALL,
            f"Payment plans start at {say_money(PLAN_DEBT)}, and less than that is owed.",
        )
    first_day = today + PLAN_STARTS_AFTER
    return [plan_terms(debt, months, first_day) for months in PLAN_MONTHS]


def plan_for(debt: Decimal, months: int, today: date) -> PlanTerms:
    """The plan over so many months, or a refusal."""
    for terms in plan_options(debt, today):
        if terms.months == months:
            return terms
    raise Refused(
        Refusal.MONTHS_NOT_OFFERED,
        f"A payment plan can run over {say_number(PLAN_MONTHS[0])} "
        f"to {say_count('month', PLAN_MONTHS[-1])}.",
    )


def plan_terms(debt: Decimal, months: int, first_day: date) -> PlanTerms:
    """A debt divided into months; what does not divide goes into the last instalment."""
    monthly = (debt / months).quantize(_CENT, rounding=ROUND_DOWN)
    last = debt - monthly * (months - 1)
    amounts = [monthly] * (months - 1) + [last]
    return PlanTerms(
        debt=debt,
        months=months,
        monthly=monthly,
        last=last,
        first_day=first_day,
        instalments=tuple(
            Instalment(month_later(first_day, step), amount) for step, amount in enumerate(amounts)
        ),
    )


def bill_change(previous: Bill, latest: Bill) -> BillChange:
    """The lines that differ between two bills, the weightiest first."""
    before, after = _by_label(previous), _by_label(latest)
    lines = [
        _line_change(label, before.get(label), after.get(label))
        for label in dict.fromkeys((*after, *before))
        if before.get(label, Decimal(0)) != after.get(label, Decimal(0))
    ]
    lines.sort(key=lambda line: abs(line.difference), reverse=True)
    return BillChange(previous=previous, latest=latest, lines=tuple(lines))


def total_of(bills: Sequence[Bill]) -> Decimal:
    """What several bills come to."""
    return sum((bill.total for bill in bills), Decimal(0))


def windows(day: date, today: date) -> list[Slot]:
    """Every window of a day in which people call back: from tomorrow on, never on a Sunday."""
    if not today < day <= today + timedelta(days=CALLBACK_DAYS) or day.weekday() == _SUNDAY:
        return []
    return [Slot(day, start, end) for start, end in WINDOWS]


def matter(about: str) -> str:
    """What a ticket is about, on one line of a bounded length; refused if it says nothing."""
    words = " ".join(about.split())
    if not words:
        raise Refused(Refusal.MATTER_MISSING, "Please tell me in a few words what it is about.")
    return words[:500]


def month_later(day: date, months: int) -> date:
    """The same day so many months later (or earlier); the month's last day where it is short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def working_day_after(day: date, days: int) -> date:
    """The day after so many days of work; people here rest on Sundays only."""
    for _ in range(days):
        day += timedelta(days=2 if day.weekday() == _SUNDAY - 1 else 1)
    return day


def _by_label(bill: Bill) -> dict[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    for line in bill.lines:
        amounts[line.label] = amounts.get(line.label, Decimal(0)) + line.amount
    return amounts


def _line_change(label: str, before: Decimal | None, after: Decimal | None) -> LineChange:
    if before is None:
        change = Change.NEW
    elif after is None:
        change = Change.DROPPED
    else:
        change = Change.RAISED if after > before else Change.LOWERED
    return LineChange(
        label=label, change=change, before=before or Decimal(0), after=after or Decimal(0)
    )
