"""Voice and Conduct: what a session hears, thinks and speaks with, and how it behaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from livekit.agents import NOT_GIVEN, AgentSession, llm, stt, tts, vad

from callcenter.domain.department import Department

if TYPE_CHECKING:
    from callcenter.floor.switchboard import Switchboard


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The models of a call. Without ears and mouth a session converses in text."""

    brain: llm.LLM[Any]
    ears: stt.STT[Any] | None = None
    mouth: tts.TTS[Any] | None = None
    activity: vad.VAD | None = None
    turns: Any = "vad"
    """What tells that the caller has finished; a detector, or LiveKit's name of a mode."""
    speakers: Mapping[Department, tts.TTS[Any]] = field(default_factory=dict)
    """A desk's own voice, where it has one."""

    def for_call(self) -> Self:
        """The same for one call: ears that follow a conversation must not follow two."""
        own = getattr(self.ears, "for_call", None)
        return replace(self, ears=own()) if own is not None else self

    async def aclose(self) -> None:
        """Let go of what the ears and mouths hold: processes, connections."""
        for part in (self.ears, self.mouth, *self.speakers.values(), self.brain):
            if part is not None:
                await part.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How a call is led. Every value is a setting; `callcenter/settings.py` has the reasons."""

    max_tool_steps: int = 3
    tool_timeout: float = 10.0
    user_away_timeout: float = 15.0
    silence_asks: int = 2
    max_call_seconds: float = 3600.0
    stuck_seconds: float = 30.0
    goodbye_seconds: float = 10.0
    max_handoffs: int = 3
    max_utterance_words: int = 400
    min_endpointing_delay: float = 0.5
    max_endpointing_delay: float = 3.0
    min_interruption_duration: float = 0.5
    min_interruption_words: int = 0
    false_interruption_timeout: float | None = 2.0
    resume_false_interruption: bool = True
    preemptive_generation: bool = True
    aec_warmup: float | None = None
    cancel_echo: bool = True
    tts_text_transforms: Sequence[str] = ("filter_markdown", "filter_emoji")
    remember_callers: bool = True
    max_calls: int = 100
    lease_seconds: float = 15.0
    store_buffer: int = 1000
    store_patience: float = 1.0


def open_session(
    voice: Voice, conduct: Conduct, userdata: Switchboard
) -> AgentSession[Switchboard]:
    """An AgentSession set up for a phone call, not started yet."""
    speaks = voice.mouth is not None
    transforms: Any = list(conduct.tts_text_transforms)
    return AgentSession(
        userdata=userdata,
        llm=voice.brain,
        stt=voice.ears if voice.ears is not None else NOT_GIVEN,
        tts=voice.mouth if speaks and voice.mouth is not None else NOT_GIVEN,
        # None, not "not given": the default would load a model that a text session never needs.
        vad=voice.activity,
        turn_handling={
            # The default end-of-turn model may reach for the cloud; the line seats its own.
            "turn_detection": None if voice.activity is None else voice.turns,
            "endpointing": {
                "min_delay": conduct.min_endpointing_delay,
                "max_delay": conduct.max_endpointing_delay,
            },
            "interruption": {
                # "adaptive" is a cloud service; the soft-ack guard works on top of "vad".
                "mode": "vad",
                "min_duration": conduct.min_interruption_duration,
                "min_words": conduct.min_interruption_words,
                "resume_false_interruption": conduct.resume_false_interruption,
                "false_interruption_timeout": conduct.false_interruption_timeout,
            },
            "preemptive_generation": {"enabled": conduct.preemptive_generation},
        },
        max_tool_steps=conduct.max_tool_steps,
        user_away_timeout=conduct.user_away_timeout,
        tts_text_transforms=transforms,
        aec_warmup_duration=conduct.aec_warmup,
        # LiveKit waits 2 s for last words; the caller would hear a dead line after the goodbye.
        session_close_transcript_timeout=0.5,
    )
