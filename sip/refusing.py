"""No: a refusal with what the other side is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sip.guard import Refusal


@dataclass(frozen=True, slots=True)
class No:
    """Why something is refused, and the SIP answer; status 0 means silence."""

    refusal: Refusal
    status: int = 0
    reason: str = ""
    headers: Mapping[str, str] | None = None
