"""Minutes: writes down what a session says and does, and tells the clocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    CloseEvent,
    CloseReason,
    ConversationItemAddedEvent,
    ErrorEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
    llm,
)

from callcenter.domain.events import (
    AgentSaid,
    BrainFailed,
    CallerSaid,
    Disposition,
    EndedBy,
    ModelUsed,
)
from callcenter.domain.privacy import hushed, masked

if TYPE_CHECKING:
    from callcenter.floor.switchboard import Switchboard

_PARTS = {"llm_error": "llm", "stt_error": "stt", "tts_error": "tts"}
_ENDINGS = {
    CloseReason.PARTICIPANT_DISCONNECTED: (Disposition.CALLER_LEFT, EndedBy.CALLER),
    CloseReason.JOB_SHUTDOWN: (Disposition.FAILED, EndedBy.SYSTEM),
    CloseReason.ERROR: (Disposition.FAILED, EndedBy.SYSTEM),
}


class Minutes:
    """Listens to one session on behalf of its switchboard."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def attach(self, session: AgentSession[Any]) -> None:
        """Begin to listen; the session drops its listeners when it closes."""
        session.on("conversation_item_added", self._said)
        session.on("user_input_transcribed", self._heard)
        session.on("agent_state_changed", self._agent_state)
        session.on("user_state_changed", self._user_state)
        session.on("error", self._error)
        session.on("close", self._closed)

    def _said(self, event: ConversationItemAddedEvent) -> None:
        item = event.item
        if not isinstance(item, llm.ChatMessage):
            return
        text = (item.text_content or "").strip()
        board = self._switchboard
        if not text or not board.call.is_live:
            return
        if item.role == "user":
            board.vigil.clocks.caller_spoke()
            secret = board.hush or text.strip("#* ").isdigit()
            board.note(CallerSaid(at=board.now(), text=hushed(text) if secret else masked(text)))
        elif item.role == "assistant" and board.call.department is not None:
            # Only words of the model have this figure; our own phrases prove nothing about it.
            if "llm_node_ttft" in item.metrics:
                board.vigil.brain_answered()
            board.note(
                AgentSaid(
                    at=board.now(),
                    text=masked(text),
                    department=board.call.department,
                    interrupted=bool(item.interrupted),
                )
            )

    def _heard(self, event: UserInputTranscribedEvent) -> None:
        if event.transcript.strip():
            self._switchboard.vigil.clocks.caller_spoke()

    def _agent_state(self, event: AgentStateChangedEvent) -> None:
        clocks = self._switchboard.vigil.clocks
        match event.new_state:
            case "thinking":
                clocks.agent_thinks()
            case "speaking":
                clocks.agent_spoke()
            case "listening":
                clocks.agent_listens()
            case _:
                pass

    def _user_state(self, event: UserStateChangedEvent) -> None:
        if event.new_state == "away":
            self._switchboard.vigil.clocks.caller_is_away()

    def _error(self, event: ErrorEvent) -> None:
        part = _PARTS.get(getattr(event.error, "type", ""), "")
        if not part or getattr(event.error, "recoverable", True):
            return
        cause = getattr(event.error, "error", event.error)
        board = self._switchboard
        text = masked(f"{type(cause).__name__}: {cause}")[:300]
        board.note(BrainFailed(at=board.now(), part=part, error=text))
        board.vigil.brain_failed(part)

    def _closed(self, event: CloseEvent) -> None:
        disposition, by = _ENDINGS.get(event.reason, (Disposition.FAILED, EndedBy.SYSTEM))
        self._switchboard.end_soon(disposition, by, detail=f"session closed: {event.reason.value}")


def models_used(session: AgentSession[Any], at: float) -> Iterator[ModelUsed]:
    """What the session's models counted: tokens, characters, seconds."""
    for usage in session.usage.model_usage:
        counted = usage.model_dump(exclude={"type", "provider", "model"})
        yield ModelUsed(
            at=at,
            part=usage.type.removesuffix("_usage"),
            provider=usage.provider,
            model=usage.model,
            figures={name: f"{value:g}" for name, value in counted.items() if value},
        )
