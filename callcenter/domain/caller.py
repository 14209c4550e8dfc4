"""CallerMemory: what is remembered of a number between calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerMemory:
    """The little that makes a second call shorter; deleted by `callcenter forget NUMBER`."""

    name: str = ""
    last_call: str = ""
    last_at: float = 0.0
    calls: int = 0
    open_matter: str = ""
