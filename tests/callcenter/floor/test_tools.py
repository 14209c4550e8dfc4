"""What happens to a caller when a desk's tool misbehaves."""

from __future__ import annotations

from callcenter.domain.events import Fault, ToolFailed, ToolUsed
from callcenter.testing.caller import Caller
from tests.fakes.brain import Answer, ScriptedBrain


async def fails_with(caller: Caller, brain: ScriptedBrain, tool: str) -> ToolFailed:
    """Call a tool that must fail; the caller must hear the apology."""
    brain.script = {"please": Answer(calls=[(tool, {})])}
    await caller.dials()
    await caller.says("please")
    await caller.hears(r"\[apology\]", within=30)
    (failure,) = caller.tools
    assert isinstance(failure, ToolFailed)
    assert caller.call.is_live
    return failure


async def test_what_a_tool_says_is_spoken_word_for_word(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """`Say` goes to the caller as it is; the model is not asked to phrase it."""
    brain.script = {"please": Answer(calls=[("works", {})])}
    await caller.dials()
    await caller.says("please")
    assert caller.heard == "it worked"
    assert brain.heard == ["please"]
    assert caller.used("works")


async def test_what_a_tool_returns_as_text_is_phrased_by_the_model(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """A plain string is for the model."""
    brain.script = {"please": Answer(calls=[("tells", {})]), "a result": Answer(text="In short.")}
    await caller.dials()
    await caller.says("please")
    assert caller.heard == "In short."


async def test_a_tool_that_raises_ends_in_an_apology_not_in_silence(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """The error is recorded with its numbers masked, and never spoken."""
    failure = await fails_with(caller, brain, "raises")
    assert failure.fault is Fault.RAISED
    assert "on fire" in failure.error
    assert "0100123" not in failure.error
    caller.never_heard("fire")


async def test_a_tool_that_hangs_is_given_up_after_its_time(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """Ten seconds by default, then the caller hears a sentence."""
    failure = await fails_with(caller, brain, "hangs")
    assert failure.fault is Fault.TIMED_OUT


async def test_a_tool_that_returns_rubbish_is_a_failure(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """A dictionary cannot be said."""
    assert (await fails_with(caller, brain, "rubbish")).fault is Fault.RUBBISH


async def test_a_tool_that_returns_an_empty_sentence_is_a_failure(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """Blank words would be silence."""
    assert (await fails_with(caller, brain, "empty")).fault is Fault.RUBBISH


async def test_digits_given_to_a_tool_are_not_recorded(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """A parameter that is read out as digits is shown as dots."""
    brain.script = {"my pin": Answer(calls=[("secret", {"pin": "1234"})])}
    await caller.dials()
    await caller.says("my pin is 1234")
    await caller.hears("4 digits")
    (used,) = caller.tools
    assert isinstance(used, ToolUsed)
    assert used.arguments == {"pin": "••••"}
    assert "1234" not in caller.report.transcript()


async def test_a_tool_that_does_not_exist_does_not_silence_the_desk(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """The model is told and answers in words."""
    brain.script = {
        "please": Answer(calls=[("invented", {})]),
        "Unknown function": Answer(text="I can't do that, but I can help otherwise."),
    }
    await caller.dials()
    await caller.says("please")
    await caller.hears("can't do that")


async def test_a_model_that_calls_tools_for_ever_is_made_to_speak(
    caller: Caller, brain: ScriptedBrain
) -> None:
    """After max_tool_steps no tool is allowed and the last reply is spoken."""
    brain.otherwise = lambda _: Answer(calls=[("tells", {})])
    await caller.dials()
    await caller.says("please")
    await caller.hears("no tool allowed")
    assert len(caller.tools) == 4
