"""ToneMouth: a tts.TTS that hums for as long as the words would take; no voice, real sound."""

from __future__ import annotations

import math
from typing import Any

from livekit.agents import tts
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions

_RATE = 16_000
_SECONDS_A_CHARACTER = 0.02


class ToneMouth(tts.TTS[Any]):
    """Hums at 300 Hz, 20 ms a character: a greeting takes a second or two."""

    def __init__(self) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False), sample_rate=_RATE, num_channels=1
        )

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        """Hum."""
        return _Hum(tts=self, input_text=text, conn_options=conn_options)


class _Hum(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id="hum", sample_rate=_RATE, num_channels=1, mime_type="audio/pcm"
        )
        samples = int(len(self._input_text) * _SECONDS_A_CHARACTER * _RATE)
        wave = (round(8000 * math.sin(n * 2 * math.pi * 300 / _RATE)) for n in range(samples))
        output_emitter.push(b"".join(v.to_bytes(2, "little", signed=True) for v in wave))
        output_emitter.flush()
