"""Handoff: why a caller comes to a desk and what that desk must know to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from callcenter.domain.department import Department

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """Passed from desk to desk; `origin` is None for the desk that answers the call."""

    origin: Department | None = None
    reason: str = ""
    identified: bool = False
    """Whether the caller has proved in this call who they are."""
    facts: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
