"""A leg as ears and mouth: what was heard is what is reported."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from livekit import rtc
from livekit.agents.voice.io import PlaybackFinishedEvent

from callcenter.floor.echo import EchoCanceller
from callcenter.floor.sound import LegEars, LegMouth
from sip import LiveLeg
from tests.fakes.leg import FakeLeg

pytestmark = pytest.mark.virtual_time
TEXT = "one two three four five six seven eight nine ten"


def seconds(leg: LiveLeg, length: float) -> rtc.AudioFrame:
    """Sound of a length; every sample differs from its neighbour."""
    samples = round(leg.rate * length)
    data = b"".join((n % 30_000).to_bytes(2, "little") for n in range(samples))
    return rtc.AudioFrame(data, leg.rate, 1, samples)


async def speaking(
    leg: FakeLeg, length: float = 10.0
) -> tuple[LegMouth, list[PlaybackFinishedEvent]]:
    """A mouth in the middle of a sentence, and where its reports go."""
    mouth = LegMouth(leg)
    reports: list[PlaybackFinishedEvent] = []
    mouth.on("playback_finished", reports.append)
    await mouth.words.capture_text(TEXT)
    await mouth.capture_frame(seconds(leg, length))
    mouth.flush()
    return mouth, reports


async def test_sentence_that_was_heard_whole_is_reported_once() -> None:
    """Not before the last sample has left the line."""
    leg = FakeLeg()
    mouth, reports = await speaking(leg)
    await asyncio.sleep(9.9)
    assert reports == []
    assert (await mouth.wait_for_playout()).interrupted is False
    assert [round(r.playback_position, 2) for r in reports] == [10.0]
    assert reports[0].synchronized_transcript is None


async def test_interrupted_sentence_reports_the_words_that_were_heard() -> None:
    """Half of the sound is half of the words, whole ones only."""
    leg = FakeLeg()
    mouth, reports = await speaking(leg)
    await asyncio.sleep(5)
    mouth.clear_buffer()
    assert leg.queued == 0
    assert reports[0].interrupted
    assert reports[0].playback_position == pytest.approx(5, abs=0.05)
    heard = reports[0].synchronized_transcript or ""
    assert TEXT.startswith(heard)
    assert 3 <= len(heard.split()) <= 6


async def test_sentence_that_nobody_heard_has_no_words() -> None:
    """Interrupted before the first sample."""
    leg = FakeLeg()
    mouth, reports = await speaking(leg)
    mouth.clear_buffer()
    assert reports[0].synchronized_transcript == ""
    assert reports[0].playback_position == 0


async def test_pause_keeps_the_rest_and_loses_no_sample() -> None:
    """A cough stops the agent; it goes on exactly where it stopped."""
    leg = FakeLeg()
    mouth, reports = await speaking(leg, 4.0)
    await asyncio.sleep(1)
    mouth.pause()
    await asyncio.sleep(60)
    assert reports == []
    before = leg.played
    assert before == pytest.approx(1, abs=0.05)
    mouth.resume()
    await mouth.wait_for_playout()
    assert leg.played == pytest.approx(4, abs=0.01)
    assert reports[0].playback_position == pytest.approx(4, abs=0.01)
    whole = bytes(seconds(leg, 4.0).data)
    assert bytes(leg.given).endswith(whole[round(before * leg.rate) * 2 :])


async def test_interruption_during_a_pause_reports_where_the_sound_stopped() -> None:
    """The time that passed in silence does not count as heard."""
    leg = FakeLeg()
    mouth, reports = await speaking(leg)
    await asyncio.sleep(2)
    mouth.pause()
    await asyncio.sleep(3)
    mouth.clear_buffer()
    assert reports[0].playback_position == pytest.approx(2, abs=0.05)


async def test_caller_who_hangs_up_ends_the_sentence_as_interrupted() -> None:
    """Nobody heard the rest."""
    leg = FakeLeg()
    mouth, reports = await speaking(leg)
    await asyncio.sleep(3)
    leg.hang_up()
    await mouth.wait_for_playout()
    assert reports[0].interrupted
    assert reports[0].playback_position == pytest.approx(3, abs=0.1)


async def test_two_sentences_are_reported_one_by_one() -> None:
    """The second begins with a clean sheet."""
    leg = FakeLeg()
    mouth, reports = await speaking(leg, 1.0)
    await mouth.wait_for_playout()
    await mouth.words.capture_text("and more")
    await mouth.capture_frame(seconds(leg, 2.0))
    mouth.flush()
    await mouth.wait_for_playout()
    assert [round(r.playback_position) for r in reports] == [1, 2]


async def test_ears_hear_until_the_caller_hangs_up() -> None:
    """Frame by frame, then the stream ends."""
    leg = FakeLeg()
    ears = LegEars(leg)
    first = await anext(ears)
    assert (first.sample_rate, first.samples_per_channel) == (8000, 160)
    leg.hang_up()
    rest = [frame async for frame in ears]
    assert len(rest) <= 1


async def test_own_echo_is_taken_out_and_the_caller_is_not() -> None:
    """20 dB softer and 200 ms later, as phone networks return it."""
    rate, random = 8000, np.random.default_rng(1)
    agent = (random.normal(0, 3000, rate * 6) * np.repeat(random.random(60), rate // 10)).astype(
        np.int16
    )
    echo = np.concatenate((np.zeros(rate // 5), agent[: -rate // 5] * 0.1))
    caller = np.zeros(rate * 6)
    caller[rate * 4 : rate * 5] = 4000 * np.sin(np.arange(rate) / rate * 2 * np.pi * 440)
    line = (echo + caller).astype(np.int16)
    canceller = EchoCanceller(rate)
    cleaned = bytearray()
    for start in range(0, rate * 6, 160):
        canceller.sent(agent[start : start + 160].tobytes())
        cleaned += canceller.cleaned(line[start : start + 160].tobytes())
    heard = np.frombuffer(bytes(cleaned), np.int16).astype(float)
    assert len(heard) == rate * 6
    _expect_levels(heard, line, rate)


async def test_caller_on_a_line_without_echo_is_heard_over_the_agent() -> None:
    """A canceller that finds no echo must not take the caller for one."""
    rate, random = 8000, np.random.default_rng(1)
    agent = (random.normal(0, 3000, rate * 6) * np.repeat(random.random(60), rate // 10)).astype(
        np.int16
    )
    caller = np.zeros(rate * 6)
    shape = np.repeat(random.random(20), rate // 20)
    caller[rate * 3 : rate * 4] = 4000 * shape * np.sin(np.arange(rate) / rate * 2 * np.pi * 440)
    line = caller.astype(np.int16)
    canceller = EchoCanceller(rate)
    cleaned = bytearray()
    for start in range(0, rate * 6, 160):
        canceller.sent(agent[start : start + 160].tobytes())
        cleaned += canceller.cleaned(line[start : start + 160].tobytes())
    heard = np.frombuffer(bytes(cleaned), np.int16)
    assert (heard[rate * 3 : rate * 4] == line[rate * 3 : rate * 4]).all()


def _expect_levels(heard: np.ndarray, line: np.ndarray, rate: int) -> None:
    def level(sound: np.ndarray, second: float) -> float:
        part = sound[int(rate * second) : int(rate * (second + 1))].astype(float)
        return float(np.sqrt((part**2).mean()))

    assert level(heard, 2.5) < level(line, 2.5) / 5
    assert level(heard, 4) > level(line, 4) / 2
