"""Calls that the front desk answers or routes."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.domain.events import Disposition, SupervisorAsked
from callcenter.testing.caller import Caller


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("when are you open on saturdays", "Monday to Saturday"),
        ("hi what are your opening hours please", "nine in the morning"),
        ("where is your shop", "Harbor Street"),
        ("do you have a website", "northwind dot example"),
        ("can i send you a check by mail", "P O box"),
        ("i'm moving to a new apartment next month", "contract can move"),
        ("i want to cancel my contract", "thirty days"),
    ],
)
async def test_front_desk_answers_simple_questions_itself(
    caller: Caller, question: str, answer: str
) -> None:
    """No handover, no identification, one answer."""
    await caller.dials()
    await caller.says(question)
    await caller.hears(answer)
    assert caller.desk == "triage"
    assert caller.call.handoffs == 0


@pytest.mark.parametrize(
    ("wish", "desk"),
    [
        ("um hi i have a question about my bill", "billing"),
        ("why is my bill so high this month", "billing"),
        ("i'd like to make a payment", "billing"),
        ("there's a charge i don't recognise", "billing"),
        ("i need a payment plan i can't pay it all", "billing"),
        ("what do i owe you guys", "billing"),
        ("my internet is down", "support"),
        ("the wifi keeps dropping", "support"),
        ("is there an outage", "support"),
        ("hello my phone line is dead", "support"),
        ("i need a technician", "support"),
        ("put me through to support please", "support"),
        ("billing", "billing"),
    ],
)
async def test_caller_is_routed_by_what_they_say_first(
    caller: Caller, wish: str, desk: str
) -> None:
    """One sentence is enough; the next desk does not ask what it is about."""
    await caller.dials()
    await caller.says(wish)
    assert caller.desk == desk
    assert caller.heard.startswith(f"This is the {desk} desk.")
    caller.never_heard("how can i help you with|what is it about")


async def test_caller_is_greeted_before_they_say_anything(caller: Caller) -> None:
    """The first words are the company's name and a question."""
    await caller.dials()
    await caller.hears(r"Northwind Broadband\. How can I help you today\?")


async def test_caller_who_is_not_understood_is_told_what_can_be_done(caller: Caller) -> None:
    """Not a dead end, not a wrong desk."""
    await caller.dials()
    await caller.says("the purple elephant sings at midnight")
    await caller.hears("can help with|looks? after|help you with")
    assert caller.desk == "triage"


async def test_caller_who_is_never_understood_is_called_back_by_a_person(caller: Caller) -> None:
    """The third time in a row a ticket is opened instead of a fourth excuse."""
    await caller.dials()
    for words in ("the purple elephant", "sings at midnight", "over the violet mountain"):
        await caller.says(words)
    await caller.hears("colleague will call you back")
    assert len(caller.call.tickets) == 1


async def test_caller_who_wants_a_person_gets_a_promise_not_an_argument(caller: Caller) -> None:
    """The disposition tells that somebody has to call."""
    await caller.dials()
    await caller.says("let me talk to a human being please")
    await caller.hears("colleague will call you back")
    assert any(isinstance(event, SupervisorAsked) for event in caller.events)
    await caller.says("thanks bye")
    await asyncio.wait_for(caller.switchboard.wait_until_over(), 30)
    assert caller.call.disposition is Disposition.CALLBACK_PROMISED


async def test_caller_who_only_says_goodbye_ends_the_call(caller: Caller) -> None:
    """A polite end, recorded as completed."""
    await caller.dials()
    await caller.says("oh sorry wrong number, bye")
    await asyncio.wait_for(caller.switchboard.wait_until_over(), 30)
    await caller.hears("Goodbye")
    assert caller.call.disposition is Disposition.COMPLETED


async def test_caller_who_asks_whether_it_is_a_robot_gets_an_honest_answer(caller: Caller) -> None:
    """No pretending."""
    await caller.dials()
    await caller.says("am i talking to a robot")
    await caller.hears("automated|virtual|assistant")


async def test_two_questions_in_a_row_are_both_answered(caller: Caller) -> None:
    """The second answer does not repeat the first."""
    await caller.dials()
    await caller.says("what are your opening hours")
    await caller.hears("Monday to Saturday")
    await caller.says("and what's your address")
    await caller.hears("Harbor Street")


async def test_caller_can_go_back_to_the_front_desk(caller: Caller) -> None:
    """A desk that is wrong is no trap."""
    await caller.dials()
    await caller.says("my internet is down")
    assert caller.desk == "support"
    await caller.says("no, put me back to the front desk")
    assert caller.desk == "triage"
    assert caller.call.handoffs == 2
