"""The brain as livekit meets it: tools of any make, streams, costs and failures."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from livekit.agents import function_tool, llm
from livekit.agents.llm.utils import validated_arguments
from pydantic import Field

from callcenter.domain.hints import ATTRIBUTE, Example, Hints
from callcenter.offline.brain import OfflineBrain
from callcenter.offline.moves import Call, Say
from callcenter.offline.words import row

Tools = list[llm.Tool | llm.Toolset]


def test_what_is_known_of_the_caller_is_kept_for_the_next_tool(
    brain: OfflineBrain,
) -> None:
    """Nobody likes to read out a number twice."""

    @function_tool
    async def lock(account_number: str, pin: str) -> str:
        """Lock the card."""
        return f"{account_number} {pin}"

    @function_tool
    async def close(account_number: str, name: str) -> str:
        """Close everything."""
        return f"{account_number} {name}"

    context = llm.ChatContext.empty()
    context.add_message(role="user", content="lock my card, account number 447122")
    assert brain.decide(context, [lock, close]) == Say("What is the pin?")
    context.add_message(role="assistant", content="What is the pin?")
    context.add_message(role="user", content="no wait close everything")
    assert brain.decide(context, [lock, close]) == Say("What is the name?")
    context.add_message(role="assistant", content="What is the name?")
    context.add_message(role="user", content="it's Bob")
    expected = Call("close", {"account_number": "447122", "name": "Bob"})
    assert brain.decide(context, [lock, close]) == expected


def test_tools_without_hints_are_known_by_name_and_description(brain: OfflineBrain) -> None:
    """Also those with a JSON schema."""
    schema = {
        "name": "order_taxi",
        "description": "Send a cab to the caller.",
        "parameters": {
            "type": "object",
            "properties": {"seats": {"type": "integer"}, "size": {"enum": ["small", "large"]}},
            "required": ["seats", "size"],
        },
    }

    @function_tool(raw_schema=schema)
    async def order_taxi(raw_arguments: dict[str, object]) -> str:
        """Order a taxi."""
        return str(raw_arguments)

    context = llm.ChatContext.empty()
    context.add_message(role="user", content="I need a large taxi with four seats")
    call = Call("order_taxi", {"seats": 4, "size": "large"})
    assert brain.decide(context, [order_taxi]) == call


@pytest.mark.parametrize(
    "said",
    [
        "pay 12.50 tomorrow",
        "set up a payment plan over six months fast",
        "my internet is down",
        "balance of 447122",
    ],
)
def test_arguments_pass_livekits_own_validation(
    brain: OfflineBrain, tools: Tools, said: str
) -> None:
    """What the brain sends is what the tool takes."""
    context = llm.ChatContext.empty()
    context.add_message(role="user", content=said)
    move = brain.decide(context, tools)
    if isinstance(move, Say):
        context.add_message(role="assistant", content=move.text)
        context.add_message(role="user", content="yes")
        move = brain.decide(context, tools)
    assert isinstance(move, Call)
    known = {tool.info.name: tool for tool in tools if isinstance(tool, llm.FunctionTool)}
    assert validated_arguments(known[move.tool], dict(move.arguments))


@pytest.mark.asyncio
async def test_replies_stream_in_a_few_chunks(brain: OfflineBrain, tools: Tools) -> None:
    """And together they are the text."""
    context = llm.ChatContext.empty()
    context.add_message(role="user", content="help")
    flat = [tool for tool in tools if isinstance(tool, llm.Tool)]
    async with brain.chat(chat_ctx=context, tools=flat) as stream:
        parts = [chunk.delta.content or "" async for chunk in stream if chunk.delta]
    assert len(parts) > 1
    assert "".join(parts).startswith("I can help with your balance, opening hours")


@pytest.mark.asyncio
async def test_thinking_takes_the_time_it_is_told() -> None:
    """So that tests can hear a pause; a cancelled thought says nothing."""
    slow = OfflineBrain(think=30.0)
    stream = slow.chat(chat_ctx=llm.ChatContext.empty())
    await asyncio.sleep(0)
    await stream.aclose()
    assert (slow.model, slow.provider) == ("offline-understudy", "callcenter")
    reply = await OfflineBrain(think=0.01).chat(chat_ctx=llm.ChatContext.empty()).collect()
    assert reply.text == "How can I help?"


@pytest.mark.asyncio
async def test_a_broken_tool_set_is_apologised_for(
    brain: OfflineBrain, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller hears a plain apology and the log has it whole."""

    def broken(*_: Any) -> Say:
        raise RuntimeError("inside out")

    monkeypatch.setattr(brain, "decide", broken)
    reply = await brain.chat(chat_ctx=llm.ChatContext.empty()).collect()
    assert reply.text == "I'm sorry, that did not work just now."
    assert "inside out" in caplog.text


def test_a_turn_costs_next_to_nothing(brain: OfflineBrain) -> None:
    """Two milliseconds with ten tools of ten examples; fifty for ten thousand words."""
    rooms = row("kitchen garage attic cellar garden balcony bathroom hallway library study")
    verbs = row("paint clean lock heat cool light measure photograph sell empty")

    def tool_for(room: str) -> llm.FunctionTool[..., Any]:
        async def work(day: str) -> str:
            """Work."""
            return day

        setattr(work, ATTRIBUTE, Hints(examples=tuple(_examples(room, verbs))))
        return function_tool(work, name=room)

    tools = [tool_for(room) for room in rooms]
    brain.decide(llm.ChatContext.empty(), tools)

    def spent(*said: str) -> float:
        started = time.perf_counter()
        for text in said:
            context = llm.ChatContext.empty()
            context.add_message(role="user", content=text)
            brain.decide(context, tools)
        return (time.perf_counter() - started) / len(said)

    assert spent(*(f"could you {verb} the {room}" for verb in verbs for room in rooms)) < 0.002
    assert spent(" ".join(f"kitchan{n} four garag{n}x" for n in range(3_500))) < 0.05


def _examples(room: str, verbs: tuple[str, ...]) -> list[Any]:
    return [Example(f"please {verb} my {room} today") for verb in verbs]


def test_the_rules_of_a_desk_are_made_once(brain: OfflineBrain, desk: Any) -> None:
    """Every seated desk binds its tools anew; the functions are the same."""
    first = brain._understudy(desk.tools)
    assert brain._understudy(type(desk)().tools) is first


def test_a_rescue_that_cannot_be_called_is_not(brain: OfflineBrain) -> None:
    """Words are asked for again instead."""

    async def lift(floor: int) -> str:
        """Lift."""
        return str(floor)

    setattr(lift, ATTRIBUTE, Hints(rescue=True))
    context = llm.ChatContext.empty()
    for _ in range(4):
        context.add_message(role="user", content="asdf")
        move = brain.decide(context, [function_tool(lift)])
        assert isinstance(move, Say)
        context.add_message(role="assistant", content=move.text)


def test_tool_sets_and_strangers_among_the_tools_are_read(
    brain: OfflineBrain, tools: Tools
) -> None:
    """Sets are opened; what cannot be called is passed over."""
    flat = [tool for tool in tools if isinstance(tool, llm.Tool)]
    kit = llm.Toolset(id="kit", tools=flat)
    context = llm.ChatContext.empty()
    context.add_message(role="user", content="when do you open")
    assert brain.decide(context, [kit, object(), llm.ProviderTool(id="search")]) == Call(
        "hours", {}
    )


def test_unreadable_annotations_do_not_stop_the_desk(brain: OfflineBrain) -> None:
    """Livekit will refuse the call; the caller hears an apology."""

    async def odd(thing: int = Field(default=3), *more: str) -> str:
        """Odd."""
        return f"{thing}{more}"

    odd.__annotations__["thing"] = "NoSuchType"
    context = llm.ChatContext.empty()
    context.add_message(role="user", content="odd")
    assert brain.decide(context, [function_tool(odd)]) == Call("odd", {})
