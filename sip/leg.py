"""Leg: one phone connection, described; who called whom, over what, with which headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from sip.number import PhoneNumber

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Direction(StrEnum):
    """Whether the other side rang us or we rang them."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One phone connection: their number (None if withheld), ours, and what came with it."""

    caller: PhoneNumber | None = None
    dialled: PhoneNumber | None = None
    direction: Direction = Direction.INBOUND
    line: str = "text"
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
