"""Passing callers from desk to desk."""

from __future__ import annotations

from callcenter.domain.call import CallState
from callcenter.domain.events import (
    HandedOver,
    HandoffRefused,
    SupervisorAsked,
    SupervisorMissed,
    TicketKind,
    TicketOpened,
)
from callcenter.testing.caller import Caller
from tests.callcenter.floor.conftest import BACK, FRONT, Front
from tests.fakes.brain import Answer, ScriptedBrain

TO_BACK = ("hand_over", {"to": "back", "reason": "wants the back"})
TO_FRONT = ("hand_over", {"to": "triage", "reason": "wants the front"})
WELCOME = {"has just been handed": Answer(text="Go ahead.")}


async def test_caller_is_greeted_and_served_by_the_desk_they_were_handed_to(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """The new desk greets, knows the reason and acts on it."""
    brain.script = WELCOME | {"to the back please": Answer(calls=[TO_BACK])}
    await caller.dials()
    await caller.says("to the back please")
    assert caller.desk == BACK
    assert caller.heard == "[greeting_handover] Go ahead."
    assert "wants the back" in brain.heard[-1]


async def test_the_next_desk_gets_the_words_and_no_tool_noise(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """Messages are carried over; calls, outputs and the old desk's instructions are not."""
    brain.script = WELCOME | {
        "do it": Answer(calls=[("works", {})]),
        "to the back": Answer(calls=[TO_BACK]),
    }
    await caller.dials()
    await caller.says("do it")
    await caller.says("to the back")
    context = brain.contexts[-1]
    kinds = {item.type for item in context.items}
    assert "function_call" not in kinds
    assert "function_call_output" not in kinds
    said = [i.text_content for i in context.items if i.type == "message" and i.role == "user"]
    assert said == ["do it", "to the back"]


async def test_handover_survives_a_slower_tool_of_the_same_batch(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """Both finish: the slow tool's work is done and the caller is at the new desk."""
    brain.script = WELCOME | {"both": Answer(calls=[TO_BACK, ("slow", {})])}
    await caller.dials()
    await caller.says("both")
    await caller.waits(5)
    assert Front.done == ["slow"]
    assert caller.desk == BACK
    assert [e.to for e in caller.events if isinstance(e, HandedOver)] == [BACK]
    assert caller.switchboard.session.current_agent.id == BACK


async def test_two_handovers_in_one_batch_move_the_caller_once(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """The second is refused and recorded; the first holds."""
    brain.script = WELCOME | {"both": Answer(calls=[TO_BACK, TO_BACK])}
    await caller.dials()
    await caller.says("both")
    assert caller.desk == BACK
    assert sum(isinstance(e, HandedOver) for e in caller.events) == 1
    assert sum(isinstance(e, HandoffRefused) for e in caller.events) == 1


async def test_the_desk_a_caller_is_at_is_no_place_to_be_handed_to(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """The model is not even offered it; if it insists, the caller stays where they are."""
    brain.script = {
        "please": Answer(calls=[TO_FRONT]),
        "Input should be": Answer(text="I am the right one."),
        "validation": Answer(text="I am the right one."),
    }
    brain.otherwise = lambda _: Answer(text="I am the right one.")
    await caller.dials()
    await caller.says("please")
    assert caller.desk == FRONT
    assert caller.heard


async def test_the_fourth_bounce_goes_to_a_person(caller: Caller, brain: ScriptedBrain) -> None:
    """Three handovers are allowed; then a person calls back instead."""
    brain.script = WELCOME | {
        "to back": Answer(calls=[TO_BACK]),
        "to front": Answer(calls=[TO_FRONT]),
    }
    await caller.dials()
    for words in ("to back", "to front", "to back", "to front"):
        await caller.says(words)
    await caller.hears(r"\[going_round\].*ticket T")
    assert caller.call.handoffs == 3
    assert caller.desk == BACK
    assert caller.call.state is CallState.WITH_DESK
    (ticket,) = [e for e in caller.events if isinstance(e, TicketOpened)]
    assert ticket.topic is TicketKind.CALLBACK
    assert any(isinstance(e, SupervisorAsked) for e in caller.events)
    assert any(isinstance(e, SupervisorMissed) for e in caller.events)


async def test_asking_twice_for_a_person_opens_one_ticket(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """The promise of a call back is made once and repeated, not doubled."""
    brain.script = {"person": Answer(calls=[("ask_for_person", {"reason": "a refund"})])}
    await caller.dials()
    await caller.says("a person please")
    first = caller.heard
    await caller.says("a person please")
    assert caller.heard == first
    assert len(caller.call.tickets) == 1


async def test_caller_with_a_withheld_number_is_asked_for_one(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """Nobody can call back an unknown number."""
    brain.script = {
        "person": Answer(calls=[("ask_for_person", {"reason": "a refund"})]),
        "five five five": Answer(calls=[("leave_number", {"number": "5550100177"})]),
    }
    await caller.dials(None)
    await caller.says("a person please")
    await caller.hears(r"\[ask_number\]")
    assert not caller.call.tickets
    await caller.says("five five five oh one hundred one seventy seven")
    await caller.hears(r"\[callback_promised\]")
    assert len(caller.call.tickets) == 1


async def test_person_and_handover_in_one_batch_leave_no_caller_stuck(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """Both are done, one after the other, and the next handover still works."""
    person = ("ask_for_person", {"reason": "angry"})
    brain.script = WELCOME | {
        "both": Answer(calls=[person, TO_BACK]),
        "to front": Answer(calls=[TO_FRONT]),
    }
    await caller.dials()
    await caller.says("both")
    await caller.hears("callback_promised")
    assert caller.desk == BACK
    await caller.says("to front")
    assert caller.desk == FRONT


async def test_words_of_a_tool_that_outlives_its_desk_are_said_by_the_next(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """What was done is heard, whoever says it."""
    brain.script = WELCOME | {"both": Answer(calls=[TO_BACK, ("slow", {})])}
    await caller.dials()
    await caller.says("both")
    await caller.hears("slow is done")


async def test_secrets_do_not_travel_in_the_reason_of_a_handover(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """Nor in what a ticket says."""
    secret = "account 447122 and pin 4821"
    brain.script = WELCOME | {
        "hand me": Answer(calls=[("hand_over", {"to": "back", "reason": secret})]),
        "person": Answer(calls=[("ask_for_person", {"reason": secret})]),
    }
    await caller.dials()
    await caller.says("hand me over")
    await caller.says("a person please")
    story = repr(caller.events)
    assert "447122" not in story
    assert "4821" not in story


async def test_number_that_a_caller_left_is_on_the_ticket(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """Otherwise nobody could keep the promise."""
    brain.script = {
        "person": Answer(calls=[("ask_for_person", {"reason": "a refund"})]),
        "it is": Answer(calls=[("leave_number", {"number": "5550100177"})]),
    }
    await caller.dials(None)
    await caller.says("a person please")
    await caller.says("it is five five five")
    (ticket,) = [e for e in caller.events if isinstance(e, TicketOpened)]
    assert ticket.number == "+15550100177"
    assert "0100177" not in caller.report.transcript()
