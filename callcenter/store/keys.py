"""Keys: every Redis key of the house, with its type and lifetime.

| key                    | type   | holds                                | lives                   |
| ---------------------- | ------ | ------------------------------------ | ----------------------- |
| cc:{CALL}:events       | stream | the history of a call, entry = event | R after the last event  |
| cc:{slots}:leases      | zset   | live calls by the end of their lease | R after the last lease  |
| cc:{slots}:owners      | hash   | live call → process that serves it   | R after the last lease  |
| cc:recent              | zset   | calls by arrival                     | R + D after the arrival |
| cc:{caller:SHA}:memory | hash   | what is known of a number            | R after the last change |
| cc:{caller:SHA}:calls  | zset   | the number's calls by arrival        | R + D after the arrival |

R is the retention. D, the longest a call may take (a day, or R if that is less), lets the indexes
outlive the histories they point to, so that `forget` finds every one of them.

What stands in braces decides the hash slot of a Redis Cluster: all keys of one call, of one caller
and of the slots lie together, so that one script may touch them. SHA is the SHA-256 of the E.164
number: a list of keys shows nobody's number. Moments are the server's clock, in milliseconds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from callcenter.domain.call import CallId
from sip import PhoneNumber


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of all keys under one prefix."""

    prefix: str = "cc"

    def events(self, call: CallId) -> str:
        """Stream: the history of one call."""
        return f"{self.prefix}:{{{call}}}:events"

    @property
    def leases(self) -> str:
        """Sorted set: live calls by the moment their lease ends."""
        return f"{self.prefix}:{{slots}}:leases"

    @property
    def owners(self) -> str:
        """Hash: live call → process that serves it."""
        return f"{self.prefix}:{{slots}}:owners"

    @property
    def recent(self) -> str:
        """Sorted set: calls by arrival."""
        return f"{self.prefix}:recent"

    def memory(self, caller: PhoneNumber) -> str:
        """Hash: what is known of a number."""
        return f"{self.prefix}:{{caller:{_fingerprint(caller)}}}:memory"

    def calls(self, caller: PhoneNumber) -> str:
        """Sorted set: the calls of a number by arrival."""
        return f"{self.prefix}:{{caller:{_fingerprint(caller)}}}:calls"


def _fingerprint(caller: PhoneNumber) -> str:
    return hashlib.sha256(caller.e164.encode()).hexdigest()
