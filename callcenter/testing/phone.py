"""PhoneCaller: a simulated caller on a real phone line; speaks aloud, presses keys, listens.

What the agent said is known from the call's events, because the house runs in the same process;
that it really arrived is checked on the sound. Use `Exchange` to ring a house from a test.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from livekit import rtc
from livekit.agents import tts

from callcenter.domain.call import Call
from callcenter.domain.events import AgentSaid, Arrived, Event
from callcenter.domain.report import Report
from callcenter.floor import Switchboard
from callcenter.testing.recording import Delays, Recording
from sip import Line, LiveLeg, Outcome

_QUIET = 0.6
_FIRST_NUMBER = 5550190001


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What is wrong with a caller's line. Levels are in decibels."""

    noise_snr: float | None = None
    """White noise under the caller's words, this far below them."""
    level: float = 0.0
    """How much louder (or softer, if negative) the caller is."""
    echo: float | None = None
    """The agent's own voice coming back at this level, such as -25."""
    echo_delay: float = 0.2
    mute: bool = False
    """Nothing of the caller arrives."""
    seed: int = 0


class NotAnswered(AssertionError):
    """The house did not pick up."""


class Exchange:
    """Connects simulated callers to a house over real SIP and RTP on this machine."""

    def __init__(self, line: Line, voice: tts.TTS[Any]) -> None:
        """Dial through `line`'s first trunk; callers speak with `voice`."""
        self._line = line
        self._voice = voice
        self._numbers = itertools.count(_FIRST_NUMBER)
        self._expected: dict[str, asyncio.Future[tuple[Switchboard, list[Event]]]] = {}

    def watch(self, board: Switchboard) -> None:
        """Give this to `Phone(on_call=…)`, so that a caller knows what they hear."""
        events: list[Event] = []

        def happened(event: Event) -> None:
            events.append(event)
            if isinstance(event, Arrived) and event.caller in self._expected:
                expected = self._expected.pop(event.caller)
                if not expected.done():
                    expected.set_result((board, events))

        board.watch(happened)

    @contextlib.asynccontextmanager
    async def dial(
        self, number: str, *, faults: Faults | None = None, caller_id: str | None = None
    ) -> AsyncIterator[PhoneCaller]:
        """Ring; the call is hung up at the end of the block if it is still on."""
        loop = asyncio.get_running_loop()
        # A number of its own for every call tells them apart at the other end.
        mine = caller_id or f"+1{next(self._numbers)}"
        expected = self._expected[mine] = loop.create_future()
        began = loop.time()
        dialled = await self._line.dial(number, caller_id=mine)
        if dialled.outcome is not Outcome.ANSWERED or dialled.leg is None:
            raise NotAnswered(f"{dialled.outcome} ({dialled.sip_status}) {dialled.detail}")
        answered = loop.time() - began
        try:
            board, events = await asyncio.wait_for(expected, 10)
        except TimeoutError:
            await self._line.hang_up(dialled.leg)
            raise NotAnswered("picked up, but no call was recorded") from None
        caller = PhoneCaller(
            self._line, dialled.leg, board, events, self._voice, faults or Faults(), answered
        )
        try:
            yield caller
        finally:
            await caller.hangs_up()


class PhoneCaller:
    """One simulated caller on the phone."""

    def __init__(
        self,
        line: Line,
        live: LiveLeg,
        board: Switchboard,
        events: list[Event],
        voice: tts.TTS[Any],
        faults: Faults,
        answered_after: float,
    ) -> None:
        self.events = events
        """Everything that has happened in the call so far."""
        self.recording = Recording(live.rate)
        self.answer_delay = answered_after
        """From dialling to the answer, in seconds."""
        self.switchboard = board
        self._line = line
        self._live = live
        self._voice = voice
        self._faults = faults
        self._random = np.random.default_rng(faults.seed)
        self._unheard_from = 0
        self._outgoing = bytearray()
        self._listening = asyncio.create_task(self._listen(), name="simulated caller listens")

    # --- what a caller does ---

    async def says(self, text: str) -> None:
        """Wait for the agent's turn to end, then speak; returns when it has been said."""
        await self.quiet()
        self._unheard_from = len(self.events)
        await self.blurts(text)

    async def blurts(self, text: str) -> None:
        """Speak at once, whoever else is speaking."""
        sound = await self._voice.synthesize(text).collect()
        self._outgoing += _resampled(sound, self._live.rate)
        while self._outgoing and not self._live.ended.done():
            await asyncio.sleep(0.02)

    async def press(self, keys: str) -> None:
        """Press keys on the phone."""
        await self.quiet()
        self._unheard_from = len(self.events)
        await self._line.send_digits(self._live, keys)

    async def waits(self, seconds: float) -> None:
        """Say nothing for a while, in real time."""
        await asyncio.sleep(seconds)

    async def hangs_up(self) -> None:
        """Put the receiver down and wait until the house has noticed."""
        if not self._live.ended.done():
            await self._line.hang_up(self._live)
        await asyncio.wait_for(self.switchboard.wait_until_over(), 20)
        self._listening.cancel()

    async def quiet(self, within: float = 60.0) -> None:
        """Wait until the agent has stopped speaking."""
        async with asyncio.timeout(within):
            while self.recording.agent_is_loud(_QUIET) and not self._live.ended.done():
                await asyncio.sleep(0.05)

    # --- what a caller notices ---

    async def hears(self, pattern: str, *, within: float = 30.0) -> None:
        """Assert that words since the last thing said match, and that sound came with them."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while loop.time() < deadline:
            if re.search(pattern, self.heard, re.IGNORECASE | re.DOTALL):
                if not self.recording.agent:
                    raise AssertionError(f"/{pattern}/ was said, but no sound arrived")
                return
            if self.switchboard.is_over:
                break
            await asyncio.sleep(0.05)
        raise AssertionError(
            f"did not hear /{pattern}/, but: {self.heard!r}\n{self.report.transcript()}"
        )

    @property
    def heard(self) -> str:
        """What the agent said since the caller last spoke."""
        return " ".join(
            e.text for e in self.events[self._unheard_from :] if isinstance(e, AgentSaid)
        )

    @property
    def call(self) -> Call:
        """State, facts and disposition of the call."""
        return self.switchboard.call

    @property
    def report(self) -> Report:
        """The call as the report shows it."""
        return Report.of(self.call.id, self.events)

    @property
    def reply_delay(self) -> Delays:
        """From the caller's last sound to the agent's first."""
        return Delays.of(self.recording.reply_delays)

    @property
    def stop_delay(self) -> Delays:
        """From the caller's onset over the agent to the agent's silence."""
        return Delays.of(self.recording.stop_delays)

    async def _listen(self) -> None:
        """Every 20 ms: take what arrives, send what is to be said, keep both."""
        size = 2 * int(self._live.rate * 0.02)
        async for frame in self._live.heard():
            said = bytes(self._outgoing[:size]).ljust(size, b"\0")
            del self._outgoing[:size]
            self.recording.add(said, frame.pcm)
            self._live.play(self._spoiled(said))

    def _spoiled(self, said: bytes) -> bytes:
        faults = self._faults
        if faults == _NO_FAULTS:
            return said
        samples = np.frombuffer(said, np.int16).astype(np.float64)
        if faults.mute:
            samples *= 0
        samples *= 10 ** (faults.level / 20)
        if faults.noise_snr is not None:
            loudness = _SPEECH_LEVEL * 10 ** ((faults.level - faults.noise_snr) / 20)
            samples += self._random.normal(0, loudness, len(samples))
        if faults.echo is not None:
            samples += self._echo(len(samples), faults.echo, faults.echo_delay)
        return samples.clip(-32768, 32767).astype(np.int16).tobytes()

    def _echo(self, count: int, level: float, delay: float) -> np.ndarray:
        back = 2 * int(self._live.rate * delay)
        heard = self.recording.heard
        past = bytes(heard[max(0, len(heard) - back - 2 * count) : max(0, len(heard) - back)])
        samples = np.frombuffer(past.rjust(2 * count, b"\0")[-2 * count :], np.int16)
        return samples.astype(np.float64) * 10 ** (level / 20)


_NO_FAULTS = Faults()
_SPEECH_LEVEL = 3000.0


def _resampled(frame: rtc.AudioFrame, rate: int) -> bytes:
    if frame.sample_rate == rate:
        return bytes(frame.data)
    resampler = rtc.AudioResampler(frame.sample_rate, rate, num_channels=1)
    parts = [*resampler.push(frame), *resampler.flush()]
    return b"".join(bytes(part.data) for part in parts)
