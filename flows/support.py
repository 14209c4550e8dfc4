"""Support: outages, getting a customer back online step by step, repairs, call-back slots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, ClassVar

from callcenter.domain.department import Department
from callcenter.domain.events import TicketKind
from callcenter.domain.hints import Ask
from callcenter.floor import RESUMED, Heard, Neighbour, Say, tool
from flows.accounts import Identity, Outage, Refused, Signal, Slot
from flows.asking import Step
from flows.identifying import AccountDesk
from flows.wording import say_ago, say_between, say_count, say_date, say_digits, say_list, say_time

SUPPORT = Department("support")
_MOST_SLOTS = 3


class Support(AccountDesk):
    """Finds out what is wrong with a line. Where the caller is in the steps is kept here."""

    department = SUPPORT
    needs: ClassVar = {
        **AccountDesk.needs,
        "repair_opened": frozenset({"day", "ticket"}),
        "outage": frozenset({"area", "cause", "day", "services", "time"}),
        "check_light": frozenset(),
        "check_power": frozenset(),
        "restart_modem": frozenset(),
        "solved": frozenset(),
        "line_online": frozenset(),
        "reset_done": frozenset({"minutes"}),
        "slot_ask": frozenset({"day", "time"}),
        "slot_booked": frozenset({"day", "ticket", "time"}),
        "no_outage": frozenset(),
        "no_slots": frozenset({"day"}),
        "line_weak": frozenset(),
        "line_offline": frozenset({"ago"}),
        "reset_ask": frozenset(),
        "no_more_slots": frozenset(),
    }
    neighbour = Neighbour(
        serves="internet and phone faults, outages, modems and technicians",
        callers_say=(
            "my internet is down",
            "my internet is not working",
            "the internet is slow",
            "my phone line is dead",
            "i have no connection",
            "i have no internet",
            "i can't get online",
            "the wifi doesn't work",
            "my modem is broken",
            "is there an outage",
            "i need technical support",
            "i need a technician",
        ),
    )
    _symptom = ""

    @tool(
        "is there an outage in my area",
        "is there an outage",
        "is the internet down in my town",
        "is there a problem in my area",
        "check for outages",
        offer="outages in your area",
    )
    async def outage(
        self, area: Annotated[str, Ask("What is your ZIP code or town?", expects="words")]
    ) -> Heard:
        """Tell whether there is a known outage in an area; needs no account.

        Args:
            area: a ZIP code or the name of a town
        """
        try:
            found = await self.accounts.outage(area)
        except Refused as refusal:
            return Say(refusal.spoken)
        if found is None:
            return Say(self.script.say("no_outage"))
        return Say(self._told(found))

    @tool(
        "my internet is not working",
        "my internet is down",
        "i have no internet",
        "the internet is slow",
        "the wifi keeps dropping",
        "my connection is bad",
        "my phone line is dead",
        "my modem has a red light",
        "i can't get online",
        offer="a connection that does not work",
    )
    async def fix_connection(self, problem: str) -> Heard:
        """Help the caller step by step to get back online.

        Args:
            problem: what does not work, in the caller's words
        """
        self._symptom = problem
        return self.ask(
            self.script.say("check_light"), on_yes=self._restart, on_no=self._check_power
        )

    @tool(
        "i want a technician",
        "send someone to fix it",
        "i need a repair",
        "book a repair",
        offer="a technician",
    )
    async def repair(
        self, problem: Annotated[str, Ask("What should be repaired?", expects="words")]
    ) -> Heard:
        """Open a repair ticket, so that a technician takes care of it.

        Args:
            problem: what is broken, in the caller's words
        """
        self._symptom = problem
        return await self._open_repair()

    @tool(
        "call me back on friday",
        "can someone call me tomorrow",
        "i'd like a call back on monday",
        "book a call back",
        offer="a call back at a time that suits you",
    )
    async def book_callback(
        self, day: Annotated[date, Ask("On what day shall we call you?")]
    ) -> Heard:
        """Offer times at which a technician can ring the caller on a day.

        Args:
            day: the day that suits the caller
        """
        slots = await self.accounts.callback_slots(day)
        if not slots:
            return Say(self.script.say("no_slots", day=say_date(day, self.today())))
        return self._offer_slot(slots[:_MOST_SLOTS])

    # --- the steps, in their order ---

    async def _check_power(self) -> Heard:
        return self.ask(
            self.script.say("check_power"), on_yes=self._restart, on_no=self._open_repair
        )

    async def _restart(self) -> Heard:
        return self.ask(
            self.script.say("restart_modem"), on_yes=self._solved, on_no=self._look_from_here
        )

    async def _solved(self) -> Heard:
        return self.anything_else(self.script.say("solved"))

    async def _look_from_here(self) -> Heard:
        return await self.with_identity(self._check_line)

    async def _check_line(self, identity: Identity) -> Heard:
        status = await self.accounts.line_status(identity)
        if status.outage is not None:
            return Say(self._told(status.outage))
        words = (
            self.script.say("line_online")
            if status.online and status.signal is Signal.GOOD
            else self.script.say("line_weak")
            if status.online
            else self.script.say("line_offline", ago=say_ago(status.seen_ago))
        )
        return self.ask(
            f"{words} {self.script.say('reset_ask')}",
            on_yes=self._reset_step(identity),
            on_no=self._open_repair,
        )

    def _reset_step(self, identity: Identity) -> Step:
        async def reset() -> Heard:
            return await self.allowed(self._reset, identity)

        return reset

    async def _reset(self, identity: Identity) -> Heard:
        done = await self.accounts.reset_line(identity, key=self.key("reset"))
        minutes = max(1, round(done.ready_in.total_seconds() / 60))
        return self.ask(
            self.script.say("reset_done", minutes=say_count("minute", minutes)),
            on_yes=self._solved,
            on_no=self._open_repair,
        )

    async def _open_repair(self) -> Heard:
        board = self.switchboard
        summary = self._symptom or self.handoff.reason or "connection fault"
        if self.identity is None and board.callback_number is None:
            return await self.with_identity(self._repair_for)
        try:
            return await self._repaired(self.identity, summary)
        except Refused as refusal:
            return Say(refusal.spoken)

    async def _repair_for(self, identity: Identity) -> Heard:
        return await self._repaired(identity, self._symptom or "connection fault")

    async def _repaired(self, identity: Identity | None, summary: str) -> Heard:
        board = self.switchboard
        ticket = await self.accounts.open_repair(
            identity, summary, key=self.key(f"repair:{summary}"), callback=board.callback_number
        )
        board.open_ticket(
            TicketKind.REPAIR, summary, ticket=ticket.number, due=ticket.due.isoformat()
        )
        board.learn("open_matter", f"repair {ticket.number}")
        words = self.script.say(
            "repair_opened",
            ticket=say_digits(ticket.number),
            day=say_date(ticket.due, self.today()),
        )
        return Say(words)

    def _offer_slot(self, slots: Sequence[Slot]) -> Heard:
        first, rest = slots[0], slots[1:]

        async def take() -> Heard:
            if self.switchboard.callback_number is None:
                self.switchboard.private[RESUMED] = take
                return Say(self.switchboard.phrases.say("ask_number"))
            return await self._book(first)

        async def other() -> Heard:
            return self._offer_slot(rest) if rest else Say(self.script.say("no_more_slots"))

        return self.ask(
            self.script.say(
                "slot_ask",
                day=say_date(first.day, self.today()),
                time=say_between(first.start, first.end),
            ),
            on_yes=take,
            on_no=other,
        )

    async def _book(self, slot: Slot) -> Heard:
        board = self.switchboard
        about = self._symptom or self.handoff.reason or "call back"
        try:
            ticket = await self.accounts.book_callback(
                slot, board.callback_number, about, key=self.key(f"slot:{slot.day}:{slot.start}")
            )
        except Refused as refusal:
            return Say(refusal.spoken)
        when = f"{slot.day.isoformat()} {slot.start:%H:%M}"
        number = board.callback_number
        board.open_ticket(
            TicketKind.CALLBACK,
            about,
            ticket=ticket.number,
            due=when,
            number=number.e164 if number else None,
        )
        board.learn("open_matter", f"call back on {when}")
        return Say(
            self.script.say(
                "slot_booked",
                day=say_date(slot.day, self.today()),
                time=say_between(slot.start, slot.end),
                ticket=say_digits(ticket.number),
            )
        )

    def _told(self, outage: Outage) -> str:
        return self.script.say(
            "outage",
            area=outage.area,
            services=say_list(outage.services),
            cause=outage.cause,
            day=say_date(outage.expected_day, self.today()),
            time=say_time(outage.expected_time),
        )
