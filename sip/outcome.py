"""Outcome: how a dial ended, in the one vocabulary every line uses."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How an attempt to reach somebody by phone ended."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    TRUNK_FAILED = "trunk_failed"
    CALLER_GONE = "caller_gone"

    @property
    def may_redial(self) -> bool:
        """Whether dialling the same number again later can make sense and is polite."""
        return self in _REDIALABLE


_REDIALABLE = frozenset({Outcome.BUSY, Outcome.NO_ANSWER, Outcome.TRUNK_FAILED})
