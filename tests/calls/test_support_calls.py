"""Calls about lines that do not work."""

from __future__ import annotations

from callcenter.domain.events import TicketKind, TicketOpened
from callcenter.testing.caller import Caller
from tests.calls.conftest import identify


def kinds(caller: Caller) -> list[TicketKind]:
    """What was opened in this call."""
    return [event.topic for event in caller.events if isinstance(event, TicketOpened)]


async def until_the_line_is_checked(caller: Caller, name: str) -> None:
    """Lamp on, restart did not help, identified."""
    await caller.dials()
    await caller.says("my internet is not working")
    await caller.hears("light on your modem")
    await caller.says("yes it is on")
    await caller.hears("count to ten")
    await caller.says("no it's still not working")
    await identify(caller, name)


async def test_known_outage_is_told_without_an_account(caller: Caller) -> None:
    """Area, cause and end."""
    await caller.dials()
    await caller.says("is there an outage")
    await caller.says("fairhaven")
    await caller.hears("outage in Fairhaven.*fiber cable.*tomorrow")


async def test_area_without_an_outage_leads_to_troubleshooting(caller: Caller) -> None:
    """A ZIP code will do."""
    await caller.dials()
    await caller.says("is there an outage")
    await caller.says("nine eight seven oh one")
    await caller.hears("no known outage")


async def test_area_we_do_not_serve_is_told_so(caller: Caller) -> None:
    """No guess at an outage somewhere else."""
    await caller.dials()
    await caller.says("is there an outage")
    await caller.says("timbuktu")
    assert caller.heard
    caller.never_heard("outage in Timbuktu|no known outage")
    assert not caller.report.faults


async def test_restart_that_helps_ends_the_matter(caller: Caller) -> None:
    """No ticket for a line that works."""
    await caller.dials()
    await caller.says("the internet is down")
    await caller.says("yes")
    await caller.hears("count to ten")
    await caller.says("yes it works now")
    await caller.hears("glad it works")
    assert not kinds(caller)


async def test_modem_without_power_becomes_a_repair(caller: Caller) -> None:
    """Cable checked, still dark: a technician."""
    await caller.dials()
    await caller.says("i have no internet")
    await caller.says("no")
    await caller.hears("power cable")
    await caller.says("no there is no light")
    await caller.hears("opened a repair")
    assert kinds(caller) == [TicketKind.REPAIR]


async def test_power_cable_that_was_loose_goes_on_with_the_restart(caller: Caller) -> None:
    """The steps remember where the caller is."""
    await caller.dials()
    await caller.says("i have no internet")
    await caller.says("no")
    await caller.says("yes it's on now")
    await caller.hears("count to ten")


async def test_reset_from_here_helps_hector(caller: Caller) -> None:
    """Identified in the middle of the steps, then back to them."""
    await until_the_line_is_checked(caller, "Hector")
    await caller.hears("can't reach your modem.*Shall I do that")
    await caller.says("yes please")
    await caller.hears("restarted your line.*working now")
    await caller.says("yes it's back")
    await caller.hears("glad it works")
    assert not kinds(caller)


async def test_reset_that_does_not_help_becomes_a_repair(caller: Caller) -> None:
    """The last step is a person."""
    await until_the_line_is_checked(caller, "Mei")
    await caller.hears("signal is weak")
    await caller.says("yes")
    await caller.says("no it didn't help")
    await caller.hears("opened a repair")
    assert kinds(caller) == [TicketKind.REPAIR]


async def test_outage_at_the_callers_address_is_found_from_the_account(caller: Caller) -> None:
    """No restart is offered where a cable is cut."""
    await until_the_line_is_checked(caller, "Grace")
    await caller.hears("outage in Fairhaven")
    caller.never_heard("restart your line")


async def test_caller_books_a_call_back(caller: Caller) -> None:
    """Day, window, yes."""
    await caller.dials()
    await caller.says("my phone line is dead")
    await caller.says("can someone call me back on monday")
    await caller.hears("A technician can call you .*Does that suit you")
    await caller.says("yes that works for me")
    await caller.hears("booked")
    assert kinds(caller) == [TicketKind.CALLBACK]


async def test_caller_who_dislikes_a_window_is_offered_the_next(caller: Caller) -> None:
    """No and no, then another."""
    await caller.dials()
    await caller.says("my phone line is dead")
    await caller.says("can someone call me back on monday")
    first = caller.heard
    await caller.says("no")
    await caller.hears("Does that suit you")
    assert caller.heard != first


async def test_identity_is_asked_once_in_a_call(caller: Caller) -> None:
    """From support to billing and the caller is still known."""
    await until_the_line_is_checked(caller, "Hector")
    await caller.says("no thanks")
    await caller.says("what is my balance")
    assert caller.desk == "billing"
    await caller.hears("You owe|nothing to pay")
    assert "account number" not in caller.heard


async def test_repair_for_a_withheld_number_needs_an_account(caller: Caller) -> None:
    """Somebody must be reachable."""
    await caller.dials(None)
    await caller.says("my internet is down")
    await caller.says("no")
    await caller.says("no still dark")
    await identify(caller, "Mei")
    await caller.hears("opened a repair")


async def test_withheld_caller_leaves_a_number_and_keeps_their_slot(caller: Caller) -> None:
    """The window they agreed to is booked once there is somebody to ring."""
    await caller.dials(None)
    await caller.says("my phone line is dead")
    await caller.says("can someone call me back on monday")
    await caller.hears("Does that suit you")
    await caller.says("yes that works for me")
    await caller.hears("What number can we call you on")
    await caller.says("two oh six five five five oh one nine nine")
    await caller.hears("booked")
    assert kinds(caller) == [TicketKind.CALLBACK]
