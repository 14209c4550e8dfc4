"""ScriptedVoice: a voice for tests that counts what it is asked for; it raises if told to."""

from __future__ import annotations

from typing import Any

from livekit.agents import APIConnectOptions, APIError, tts
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS

RATE = 16_000
_PER_CHARACTER = 160


class ScriptedVoice(tts.TTS[Any]):
    """Says every text as samples of one value, 10 ms a character."""

    def __init__(self, *, streaming: bool = False, model: str = "scripted") -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=streaming),
            sample_rate=RATE,
            num_channels=1,
        )
        self.asked: list[str] = []
        self.broken = False
        self._model = model

    @property
    def model(self) -> str:
        """As given."""
        return self._model

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        """The whole text."""
        return _Whole(tts=self, input_text=text, conn_options=conn_options)

    def stream(
        self, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.SynthesizeStream:
        """Part by part."""
        return _Parts(tts=self, conn_options=conn_options)

    def sound(self, text: str) -> bytes:
        """What a text sounds like."""
        return (len(text) % 100 + 1).to_bytes(2, "little") * _PER_CHARACTER * len(text)

    def speak(self, text: str) -> bytes:
        """Its sound; remembered as asked for."""
        self.asked.append(text)
        if self.broken:
            raise APIError("out of breath", retryable=False)
        return self.sound(text)


class _Whole(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        voice = self._tts
        assert isinstance(voice, ScriptedVoice)
        output_emitter.initialize(
            request_id="whole", sample_rate=RATE, num_channels=1, mime_type="audio/pcm"
        )
        output_emitter.push(voice.speak(self._input_text))


class _Parts(tts.SynthesizeStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        voice = self._tts
        assert isinstance(voice, ScriptedVoice)
        output_emitter.initialize(
            request_id="parts", sample_rate=RATE, num_channels=1, mime_type="audio/pcm", stream=True
        )
        output_emitter.start_segment(segment_id="only")
        text = "".join([part async for part in self._input_ch if isinstance(part, str)])
        self._mark_started()
        output_emitter.push(voice.speak(text))
        output_emitter.end_segment()
