"""A tiny house of two desks with a scripted brain, to test the floor without the conversations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar

import pytest
from livekit.agents import llm

from callcenter.domain.department import Department
from callcenter.domain.handoff import Handoff
from callcenter.domain.hints import Ask
from callcenter.floor import Desk, Heard, Neighbour, Say, Seating, Voice, tool
from tests.fakes.brain import ScriptedBrain

FRONT = Department("triage")
BACK = Department("back")


class PlainWords:
    """Phrases that say their own name and variables."""

    def say(self, name: str, /, **variables: str) -> str:
        """The name, with what it was given."""
        given = " ".join(f"{key} {value}" for key, value in variables.items())
        return f"[{name}] {given}".strip()


class Front(Desk):
    """A desk with one tool for each way to fail."""

    department = FRONT
    neighbour = Neighbour(serves="everything")
    needs: ClassVar = {}
    done: ClassVar[list[str]] = []

    @tool("works")
    async def works(self) -> Heard:
        """Work."""
        return Say("it worked")

    @tool("tells the model")
    async def tells(self) -> Heard:
        """Tell the model."""
        return "a result for the model"

    @tool("raises")
    async def raises(self) -> Heard:
        """Raise."""
        raise RuntimeError("the books of +15550100123 are on fire")

    @tool("hangs")
    async def hangs(self) -> Heard:
        """Hang."""
        await asyncio.sleep(3600)
        return Say("never")

    @tool("rubbish")
    async def rubbish(self) -> Heard:
        """Return what cannot be said."""
        rubbish: Any = {"a": 1}
        return rubbish  # type: ignore[no-any-return]

    @tool("empty")
    async def empty(self) -> Heard:
        """Return nothing that can be heard."""
        return Say("  ")

    @tool("slow")
    async def slow(self) -> Heard:
        """Take three seconds."""
        await asyncio.sleep(3)
        self.done.append("slow")
        return Say("slow is done")

    @tool("secret")
    async def secret(self, pin: Annotated[str, Ask("PIN?", expects="digits")]) -> Heard:
        """Take a secret."""
        return Say(f"thank you, {len(pin)} digits")


class Back(Desk):
    """The other desk."""

    department = BACK
    neighbour = Neighbour(serves="the rest", callers_say=("the back please",))
    needs: ClassVar = {}


DESKS: Mapping[Department, type[Desk]] = {FRONT: Front, BACK: Back}


@pytest.fixture
def brain() -> ScriptedBrain:
    """The model of the test; fill in its script."""
    return ScriptedBrain()


@pytest.fixture
def callcenter_brain(brain: ScriptedBrain) -> Callable[[], llm.LLM[Any]]:
    """Let the desks think with the scripted brain."""
    return lambda: brain


@pytest.fixture
def callcenter_phrases() -> PlainWords:
    """Phrases without an editor."""
    return PlainWords()


@pytest.fixture
def callcenter_seat(callcenter_phrases: PlainWords) -> Seating:
    """The two desks."""
    Front.done.clear()
    neighbours = {department: desk.neighbour for department, desk in DESKS.items()}

    def seat(
        department: Department, handoff: Handoff, words: llm.ChatContext | None, _: Voice
    ) -> Desk:
        return DESKS[department](
            script=callcenter_phrases, handoff=handoff, neighbours=neighbours, words=words
        )

    return seat
