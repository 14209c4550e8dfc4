"""PhoneLeg: one SIP and RTP connection of a PhoneLine, heard, spoken to and watched to its end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from sip.dialog import Dialog
from sip.keypad import Digit, DigitSource, Keypad
from sip.leg import Leg
from sip.line import Ended, Farewell, Frame, LegStats
from sip.media import Hearing, Saying
from sip.stack import CallGone, Happening, NativeAudio, NativeCall, StackFailed, sound_errors
from sip.stream import Fan
from sip.tones import DigitEar

_RATE = 8000
_LISTENER_FRAMES = 250
"""Five seconds: a listener further behind than that hears the present instead."""
_TYPED_AHEAD = 64
_FAREWELL_SECONDS = 2.0
_FIRST_WORD_SECONDS = 1.0
_RTP_TIMEOUT = "rtp stream error"
_TRANSFERRED = "Call transfered"


class PhoneLeg:
    """A connection from its first INVITE to its last word."""

    def __init__(self, dialog: Dialog, leg: Leg, *, over: Callable[[PhoneLeg], None]) -> None:
        self.dialog = dialog
        self.native: NativeCall | None = None
        self.established_at = 0.0
        self.progress: list[int] = []
        self.patience: asyncio.TimerHandle | None = None
        """Runs out if the stack never shows us this call."""
        self._leg = leg
        self._over = over
        self._held = False
        self._intent: Farewell | None = None
        self._stats = LegStats()
        self._rate = 0
        self._hearing = Hearing(_RATE)
        self._saying = Saying(_RATE)
        self._keypad = Keypad()
        self._ear: DigitEar | None = None
        self._frames: Fan[Frame] = Fan(_LISTENER_FRAMES)
        self._digits: Fan[Digit] = Fan(_TYPED_AHEAD, keep=_TYPED_AHEAD)
        loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[Ended] = loop.create_future()
        self.established: asyncio.Future[bool] = loop.create_future()
        """True once answered, False once it is clear that nobody will."""
        self._farewell = asyncio.Event()
        self._replied = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None
        dialog.on_digit = lambda key, ms: self._press(key, DigitSource.INFO, ms)
        dialog.on_progress = self.progress.append
        dialog.on_farewell = self._farewell.set
        dialog.on_reply = lambda _: self._replied.set()

    # What LiveLeg promises.

    @property
    def id(self) -> str:
        """The SIP Call-ID."""
        return self.dialog.call_id

    @property
    def leg(self) -> Leg:
        """Who called whom."""
        return self._leg

    @property
    def rate(self) -> int:
        """Samples a second; settled when the connection is up."""
        return self._rate or _RATE

    @property
    def ended(self) -> asyncio.Future[Ended]:
        """Done when it is over."""
        return self._ended

    @property
    def held(self) -> bool:
        """Whether the other side has put us on hold."""
        return self._held

    @property
    def stats(self) -> LegStats:
        """How well it sounds; the RTP figures come with the stack's own reports."""
        known = self._stats
        return LegStats(
            heard_frames=self._hearing.heard,
            made_up_frames=self._hearing.made_up,
            late_frames=self._hearing.late,
            unread_frames=self._frames.dropped,
            rtp_received=known.rtp_received,
            rtp_lost=known.rtp_lost,
            jitter_ms=known.jitter_ms,
            round_trip_ms=known.round_trip_ms,
        )

    def heard(self) -> AsyncIterator[Frame]:
        """Their sound from now on."""
        return self._frames.listen()

    def digits(self) -> AsyncIterator[Digit]:
        """Their keys; the first listener also gets what was typed before he came."""
        return self._digits.listen()

    def play(self, pcm: bytes) -> None:
        """Say this next."""
        if self._ended.done():
            return
        self._saying.add(pcm)
        self._speak()

    def clear(self) -> float:
        """Stop now."""
        ring = self._ring()
        try:
            return self._saying.clear(ring)
        except sound_errors():
            return self._saying.clear(None)

    @property
    def played(self) -> float:
        """Seconds that went out."""
        self._speak()
        return self._saying.played

    @property
    def queued(self) -> float:
        """Seconds that wait."""
        self._speak()
        return self._saying.queued

    async def drained(self) -> None:
        """Wait until all is said or the connection is over."""
        while (left := self.queued) > 0:
            # The stack does not tell when its ring is empty: sleep about that long and look again.
            done, _ = await asyncio.wait({self._ended}, timeout=min(max(left / 2, 0.005), 0.5))
            if done:
                return

    # What the line does with it.

    def attach(self, native: NativeCall) -> None:
        """The stack has its side of the call."""
        self.native = native
        if self.patience is not None:
            self.patience.cancel()
        native.on_event = self.happened

    def happened(self, event: Happening) -> None:
        """An event of the native call."""
        match event.name:
            case "CALL_ESTABLISHED":
                self.established_at = self.established_at or time.monotonic()
                self._settle(answered=True)
            case "CALL_HOLD":
                self._held = True
            case "CALL_RESUME":
                self._held = False
            case "CALL_DTMF_START" if event.text:
                self._press(event.text, DigitSource.RTP, 0)
            case "CALL_RTCP":
                self._note(event)
            case "CALL_CLOSED":
                self._note(event)
                self.close(event.text)

    def intend(self, how: Farewell) -> None:
        """We are about to end it, and this is why. The first reason counts."""
        self._intent = self._intent or how

    async def hang_up(self, how: Farewell = Farewell.OURS) -> Ended:
        """End it, whatever its state, and wait for the end."""
        if not self._ended.done() and self._closing is None:
            self.intend(how)
            if self.native is None:
                self.close("")
            else:
                try:
                    await self._first_word()
                    await self.native.hang_up()
                except CallGone:
                    self.close("")
                except StackFailed as error:
                    self._intent = Farewell.ERROR
                    self.close(str(error))
        return await asyncio.shield(self._ended)

    async def _first_word(self) -> None:
        """RFC 3261, 9.1: an INVITE that nobody has reacted to cannot be cancelled yet."""
        if self.dialog.side == "out" and not self.dialog.status and not self.established_at:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_WORD_SECONDS):
                    await self._replied.wait()

    def close(self, text: str) -> None:
        """The native side is over."""
        if self._closing is None:
            self._settle(answered=False)
            self._frames.close()
            self._digits.close()
            self._closing = asyncio.get_running_loop().create_task(self._close(text))

    def tick(self, now: float) -> None:
        """Move sound both ways; called every few milliseconds."""
        if self.native is None or self._closing is not None:
            return
        audio = self.native.audio
        pcm = b""
        try:
            if not self._rate:
                self._start(audio)
            pcm = audio.read(16 * self.rate)
        except sound_errors() as error:
            self._silent(error)
        if self._rate and (self.established_at or pcm):
            for frame in self._hearing.take(pcm, now):
                self._listen_for_digits(frame)
                self._frames.put(frame)
        if self._saying.queued:
            self._speak()

    # Leaves.

    def _start(self, audio: NativeAudio) -> None:
        self._rate = audio.rate()
        if self._rate:
            self._hearing.rate = self._saying.rate = self._rate

    def _silent(self, error: Exception) -> None:
        """No sound right now: on hold, renegotiating, or over."""
        if type(error).__name__ == "AudioRestarted":
            self._saying.restarted()

    def _ring(self) -> NativeAudio | None:
        if self.native is None or not self._rate or self._closing is not None:
            return None
        return self.native.audio

    def _speak(self) -> None:
        ring = self._ring()
        if ring is None:
            return
        try:
            self._saying.feed(ring)
        except sound_errors() as error:
            self._silent(error)

    def _listen_for_digits(self, frame: Frame) -> None:
        """In-band is the last resort: only for those who did not promise to send events."""
        if self.dialog.digits_by_rtp or frame.made_up:
            return
        if self._ear is None:
            self._ear = DigitEar(frame.rate)
        for key in self._ear.feed(frame.pcm):
            self._press(key, DigitSource.IN_BAND, 0)

    def _press(self, key: str, source: DigitSource, milliseconds: int) -> None:
        digit = self._keypad.press(key, source, milliseconds)
        if digit is not None:
            self._digits.put(digit)

    def _settle(self, *, answered: bool) -> None:
        if not self.established.done():
            self.established.set_result(answered)

    def _note(self, event: Happening) -> None:
        stats = event.stats or {}
        rtcp, rx = stats.get("rtcp", {}), stats.get("rx", {})
        self._stats = LegStats(
            rtp_received=int(rx.get("packets", self._stats.rtp_received)),
            rtp_lost=int(rtcp.get("rx_lost", self._stats.rtp_lost)),
            jitter_ms=rtcp.get("rx_jitter_us", 0) / 1000 or self._stats.jitter_ms,
            round_trip_ms=rtcp.get("rtt_us", 0) / 1000 or self._stats.round_trip_ms,
        )

    async def _close(self, text: str) -> None:
        if self.patience is not None:
            self.patience.cancel()
        how = self._how(text)
        verified = self.dialog.ended_by_peer or not self.established_at
        if not verified:
            # Our BYE is on its way; the front tells when it is answered.
            try:
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    await self._farewell.wait()
                verified = True
            except TimeoutError:
                verified = False
        status = self.dialog.status or None
        self._over(self)
        if not self._ended.done():
            self._ended.set_result(Ended(how, status, verified, text))

    def _how(self, text: str) -> Farewell:
        if text == _TRANSFERRED:
            return Farewell.TRANSFERRED
        if text == _RTP_TIMEOUT:
            return Farewell.RTP_TIMEOUT
        if self._intent is not None:
            return self._intent
        if self.established_at:
            return Farewell.FAR_END if self.dialog.ended_by_peer else Farewell.ERROR
        return Farewell.CANCELLED if self.dialog.side == "in" else Farewell.REFUSED
