"""wiring: build(settings) → Centre; the one place where real parts are chosen."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from callcenter.settings import Settings, SettingsError

if TYPE_CHECKING:
    from livekit.agents import llm

    from callcenter.floor import Conduct, Seating, Switchboard, Voice
    from callcenter.floor.phrases import Phrases
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
            voice=self.voice,
            conduct=self.conduct,
            phrases=phrases,
            owner=self.owner,
            hang_up=hang_up,
        )

    async def __aenter__(self) -> Self:
        self.reaper.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.reaper.aclose()
        await self.store.aclose()


async def build(settings: Settings, *, aloud: bool = False) -> Centre:
    """Choose and connect the parts; `aloud` adds ears and a mouth to the brain.

    Raises StoreAway, SettingsError or ValueError with advice.
    """
    from callcenter.floor import Voice
    from callcenter.store.reaper import Reaper

    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
    store = await open_store(settings)
    return Centre(
        settings=settings,
        store=store,
        conduct=conduct(settings),
        voice=speaking_voice(settings) if aloud else Voice(brain=brain(settings)),
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
