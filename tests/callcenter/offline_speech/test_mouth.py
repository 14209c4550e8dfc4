"""The offline mouth: Piper's voice through LiveKit's own stream."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
import pytest
from livekit.agents import tts

from callcenter.offline.mouth import MANNERS, RATE, Manner, OfflineMouth, Piece, pieces
from callcenter.offline.senses import end_of_turn


async def spoken(mouth: tts.TTS[Any], text: str) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """The samples of a text."""
    frame = await mouth.synthesize(text).collect()
    return np.frombuffer(frame.data, np.int16)


@pytest.mark.asyncio
async def test_a_sentence_is_speech_of_a_likely_length() -> None:
    """Two to four seconds for nine words, neither silent nor clipped."""
    samples = await spoken(OfflineMouth(), "Thank you for calling. How can I help you?")
    assert 1.5 < len(samples) / RATE < 4.5
    assert 5_000 < np.abs(samples.astype(np.int32)).max() < 32_000


@pytest.mark.asyncio
async def test_first_sound_comes_before_the_rest_is_made() -> None:
    """The caller waits for a sentence, not for the whole text."""
    mouth = OfflineMouth()
    await spoken(mouth, "Hello.")
    started = time.perf_counter()
    first = 0.0
    async for _ in mouth.synthesize("Thank you. " + "Your last bill came to ten dollars. " * 8):
        first = first or time.perf_counter() - started
    assert first < (time.perf_counter() - started) / 2


def test_texts_are_cut_where_a_speaker_breathes() -> None:
    """Sentences; a long first one at a comma; digits alone and slowly."""
    assert list(pieces("All right. Your ticket number is 4 4 7, 1 2 2. Goodbye!")) == [
        Piece("All right."),
        Piece("Your ticket number is"),
        Piece("4 4 7, 1 2 2.", slowly=True),
        Piece("Goodbye!"),
    ]
    long = "I'm sorry, something went wrong on our side just now and I could not finish that."
    assert [piece.text for piece in pieces(long)] == [long[:10], long[11:]]
    assert list(pieces(" … !")) == []


@pytest.mark.asyncio
async def test_digits_are_said_slowly() -> None:
    """A caller writes them down."""
    digits = await spoken(OfflineMouth(Manner(liveliness=0)), "4 4 7 1 2 2.")
    words = await spoken(OfflineMouth(Manner(liveliness=0)), "four four seven one two two.")
    assert len(digits) > 1.1 * len(words)


@pytest.mark.asyncio
async def test_desks_sound_different_but_speak_alike() -> None:
    """Another pitch moves the spectrum and leaves the length."""
    text = "This is the billing desk."
    sounds = [await spoken(OfflineMouth(manner), text) for manner in MANNERS[:3]]
    assert len({OfflineMouth(manner).model for manner in MANNERS}) == len(MANNERS)
    assert max(map(len, sounds)) < 1.5 * min(map(len, sounds))
    with pytest.raises(ValueError, match="nobody speaks"):
        Manner(pitch=3)


@pytest.mark.asyncio
async def test_a_cancelled_speech_stops_at_once() -> None:
    """Barge-in does not wait for the synthesis."""
    stream = OfflineMouth().synthesize("I have a lot to say about this. " * 30)
    await anext(aiter(stream))
    started = time.perf_counter()
    await stream.aclose()
    assert time.perf_counter() - started < 0.2
    assert not [task for task in asyncio.all_tasks() if "synthesize" in task.get_name()]


@pytest.mark.asyncio
async def test_nothing_to_say_is_a_short_silence() -> None:
    """Dots are no failure that would be tried again."""
    samples = await spoken(OfflineMouth(), "…")
    assert 0 < len(samples) < RATE
    assert not samples.any()


def test_end_of_turn_never_asks_the_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even with a key at hand."""
    monkeypatch.setenv("LIVEKIT_API_KEY", "key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "x" * 32)
    monkeypatch.setenv("LIVEKIT_URL", "wss://nowhere.example")
    assert end_of_turn()._cloud_opts is None
