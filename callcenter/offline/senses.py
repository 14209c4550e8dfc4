"""Senses: ears, voice, voice activity and end of turn for a session without key or network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from livekit.agents import inference

if TYPE_CHECKING:
    from callcenter.offline.ears import OfflineEars
    from callcenter.offline.mouth import OfflineMouth
    from callcenter.offline.sayings import Sayings


@dataclass(frozen=True, slots=True, kw_only=True)
class Senses:
    """What an AgentSession takes as stt, tts, vad and turn detection."""

    ears: OfflineEars
    mouth: OfflineMouth
    speakers: Mapping[str, OfflineMouth]
    """A voice for each desk, by name; the first desk speaks like `mouth`."""
    activity: inference.VAD
    end_of_turn: inference.TurnDetector


def offline_senses(
    sayings: Sayings, *, desks: Sequence[str] = (), cache: Path | None = None
) -> Senses:
    """All senses. Raises OfflineMissing, which tells what to install.

    Args:
        sayings: what callers may say, from `sayings.collected`
        desks: names of the desks that shall sound different
        cache: folder for files that can be made again
    """
    from callcenter.offline.ears import OfflineEars
    from callcenter.offline.mouth import MANNERS, OfflineMouth

    speakers = {name: OfflineMouth(MANNERS[at % len(MANNERS)]) for at, name in enumerate(desks)}
    return Senses(
        ears=OfflineEars(sayings, cache=cache),
        mouth=next(iter(speakers.values()), None) or OfflineMouth(),
        speakers=speakers,
        activity=activity(),
        end_of_turn=end_of_turn(),
    )


def activity() -> inference.VAD:
    """Voice activity, from a model inside livekit-local-inference."""
    return inference.VAD(min_silence_duration=0.4)


def end_of_turn() -> inference.TurnDetector:
    """Whether the caller has finished, from a model inside livekit-local-inference.

    The version is named because otherwise any LiveKit key would make it ask the cloud.
    """
    return inference.TurnDetector(version="v1-mini")
