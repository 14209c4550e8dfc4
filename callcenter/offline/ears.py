"""OfflineEars: speech to text that needs no key and no network; PocketSphinx with our own words.

A LiveKit `stt.STT` of the ordinary kind. What it expects callers to say comes from `Sayings`. In a
session it also follows the conversation: after a question for a number it leans towards digits.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self
from weakref import WeakSet

from livekit import rtc
from livekit.agents import APIConnectionError, stt, utils
from livekit.agents.language import LanguageCode
from livekit.agents.types import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectOptions,
    NotGivenOr,
    TimedString,
)
from livekit.agents.voice import ConversationItemAddedEvent

from callcenter.offline.expected import Answer, answer_to
from callcenter.offline.hearing import Hearing, Told
from callcenter.offline.listener import Attention
from callcenter.offline.missing import require
from callcenter.offline.sayings import Sayings
from callcenter.offline.telephone_band import RATE
from callcenter.offline.vocabulary import default_cache, prepared
from callcenter.offline.wire import EXPECT, FLUSH, SOUND

_ENGLISH = LanguageCode("en-US")
_EVENTS = {
    "start": stt.SpeechEventType.START_OF_SPEECH,
    "interim": stt.SpeechEventType.INTERIM_TRANSCRIPT,
    "final": stt.SpeechEventType.FINAL_TRANSCRIPT,
    "end": stt.SpeechEventType.END_OF_SPEECH,
}


class OfflineEars(stt.STT[Any]):
    """Hears what callers of these desks say.

    Args:
        sayings: what callers may say, from `sayings.collected`
        cache: folder for files that can be made again; the user's cache folder if not given
        patience: pause in seconds that ends an utterance
        most_quick: callers of a process who may get interim words at once; each takes 20 MB
        processes: how many decode; more of them help only where cores are idle
    """

    def __init__(
        self,
        sayings: Sayings,
        *,
        cache: Path | None = None,
        patience: float = 0.4,
        most_quick: int = 8,
        processes: int = 1,
    ) -> None:
        require(pocketsphinx="pocketsphinx")
        folder = prepared(sayings, cache or default_cache())
        hearings = tuple(Hearing(folder, most_quick=most_quick) for _ in range(max(1, processes)))
        self._set_up(hearings, Attention(patience=patience))

    def _set_up(self, hearings: tuple[Hearing, ...], attention: Attention) -> None:
        super().__init__(
            capabilities=stt.STTCapabilities(
                streaming=True,
                interim_results=True,
                aligned_transcript="word",
                chat_context=True,
            )
        )
        self._hearings = hearings
        self._attention = attention
        self._streams: WeakSet[EarStream] = WeakSet()
        self._expected: Answer = "anything"
        self._owns = True

    @property
    def model(self) -> str:
        """The name that metrics and reports show."""
        return "pocketsphinx-en-us"

    @property
    def provider(self) -> str:
        """Ourselves."""
        return "callcenter"

    @property
    def hearing(self) -> Hearing:
        """The process behind the ears that has least to do."""
        return min(self._hearings, key=lambda one: one.streams)

    def for_call(self) -> Self:
        """Ears of one call, which follow its conversation; the process is shared."""
        ears = object.__new__(type(self))
        ears._set_up(self._hearings, self._attention)
        ears._owns = False
        return ears

    def expect(self, answer: Answer) -> None:
        """Lean towards an answer from the next utterance on."""
        self._expected = answer
        # Ears that several calls share cannot know who was asked.
        shared = sum(not stream.over for stream in self._streams) > 1
        for stream in self._streams:
            stream.expect("anything" if shared else answer)

    def prewarm(self) -> None:
        """Start decoding processes now rather than with the first call."""
        for hearing in self._hearings:
            hearing.start()

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,  # noqa: ARG002 - English only
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> EarStream:
        """A stream of sound of any rate."""
        return self._open(self._attention, conn_options)

    def _open(self, attention: Attention, conn_options: APIConnectOptions) -> EarStream:
        stream = EarStream(self, attention, conn_options)
        self._streams.add(stream)
        self.expect(self._expected)
        return stream

    async def aclose(self) -> None:
        """End all streams, and the processes unless other calls use them."""
        for stream in list(self._streams):
            await stream.aclose()
        if self._owns:
            for hearing in self._hearings:
                await asyncio.to_thread(hearing.close)

    def _push_conversation_item(self, ev: ConversationItemAddedEvent) -> None:
        """LiveKit's way to tell what was said: the desk's last words tell what is expected."""
        if getattr(ev.item, "role", "") == "assistant":
            self.expect(answer_to(getattr(ev.item, "text_content", None) or ""))

    async def _recognize_impl(
        self,
        buffer: utils.AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,  # noqa: ARG002 - English only
        conn_options: APIConnectOptions,
    ) -> stt.SpeechEvent:
        found: list[stt.SpeechData] = []
        unhurried = replace(self._attention, interim_every=math.inf)
        async with self._open(unhurried, conn_options) as stream:
            for frame in buffer if isinstance(buffer, list) else [buffer]:
                stream.push_frame(frame)
            stream.end_input()
            async for event in stream:
                if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
                    found += event.alternatives
        return stt.SpeechEvent(
            type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[_joined(found)]
        )


class EarStream(stt.RecognizeStream):
    """The sound of one caller; it only carries bytes, everything else happens in the process."""

    def __init__(
        self,
        ears: OfflineEars,
        attention: Attention,
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(stt=ears, conn_options=conn_options, sample_rate=RATE)
        self._ears = ears
        self._hearing = ears.hearing
        self._options = asdict(attention)
        self._expected: Answer = "anything"
        self._number = 0
        self._flushes = 0
        self._unreported = 0.0

    @property
    def over(self) -> bool:
        """Whether the stream has ended."""
        return self._task.done()

    @property
    def expected(self) -> Answer:
        """What it leans towards."""
        return self._expected

    def expect(self, answer: Answer) -> None:
        """Lean towards an answer from the next utterance on."""
        self._expected = answer
        self._hearing.send(EXPECT, self._number, answer.encode())

    async def _run(self) -> None:
        told: asyncio.Queue[Told] = asyncio.Queue()
        self._hearing = self._ears.hearing
        self._number = number = self._hearing.open(self._options, told.put_nowait)
        self.expect(self._expected)
        self._flushes = 0
        giving = asyncio.create_task(self._give(told))
        all_given = False
        try:
            while not (all_given and self._flushes == 0):
                event = await told.get()
                match event["kind"]:
                    case "gone":
                        raise APIConnectionError("the ears' process has ended")
                    case "given":
                        all_given = True
                    case "flushed":
                        self._flushes -= 1
                    case kind if kind in _EVENTS:
                        self._report(event)
                if event["kind"] in {"end", "flushed"}:
                    self._report_usage()
        finally:
            await utils.aio.cancel_and_wait(giving)
            self._hearing.close_stream(number)

    async def _give(self, told: asyncio.Queue[Told]) -> None:
        async for item in self._input_ch:
            if isinstance(item, rtc.AudioFrame):
                self._hearing.send(SOUND, self._number, _mono(item))
                self._unreported += item.duration
            else:
                self._flushes += 1
                self._hearing.send(FLUSH, self._number)
        told.put_nowait({"kind": "given"})

    def _report_usage(self) -> None:
        seconds, self._unreported = self._unreported, 0.0
        if seconds:
            self._event_ch.send_nowait(
                stt.SpeechEvent(
                    type=stt.SpeechEventType.RECOGNITION_USAGE,
                    recognition_usage=stt.RecognitionUsage(audio_duration=seconds),
                )
            )

    def _report(self, event: Told) -> None:
        found = [_data(event, self.start_time_offset)] if event["words"] else []
        self._event_ch.send_nowait(stt.SpeechEvent(type=_EVENTS[event["kind"]], alternatives=found))


def _mono(frame: rtc.AudioFrame) -> bytes:
    """The first channel's samples."""
    data = memoryview(frame.data).cast("B").cast("h")
    return bytes(data[:: frame.num_channels]) if frame.num_channels > 1 else bytes(data)


def _data(event: Told, offset: float) -> stt.SpeechData:
    words = [
        TimedString(text, start_time=start + offset, end_time=end + offset, confidence=sure)
        for text, start, end, sure in event["words"]
    ]
    return stt.SpeechData(
        language=_ENGLISH,
        text=" ".join(word for word, *_ in event["words"]),
        start_time=event["start"] + offset,
        end_time=event["end"] + offset,
        confidence=sum(sure for *_, sure in event["words"]) / len(words),
        words=words,
    )


def _joined(parts: list[stt.SpeechData]) -> stt.SpeechData:
    if not parts:
        return stt.SpeechData(language=_ENGLISH, text="")
    return stt.SpeechData(
        language=_ENGLISH,
        text=" ".join(part.text for part in parts),
        start_time=parts[0].start_time,
        end_time=parts[-1].end_time,
        confidence=sum(part.confidence for part in parts) / len(parts),
        words=[word for part in parts for word in part.words or []],
    )
