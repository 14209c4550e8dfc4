"""ScriptedBrain: an llm.LLM that answers exactly what a test wrote down, and raises otherwise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from livekit.agents import APIError, llm
from livekit.agents.types import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectOptions,
    NotGivenOr,
)


class UnscriptedError(AssertionError):
    """The desk asked for something that the test did not foresee."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Words, tool calls (name, arguments), a delay before them, or a failure."""

    text: str = ""
    calls: Sequence[tuple[str, dict[str, Any]]] = ()
    after: float = 0.0
    fails: bool = False


@dataclass
class ScriptedBrain(llm.LLM[Any]):
    """Answers by what was heard last: a caller's sentence or a tool's output.

    `script` maps the text to an Answer; `otherwise`, if given, answers everything else.
    """

    script: dict[str, Answer] = field(default_factory=dict)
    otherwise: Callable[[llm.ChatContext], Answer] | None = None
    heard: list[str] = field(default_factory=list)
    contexts: list[llm.ChatContext] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __hash__(self) -> int:
        return id(self)

    def answer(self, context: llm.ChatContext) -> Answer:
        """What the script says to the last thing in the context."""
        last = context.items[-1]
        text = (
            last.output
            if isinstance(last, llm.FunctionCallOutput)
            else (last.text_content or "")
            if isinstance(last, llm.ChatMessage)
            else ""
        )
        self.heard.append(text)
        self.contexts.append(context.copy())
        for key, answer in self.script.items():
            if key in text:
                return answer
        if self.otherwise is not None:
            return self.otherwise(context)
        raise UnscriptedError(f"no answer is scripted for {text!r}")

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,
    ) -> llm.LLMStream:
        """Stream the scripted answer."""
        del parallel_tool_calls, extra_kwargs
        answer = self.answer(chat_ctx)
        if tool_choice == "none":
            answer = Answer(text=answer.text or "(no tool allowed)")
        return _Stream(
            self, answer, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options
        )


class _Stream(llm.LLMStream):
    def __init__(self, brain: ScriptedBrain, answer: Answer, **stream: Any) -> None:
        super().__init__(brain, **stream)
        self._answer = answer

    async def _run(self) -> None:
        if self._answer.after:
            await asyncio.sleep(self._answer.after)
        if self._answer.fails:
            raise APIError("the model is out of order", retryable=False)
        calls = [
            llm.FunctionToolCall(name=name, arguments=json.dumps(arguments), call_id=f"call_{n}")
            for n, (name, arguments) in enumerate(self._answer.calls)
        ]
        self._event_ch.send_nowait(
            llm.ChatChunk(
                id="scripted",
                delta=llm.ChoiceDelta(
                    role="assistant", content=self._answer.text or None, tool_calls=calls
                ),
            )
        )
