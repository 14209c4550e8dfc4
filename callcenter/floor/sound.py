"""Sound: a phone leg as the ears and the mouth of a session; what was heard is what is recorded."""

from __future__ import annotations

import asyncio
import time

from livekit import rtc
from livekit.agents.voice.io import AudioInput, AudioOutput, AudioOutputCapabilities, TextOutput

from callcenter.floor.echo import EchoCanceller
from sip import LiveLeg

_SAMPLE_BYTES = 2
_USUAL_PACE = 15.0
"""Characters of English a second, for estimating how far an interrupted sentence got."""


class LegEars(AudioInput):
    """The caller's sound, 20 ms at a time, without gaps until they hang up."""

    def __init__(self, live: LiveLeg, mouth: LegMouth | None = None) -> None:
        """With the `mouth` of the same leg its echo is taken out."""
        super().__init__(label="phone leg")
        self._frames = live.heard()
        self._mouth = mouth
        self._canceller = EchoCanceller(live.rate) if mouth is not None else None

    async def __anext__(self) -> rtc.AudioFrame:
        """The next 20 ms."""
        frame = await anext(self._frames)
        pcm = frame.pcm
        if self._canceller is not None and self._mouth is not None:
            self._canceller.sent(self._mouth.went_out())
            pcm = self._canceller.cleaned(pcm)
        samples = len(pcm) // _SAMPLE_BYTES
        return rtc.AudioFrame(
            data=pcm, sample_rate=frame.rate, num_channels=1, samples_per_channel=samples
        )


class LegMouth(AudioOutput):
    """The agent's sound on its way to the caller. Stops within one frame when told to."""

    def __init__(self, live: LiveLeg) -> None:
        super().__init__(
            label="phone leg",
            capabilities=AudioOutputCapabilities(pause=True),
            sample_rate=live.rate,
        )
        self._live = live
        self._segment = bytearray()
        self._flushed = False
        self._paused_at: float | None = None
        self._given_up_to = 0
        self._ending: asyncio.Task[None] | None = None
        self._on_the_line = bytearray()
        self._told = 0
        self.words = LegWords()
        """Seat it as the session's transcription output, so that cut-off words are known."""

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Take sound; it comes faster than it is spoken."""
        await super().capture_frame(frame)
        if not self._segment:
            self._flushed = False
            self._given_up_to = 0
            self.on_playback_started(created_at=time.time())
        self._segment += bytes(frame.data)
        if self._paused_at is None:
            self._give()

    def flush(self) -> None:
        """The sentence is complete; report when it has been heard."""
        super().flush()
        if self._segment:
            self._flushed = True
            self._watch()

    def clear_buffer(self) -> None:
        """Be silent now."""
        if not self._segment:
            return
        self._finish(self._stop(), interrupted=True)

    def pause(self) -> None:
        """Be silent, but keep the rest: it may have been only a cough."""
        super().pause()
        if self._paused_at is None:
            self._paused_at = self._stop()
            # Whole samples only: half of one would turn the rest into noise.
            samples = round(self._paused_at * self._live.rate)
            self._given_up_to = min(samples * _SAMPLE_BYTES, len(self._segment))

    def resume(self) -> None:
        """Go on where the sound stopped."""
        super().resume()
        if self._paused_at is not None:
            self._paused_at = None
            self._give()
            if self._flushed:
                self._watch()

    def went_out(self) -> bytes:
        """The sound that really left since this was last asked."""
        size = max(0, self._played_bytes() - self._told)
        gone = bytes(self._on_the_line[:size])
        del self._on_the_line[:size]
        self._told += len(gone)
        return gone

    def _give(self) -> None:
        if self._live.ended.done():
            return  # nobody hears it: not given, so not counted as said
        rest = bytes(self._segment[self._given_up_to :])
        self._given_up_to = len(self._segment)
        self._on_the_line += rest
        self._live.play(rest)

    def _played_bytes(self) -> int:
        return round(self._live.played * self._live.rate) * _SAMPLE_BYTES

    def _stop(self) -> float:
        """Stop the sound; how much of this sentence was heard."""
        if self._paused_at is not None:
            return self._paused_at
        left = self._live.clear()
        del self._on_the_line[max(0, self._played_bytes() - self._told) :]
        return max(0.0, self._seconds(self._given_up_to) - left)

    def _watch(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().create_task(self._end_when_heard())

    async def _end_when_heard(self) -> None:
        await self._live.drained()
        if self._paused_at is None and self._segment:
            gone = self._live.ended.done()
            position = self._stop() if gone else self._seconds(len(self._segment))
            self._finish(position, interrupted=gone)

    def _finish(self, position: float, *, interrupted: bool) -> None:
        total = self._seconds(len(self._segment))
        spoken = self.words.until(position, total if self._flushed else None)
        self._segment = bytearray()
        self._paused_at = None
        self._flushed = False
        if self._ending is not None and self._ending is not asyncio.current_task():
            self._ending.cancel()
        self._ending = None
        self.words.forget()
        self.on_playback_finished(
            playback_position=position,
            interrupted=interrupted,
            synchronized_transcript=spoken if interrupted else None,
        )

    def _seconds(self, size: int) -> float:
        return size / _SAMPLE_BYTES / self._live.rate


class LegWords(TextOutput):
    """The words that go with the sound, to tell how many of them were heard."""

    def __init__(self) -> None:
        super().__init__(label="phone leg", next_in_chain=None)
        self._text = ""

    async def capture_text(self, text: str) -> None:
        """Take words; they come ahead of their sound."""
        self._text += text

    def flush(self) -> None:
        """All words of the sentence are here; they are kept until its sound is over."""

    def until(self, position: float, total: float | None) -> str:
        """The whole words that fit into `position` seconds; `total` is the sentence's length."""
        length = total or max(len(self._text) / _USUAL_PACE, position)
        if position <= 0 or length <= 0:
            return ""
        if position >= length:
            return self._text
        cut = self._text[: round(len(self._text) * position / length)]
        # A word of which only the beginning was heard was not heard.
        whole, space, _ = cut.rpartition(" ")
        return whole if space else ""

    def forget(self) -> None:
        """The next words belong to the next sentence."""
        self._text = ""


class Sound:
    """Both directions of one leg, for `Switchboard.answer`."""

    def __init__(self, live: LiveLeg, *, cancel_echo: bool = True) -> None:
        self.mouth = LegMouth(live)
        self.ears = LegEars(live, self.mouth if cancel_echo else None)
