"""Small talk is told from requests."""

from __future__ import annotations

import pytest

from callcenter.offline.smalltalk import small_talk


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("hello there", "greeting"),
        ("Good morning!", "greeting"),
        ("thank you so much", "thanks"),
        ("are you a robot", "robot"),
        ("is this a real person?", "robot"),
        ("am I talking to a human", "robot"),
        ("can you repeat that", "repeat"),
        ("sorry what did you say", "repeat"),
        ("I can't hear you", "repeat"),
        ("hold on", "hold"),
        ("just a second", "hold"),
        ("hold on a second please", "hold"),
        ("let me find my card", "hold"),
        ("never mind", "drop"),
        ("help", "help"),
        ("how are you today", "well"),
        ("that's all thank you", "bye"),
    ],
)
def test_bare_small_talk_is_heard(said: str, topic: str) -> None:
    """In the words that callers use."""
    talk = small_talk(said)
    assert talk is not None
    assert (talk.topic, talk.bare) == (topic, True)


@pytest.mark.parametrize(
    "said",
    ["I want to talk to a real person", "what is my balance", "I need help with my bill", "🙂", ""],
)
def test_requests_are_no_small_talk(said: str) -> None:
    """Polite or short, a request goes to the tools."""
    assert small_talk(said) is None
