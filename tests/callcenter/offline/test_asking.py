"""Questions that tools ask themselves are answered to those tools."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from livekit.agents import function_tool, llm

from callcenter.domain.hints import ATTRIBUTE, Ask, Example, Hints
from callcenter.offline.brain import OfflineBrain
from callcenter.offline.moves import Call


def _asking_tools() -> list[llm.Tool]:
    """Tools that ask yes-or-no and open questions themselves."""

    async def agree() -> str:
        """Say yes."""
        return ""

    async def decline() -> str:
        """Say no."""
        return ""

    async def plan(months: Annotated[int | None, Ask("Over how many months?")] = None) -> str:
        """Plan."""
        return str(months)

    async def find(area: Annotated[str, Ask("What is your ZIP code or town?", "words")]) -> str:
        """Find."""
        return area

    async def fix(lamp: str = "") -> str:
        """Fix."""
        return lamp

    async def promise(day: date) -> str:
        """Promise."""
        return str(day)

    async def anybody() -> str:
        """Call."""
        return ""

    said: dict[Callable[..., Awaitable[Any]], tuple[str, ...]] = {
        agree: ("yes", "it works now"),
        decline: ("no",),
        plan: ("I need a payment plan",),
        find: ("is there an outage",),
        fix: ("my modem has a red light",),
        promise: ("book a call back on friday", "can someone call me tomorrow"),
        anybody: ("can somebody call me back", "have a person call back"),
    }
    tools: list[llm.Tool] = []
    for function, sentences in said.items():
        setattr(function, ATTRIBUTE, Hints(examples=tuple(map(Example, sentences))))
        tools.append(function_tool(function))
    return tools


@pytest.mark.parametrize(
    ("lines", "move"),
    [
        (("Over how many months?", "three months"), Call("plan", {"months": 3})),
        (("Two or six. Over how many months?", "six"), Call("plan", {"months": 6})),
        (
            ("What is your ZIP code or town?", "nine eight seven oh one"),
            Call("find", {"area": "98701"}),
        ),
        (("What is your ZIP code or town?", "in Oak Hill"), Call("find", {"area": "in Oak Hill"})),
        (("What is your ZIP code or town?", "I need a payment plan"), Call("plan", {})),
        (("Is there a light now?", "no there is no light"), Call("decline", {})),
        (("Is there a light now?", "yes it's on now"), Call("agree", {})),
        (("Is there a light now?", "no my modem has a red light"), Call("fix", {})),
        (("I see.", "can someone call me back on monday"), Call("promise", {"day": "2026-11-23"})),
        (("I see.", "have a person call on friday"), Call("promise", {"day": "2026-11-20"})),
        (("I see.", "can somebody call me back"), Call("anybody", {})),
    ],
)
def test_answers_to_what_a_tool_asked_go_to_that_tool(
    brain: OfflineBrain, lines: tuple[str, str], move: Call
) -> None:
    """Though the question was spoken by the desk, not by the brain."""
    said, heard = lines
    context = llm.ChatContext.empty()
    context.items.append(llm.FunctionCallOutput(call_id="1", output="", is_error=False))
    context.add_message(role="assistant", content=said)
    context.add_message(role="user", content=heard)
    assert brain.decide(context, _asking_tools()) == move


def test_what_a_desk_narrowed_on_its_tool_counts(brain: OfflineBrain, desk: Any) -> None:
    """Types and hints are read from the tool that the desk has, as livekit does."""
    tool = next(tool for tool in desk.tools if tool.id == "hand_over")
    tool.__annotations__ = {**tool.__annotations__, "to": Literal["billing", "sales"]}
    hints = Hints(examples=(Example("put me through to sales", {"to": "sales"}),))
    setattr(tool, ATTRIBUTE, hints)
    context = llm.ChatContext.empty()
    context.add_message(role="user", content="put me through to sales")
    call = Call("hand_over", {"to": "sales", "reason": "put me through to sales"})
    assert brain.decide(context, desk.tools) == call
