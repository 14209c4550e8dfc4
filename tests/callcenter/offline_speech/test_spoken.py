"""Phrases that never change are synthesised once; nothing else is ever kept."""

from __future__ import annotations

import multiprocessing
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from livekit.agents import APIError, tts

from callcenter.floor.sound_folder import SoundFolder
from callcenter.floor.spoken import Remembering, fixed_phrases
from tests.callcenter.offline_speech.scripted_voice import ScriptedVoice

GREETING = "Thank you for calling. How can I help you today?"
MOMENT = "One moment, please."
Speak = Callable[[tts.TTS[Any], str], Awaitable[bytes]]
PHRASES = (GREETING, MOMENT, "Call 555 0100.", "Hello {name}.")


@pytest.fixture(params=[False, True], ids=["whole texts", "streaming"])
def voice(request: pytest.FixtureRequest) -> ScriptedVoice:
    """A voice of either kind."""
    return ScriptedVoice(streaming=request.param)


async def whole(mouth: tts.TTS[Any], text: str) -> bytes:
    """Its sound, asked for at once."""
    return bytes((await mouth.synthesize(text).collect()).data)


async def in_parts(mouth: tts.TTS[Any], text: str, *, size: int = 4) -> bytes:
    """Its sound, given as a model gives words."""
    async with mouth.stream() as stream:
        for at in range(0, len(text), size):
            stream.push_text(text[at : at + size])
        stream.end_input()
        return b"".join([bytes(event.frame.data) async for event in stream])


@pytest.mark.parametrize("speak", [whole, in_parts])
@pytest.mark.asyncio
async def test_a_fixed_phrase_is_synthesised_once(
    voice: ScriptedVoice, tmp_path: Path, speak: Speak
) -> None:
    """The second time it comes from memory, in another process from disk, and sounds the same."""
    first = await speak(Remembering(voice, tmp_path, PHRASES), MOMENT)
    asked = len(voice.asked)
    assert asked
    assert first.startswith(voice.sound(MOMENT)[:1000])
    again = Remembering(voice, tmp_path, PHRASES)
    assert await speak(again, MOMENT) == first
    assert await speak(again, f" {MOMENT} ".replace(" ", "  ")) == first
    assert len(voice.asked) == asked


@pytest.mark.asyncio
async def test_what_belongs_to_a_caller_is_never_kept(voice: ScriptedVoice, tmp_path: Path) -> None:
    """Neither other texts, however often, nor given ones with digits or variables."""
    mouth = Remembering(voice, tmp_path, PHRASES)
    assert mouth.fixed == {GREETING, MOMENT}
    for _ in range(3):
        for text in ("Thank you, Dana.", "Call 555 0100.", "You owe ten dollars."):
            await whole(mouth, text)
            await in_parts(mouth, text)
    assert list(tmp_path.iterdir()) == []
    assert len(voice.asked) >= 18


@pytest.mark.asyncio
async def test_a_text_that_only_begins_like_a_phrase_is_spoken_whole(
    voice: ScriptedVoice, tmp_path: Path
) -> None:
    """The words that waited are not lost."""
    mouth = Remembering(voice, tmp_path, PHRASES)
    longer = "One moment, please, Dana."
    await in_parts(mouth, longer)
    assert "".join(voice.asked).strip() == longer


@pytest.mark.asyncio
async def test_voices_do_not_mix(tmp_path: Path) -> None:
    """Another model or another speaker has files of its own."""
    first, second = ScriptedVoice(model="a"), ScriptedVoice(model="b")
    await whole(Remembering(first, tmp_path, PHRASES), MOMENT)
    await whole(Remembering(second, tmp_path, PHRASES), MOMENT)
    await whole(Remembering(second, tmp_path, PHRASES, speaker="ann"), MOMENT)
    assert (len(first.asked), len(second.asked)) == (1, 2)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("damage", [b"", b"CCSOUND1", b"RIFF" * 50, None])
@pytest.mark.asyncio
async def test_a_broken_file_is_made_again(tmp_path: Path, damage: bytes | None) -> None:
    """Cut, empty, strange or with one wrong bit."""
    voice = ScriptedVoice()
    right = await whole(Remembering(voice, tmp_path, PHRASES), MOMENT)
    (file,) = tmp_path.iterdir()
    data = file.read_bytes()
    file.write_bytes(damage if damage is not None else data[:-1] + bytes([data[-1] ^ 1]))
    assert await whole(Remembering(voice, tmp_path, PHRASES), MOMENT) == right
    assert file.read_bytes() == data
    assert len(voice.asked) == 2


@pytest.mark.asyncio
async def test_a_speech_that_failed_is_not_kept(voice: ScriptedVoice, tmp_path: Path) -> None:
    """The error is the wrapped voice's, and the phrase is asked for again."""
    mouth = Remembering(voice, tmp_path, PHRASES)
    voice.broken = True
    with pytest.raises(APIError):
        await whole(mouth, MOMENT)
    voice.broken = False
    assert list(tmp_path.iterdir()) == []
    assert await whole(mouth, MOMENT)


@pytest.mark.asyncio
async def test_a_speech_that_was_cut_off_is_not_kept(tmp_path: Path) -> None:
    """Half a greeting would be half a greeting for ever."""
    voice = ScriptedVoice()
    stream = Remembering(voice, tmp_path, PHRASES).synthesize(GREETING)
    await stream.aclose()
    assert list(tmp_path.glob("*.sound")) == []


@pytest.mark.asyncio
async def test_everything_fixed_can_be_learned_beforehand(
    voice: ScriptedVoice, tmp_path: Path
) -> None:
    """At the start of a process; the second time there is nothing to do."""
    mouth = Remembering(voice, tmp_path, PHRASES)
    assert await mouth.learn() == 2
    assert await mouth.learn() == 0


@pytest.mark.asyncio
async def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    """Phrases are still spoken, and remembered by this process."""
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    voice = ScriptedVoice()
    mouth = Remembering(voice, blocked / "below", PHRASES)
    assert await whole(mouth, MOMENT) == await whole(mouth, MOMENT)
    assert len(voice.asked) == 1


def test_folder_and_memory_are_bounded(tmp_path: Path) -> None:
    """What was stored first goes first."""
    folder = SoundFolder(tmp_path, most_bytes=3_500, most_in_memory=1_500)
    for number in range(5):
        folder.store(f"{number}", bytes([number]) * 1_000)
    assert len(list(tmp_path.iterdir())) == 3
    fresh = SoundFolder(tmp_path)
    assert [fresh.load(f"{number}") is not None for number in range(5)] == [False] * 2 + [True] * 3
    assert sum(map(len, folder._memory.values())) <= 1_500


def _store_often(folder: str, value: int) -> None:
    sounds = SoundFolder(Path(folder))
    for _ in range(100):
        sounds.store("same", bytes([value]) * 50_000)


@pytest.mark.slow
def test_processes_that_write_at_once_leave_a_whole_file(tmp_path: Path) -> None:
    """A reader finds one of them, never a mixture."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_store_often, args=(str(tmp_path), v)) for v in (1, 2)]
    for writer in writers:
        writer.start()
    seen = 0
    while any(writer.is_alive() for writer in writers):
        found = SoundFolder(tmp_path).load("same")
        assert found is None or found in (b"\1" * 50_000, b"\2" * 50_000)
        seen += found is not None
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert seen
    assert len(list(tmp_path.iterdir())) == 1


def test_fixed_phrases_are_those_without_variables() -> None:
    """Of all scripts; what a model reads is none."""
    from flows.script import Script

    found = fixed_phrases([Script.load("triage"), Script.load("billing")])
    assert "Thank you for calling Northwind Broadband. How can I help you today?" in found
    assert MOMENT in found
    assert not any("{" in text or "markdown" in text for text in found)
