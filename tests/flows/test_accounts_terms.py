"""The arithmetic of the house: plans, bills and days."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import terms
from flows.accounts import Bill, BillLine, Change, Refusal, Refused

TODAY = date(2026, 11, 20)
DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
DEBTS = st.integers(6000, 10**8).map(lambda cents: Decimal(cents).scaleb(-2))
AMOUNTS = st.integers(-(10**6), 10**6).map(lambda cents: Decimal(cents).scaleb(-2))
LINES = st.lists(st.builds(BillLine, st.sampled_from("abcdef"), AMOUNTS), max_size=8)


def bill(lines: list[BillLine]) -> Bill:
    """A bill of which only the lines matter."""
    return Bill(first_day=TODAY, last_day=TODAY, lines=tuple(lines), issued=TODAY, due=TODAY)


@given(DEBTS, DAYS)
def test_instalments_always_sum_to_the_debt(debt: Decimal, today: date) -> None:
    """Not a cent is lost or invented, whatever the debt."""
    for plan in terms.plan_options(debt, today):
        amounts = [part.amount for part in plan.instalments]
        assert sum(amounts) == plan.debt == debt
        assert amounts == [plan.monthly] * (plan.months - 1) + [plan.last]
        assert 0 <= plan.last - plan.monthly < Decimal("0.01") * plan.months


@given(DEBTS, DAYS)
def test_instalments_are_a_month_apart(debt: Decimal, today: date) -> None:
    """Each one falls into the next calendar month and none before the first day."""
    for plan in terms.plan_options(debt, today):
        days = [part.day for part in plan.instalments]
        assert days[0] == plan.first_day > today
        months = [day.year * 12 + day.month for day in days]
        assert months == list(range(months[0], months[0] + plan.months))


def test_plans_run_over_two_to_six_months() -> None:
    """The options are the terms of the house, shortest first."""
    assert [plan.months for plan in terms.plan_options(Decimal("214.86"), TODAY)] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("debt", "why"),
    [
        ("59.99", Refusal.DEBT_TOO_SMALL),
        ("0", Refusal.NOTHING_OWED),
        ("-15", Refusal.NOTHING_OWED),
    ],
)
def test_a_small_debt_gets_no_plan(debt: str, why: Refusal) -> None:
    """Below sixty dollars a plan is refused, with words for the caller."""
    with pytest.raises(Refused) as refused:
        terms.plan_options(Decimal(debt), TODAY)
    assert refused.value.why is why


@pytest.mark.parametrize("months", [-1, 0, 1, 7])
def test_other_numbers_of_months_are_refused(months: int) -> None:
    """The refusal says what is possible."""
    with pytest.raises(Refused) as refused:
        terms.plan_for(Decimal(100), months, TODAY)
    assert refused.value.spoken == "A payment plan can run over two to six months."


@given(LINES, LINES)
def test_the_reasons_sum_to_the_change(before: list[BillLine], after: list[BillLine]) -> None:
    """What the lines add up to is exactly what the bill changed by."""
    change = terms.bill_change(bill(before), bill(after))
    assert sum(line.difference for line in change.lines) == change.difference
    assert change.difference == change.latest.total - change.previous.total
    assert all(line.difference for line in change.lines)


def test_each_kind_of_change_is_told_apart() -> None:
    """New, raised, lowered and dropped lines have their names; the same ones are left out."""
    before = [
        BillLine("kept", Decimal(5)),
        BillLine("up", Decimal(1)),
        BillLine("down", Decimal(9)),
    ]
    before.append(BillLine("discount", Decimal(-20)))
    after = [BillLine("kept", Decimal(5)), BillLine("up", Decimal(2)), BillLine("down", Decimal(6))]
    after.append(BillLine("fee", Decimal(8)))
    lines = terms.bill_change(bill(before), bill(after)).lines
    assert [(line.label, line.change, line.difference) for line in lines] == [
        ("discount", Change.DROPPED, Decimal(20)),
        ("fee", Change.NEW, Decimal(8)),
        ("down", Change.LOWERED, Decimal(-3)),
        ("up", Change.RAISED, Decimal(1)),
    ]


@pytest.mark.parametrize(
    ("owed", "amount", "days", "why"),
    [
        ("84.20", "0", 1, Refusal.NOT_AN_AMOUNT),
        ("84.20", "-5", 1, Refusal.NOT_AN_AMOUNT),
        ("84.20", "NaN", 1, Refusal.NOT_AN_AMOUNT),
        ("84.20", "Infinity", 1, Refusal.NOT_AN_AMOUNT),
        ("84.20", "10.005", 1, Refusal.NOT_AN_AMOUNT),
        ("84.20", "84.21", 1, Refusal.MORE_THAN_OWED),
        ("84.20", "1E+40", 1, Refusal.MORE_THAN_OWED),
        ("84.20", "84.20", -1, Refusal.DAY_PASSED),
        ("84.20", "84.20", 15, Refusal.DAY_TOO_FAR),
        ("0", "10", 1, Refusal.NOTHING_OWED),
        ("-15", "10", 1, Refusal.NOTHING_OWED),
    ],
)
def test_a_promise_outside_the_terms_is_refused(
    owed: str, amount: str, days: int, why: Refusal
) -> None:
    """Each rule has its own refusal and a whole sentence for the caller."""
    day = TODAY + timedelta(days=days)
    with pytest.raises(Refused) as refused:
        terms.check_promise(Decimal(owed), Decimal(amount), day, TODAY)
    assert refused.value.why is why
    assert refused.value.spoken.endswith(".")
    assert not refused.value.retry


def test_refusals_tell_the_limit_in_words() -> None:
    """A caller learns what would be possible."""
    with pytest.raises(Refused, match="up to eighty-four dollars and twenty cents"):
        terms.check_promise(Decimal("84.20"), Decimal(90), TODAY, TODAY)
    with pytest.raises(Refused, match="The latest day is Friday, December 4th"):
        terms.check_promise(Decimal("84.20"), Decimal(80), TODAY + timedelta(days=20), TODAY)


@pytest.mark.parametrize("days", [0, 14])
def test_a_promise_within_the_terms_passes(days: int) -> None:
    """Today and the fourteenth day are both allowed."""
    owed = Decimal("84.20")
    terms.check_promise(owed, owed, TODAY + timedelta(days=days), TODAY)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 11, 20), 2, date(2027, 1, 20)),
        (date(2027, 3, 31), -1, date(2027, 2, 28)),
        (date(2027, 1, 15), -1, date(2026, 12, 15)),
        (date(2026, 12, 5), 0, date(2026, 12, 5)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last(day: date, months: int, later: date) -> None:
    """Short months do not spill into the next."""
    assert terms.month_later(day, months) == later


@given(DAYS, st.integers(1, 20))
def test_people_do_not_work_on_sundays(day: date, days: int) -> None:
    """Due days and callbacks keep the day of rest."""
    assert terms.working_day_after(day, days).weekday() != 6
    assert all(slot.day.weekday() != 6 for slot in terms.windows(day + timedelta(days=days), day))


@pytest.mark.parametrize("about", ["", "  \n "])
def test_a_ticket_about_nothing_is_refused(about: str) -> None:
    """Whoever works on it would not know what to do."""
    with pytest.raises(Refused) as refused:
        terms.matter(about)
    assert refused.value.why is Refusal.MATTER_MISSING


def test_a_long_story_is_kept_short() -> None:
    """A ticket is one line of at most five hundred characters."""
    assert terms.matter("no\n  dial tone ") == "no dial tone"
    assert len(terms.matter("word " * 1000)) == 500
