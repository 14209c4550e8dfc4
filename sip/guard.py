"""Guard: what stands before the SIP stack; who may speak to us, how fast, and why not."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_HOSTS = 4096
"""Sources remembered at a time; forging more only makes the guard forget the oldest."""


class Refusal(StrEnum):
    """Why a call was not let in or out."""

    MALFORMED = "malformed"
    SOURCE = "source"
    """The address is not one that a trunk may call from."""
    TOO_FAST = "too_fast"
    CREDENTIALS = "credentials"
    LOOP = "loop"
    NUMBER = "number"
    """Nobody here has the dialled number, or what was dialled is no number."""
    CAPACITY = "capacity"
    DRAINING = "draining"
    TRUNK = "trunk"
    """No such outgoing trunk, or its password is missing."""
    COUNTRY = "country"
    PREMIUM = "premium"
    """A premium-rate, shared-cost or otherwise expensive number."""
    BLOCKED_PREFIX = "blocked_prefix"
    TARGET = "target"
    """Transfers may not go there."""
    HEADER = "header"
    """A header that would change what the stack says."""
    DAILY_CALLS = "daily_calls"
    DAILY_MINUTES = "daily_minutes"
    CALLER_CALLS = "caller_calls"
    CALLER_MINUTES = "caller_minutes"


@dataclass(frozen=True, slots=True)
class Sources:
    """The addresses that may speak to us."""

    networks: tuple[Network, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Sources:
        """Read addresses and networks such as "192.0.2.7" and "192.0.2.0/24"."""
        return cls(tuple(ipaddress.ip_network(text, strict=False) for text in texts))

    def __contains__(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.networks)


LOOPBACK = Sources.of(("127.0.0.0/8", "::1"))


@dataclass(slots=True)
class Bucket:
    """Lets `rate` things a second through, and `burst` at once."""

    rate: float
    burst: float
    level: float
    at: float

    def take(self, now: float) -> bool:
        """Whether one more may pass."""
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


@dataclass(slots=True)
class Pace:
    """A bucket for each source, in bounded memory."""

    rate: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)

    def take(self, host: str) -> bool:
        """Whether this source may send one more."""
        now = self.clock()
        bucket = self._buckets.get(host)
        if bucket is None:
            bucket = self._buckets[host] = Bucket(self.rate, self.burst, self.burst, now)
            if len(self._buckets) > _HOSTS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(host)
        return bucket.take(now)

    def __len__(self) -> int:
        return len(self._buckets)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    return host == "localhost" or host in LOOPBACK
