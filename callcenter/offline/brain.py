"""OfflineBrain: a language model's understudy that needs no key and no network.

It reads each desk's tools, picks one by what the caller says, asks for what is missing and speaks
what tools return. What it does next follows from the conversation alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import Any

from livekit.agents import llm
from livekit.agents.types import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectOptions,
    NotGivenOr,
)
from livekit.agents.utils import shortuuid

from callcenter.domain.hints import ATTRIBUTE
from callcenter.offline import phrases
from callcenter.offline.dialogue import Understudy
from callcenter.offline.moves import (
    Call,
    Called,
    Freedom,
    Heard,
    Item,
    Returned,
    Said,
    Say,
    Seated,
)
from callcenter.offline.tools import callable_tools, skill_of

_log = logging.getLogger(__name__)

_DESKS_REMEMBERED = 64
_MOST_ITEMS = 400
_WORDS_IN_A_CHUNK = 4


class OfflineBrain(llm.LLM[Any]):
    """Answers by rules in the place of a large model.

    `today` is the day that "tomorrow" is reckoned from; `think` is how many seconds it pretends to
    think; `passing_on` names the tools that hand a caller over, which a desk that was just seated
    must not call by itself, or two desks could pass the caller to and fro.
    """

    def __init__(
        self,
        *,
        today: Callable[[], date] | None = None,
        think: float = 0.0,
        passing_on: Collection[str] = ("hand_over",),
    ) -> None:
        super().__init__()
        self._today = today or _local_today
        self._think = max(0.0, think)
        self._passing_on = frozenset(passing_on)
        self._desks: OrderedDict[tuple[object, ...], tuple[Understudy, object]] = OrderedDict()

    @property
    def model(self) -> str:
        """The name that metrics and reports show."""
        return "offline-understudy"

    @property
    def provider(self) -> str:
        """Ourselves."""
        return "callcenter"

    @property
    def think(self) -> float:
        """Seconds before the first word."""
        return self._think

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,  # noqa: ARG002 - livekit's signature
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,  # noqa: ARG002 - livekit's signature
    ) -> llm.LLMStream:
        """The reply to a conversation."""
        return _Reply(
            self,
            chat_ctx=chat_ctx,
            tools=tools or [],
            conn_options=conn_options,
            choice=tool_choice or "auto",
        )

    def decide(
        self,
        chat_ctx: llm.ChatContext,
        tools: Sequence[object] = (),
        tool_choice: llm.ToolChoice = "auto",
    ) -> Say | Call:
        """The next move, as `chat` will stream it."""
        freedom, named = _freedom(tool_choice)
        return self._understudy(tools).decide(past_of(chat_ctx), freedom=freedom, named=named)

    def _understudy(self, tools: Sequence[object]) -> Understudy:
        """The rules of a desk, made once for the same functions with the same hints."""
        found = callable_tools(tools)
        parts = [
            (tool._func, tool.info, getattr(tool, ATTRIBUTE, None), tool.__annotations__)
            for tool in found
        ]
        key = tuple(id(part) for row in parts for part in row)
        if (known := self._desks.get(key)) is not None:
            self._desks.move_to_end(key)
            return known[0]
        understudy = Understudy([skill_of(tool) for tool in found], self._today, self._passing_on)
        self._desks[key] = (understudy, parts)  # the parts stay alive, so that no id comes twice
        while len(self._desks) > _DESKS_REMEMBERED:
            self._desks.popitem(last=False)
        return understudy


class _Reply(llm.LLMStream):
    """One reply, sent as a few chunks."""

    def __init__(
        self,
        brain: OfflineBrain,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool],
        conn_options: APIConnectOptions,
        choice: llm.ToolChoice,
    ) -> None:
        super().__init__(brain, chat_ctx=chat_ctx, tools=tools, conn_options=conn_options)
        self._brain = brain
        self._choice = choice

    async def _run(self) -> None:
        await asyncio.sleep(self._brain.think)
        try:
            move = self._brain.decide(self._chat_ctx, self._tools, self._choice)
        except Exception:  # noqa: BLE001 - a caller hears an apology rather than nothing at all
            _log.exception("the offline brain failed to decide")
            move = Say(phrases.APOLOGY)
        reply = shortuuid("offline_")
        if isinstance(move, Call):
            called = llm.FunctionToolCall(
                name=move.tool,
                arguments=json.dumps(move.arguments),
                call_id=shortuuid("call_"),
            )
            self._send(reply, llm.ChoiceDelta(role="assistant", tool_calls=[called]))
            return
        for chunk in _chunks(move.text):
            self._send(reply, llm.ChoiceDelta(role="assistant", content=chunk))

    def _send(self, reply: str, delta: llm.ChoiceDelta) -> None:
        self._event_ch.send_nowait(llm.ChatChunk(id=reply, delta=delta))


def past_of(chat_ctx: llm.ChatContext) -> list[Item]:
    """What was said and done; instructions and everything else left out."""
    past: list[Item] = []
    for item in chat_ctx.items[-_MOST_ITEMS:]:
        if item.type == "message":
            if item.role == "user":
                past.append(Heard(_text_of(item)))
            elif item.role == "assistant":
                past.append(Said(item.text_content or ""))
        elif item.type == "function_call":
            past.append(Called(item.name))
        elif item.type == "function_call_output":
            wanted = item.output if item.reply_required else ""
            past.append(Returned(wanted, failed=item.is_error))
        elif item.type == "agent_handoff":
            past.append(Seated())
    return past


def _text_of(message: llm.ChatMessage) -> str:
    parts = [
        part if isinstance(part, str) else getattr(part, "transcript", None) or ""
        for part in message.content
    ]
    return " ".join(part for part in parts if part)


def _freedom(choice: llm.ToolChoice) -> tuple[Freedom, str]:
    if isinstance(choice, dict):
        return "required", choice.get("function", {}).get("name", "")
    return (choice if choice in {"none", "required"} else "auto"), ""


def _chunks(text: str) -> list[str]:
    """A few words each, together the text, without what cannot be encoded."""
    words = text.encode("utf-8", "ignore").decode().split(" ")
    rows = [words[at : at + _WORDS_IN_A_CHUNK] for at in range(0, len(words), _WORDS_IN_A_CHUNK)]
    joined = [" ".join(row) for row in rows]
    return [chunk + " " for chunk in joined[:-1]] + joined[-1:]


def _local_today() -> date:
    return datetime.now().astimezone().date()
