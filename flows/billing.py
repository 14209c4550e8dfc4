"""Billing: balance, the last bill and why it rose, promises, payment plans, disputes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

from callcenter.domain.department import Department
from callcenter.domain.events import TicketKind
from callcenter.domain.hints import Ask
from callcenter.floor import Heard, Neighbour, Say, tool
from flows.accounts import Balance, Change, Identity, LineChange, PlanTerms
from flows.identifying import AccountDesk
from flows.terms import check_promise
from flows.wording import say_count, say_date, say_digits, say_list, say_money

BILLING = Department("billing")


class Billing(AccountDesk):
    """Talks about money: with figures from the books, word for word."""

    department = BILLING
    needs: ClassVar = {
        **AccountDesk.needs,
        "promise_ask": frozenset({"amount", "day"}),
        "bill": frozenset({"day", "lines", "total"}),
        "pay_how": frozenset({"amount"}),
        "plan_ask": frozenset({"plan"}),
        "dispute_opened": frozenset({"day", "ticket"}),
        "bill_same": frozenset({"total"}),
        "promise_noted": frozenset({"amount", "day"}),
        "plan_started": frozenset({"day", "plan"}),
        "balance_credit": frozenset({"amount"}),
        "balance_zero": frozenset(),
        "balance_autopay": frozenset({"amount", "day"}),
        "balance_overdue": frozenset({"amount", "day"}),
        "balance_due": frozenset({"amount", "day"}),
        "balance_plan": frozenset({"amount", "day"}),
        "bill_rose": frozenset({"difference", "reasons", "total"}),
        "bill_fell": frozenset({"difference", "reasons", "total"}),
        "plan_options": frozenset({"offers"}),
        "plan_not_offered": frozenset({"offers"}),
    }
    neighbour = Neighbour(
        serves="bills, payments, payment plans and charges that look wrong",
        callers_say=(
            "i have a question about my bill",
            "my bill is too high",
            "why is my bill so high",
            "i want to pay my bill",
            "i'd like to make a payment",
            "i can't pay my bill",
            "what do i owe",
            "what is my balance",
            "i want to dispute a charge",
            "there is a wrong charge on my bill",
            "i need a payment plan",
            "it's about my invoice",
        ),
    )

    @tool(
        "what is my balance",
        "how much do i owe",
        "what do i owe you",
        "do i owe anything",
        "when is my payment due",
        offer="your balance",
    )
    async def balance(self) -> Heard:
        """Tell the caller what they owe and until when."""
        return await self.with_identity(self._balance)

    @tool(
        "explain my last bill",
        "what is on my bill",
        "what am i paying for",
        "i have a question about my bill",
        "read me my bill",
        "break down my invoice",
        offer="your last bill",
    )
    async def explain_bill(self) -> Heard:
        """Read out the lines of the last bill."""
        return await self.with_identity(self._explain)

    @tool(
        "why is my bill so high",
        "my bill went up",
        "why did my bill go up",
        "my bill is higher than last month",
        "my bill is too high",
        "why am i paying more",
        "why has it risen",
    )
    async def why_it_rose(self) -> Heard:
        """Explain what changed between the last two bills."""
        return await self.with_identity(self._why)

    @tool(
        "i want to pay my bill",
        "i'd like to make a payment",
        "how can i pay",
        "i want to pay",
        "i can't pay my bill right now",
        offer="a payment",
    )
    async def pay(self) -> Heard:
        """Find out how the caller wants to pay what they owe."""
        return await self.with_identity(self._pay)

    @tool(
        "i will pay on friday",
        "i can pay next week",
        "i can pay fifty dollars tomorrow",
        "i could pay a part of it on monday",
        "i promise to pay",
        "put me down to pay on the first",
        "a promise to pay",
        "i'll pay it all later",
        "promise",
    )
    async def promise_to_pay(
        self,
        day: Annotated[date, Ask("On what day will you pay?")],
        amount: Annotated[Decimal | None, Ask("How much will you pay?")] = None,
    ) -> Heard:
        """Note that the caller will pay on a day; the whole debt unless they name an amount.

        Args:
            day: the day the caller will pay
            amount: how much in dollars, only if the caller named an amount
        """

        async def deed(identity: Identity) -> Heard:
            return await self._propose_promise(identity, day, amount)

        return await self.with_identity(deed)

    @tool(
        "i need a payment plan",
        "can i pay in instalments",
        "can i split it up",
        "split it into monthly payments",
        "a payment plan please",
        "the plan",
        "spread it over some months",
        offer="a payment plan",
    )
    async def payment_plan(
        self, months: Annotated[int | None, Ask("Over how many months?")] = None
    ) -> Heard:
        """Offer to split the debt into monthly payments.

        Args:
            months: over how many months, only if the caller said so
        """

        async def deed(identity: Identity) -> Heard:
            return await self._propose_plan(identity, months)

        return await self.with_identity(deed)

    @tool(
        "i want to dispute a charge",
        "this charge is wrong",
        "i never ordered that",
        "i didn't agree to that fee",
        "there is a mistake on my bill",
        "i don't recognise this charge",
        "i want to complain about a fee",
        offer="a charge that looks wrong",
    )
    async def dispute(
        self,
        about: Annotated[
            str, Ask("Which charge is it, and what is wrong with it?", expects="words")
        ],
    ) -> Heard:
        """Open a ticket so that a person looks at a charge.

        Args:
            about: which charge and what is wrong with it, in the caller's words
        """

        async def deed(identity: Identity) -> Heard:
            return await self._dispute(identity, about)

        return await self.with_identity(deed)

    async def _balance(self, identity: Identity) -> Heard:
        balance = await self.accounts.balance(identity)
        if balance.owed <= 0:
            key = "balance_credit" if balance.owed < 0 else "balance_zero"
            return Say(self.script.say(key, amount=say_money(abs(balance.owed))))
        due = say_date(balance.due, self.today()) if balance.due else ""
        return Say(self.script.say(_standing(balance), amount=say_money(balance.owed), day=due))

    async def _explain(self, identity: Identity) -> Heard:
        bill = await self.accounts.last_bill(identity)
        lines = say_list(
            [
                f"{say_money(line.amount)} for {line.label}"
                if line.amount >= 0
                else f"{say_money(-line.amount)} off for {line.label}"
                for line in bill.lines
            ]
        )
        return Say(
            self.script.say(
                "bill",
                total=say_money(bill.total),
                lines=lines,
                day=say_date(bill.due, self.today()),
            )
        )

    async def _why(self, identity: Identity) -> Heard:
        change = await self.accounts.why_it_rose(identity)
        if change.difference == 0:
            return Say(self.script.say("bill_same", total=say_money(change.latest.total)))
        return Say(
            self.script.say(
                "bill_rose" if change.difference > 0 else "bill_fell",
                difference=say_money(abs(change.difference)),
                total=say_money(change.latest.total),
                reasons=say_list([_reason(line) for line in change.lines]),
            )
        )

    async def _pay(self, identity: Identity) -> Heard:
        balance = await self.accounts.balance(identity)
        if balance.owed <= 0:
            return await self._balance(identity)
        if balance.plan is not None:
            return await self._balance(identity)
        return Say(self.script.say("pay_how", amount=say_money(balance.owed)))

    async def _propose_promise(
        self, identity: Identity, day: date, amount: Decimal | None
    ) -> Heard:
        owed = (await self.accounts.balance(identity)).owed
        sum_ = amount if amount is not None else owed
        # Said before the question, so that nobody agrees to what is then refused.
        check_promise(owed, sum_, day, self.today())

        async def keep() -> Heard:
            return await self.allowed(promise, identity)

        async def promise(identity: Identity) -> Heard:
            kept = await self.accounts.promise_to_pay(
                identity, sum_, day, key=self.key(f"promise:{sum_}:{day}")
            )
            self.switchboard.open_ticket(
                TicketKind.PROMISE,
                f"{say_money(kept.amount)}",
                ticket=kept.reference,
                due=kept.day.isoformat(),
            )
            return Say(
                self.script.say(
                    "promise_noted",
                    amount=say_money(kept.amount),
                    day=say_date(kept.day, self.today()),
                )
            )

        words = self.script.say(
            "promise_ask", amount=say_money(sum_), day=say_date(day, self.today())
        )
        return self.ask(words, on_yes=keep)

    async def _propose_plan(self, identity: Identity, months: int | None) -> Heard:
        options = await self.accounts.payment_plan_options(identity)
        chosen = next((terms for terms in options if terms.months == months), None)
        if chosen is None:
            # The shortest and the longest: nobody remembers five offers on the phone.
            ends = [options[0], options[-1]] if len(options) > 2 else options
            offers = say_list([_offer(terms) for terms in ends], last="or")
            name = "plan_options" if months is None else "plan_not_offered"
            return Say(self.script.say(name, offers=offers))
        terms = chosen

        async def start() -> Heard:
            return await self.allowed(plan, identity)

        async def plan(identity: Identity) -> Heard:
            agreed = await self.accounts.start_payment_plan(
                identity, terms.months, key=self.key(f"plan:{terms.months}")
            )
            self.switchboard.open_ticket(
                TicketKind.PLAN, _offer(agreed.terms), ticket=agreed.reference
            )
            first = say_date(agreed.terms.first_day, self.today())
            return Say(self.script.say("plan_started", plan=_offer(agreed.terms), day=first))

        return self.ask(self.script.say("plan_ask", plan=_offer(terms)), on_yes=start)

    async def _dispute(self, identity: Identity, about: str) -> Heard:
        ticket = await self.accounts.open_dispute(identity, about, key=self.key(f"dispute:{about}"))
        board = self.switchboard
        board.open_ticket(
            TicketKind.DISPUTE, about, ticket=ticket.number, due=ticket.due.isoformat()
        )
        board.learn("open_matter", f"dispute {ticket.number}")
        return Say(
            self.script.say(
                "dispute_opened",
                ticket=say_digits(ticket.number),
                day=say_date(ticket.due, self.today()),
            )
        )


def _standing(balance: Balance) -> str:
    """Which phrase tells this debt."""
    if balance.plan is not None:
        return "balance_plan"
    if balance.autopay:
        return "balance_autopay"
    return "balance_overdue" if balance.overdue else "balance_due"


def _offer(terms: PlanTerms) -> str:
    months = say_count("monthly payment", terms.months)
    if terms.last == terms.monthly:
        return f"{months} of {say_money(terms.monthly)}"
    return f"{months} of {say_money(terms.monthly)}, the last one {say_money(terms.last)}"


def _reason(line: LineChange) -> str:
    amount = say_money(abs(line.difference))
    match line.change:
        case Change.NEW if line.after >= 0:
            return f"{amount} for a new {line.label}"
        case Change.NEW:
            return f"you got {line.label}, {amount} off"
        case Change.DROPPED if line.before < 0:
            return f"{line.label} ended, which had saved you {amount}"
        case Change.DROPPED:
            return f"{line.label} is gone, {amount} less"
        case Change.RAISED:
            return f"{line.label} went up by {amount}"
        case _:
            return f"{line.label} went down by {amount}"
