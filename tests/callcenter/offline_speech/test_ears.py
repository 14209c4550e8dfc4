"""The offline ears: real speech over a real codec, through LiveKit's own stream."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from livekit.agents import APIConnectOptions, llm, stt
from livekit.agents.voice import ConversationItemAddedEvent

from callcenter.offline.ears import OfflineEars
from callcenter.offline.mouth import RATE, Manner, Piece, spoken_piece
from callcenter.offline.sayings import Sayings
from tests.bench.phone_sound import resampled
from tests.callcenter.offline_speech.conftest import Say, finals, frames, told

FINAL = stt.SpeechEventType.FINAL_TRANSCRIPT
INTERIM = stt.SpeechEventType.INTERIM_TRANSCRIPT
PIN = "And your four digit PIN?"


def asked(question: str, role: llm.ChatRole = "assistant") -> ConversationItemAddedEvent:
    """What LiveKit tells ears when somebody has spoken."""
    return ConversationItemAddedEvent(item=llm.ChatMessage(role=role, content=[question]))


@pytest.mark.parametrize(
    "words",
    [
        "my internet is down",
        "i want to dispute a charge",
        "four four seven one two two",
        "yes please",
        "march twelfth nineteen eighty four",
    ],
)
@pytest.mark.asyncio
async def test_caller_is_understood_over_the_phone(ears: OfflineEars, say: Say, words: str) -> None:
    """Wish, number, answer and date come through 8 kHz µ-law word for word."""
    assert finals(await told(ears.stream(), say(words))) == words


@pytest.mark.asyncio
async def test_interim_words_come_before_the_final_ones(ears: OfflineEars, say: Say) -> None:
    """Start, growing words, final, end: in this order, with times inside the speech."""
    sound = say("i have a question about my bill")
    events = await told(ears.stream(), sound)
    kinds = [event.type for event in events]
    assert kinds[0] is stt.SpeechEventType.START_OF_SPEECH
    assert kinds.index(INTERIM) < kinds.index(FINAL)
    assert kinds.index(FINAL) < kinds.index(stt.SpeechEventType.END_OF_SPEECH)
    (best,) = next(event for event in events if event.type is FINAL).alternatives
    assert 0.3 < best.start_time < 0.7
    assert best.start_time < best.end_time <= len(sound) / 8000
    assert 0.0 < best.confidence <= 1.0
    assert best.words is not None
    assert [str(word) for word in best.words] == best.text.split()


@pytest.mark.asyncio
async def test_two_utterances_are_two_finals(ears: OfflineEars, say: Say) -> None:
    """The pause between sentences cuts; the second one's times go on."""
    both = np.concatenate([say("my internet is down"), say("i need a technician")])
    events = await told(ears.stream(), both)
    texts = [event.alternatives[0] for event in events if event.type is FINAL]
    assert [one.text for one in texts] == ["my internet is down", "i need a technician"]
    assert texts[0].end_time < texts[1].start_time


@pytest.mark.parametrize("loudness", [0, 30, 300])
@pytest.mark.asyncio
async def test_silence_and_noise_are_no_words(ears: OfflineEars, loudness: int) -> None:
    """Four seconds of line noise say nothing."""
    noise = np.random.default_rng(3).normal(size=32_000) * loudness
    assert finals(await told(ears.stream(), noise.astype(np.int16))) == ""


@pytest.mark.asyncio
async def test_sound_of_a_browser_is_understood_as_well(ears: OfflineEars) -> None:
    """48 kHz with all its high sounds, as rooms have it."""
    spoken = np.frombuffer(
        spoken_piece(Piece("my internet is down"), Manner(liveliness=0)), np.int16
    )
    wide = resampled(spoken.astype(np.float64), RATE, 48_000).astype(np.int16)
    sound = np.concatenate([np.zeros(24_000, np.int16), wide, np.zeros(48_000, np.int16)])
    assert finals(await told(ears.stream(), sound, 48_000)) == "my internet is down"


@pytest.mark.asyncio
async def test_whole_recordings_are_recognised_at_once(ears: OfflineEars, say: Say) -> None:
    """LiveKit's `recognize` for sound that is all there."""
    event = await ears.recognize(list(frames(say("i want to pay my bill"))))
    assert event.alternatives[0].text == "i want to pay my bill"
    silence = await ears.recognize(list(frames(np.zeros(16_000, np.int16))))
    assert silence.alternatives[0].text == ""


@pytest.mark.asyncio
async def test_a_question_for_digits_makes_digits_likelier(ears: OfflineEars, say: Say) -> None:
    """Ears of a call follow what the desk asked; what the caller says changes nothing."""
    stream = ears.stream()
    ears._push_conversation_item(asked(PIN))
    ears._push_conversation_item(asked("what", role="user"))
    assert stream.expected == "digits"
    assert finals(await told(stream, say("seven three oh five"))) == "seven three oh five"


@pytest.mark.asyncio
async def test_ears_that_calls_share_lean_nowhere(ears: OfflineEars) -> None:
    """Nobody knows which of the callers was asked."""
    one, other = ears.stream(), ears.stream()
    async with one, other:
        ears._push_conversation_item(asked(PIN))
        assert [stream.expected for stream in (one, other)] == ["anything", "anything"]


@pytest.mark.asyncio
async def test_a_cancelled_stream_leaves_nothing_behind(ears: OfflineEars, say: Say) -> None:
    """In the middle of a word; the next stream hears as if nothing had been."""
    stream = ears.stream()
    for frame in list(frames(say("my account number is four")))[:60]:
        stream.push_frame(frame)
    await asyncio.sleep(0.1)
    await stream.aclose()
    assert ears.hearing.streams == 0
    assert finals(await told(ears.stream(), say("my internet is down"))) == "my internet is down"


@pytest.mark.asyncio
async def test_the_event_loop_never_waits_for_a_search(ears: OfflineEars, say: Say) -> None:
    """Decoding happens in another process."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - before)

    sound = say("hello i have a question about my bill because it went up")
    watching = asyncio.create_task(watch())
    await told(ears.stream(), sound)
    watching.cancel()
    assert longest < 0.25


@pytest.mark.asyncio
async def test_two_callers_are_heard_at_once(all_ears: OfflineEars, say: Say) -> None:
    """One process, two streams, no word in the wrong ear."""
    lines = ["i want to cancel my contract", "is there an outage in fairhaven"]
    streams = [all_ears.for_call().stream() for _ in lines]
    heard = await asyncio.gather(
        *(told(stream, say(line)) for stream, line in zip(streams, lines, strict=True))
    )
    assert [finals(events) for events in heard] == lines


@pytest.mark.slow
@pytest.mark.asyncio
async def test_streams_are_shared_out_among_processes(
    sayings: Sayings, cache: Path, say: Say
) -> None:
    """Callers who speak at once do not all wait for the same core."""
    ears = OfflineEars(sayings, cache=cache, processes=2)
    try:
        streams = [ears.for_call().stream() for _ in range(4)]
        await asyncio.sleep(0.1)
        assert [hearing.streams for hearing in ears._hearings] == [2, 2]
        heard = await asyncio.gather(*(told(stream, say("yes please")) for stream in streams))
        assert [finals(events) for events in heard] == ["yes please"] * 4
    finally:
        await ears.aclose()


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_process_that_dies_is_started_again(
    sayings: Sayings, cache: Path, say: Say
) -> None:
    """The stream tries again by LiveKit's own rules, and hears what comes then."""
    ears = OfflineEars(sayings, cache=cache)
    try:
        stream = ears.stream(conn_options=APIConnectOptions(retry_interval=0.1))
        for frame in frames(np.zeros(8000, np.int16)):
            stream.push_frame(frame)
        await asyncio.sleep(0.5)
        assert ears.hearing.pid is not None
        os.kill(ears.hearing.pid, signal.SIGKILL)
        await asyncio.sleep(0.5)
        assert finals(await told(stream, say("my internet is down"))) == "my internet is down"
    finally:
        await ears.aclose()
    assert ears.hearing.pid is None


@pytest.mark.asyncio
async def test_ears_need_neither_key_nor_network(
    ears: OfflineEars, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in the environment, and no socket is opened."""
    import socket

    def refuse(*_: object) -> None:
        raise AssertionError("somebody wants the network")

    for name in [name for name in os.environ if "KEY" in name or "LIVEKIT" in name]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert finals(await told(ears.stream(), say("yes please"))) == "yes please"
