"""Nothing that callers, tools or contexts hold can make the brain raise or fall silent."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from livekit.agents import function_tool, llm
from livekit.agents.llm.utils import validated_arguments

from callcenter.domain.hints import ATTRIBUTE, Ask, Example, Hints
from callcenter.offline.brain import OfflineBrain
from callcenter.offline.moves import Call, Say
from callcenter.offline.words import row

TYPES: tuple[Any, ...] = (
    str,
    int,
    float,
    Decimal,
    bool,
    date,
    datetime,
    list[str],
    dict[str, int],
    int | None,
    Literal["red", "blue"],
    Literal[3, 6],
    Annotated[str, Ask("Number?", expects="digits", length=(4, 6))],
    Annotated[str, Ask("Name?", expects="name")],
    Annotated[str, Ask("What happened?", expects="words")],
    Annotated[date | None, Ask("Born when?")],
    Annotated[Decimal, Ask("How much?")],
)
NAMES = ("amount", "reason", "account", "day", "name", "months", "ok", "date_of_birth")
WORDS = row(
    "I want to pay my bill no not yes the on a an of next friday march fifth nineteen eighty two"
    " hundred thousand point dollars cents double oh for to and also 447122 11/27 $ 84.20 27th"
    " my name is it's Bob hold repeat that hello thanks red six in weeks end month from now"
)

texts = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join),
    st.sampled_from(["", " ", "\x00", "🙂", "9" * 5_000, "a week from " * 400, "hundred " * 900]),
)
strange = st.characters(codec=None)
samples = st.builds(
    Example,
    text=texts,
    arguments=st.dictionaries(
        st.sampled_from(NAMES), st.sampled_from(["red", "3", "x"]), max_size=2
    ),
)
all_hints = st.builds(
    Hints,
    examples=st.lists(samples, max_size=3).map(tuple),
    offer=st.sampled_from(["", "paying a bill"]),
    rescue=st.booleans(),
)
parameters = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TYPES), max_size=3)
raw_parameters = st.recursive(
    st.one_of(st.none(), st.booleans(), st.sampled_from(["string", "integer", "null", "date"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["properties", "required", "type", "enum", "anyOf", "format", "x"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)


@st.composite
def some_tools(draw: st.DrawFn) -> list[llm.Tool]:
    """Tools of any shape."""
    tools: list[llm.Tool] = []
    for number in range(draw(st.integers(0, 3))):

        async def work(**_: object) -> str:
            """Do the work that was asked for."""
            return ""

        if draw(st.booleans()):
            tools.append(_typed(f"tool_{number}", draw(parameters), draw(all_hints)))
        else:
            schema = {"name": f"raw_{number}", "parameters": draw(raw_parameters)}
            tools.append(function_tool(work, raw_schema=schema))
    return tools


def _typed(name: str, wanted: dict[str, Any], hints: Hints) -> llm.Tool:
    """A function with these parameters, as if somebody had written it."""
    scope: dict[str, Any] = {f"type_{key}": value for key, value in wanted.items()}
    told = ", ".join(f"{key}: type_{key}" for key in wanted)
    exec(f"async def {name}({told}) -> str:\n    'Do it.'\n    return ''", scope)  # noqa: S102 - our own text
    function = scope[name]
    setattr(function, ATTRIBUTE, hints)
    tool: llm.Tool = function_tool(function)
    return tool


@st.composite
def some_context(draw: st.DrawFn) -> llm.ChatContext:
    """Any sequence of messages, calls, outputs and handoffs."""
    context = llm.ChatContext.empty()
    kinds = draw(st.lists(st.sampled_from("uuuaacoeshx"), max_size=14))
    for number, kind in enumerate(kinds):
        roles: dict[str, llm.ChatRole] = {"u": "user", "a": "assistant", "s": "system"}
        if kind in roles:
            context.add_message(role=roles[kind], content=draw(texts))
        elif kind == "x":
            context.items.append(llm.ChatMessage(role="user", content=[]))
        elif kind == "c":
            name = draw(st.sampled_from(["tool_0", "raw_1", "other", ""]))
            call = llm.FunctionCall(call_id=f"{number}", name=name, arguments="{")
            context.items.append(call)
        elif kind == "h":
            context.items.append(llm.AgentHandoff(new_agent_id="next"))
        else:
            output = llm.FunctionCallOutput(
                call_id=f"{number}", output=draw(texts), is_error=kind == "e"
            )
            context.items.append(output)
    return context


choices = st.sampled_from(
    ["auto", "none", "required", {"type": "function", "function": {"name": "tool_0"}}]
)


@settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(context=some_context(), tools=some_tools(), choice=choices)
def test_any_past_with_any_tools_leads_to_one_sound_move(
    context: llm.ChatContext, tools: list[llm.Tool], choice: llm.ToolChoice
) -> None:
    """Words that are not empty, or a call that livekit accepts; twice the same."""
    brain = OfflineBrain(today=lambda: date(2026, 11, 18))
    move = brain.decide(context, tools, choice)
    assert move == brain.decide(context, tools, choice)
    if isinstance(move, Say):
        assert move.text.strip()
        return
    assert choice != "none"
    json.dumps(move.arguments)
    tool = next(tool for tool in tools if tool.id == move.tool)
    if isinstance(tool, llm.FunctionTool):
        validated_arguments(tool, dict(move.arguments))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(said=st.one_of(texts, st.text(strange, max_size=60)), asked=st.sampled_from(TYPES))
def test_any_words_can_answer_any_question(said: str, asked: Any) -> None:
    """Also lone surrogates and half a number."""
    brain = OfflineBrain(today=lambda: date(2026, 11, 18))
    tool = _typed("tool_0", {"amount": asked}, Hints(examples=(Example("begin"),)))
    context = llm.ChatContext.empty()
    context.add_message(role="user", content="begin")
    context.add_message(role="assistant", content="What?")
    context.items.append(
        llm.ChatMessage.model_construct(role="user", content=[said], type="message")
    )
    move = brain.decide(context, [tool])
    assert isinstance(move, Say | Call)


@pytest.mark.asyncio
@pytest.mark.parametrize("text", ["", "🙂", "\ud800", "x " * 10_000])
async def test_a_conversation_of_anything_ends(text: str, brain: OfflineBrain) -> None:
    """Each turn is one reply; talking to itself, the brain never hangs."""
    context = llm.ChatContext.empty()
    for _ in range(5):
        context.add_message(role="user", content=text)
        reply = await brain.chat(chat_ctx=context).collect()
        assert reply.text
        assert not reply.tool_calls
        context.add_message(role="assistant", content=reply.text)
