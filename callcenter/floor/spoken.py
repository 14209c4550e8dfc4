"""Spoken: phrases that never change are synthesised once and replayed, by any voice, cloud or not.

Only phrases that were given beforehand are ever kept, and none with a digit: what belongs to one
caller never reaches the disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from livekit.agents import APIConnectOptions, tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, TimedString

from callcenter.floor.sound_folder import SoundFolder

_log = logging.getLogger(__name__)

_OURS_ONCE = APIConnectOptions(max_retry=0)
"""The wrapped voice tries again by itself."""


class Script(Protocol):
    """Phrases by name, such as `flows.script.Script`."""

    @property
    def names(self) -> tuple[str, ...]:
        """All phrases."""

    def say(self, name: str, /, **variables: str) -> str:
        """A phrase; raises if it needs variables."""


class Remembering(tts.TTS[Any]):
    """A voice that says fixed phrases from memory and everything else by the voice it wraps.

    Args:
        voice: the voice that is asked for what is not remembered
        folder: where sound is kept; it may be shared by voices and by processes
        phrases: the texts that may be kept, such as `fixed_phrases(scripts)`
        speaker: tells voices of the same provider and model apart
        most_bytes: the folder's bound; what was stored first goes first
    """

    def __init__(
        self,
        voice: tts.TTS[Any],
        folder: Path,
        phrases: Iterable[str],
        *,
        speaker: str = "",
        most_bytes: int = 64_000_000,
    ) -> None:
        self._voice = voice
        self._streaming = voice if voice.capabilities.streaming else tts.StreamAdapter(tts=voice)
        super().__init__(
            capabilities=replace(self._streaming.capabilities, streaming=True),
            sample_rate=voice.sample_rate,
            num_channels=voice.num_channels,
        )
        self._speaker = speaker
        self._fixed = frozenset(text for phrase in phrases if may_be_kept(text := plain(phrase)))
        self._folder = SoundFolder(folder, most_bytes=most_bytes)

    @property
    def model(self) -> str:
        """The wrapped voice's."""
        return self._voice.model

    @property
    def provider(self) -> str:
        """The wrapped voice's."""
        return self._voice.provider

    @property
    def wrapped(self) -> tts.TTS[Any]:
        """The voice that is asked for what is not remembered."""
        return self._voice

    def wrapped_stream(self, options: APIConnectOptions) -> tts.SynthesizeStream:
        """Its stream, also of a voice that takes whole texts only."""
        return self._streaming.stream(conn_options=options)

    @property
    def fixed(self) -> frozenset[str]:
        """The texts that may be kept."""
        return self._fixed

    def prewarm(self) -> None:
        """Prewarm the wrapped voice."""
        self._voice.prewarm()

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        """A whole text."""
        return _Said(self, text, conn_options)

    def stream(
        self, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.SynthesizeStream:
        """A text that comes in parts."""
        return _Saying(self, conn_options)

    async def learn(self) -> int:
        """Synthesise every fixed phrase that is not remembered; how many there were."""
        new = 0
        for text in sorted(self._fixed):
            if await self.remembered(text) is None:
                async with self.synthesize(text) as speech:
                    async for _ in speech:
                        pass
                new += 1
        return new

    async def aclose(self) -> None:
        """Close the wrapped voice."""
        if self._streaming is not self._voice:
            await self._streaming.aclose()
        await self._voice.aclose()

    def may_become_fixed(self, beginning: str) -> bool:
        """Whether a text that begins like this can still turn out to be a fixed phrase."""
        start = plain(beginning)
        return any(phrase.startswith(start) for phrase in self._fixed)

    async def remembered(self, text: str) -> bytes | None:
        """The samples of a fixed phrase."""
        if plain(text) not in self._fixed:
            return None
        return await asyncio.to_thread(self._folder.load, self._key(text))

    async def remember(self, text: str, samples: bytes) -> None:
        """Keep a fixed phrase; anything else is not kept."""
        if plain(text) in self._fixed and samples:
            await asyncio.to_thread(self._folder.store, self._key(text), samples)

    def _key(self, text: str) -> str:
        parts = (self.provider, self.model, self._speaker, self.sample_rate, self.num_channels)
        return "\0".join([*map(str, parts), plain(text)])


class _Said(tts.ChunkedStream):
    # The wrapped voice's own request is measured under this one.
    _tts_attempt_span_name: ClassVar[str | None] = None

    def __init__(self, voice: Remembering, text: str, options: APIConnectOptions) -> None:
        super().__init__(tts=voice, input_text=text, conn_options=_OURS_ONCE)
        self._voice = voice
        self._options = options

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        voice = self._voice
        _begin(output_emitter, voice, stream=False)
        text = self._input_text
        if (samples := await voice.remembered(text)) is not None:
            output_emitter.push(samples)
            return
        kept = bytearray()
        async with voice.wrapped.synthesize(text, conn_options=self._options) as speech:
            async for audio in speech:
                kept += _forwarded(output_emitter, audio)
        await voice.remember(text, bytes(kept))


class _Saying(tts.SynthesizeStream):
    _tts_attempt_span_name: ClassVar[str | None] = None

    def __init__(self, voice: Remembering, options: APIConnectOptions) -> None:
        super().__init__(tts=voice, conn_options=_OURS_ONCE)
        self._voice = voice
        self._options = options

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        voice = self._voice
        _begin(output_emitter, voice, stream=True)
        output_emitter.start_segment(segment_id=utils.shortuuid("segment_"))
        text, complete = "", False
        # As long as it may be a fixed phrase the words wait: they come faster than speech.
        while not complete and (not text or voice.may_become_fixed(text)):
            part = await anext(aiter(self._input_ch), None)
            complete = part is None
            text += part if isinstance(part, str) else ""
        self._mark_started()
        samples = await voice.remembered(text) if complete else None
        if samples is not None:
            output_emitter.push_timed_transcript(TimedString(text=text, start_time=0.0))
            output_emitter.push(samples)
        elif text.strip():
            await self._ask(voice, text, output_emitter)
        output_emitter.end_segment()

    async def _ask(self, voice: Remembering, text: str, output_emitter: tts.AudioEmitter) -> None:
        whole, kept = text, bytearray()
        async with voice.wrapped_stream(self._options) as inner:
            inner.push_text(text)

            async def forward() -> None:
                nonlocal whole
                async for part in self._input_ch:
                    if isinstance(part, str):
                        whole += part
                        inner.push_text(part)
                    else:
                        inner.flush()
                inner.end_input()

            giving = asyncio.create_task(forward())
            try:
                async for audio in inner:
                    kept += _forwarded(output_emitter, audio)
                await giving
            finally:
                await utils.aio.cancel_and_wait(giving)
        await voice.remember(whole, bytes(kept))


def fixed_phrases(scripts: Iterable[Script]) -> frozenset[str]:
    """The phrases of scripts that are the same for every caller."""
    return frozenset(
        text for script in scripts for name in script.names if (text := _fixed(script, name))
    )


def plain(text: str) -> str:
    """A text without the differences that nobody hears."""
    return " ".join(text.split())


def may_be_kept(text: str) -> bool:
    """Whether a phrase can belong to no single caller: digits might be an account or a PIN."""
    return bool(text) and "{" not in text and not any(character.isdigit() for character in text)


def _fixed(script: Script, name: str) -> str:
    if name == "prompt" or name.endswith("_rules"):
        return ""
    try:
        return plain(script.say(name))
    except Exception:  # noqa: BLE001 - whatever a script raises: this one needs variables
        _log.debug("phrase %s has variables", name)
        return ""


def _begin(output_emitter: tts.AudioEmitter, voice: Remembering, *, stream: bool) -> None:
    output_emitter.initialize(
        request_id=utils.shortuuid("spoken_"),
        sample_rate=voice.sample_rate,
        num_channels=voice.num_channels,
        mime_type="audio/pcm",
        stream=stream,
    )


def _forwarded(output_emitter: tts.AudioEmitter, audio: tts.SynthesizedAudio) -> bytes:
    from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT

    if timed := audio.frame.userdata.get(USERDATA_TIMED_TRANSCRIPT):
        output_emitter.push_timed_transcript(timed)
    samples = bytes(audio.frame.data)
    output_emitter.push(samples)
    return samples
