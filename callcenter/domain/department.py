"""Department: the persisted name of a place in the house that answers callers."""

from __future__ import annotations

from enum import StrEnum


class Department(StrEnum):
    """Who can serve a caller. Values are stored: rename the member, never the value."""

    TRIAGE = "triage"
    BILLING = "billing"
    SUPPORT = "support"
