"""What the demo accounts tell and do, and to whom."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import AsyncIterator
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from callcenter.domain.events import TicketKind
from flows import demo_accounts
from flows.accounts import Accounts, Change, Identity, Refusal, Refused, Signal, Slot, Unproven
from flows.demo_accounts import DemoAccounts
from flows.demo_accounts.customers import AREAS, CUSTOMERS, Customer
from flows.demo_accounts.door import WRONG_ANSWERS_A_DAY
from sip import PhoneNumber

pytestmark = pytest.mark.asyncio

TODAY = date(2026, 11, 20)  # a Friday
DANA, MARCUS, PRIYA, TOM, GRACE, HECTOR, MEI, WALTER, RUTH, AISHA = CUSTOMERS
PHONE = PhoneNumber("+12065550142")


class Calendar:
    """A day that tests can turn."""

    def __init__(self) -> None:
        self.day = TODAY

    def __call__(self) -> date:
        """The day it is."""
        return self.day


@pytest.fixture
def calendar() -> Calendar:
    """The day it is for the book."""
    return Calendar()


@pytest_asyncio.fixture
async def accounts(calendar: Calendar) -> AsyncIterator[DemoAccounts]:
    """A fresh book in memory."""
    with DemoAccounts(today=calendar) as book:
        yield book


async def known(accounts: Accounts, customer: Customer) -> Identity:
    """The identity of a demo customer."""
    identity = await accounts.identify(customer.account, pin=customer.pin)
    assert identity is not None
    return identity


# --- who is calling ---


@pytest.mark.parametrize("customer", CUSTOMERS, ids=lambda customer: customer.first_name)
async def test_every_customer_is_known_by_pin_or_date_of_birth(
    accounts: DemoAccounts, customer: Customer
) -> None:
    """Either answer proves the same customer."""
    by_pin = await accounts.identify(customer.account, pin=customer.pin)
    by_birth = await accounts.identify(customer.account, date_of_birth=customer.born)
    assert by_pin == by_birth
    assert by_pin is not None
    assert by_pin.full_name == f"{customer.first_name} {customer.last_name}"
    assert by_pin.last_four == customer.account[-4:]


async def test_the_table_of_demo_accounts_is_true() -> None:
    """Whoever tries the demo finds account, PIN, birthday, name and number as documented."""
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")][:5]
        for line in (demo_accounts.__doc__ or "").splitlines()
        if re.match(r"\| \d", line)
    ]
    assert rows == [
        [
            f"{customer.account[:3]} {customer.account[3:]}",
            customer.pin,
            customer.born.isoformat(),
            f"{customer.first_name} {customer.last_name}",
            re.sub(r"\+1(...)(...)", r"\1-\2-", customer.phone),
        ]
        for customer in CUSTOMERS
    ]


async def test_numbers_may_be_said_with_gaps(accounts: DemoAccounts) -> None:
    """Ears and keypads write "447-122" or "4 4 7 1 2 2"."""
    assert await accounts.identify("447-122", pin="48 21")


async def test_unknown_account_and_wrong_answers_look_the_same(accounts: DemoAccounts) -> None:
    """A stranger never learns which accounts exist."""
    assert await accounts.identify("000000", pin=DANA.pin) is None
    assert await accounts.identify("", pin="") is None
    assert await accounts.identify(DANA.account, pin="0000") is None
    assert await accounts.identify(DANA.account, pin="") is None
    assert await accounts.identify(DANA.account, date_of_birth=date(1984, 3, 13)) is None


async def test_no_answer_proves_nothing(accounts: DemoAccounts) -> None:
    """An account number alone is printed on every bill."""
    assert await accounts.identify(DANA.account) is None


async def test_two_answers_must_both_be_right(accounts: DemoAccounts) -> None:
    """A right date of birth does not excuse a wrong PIN."""
    assert await accounts.identify(DANA.account, pin="0000", date_of_birth=DANA.born) is None
    assert await accounts.identify(DANA.account, pin=DANA.pin, date_of_birth=MARCUS.born) is None
    assert await accounts.identify(DANA.account, pin=DANA.pin, date_of_birth=DANA.born)


async def test_an_account_closes_after_many_wrong_answers_until_tomorrow(
    accounts: DemoAccounts, calendar: Calendar
) -> None:
    """Calling again and again does not help to try out all PINs."""
    for _ in range(WRONG_ANSWERS_A_DAY):
        assert await accounts.identify(DANA.account, pin="0000") is None
    assert await accounts.identify(DANA.account, pin=DANA.pin) is None
    assert await accounts.identify(MARCUS.account, pin=MARCUS.pin)
    calendar.day += timedelta(days=1)
    assert await accounts.identify(DANA.account, pin=DANA.pin)


async def test_a_right_answer_forgives_the_wrong_ones(accounts: DemoAccounts) -> None:
    """A customer who mistypes now and then is never shut out."""
    for _ in range(2):
        for _ in range(WRONG_ANSWERS_A_DAY - 1):
            await accounts.identify(DANA.account, pin="0000")
        assert await accounts.identify(DANA.account, pin=DANA.pin)


async def test_a_forged_identity_opens_nothing(accounts: DemoAccounts) -> None:
    """Knowing all the words of an identity is not enough to make one."""
    dana = await known(accounts, DANA)
    with DemoAccounts(today=lambda: TODAY) as another:
        forgeries = [
            Identity(DANA.account, "Dana", "Dana Whitfield"),
            Identity(DANA.account, "Dana", "Dana Whitfield", bytes(32)),
            dataclasses.replace(dana, account_number=MARCUS.account),
            dataclasses.replace(dana, full_name="Somebody Else"),
            await known(another, DANA),
        ]
    for forged in forgeries:
        for step in (
            accounts.balance(forged),
            accounts.last_bill(forged),
            accounts.why_it_rose(forged),
            accounts.promise_to_pay(forged, Decimal(1), TODAY, key="k"),
            accounts.payment_plan_options(forged),
            accounts.start_payment_plan(forged, 2, key="k"),
            accounts.open_dispute(forged, "fee", key="k"),
            accounts.line_status(forged),
            accounts.reset_line(forged, key="k"),
            accounts.open_repair(forged, "no line", key="k", callback=PHONE),
        ):
            with pytest.raises(Unproven):
                await step


async def test_an_identity_hides_itself_when_printed(accounts: DemoAccounts) -> None:
    """Neither the account nor the proof may reach a log."""
    dana = await known(accounts, DANA)
    assert repr(dana) == f"{dana}" == "Identity(••7122)"


# --- money ---


@pytest.mark.parametrize(
    ("customer", "owed", "but"),
    [
        (DANA, "84.20", set()),
        (MARCUS, "0", set()),
        (PRIYA, "214.86", {"overdue"}),
        (TOM, "64.99", {"autopay"}),
        (WALTER, "-15.00", set()),
        (RUTH, "38.50", {"overdue"}),
    ],
    ids=lambda value: getattr(value, "first_name", None),
)
async def test_the_balance_is_what_the_bills_say(
    accounts: DemoAccounts, customer: Customer, owed: str, but: set[str]
) -> None:
    """Unpaid bills less what was paid too much."""
    balance = await accounts.balance(await known(accounts, customer))
    assert balance.owed == Decimal(owed)
    assert (balance.overdue, balance.autopay) == ("overdue" in but, "autopay" in but)
    assert (balance.due is None) == (balance.owed <= 0)
    assert (balance.due is not None and balance.due < TODAY) == balance.overdue


@pytest.mark.parametrize("years", [0, 1, 30])
async def test_the_demo_never_ages(accounts: DemoAccounts, calendar: Calendar, years: int) -> None:
    """Whenever it is opened, the bills are recent and the same people are overdue."""
    calendar.day = TODAY.replace(year=TODAY.year + years)
    for customer in CUSTOMERS:
        identity = await known(accounts, customer)
        bill = await accounts.last_bill(identity)
        assert timedelta(0) < calendar.day - bill.issued < timedelta(days=28)
        assert bill.first_day < bill.last_day < bill.issued < bill.due
        assert (await accounts.balance(identity)).overdue == (customer in (PRIYA, RUTH))


async def test_a_risen_bill_is_explained_to_the_cent(accounts: DemoAccounts) -> None:
    """The discount that ended and the late fee are found by the book, not by a model."""
    change = await accounts.why_it_rose(await known(accounts, DANA))
    assert change.difference == Decimal("28.80")
    assert [(line.label, line.change, line.difference) for line in change.lines] == [
        ("Welcome discount", Change.DROPPED, Decimal("20.00")),
        ("Late fee", Change.NEW, Decimal("8.00")),
        ("Taxes and fees", Change.RAISED, Decimal("0.80")),
    ]
    assert change.latest == await accounts.last_bill(await known(accounts, DANA))
    assert change.previous.last_day + timedelta(days=1) == change.latest.first_day


async def test_a_first_bill_has_nothing_to_compare_with(accounts: DemoAccounts) -> None:
    """A new customer hears that, not an error."""
    with pytest.raises(Refused) as refused:
        await accounts.why_it_rose(await known(accounts, AISHA))
    assert refused.value.why is Refusal.NO_EARLIER_BILL


async def test_a_promise_is_noted_once_however_often_it_is_sent(accounts: DemoAccounts) -> None:
    """A repeated key returns the first result, even with other arguments."""
    dana = await known(accounts, DANA)
    day = TODAY + timedelta(days=3)
    first = await accounts.promise_to_pay(dana, Decimal("84.20"), day, key="call:promise")
    again = await accounts.promise_to_pay(dana, Decimal("84.20"), day, key="call:promise")
    other = await accounts.promise_to_pay(dana, Decimal(999), TODAY, key="call:promise")
    assert first == again == other
    assert (await accounts.balance(dana)).promise == first


async def test_the_same_key_of_two_customers_does_not_mix_them(accounts: DemoAccounts) -> None:
    """A key counts within an account, so it can never show somebody else's promise."""
    dana, tom = await known(accounts, DANA), await known(accounts, TOM)
    hers = await accounts.promise_to_pay(dana, Decimal(50), TODAY, key="k")
    his = await accounts.promise_to_pay(tom, Decimal(20), TODAY, key="k")
    assert (hers.amount, his.amount) == (Decimal(50), Decimal(20))
    assert hers.reference != his.reference


async def test_a_later_promise_replaces_an_earlier_one(accounts: DemoAccounts) -> None:
    """People change their minds; the last word counts."""
    dana = await known(accounts, DANA)
    await accounts.promise_to_pay(dana, Decimal(50), TODAY, key="one")
    second = await accounts.promise_to_pay(dana, Decimal(30), TODAY, key="two")
    assert (await accounts.balance(dana)).promise == second


async def test_a_promise_whose_day_has_passed_is_no_longer_told(
    accounts: DemoAccounts, calendar: Calendar
) -> None:
    """An old promise does not look like a new one."""
    dana = await known(accounts, DANA)
    await accounts.promise_to_pay(dana, Decimal(50), TODAY, key="k")
    calendar.day += timedelta(days=1)
    assert (await accounts.balance(dana)).promise is None


async def test_a_refused_promise_leaves_no_trace(accounts: DemoAccounts) -> None:
    """After a refusal the same key can be used for a better offer."""
    dana = await known(accounts, DANA)
    with pytest.raises(Refused):
        await accounts.promise_to_pay(dana, Decimal(100), TODAY, key="k")
    assert (await accounts.balance(dana)).promise is None
    assert (await accounts.promise_to_pay(dana, Decimal(10), TODAY, key="k")).amount == 10


async def test_a_plan_settles_an_overdue_debt(accounts: DemoAccounts) -> None:
    """Once agreed, nothing is overdue, and the next instalment is what is due."""
    priya = await known(accounts, PRIYA)
    options = await accounts.payment_plan_options(priya)
    plan = await accounts.start_payment_plan(priya, 4, key="k")
    assert plan.terms == options[2]
    assert [str(part.amount) for part in plan.terms.instalments] == [
        "53.71", "53.71", "53.71", "53.73",
    ]  # fmt: skip
    balance = await accounts.balance(priya)
    assert (balance.overdue, balance.due, balance.plan) == (False, plan.terms.first_day, plan)


async def test_a_plan_starts_once_and_shuts_out_a_second(accounts: DemoAccounts) -> None:
    """The same key returns the plan; another one is refused while it runs."""
    priya = await known(accounts, PRIYA)
    plan = await accounts.start_payment_plan(priya, 3, key="k")
    assert await accounts.start_payment_plan(priya, 3, key="k") == plan
    for step in (
        accounts.start_payment_plan(priya, 3, key="other"),
        accounts.payment_plan_options(priya),
        accounts.promise_to_pay(priya, Decimal(10), TODAY, key="other"),
    ):
        with pytest.raises(Refused) as refused:
            await step
        assert refused.value.why is Refusal.PLAN_RUNNING


async def test_a_plan_ends_with_its_last_instalment(
    accounts: DemoAccounts, calendar: Calendar
) -> None:
    """The demo can be told again some months later."""
    priya = await known(accounts, PRIYA)
    plan = await accounts.start_payment_plan(priya, 2, key="k")
    calendar.day = plan.terms.instalments[-1].day
    due = await accounts.balance(priya)
    assert (due.plan, due.due) == (plan, calendar.day)
    calendar.day += timedelta(days=1)
    assert (await accounts.balance(priya)).plan is None


async def test_a_small_debt_is_refused_a_plan_in_words(accounts: DemoAccounts) -> None:
    """The caller hears why."""
    with pytest.raises(Refused, match="Payment plans start at sixty dollars"):
        await accounts.payment_plan_options(await known(accounts, RUTH))


# --- the line ---


@pytest.mark.parametrize(
    "area", ["98702", "9 8 7 0 3", "98702-1234", "Fairhaven", "in fairhaven, please", "FAIRHAVEN"]
)
async def test_an_outage_is_found_by_zip_code_or_town(accounts: DemoAccounts, area: str) -> None:
    """However the place is said, nobody has to identify to hear about it."""
    outage = await accounts.outage(area)
    assert outage is not None
    assert outage.zip_codes == ("98702", "98703")
    assert (outage.since, outage.expected_time) == (TODAY, time(12))
    assert outage.expected_day == TODAY + timedelta(days=1)


@pytest.mark.parametrize("area", ["98701", "Alder Bay", "stony creek"])
async def test_a_place_without_outage_has_none(accounts: DemoAccounts, area: str) -> None:
    """All is well there."""
    assert await accounts.outage(area) is None


@pytest.mark.parametrize("area", ["", "90210", "Springfield", "haven"])
async def test_an_unknown_place_is_not_told_that_all_is_well(
    accounts: DemoAccounts, area: str
) -> None:
    """A misheard town must lead to a question, not to a false "no outage"."""
    with pytest.raises(Refused) as refused:
        await accounts.outage(area)
    assert refused.value.why is Refusal.AREA_UNKNOWN


async def test_every_customer_lives_where_we_serve() -> None:
    """The demo's people and places fit together."""
    assert {customer.zip_code for customer in CUSTOMERS} <= AREAS.keys()


async def test_a_reset_brings_a_stuck_modem_back_for_the_day(
    accounts: DemoAccounts, calendar: Calendar
) -> None:
    """Hector's line heals, and is ill again for the next demo."""
    hector = await known(accounts, HECTOR)
    before = await accounts.line_status(hector)
    assert (before.online, before.signal) == (False, Signal.NONE)
    done = await accounts.reset_line(hector, key="k")
    assert await accounts.reset_line(hector, key="k") == done
    after = await accounts.line_status(hector)
    assert (after.online, after.signal, after.resets_today) == (True, Signal.GOOD, 1)
    calendar.day += timedelta(days=1)
    assert not (await accounts.line_status(hector)).online


async def test_a_reset_does_not_cure_a_bad_cable(accounts: DemoAccounts) -> None:
    """Mei's line needs a technician, and the third reset of a day is refused."""
    mei = await known(accounts, MEI)
    for key in ("one", "two"):
        await accounts.reset_line(mei, key=key)
    assert (await accounts.line_status(mei)).signal is Signal.WEAK
    with pytest.raises(Refused) as refused:
        await accounts.reset_line(mei, key="three")
    assert refused.value.why is Refusal.RESET_OFTEN


async def test_no_reset_during_an_outage(accounts: DemoAccounts) -> None:
    """It would only cost the caller time."""
    grace = await known(accounts, GRACE)
    status = await accounts.line_status(grace)
    assert status.outage == await accounts.outage("Fairhaven")
    with pytest.raises(Refused, match="outage in Fairhaven"):
        await accounts.reset_line(grace, key="k")


# --- what a person does later ---


async def test_a_dispute_is_opened_once(accounts: DemoAccounts) -> None:
    """A repeated key gives the ticket that is there; another key another one."""
    dana = await known(accounts, DANA)
    ticket = await accounts.open_dispute(dana, "the late fee", key="k")
    assert await accounts.open_dispute(dana, "the late fee again", key="k") == ticket
    assert (await accounts.open_dispute(dana, "taxes", key="other")).number != ticket.number
    assert (ticket.kind, ticket.about) == (TicketKind.DISPUTE, "the late fee")
    assert ticket.number.isdigit()
    assert ticket.due == date(2026, 11, 26)  # five days of work, over a Sunday


async def test_a_stranger_can_report_a_fault_with_a_number(accounts: DemoAccounts) -> None:
    """No account is needed, but we must be able to call back."""
    with pytest.raises(Refused) as refused:
        await accounts.open_repair(None, "cable down", key="k")
    assert refused.value.why is Refusal.NUMBER_MISSING
    ticket = await accounts.open_repair(None, "cable down", key="k", callback=PHONE)
    assert await accounts.open_repair(None, "cable down", key="k", callback=PHONE) == ticket
    assert ticket.kind is TicketKind.REPAIR


async def test_a_customer_is_called_on_their_own_number(accounts: DemoAccounts) -> None:
    """A known caller need not give a number for a repair."""
    ticket = await accounts.open_repair(await known(accounts, MEI), "weak signal", key="k")
    assert ticket.due == TODAY + timedelta(days=3)  # two days of work, over a Sunday


async def test_callbacks_are_from_tomorrow_on_and_never_on_sundays(
    accounts: DemoAccounts,
) -> None:
    """Only days on which somebody works are offered."""
    offered = [
        bool(await accounts.callback_slots(TODAY + timedelta(days=n))) for n in range(-1, 16)
    ]
    sundays = (2, 9)
    assert offered == [0 < n <= 14 and n not in sundays for n in range(-1, 16)]


async def test_a_full_window_is_refused_and_no_longer_offered(accounts: DemoAccounts) -> None:
    """Three callers have a place; the fourth hears that the time is taken."""
    slot = (await accounts.callback_slots(TODAY + timedelta(days=1)))[0]
    tickets = [await accounts.book_callback(slot, PHONE, "wifi", key=f"k{n}") for n in range(3)]
    assert len({ticket.number for ticket in tickets}) == 3
    assert await accounts.book_callback(slot, PHONE, "wifi", key="k2") == tickets[2]
    assert slot not in await accounts.callback_slots(slot.day)
    with pytest.raises(Refused) as refused:
        await accounts.book_callback(slot, PHONE, "wifi", key="k3")
    assert refused.value.why is Refusal.SLOT_TAKEN


async def test_an_invented_window_is_refused(accounts: DemoAccounts) -> None:
    """A model cannot book a night or a Sunday."""
    for slot in (
        Slot(TODAY + timedelta(days=1), time(3), time(5)),
        Slot(TODAY + timedelta(days=2), time(9), time(11)),
        Slot(TODAY, time(9), time(11)),
    ):
        with pytest.raises(Refused) as refused:
            await accounts.book_callback(slot, PHONE, "wifi", key="k")
        assert refused.value.why is Refusal.SLOT_UNKNOWN


async def test_a_callback_needs_a_number(accounts: DemoAccounts) -> None:
    """A withheld number cannot be called."""
    slot = (await accounts.callback_slots(TODAY + timedelta(days=1)))[0]
    with pytest.raises(Refused) as refused:
        await accounts.book_callback(slot, None, "wifi", key="k")
    assert refused.value.why is Refusal.NUMBER_MISSING


async def test_the_demo_book_keeps_the_promises_of_accounts(accounts: DemoAccounts) -> None:
    """Whatever is written against Accounts works with the demo; steps may overlap."""
    book: Accounts = accounts
    dana = await known(book, DANA)
    same = [book.promise_to_pay(dana, Decimal(5), TODAY, key="k") for _ in range(5)]
    assert len(set(await asyncio.gather(*same))) == 1
