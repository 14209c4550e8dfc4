"""Triage: finds out in one question what the caller wants; answers the easy ones itself."""

from __future__ import annotations

from typing import ClassVar

from callcenter.domain.department import Department
from callcenter.floor import Heard, Neighbour, Say, tool
from flows.asking import AskingDesk

TRIAGE = Department("triage")


class Triage(AskingDesk):
    """The front desk."""

    department = TRIAGE
    needs: ClassVar = {
        **AskingDesk.needs,
        "opening_hours": frozenset(),
        "address": frozenset(),
        "website": frozenset(),
        "moving_house": frozenset(),
        "cancellation": frozenset(),
        "pay_by_post": frozenset(),
    }
    neighbour = Neighbour(
        serves="everything else: opening hours, address, moving house, cancelling",
        callers_say=(
            "put me back to the front desk",
            "something else",
            "main menu",
            "start over",
        ),
    )

    @tool(
        "when are you open",
        "what are your opening hours",
        "what time do you close",
        "are you open on saturday",
        "until when can i call",
        offer="opening hours",
    )
    async def opening_hours(self) -> Heard:
        """Tell the opening hours."""
        return Say(self.script.say("opening_hours"))

    @tool(
        "what is your address",
        "where are you located",
        "where is your shop",
        "how do i get to you",
        "do you have a store near me",
    )
    async def address(self) -> Heard:
        """Tell the address of the shop."""
        return Say(self.script.say("address"))

    @tool("what is your website", "can i do this online", "do you have an app")
    async def website(self) -> Heard:
        """Tell the address of the web site."""
        return Say(self.script.say("website"))

    @tool(
        "i am moving",
        "i'm moving to a new house",
        "i have a new address",
        "can i take my internet with me",
        offer="moving house",
    )
    async def moving_house(self) -> Heard:
        """Tell what to do when moving."""
        return Say(self.script.say("moving_house"))

    @tool(
        "i want to cancel",
        "cancel my contract",
        "i want to leave you",
        "how do i terminate my service",
    )
    async def cancellation(self) -> Heard:
        """Tell how to cancel the contract, without arguing."""
        return Say(self.script.say("cancellation"))

    @tool(
        "where do i send a check",
        "can i pay by post",
        "can i pay by mail",
        "what is the address for payments",
    )
    async def pay_by_post(self) -> Heard:
        """Tell where checks are sent to."""
        return Say(self.script.say("pay_by_post"))
