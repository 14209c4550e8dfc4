"""Keypad: one stream of digits from three sources, none missed and none doubled."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

KEYS = "0123456789ABCD*#"
_WINDOW_SECONDS = 2.0


class DigitSource(StrEnum):
    """How a digit travelled."""

    RTP = "rfc4733"
    INFO = "info"
    IN_BAND = "in_band"


@dataclass(frozen=True, slots=True)
class Digit:
    """One key that was pressed. Printing it does not show which."""

    key: str
    source: DigitSource
    at: float
    milliseconds: int = 0

    def __repr__(self) -> str:
        return f"Digit(•, {self.source})"

    __str__ = __repr__


@dataclass(slots=True)
class Keypad:
    """Merges what the sources tell.

    A gateway may send every key by two or three ways at once, each with its own delay. So each
    source is counted for itself: a key is news only if this source has told of it more often
    within the last two seconds than anybody before. "55" by two ways is two fives, not four, and
    a key that one way lost is taken from another.
    """

    clock: Callable[[], float] = time.monotonic
    _told: dict[tuple[DigitSource, str], deque[float]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    _accepted: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def press(self, key: str, source: DigitSource, milliseconds: int = 0) -> Digit | None:
        """The digit, if it is a new one."""
        key = key.upper()
        if len(key) != 1 or key not in KEYS:
            return None
        now = self.clock()
        told, accepted = self._told[source, key], self._accepted[key]
        told.append(now)
        for times in (told, accepted):
            while times and now - times[0] > _WINDOW_SECONDS:
                times.popleft()
        if len(told) <= len(accepted):
            return None
        accepted.append(now)
        return Digit(key, source, now, milliseconds)
