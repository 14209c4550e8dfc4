"""wiring: build(settings) → Centre; the one place where real parts are chosen."""

from __future__ import annotations

import itertools
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from callcenter.settings import Settings, SettingsError

if TYPE_CHECKING:
    from livekit.agents import llm, tts

    from callcenter.domain.department import Department
    from callcenter.floor import Conduct, Seating, Switchboard, Voice
    from callcenter.floor.phrases import Phrases
    from callcenter.offline.sayings import Sayings
    from callcenter.store import Store
    from callcenter.store.reaper import Reaper


@dataclass(frozen=True, slots=True)
class Centre:
    """What one process needs to serve calls. Close it when the last one is over."""

    settings: Settings
    store: Store
    conduct: Conduct
    voice: Voice
    owner: str
    reaper: Reaper

    def switchboard(
        self,
        seat: Seating,
        phrases: Phrases,
        *,
        hang_up: Callable[[], Awaitable[None]] | None = None,
    ) -> Switchboard:
        """A switchboard for one call; `hang_up` puts down the phone leg, if there is one."""
        from callcenter.floor import Switchboard

        return Switchboard(
            store=self.store,
            seat=seat,
            voice=self.voice.for_call(),
            conduct=self.conduct,
            phrases=phrases,
            owner=self.owner,
            hang_up=hang_up,
        )

    async def __aenter__(self) -> Self:
        self.reaper.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.reaper.aclose()
            await self.voice.aclose()
        finally:
            # Whatever else fails: an open store would keep its server alive.
            await self.store.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Aloud:
    """What ears and mouth have to know of the conversations that are held."""

    sayings: Sayings
    """What callers may say."""
    desks: Sequence[Department] = ()
    """Who shall sound different."""
    phrases: Collection[str] = ()
    """Sentences that never change: synthesised once and kept."""


async def build(settings: Settings, *, aloud: Aloud | None = None) -> Centre:
    """Choose and connect the parts; `aloud` gives the brain ears and a mouth.

    Raises StoreAway, SettingsError, OfflineMissing or ValueError with advice.
    """
    from callcenter.floor import Voice
    from callcenter.store.reaper import Reaper

    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
    store = await open_store(settings)
    return Centre(
        settings=settings,
        store=store,
        conduct=conduct(settings),
        voice=Voice(brain=brain(settings)) if aloud is None else speaking(settings, aloud),
        owner=owner,
        reaper=Reaper(store, owner=owner, grace=settings.lease_seconds),
    )


def conduct(settings: Settings) -> Conduct:
    """The settings of a call's behaviour: every field of Conduct is a setting of the same name."""
    from dataclasses import fields

    from callcenter.floor import Conduct

    return Conduct(**{field.name: getattr(settings, field.name) for field in fields(Conduct)})


def brain(settings: Settings) -> llm.LLM[Any]:
    """The offline understudy, or a real model where one is configured."""
    if settings.llm_choice == "offline":
        from callcenter.offline.brain import OfflineBrain

        return OfflineBrain()
    from livekit.agents import NOT_GIVEN
    from livekit.plugins import openai

    key, url = settings.openai_api_key, settings.openai_base_url
    return openai.LLM(
        model=settings.llm_model,
        # A local server needs no key, but the client insists on one.
        api_key=key.get_secret_value() if key else "none",
        base_url=url or NOT_GIVEN,
    )


def speaking(settings: Settings, aloud: Aloud) -> Voice:
    """Brain, ears and mouth: each the configured one, or the offline one."""
    from callcenter.floor import Voice
    from callcenter.floor.spoken import Remembering
    from callcenter.offline import senses

    ears: Any
    mouth: Any
    speakers: dict[Department, tts.TTS[Any]] = {}
    if settings.stt_choice == "deepgram" and settings.deepgram_api_key is not None:
        from livekit.plugins import deepgram

        key = settings.deepgram_api_key.get_secret_value()
        ears = deepgram.STT(model=settings.stt_model, api_key=key)
    else:
        from callcenter.offline.ears import OfflineEars

        ears = OfflineEars(aloud.sayings)
        ears.prewarm()
    if settings.tts_choice == "cartesia" and settings.cartesia_api_key is not None:
        from livekit.plugins import cartesia

        key = settings.cartesia_api_key.get_secret_value()
        mouth = cartesia.TTS(model=settings.tts_model, voice=settings.tts_voice, api_key=key)
    else:
        from callcenter.offline.mouth import MANNERS, OfflineMouth

        mouth = OfflineMouth()
        mouth.prewarm()
        speakers = {
            desk: OfflineMouth(manner)
            for desk, manner in zip(aloud.desks, itertools.cycle(MANNERS), strict=False)
        }
    folder = settings.data_dir / "spoken"
    return Voice(
        brain=brain(settings),
        ears=ears,
        mouth=Remembering(mouth, folder, aloud.phrases),
        speakers={
            desk: Remembering(voice, folder, aloud.phrases) for desk, voice in speakers.items()
        },
        activity=senses.activity(),
        turns=(
            senses.end_of_turn() if settings.turn_detection == "model" else settings.turn_detection
        ),
    )


async def open_store(settings: Settings) -> Store:
    """Memory, the embedded server, or Redis: as the settings say."""
    retention = timedelta(days=settings.retention_days)
    match settings.store_choice:
        case "memory":
            from callcenter.store.memory import MemoryStore

            return MemoryStore(retention=retention)
        case "embedded":
            from callcenter.store.embedded import EmbeddedStore

            return await EmbeddedStore.open(settings.data_dir, retention=retention)
        case _:
            from callcenter.store.redis import RedisStore

            if settings.redis_url is None:
                raise SettingsError(
                    ["CALLCENTER_STORE=redis needs REDIS_URL, such as redis://host:6379"]
                )
            return await RedisStore.connect(
                settings.redis_url.get_secret_value(),
                retention=retention,
                replicas=settings.redis_replicas,
            )
