"""tool: turns a desk's method into something a model may call and that never ends in silence.

A tool returns what is to be heard: `Say` is spoken word for word (money, dates, names: the model
cannot change them), a plain string is for the model to phrase, None means the tool has arranged
for what comes next itself. A tool that raises, hangs or returns anything else is recorded and the
caller hears an apology.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, get_args, get_type_hints

from livekit.agents import llm

from callcenter.domain.events import Fault, ToolFailed, ToolUsed
from callcenter.domain.hints import ATTRIBUTE, Ask, Example, Hints
from callcenter.domain.privacy import masked

if TYPE_CHECKING:
    from callcenter.floor.desk import Desk

P = ParamSpec("P")
_LONGEST_ARGUMENT = 200


@dataclass(frozen=True, slots=True)
class Say:
    """Words for the caller, spoken exactly as they are."""

    text: str


Heard = Say | str | None


def tool(
    *examples: str | Example,
    offer: str = "",
    rescue: bool = False,
    timeout: float | None = None,
) -> Callable[[Callable[Concatenate[Any, P], Awaitable[Heard]]], Any]:
    """Mark a desk's method as a tool; `examples` are sentences of callers who need it.

    `offer` finishes "I can help with …"; `timeout` replaces the house's own for slow work.
    """
    hints = Hints(
        examples=tuple(e if isinstance(e, Example) else Example(e) for e in examples),
        offer=offer,
        rescue=rescue,
    )

    def decorate(method: Callable[Concatenate[Any, P], Awaitable[Heard]]) -> Any:
        secret = _digit_parameters(method)

        @functools.wraps(method)
        async def guarded(self: Desk, *args: P.args, **kwargs: P.kwargs) -> llm.ToolResult | None:
            given = inspect.signature(method).bind(self, *args, **kwargs).arguments
            shown = {
                name: "••••" if name in secret else masked(str(value))[:_LONGEST_ARGUMENT]
                for name, value in given.items()
                if value is not self and value not in (None, "")
            }
            work = method(self, *args, **kwargs)
            return await _run(self, method.__name__, shown, work, timeout)

        setattr(guarded, ATTRIBUTE, hints)
        return llm.function_tool(guarded)

    return decorate


async def _run(
    desk: Desk,
    name: str,
    arguments: Mapping[str, str],
    work: Awaitable[Heard],
    timeout: float | None,
) -> llm.ToolResult | None:
    switchboard = desk.switchboard
    started = time.monotonic()
    limit = timeout if timeout is not None else switchboard.conduct.tool_timeout
    desk.tool_begins(name)
    try:
        heard = await asyncio.wait_for(switchboard.at_work(work), limit)
        _check(heard)
    except (llm.StopResponse, llm.ToolError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever a tool throws, the caller hears a sentence
        return _apologise(desk, name, arguments, error, time.monotonic() - started)
    switchboard.note(
        ToolUsed(
            at=switchboard.now(),
            tool=name,
            department=desk.department,
            seconds=round(time.monotonic() - started, 4),
            arguments=arguments,
        )
    )
    if isinstance(heard, Say):
        desk.say(heard.text)
        return llm.ToolResult(heard.text, reply_required=False)
    return None if heard is None else llm.ToolResult(heard)


class _Rubbish(Exception):
    """A tool returned what cannot be spoken."""


def _check(heard: object) -> None:
    if heard is None:
        return
    text = heard.text if isinstance(heard, Say) else heard
    if not isinstance(text, str):
        raise _Rubbish(f"returned {type(text).__name__}, which cannot be said")
    if not text.strip():
        raise _Rubbish("returned an empty text")


def _apologise(
    desk: Desk, name: str, arguments: Mapping[str, str], error: Exception, seconds: float
) -> llm.ToolResult:
    switchboard = desk.switchboard
    fault = (
        Fault.TIMED_OUT
        if isinstance(error, TimeoutError)
        else Fault.RUBBISH
        if isinstance(error, _Rubbish)
        else Fault.RAISED
    )
    switchboard.log.error("tool %s failed (%s)", name, fault, exc_info=error)
    switchboard.note(
        ToolFailed(
            at=switchboard.now(),
            tool=name,
            department=desk.department,
            seconds=round(seconds, 4),
            fault=fault,
            error=masked(f"{type(error).__name__}: {error}")[:_LONGEST_ARGUMENT],
            arguments=arguments,
        )
    )
    desk.say(switchboard.phrases.say("apology"))
    return llm.ToolResult(
        "This did not work and the caller has heard an apology. Do not try it again unasked.",
        reply_required=False,
    )


def _digit_parameters(method: Callable[..., Any]) -> frozenset[str]:
    """Names of the parameters whose values are read out as digits: never shown anywhere."""
    hints = get_type_hints(method, include_extras=True)
    return frozenset(
        name
        for name, hint in hints.items()
        if any(isinstance(part, Ask) and part.expects == "digits" for part in get_args(hint))
    )
