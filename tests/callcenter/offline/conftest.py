"""A desk of real livekit tools, and the brain that serves it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

import pytest
from livekit.agents import Agent, RunContext, function_tool, llm

from callcenter.domain.hints import ATTRIBUTE, Ask, Example, Hints
from callcenter.offline.brain import OfflineBrain
from callcenter.offline.moves import Call, Say

F = TypeVar("F", bound=Callable[..., Any])

Decide = Callable[..., Say | Call]


class Department(StrEnum):
    """Where a caller can be handed."""

    BILLING = "billing"
    SUPPORT = "support"


def hinted(*examples: str | Example, offer: str = "", rescue: bool = False) -> Callable[[F], F]:
    """Attaches hints as `floor.desk.tool` does."""
    told = tuple(Example(one) if isinstance(one, str) else one for one in examples)

    def attach(function: F) -> F:
        setattr(function, ATTRIBUTE, Hints(examples=told, offer=offer, rescue=rescue))
        return function

    return attach


class ShopDesk(Agent):
    """A desk with one tool of each sort."""

    def __init__(self) -> None:
        super().__init__(instructions="Serve the caller.")

    @function_tool
    @hinted("what's my balance", "how much do I owe", offer="your balance")
    async def balance(
        self,
        account: Annotated[str, Ask("What is your account number?", "digits", (6, 6))],
    ) -> str:
        """Say the balance."""
        return f"You owe 84.20 on {account}."

    @function_tool
    @hinted("I want to pay my bill", "make a payment", "pay fifty dollars", offer="paying a bill")
    async def pay(
        self,
        amount: Annotated[Decimal, Ask("How much?")],
        day: Annotated[date, Ask("On which day?")],
        confirm: Annotated[bool, Ask("Shall I book it?")],
    ) -> str:
        """Pay a bill."""
        return f"{amount} on {day}: {confirm}."

    @function_tool
    @hinted(
        Example("connect me to billing", {"to": "billing"}),
        Example("my internet is down", {"to": "support"}),
        Example("I have a technical problem", {"to": "support"}),
    )
    async def hand_over(
        self, to: Annotated[Department, Ask("Billing or support?")], reason: str
    ) -> str:
        """Hand the caller over."""
        return f"To {to}: {reason}"

    @function_tool
    @hinted("I want to talk to a person", "get me a human", rescue=True)
    async def person(self, reason: str = "") -> str:
        """Get a person."""
        return f"A person will help you with {reason!r}."

    @function_tool
    @hinted("when do you open", "what are your opening hours", offer="opening hours")
    async def hours(self, ctx: RunContext[None]) -> str:
        """Say the hours."""
        assert ctx.function_call.name == "hours"
        return "We open at nine."

    @function_tool
    @hinted("I want to pay in instalments", "set up a payment plan")
    async def plan(
        self,
        months: int,
        speed: Annotated[Literal["slow", "fast"] | None, Ask("Slow or fast?")],
        rate: float = 1.0,
    ) -> str:
        """Set up a plan."""
        return f"{months} {speed} {rate}"


@pytest.fixture
def tools() -> list[llm.Tool | llm.Toolset]:
    """The tools of a desk that was just made."""
    return list(ShopDesk().tools)


@pytest.fixture
def desk() -> ShopDesk:
    """The desk itself."""
    return ShopDesk()


@pytest.fixture
def brain() -> OfflineBrain:
    """A brain for which it is Wednesday, 18 November 2026."""
    return OfflineBrain(today=lambda: date(2026, 11, 18))


@pytest.fixture
def decide(brain: OfflineBrain, tools: list[llm.Tool | llm.Toolset]) -> Decide:
    """What the brain does after `u:`, `a:`, `c:`, `o:`, `e:` (error) and `s:` lines."""

    def move(*lines: str, choice: llm.ToolChoice = "auto") -> Say | Call:
        context = llm.ChatContext.empty()
        for number, line in enumerate(lines):
            kind, _, text = line.partition(":")
            if kind == "c":
                call = llm.FunctionCall(call_id=f"{number}", name=text, arguments="{}")
                context.items.append(call)
            elif kind in {"o", "e"}:
                output = llm.FunctionCallOutput(
                    call_id=f"{number - 1}", output=text, is_error=kind == "e"
                )
                context.items.append(output)
            else:
                roles: dict[str, llm.ChatRole] = {"u": "user", "a": "assistant", "s": "system"}
                context.add_message(role=roles[kind], content=text)
        return brain.decide(context, tools, choice)

    return move
