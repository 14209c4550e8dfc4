"""A whole conversation through livekit's own session, in text."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from livekit.agents import Agent, AgentSession

from callcenter.offline.brain import OfflineBrain


@pytest_asyncio.fixture
async def session_with(brain: OfflineBrain, desk: Agent) -> AsyncIterator[AgentSession[None]]:
    """A running session with the desk seated."""
    async with AgentSession[None](
        llm=brain, vad=None, turn_handling={"turn_detection": None}
    ) as session:
        await session.start(desk)
        yield session


async def said(session: AgentSession[None], text: str) -> list[str]:
    """What happens after the caller speaks: calls, outputs and words."""
    events: list[str] = []
    for event in (await session.run(user_input=text)).events:
        if event.type == "function_call":
            events.append(f"{event.item.name} {event.item.arguments}")
        elif event.type == "function_call_output":
            events.append("failed" if event.item.is_error else "worked")
        elif event.type == "message":
            events.append(event.item.text_content or "")
    return events


@pytest.mark.asyncio
async def test_a_payment_is_made_by_talking(session_with: AgentSession[None]) -> None:
    """Questions, an answer out of place, a slip, and consent."""
    assert await said(session_with, "hello") == ["Hello. How can I help?"]
    assert await said(session_with, "um I'd like to pay my build") == ["How much?"]
    assert await said(session_with, "what did you say") == ["How much?"]
    assert await said(session_with, "eighty four twenty") == ["On which day?"]
    assert await said(session_with, "purple") == ["Sorry, I didn't get that. On which day?"]
    assert await said(session_with, "friday the twenty seventh") == ["Shall I book it?"]
    assert await said(session_with, "yeah go ahead") == [
        'pay {"amount": "84.20", "day": "2026-11-27", "confirm": true}',
        "worked",
        "84.20 on 2026-11-27: True.",
    ]
    assert await said(session_with, "thanks") == ["You're welcome. Is there anything else?"]


@pytest.mark.asyncio
async def test_every_kind_of_argument_passes_livekit(session_with: AgentSession[None]) -> None:
    """Enums, whole numbers, nothing at all."""
    for request, tool in (
        ("my internet is down", "hand_over"),
        ("set up a payment plan over three months", "plan"),
        ("447122", "balance"),
        ("get me a human", "person"),
    ):
        called, outcome, _ = await said(session_with, request)
        assert called.startswith(tool)
        assert outcome == "worked"


@pytest.mark.asyncio
async def test_gibberish_ends_with_a_person(session_with: AgentSession[None]) -> None:
    """After the third time, and not again right away."""
    assert len(await said(session_with, "asdf")) == 1
    assert len(await said(session_with, "qwer")) == 1
    called, *_ = await said(session_with, "zxcv")
    assert called.startswith("person")
    for _ in range(4):
        assert len(await said(session_with, "asdf")) == 1
