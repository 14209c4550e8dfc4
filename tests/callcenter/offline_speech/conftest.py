"""Real Piper, a phone line's sound, real PocketSphinx."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from livekit import rtc
from livekit.agents import stt

from callcenter.offline.ears import EarStream, OfflineEars
from callcenter.offline.missing import OfflineMissing
from callcenter.offline.mouth import RATE, Manner, Piece, spoken_piece
from callcenter.offline.sayings import Sayings
from callcenter.phone import aloud
from tests.bench.phone_sound import over_the_phone

Samples = npt.NDArray[np.int16]
Say = Callable[[str], Samples]


@pytest.fixture(scope="session")
def sayings() -> Sayings:
    """What callers of the demo may say."""
    return aloud().sayings


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache folder for all tests: its files are made once."""
    return tmp_path_factory.mktemp("ears")


@pytest.fixture(scope="session")
def all_ears(sayings: Sayings, cache: Path) -> Iterator[OfflineEars]:
    """Ears whose process all tests share."""
    try:
        ears = OfflineEars(sayings, cache=cache)
    except OfflineMissing as missing:
        pytest.skip(str(missing))
    ears.prewarm()
    yield ears
    asyncio.run(ears.aclose())


@pytest.fixture
def ears(all_ears: OfflineEars) -> OfflineEars:
    """Ears for one call."""
    return all_ears.for_call()


@pytest.fixture(scope="session")
def say() -> Say:
    """Words as they arrive over the phone, with silence before and after; always the same."""
    steady = Manner(liveliness=0)

    def spoken(words: str) -> Samples:
        sound = np.frombuffer(spoken_piece(Piece(words), steady), np.int16)
        return over_the_phone(sound.astype(np.float64), RATE)

    return spoken


def frames(samples: Samples, rate: int = 8000) -> Iterator[rtc.AudioFrame]:
    """Sound as a line delivers it: 20 ms at a time."""
    size = rate // 50
    for at in range(0, len(samples) - size + 1, size):
        yield rtc.AudioFrame(samples[at : at + size].tobytes(), rate, 1, size)


async def told(stream: EarStream, samples: Samples, rate: int = 8000) -> list[stt.SpeechEvent]:
    """Everything a stream says about some sound, which comes faster than real."""
    for frame in frames(samples, rate):
        stream.push_frame(frame)
    stream.end_input()
    return [event async for event in stream]


def finals(events: list[stt.SpeechEvent]) -> str:
    """The final words."""
    final = stt.SpeechEventType.FINAL_TRANSCRIPT
    return " ".join(event.alternatives[0].text for event in events if event.type is final)
