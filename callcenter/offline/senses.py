"""Senses: voice activity and end of turn without key or network."""

from __future__ import annotations

from livekit.agents import inference


def activity() -> inference.VAD:
    """Voice activity, from a model inside livekit-local-inference."""
    return inference.VAD(min_silence_duration=0.4)


def end_of_turn() -> inference.TurnDetector:
    """Whether the caller has finished, from a model inside livekit-local-inference.

    The version is named because otherwise any LiveKit key would make it ask the cloud.
    """
    return inference.TurnDetector(version="v1-mini")
