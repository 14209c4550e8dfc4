"""Finding: what the doctor says about one part; Trouble: why a part does not work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from callcenter.settings import Settings

if TYPE_CHECKING:
    import aiohttp

    from callcenter.store import Store

Status = Literal["ok", "missing", "broken", "note"]
StoreOpener = Callable[[Settings], Awaitable["Store"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One part: its state, and for people what that means and how to change it."""

    part: str = ""
    status: Status
    says: str
    switches_off: str = ""
    fix: str = ""


class Trouble(Exception):
    """A part that is configured does not work; says why and what to do."""

    def __init__(self, says: str, fix: str) -> None:
        super().__init__(says)
        self.says = says
        self.fix = fix


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the services are."""

    openai: str = "https://api.openai.com/v1"
    deepgram: str = "https://api.deepgram.com/v1"
    cartesia: str = "https://api.cartesia.ai"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What every check may need."""

    settings: Settings
    open_store: StoreOpener | None
    addresses: Addresses
    http: aiohttp.ClientSession
    patience: float
    skews: list[float] = field(default_factory=list)
    """By how many seconds this machine's clock is ahead of each server that answered."""


@dataclass(frozen=True, slots=True)
class Check:
    """A part with its name, what its absence switches off, and how it is examined."""

    part: str
    switches_off: str
    examine: Callable[[Examination], Awaitable[list[Finding]]]


def working(says: str) -> list[Finding]:
    """The findings of a part that works."""
    return [Finding(status="ok", says=says)]


def missing(variables: str) -> list[Finding]:
    """The findings of a part that nobody configured."""
    return [Finding(status="missing", says="is not configured", fix=f"set {variables}")]
