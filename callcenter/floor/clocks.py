"""Clocks: four independent reasons why a call ends by itself, so that none can hide another.

Longest call, silent caller, stuck agent, goodbye without hang-up. Each has a timer of its own and
is fed by what people say, never by what a voice detector thinks it hears: line noise does not keep
a dead call alive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from callcenter.floor.voice import Conduct

_LONGEST_SENTENCE = 60.0
"""What may still be on its way to the caller when somebody decides to say goodbye."""


@dataclass(slots=True)
class Alarm:
    """One restartable timer."""

    ring: Callable[[], None]
    _handle: asyncio.TimerHandle | None = field(default=None, init=False)

    def set(self, seconds: float) -> None:
        """(Re)start; zero or less switches this alarm off."""
        self.stop()
        if seconds > 0:
            self._handle = asyncio.get_running_loop().call_later(seconds, self._rang)

    def stop(self) -> None:
        """Do not ring."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    @property
    def is_set(self) -> bool:
        """Whether it is going to ring."""
        return self._handle is not None

    def _rang(self) -> None:
        self._handle = None
        self.ring()


class Clocks:
    """The alarms of one call; what happens when one rings is the switchboard's business."""

    def __init__(
        self,
        conduct: Conduct,
        *,
        on_too_long: Callable[[], None],
        on_silence: Callable[[int], None],
        on_stuck: Callable[[], None],
        on_goodbye_over: Callable[[], None],
    ) -> None:
        self._conduct = conduct
        self._asked = 0
        self._rang_at = -1e9
        self._over = False
        self._on_silence = on_silence
        self._length = Alarm(on_too_long)
        self._silence = Alarm(self._silent)
        self._stuck = Alarm(on_stuck)
        self._goodbye = Alarm(on_goodbye_over)

    def answered(self) -> None:
        """The call has begun."""
        self._length.set(self._conduct.max_call_seconds)

    def caller_spoke(self) -> None:
        """Words of the caller arrived: somebody is there. From now on silence counts anew."""
        if self._over:
            return
        self._asked = 0
        self._silence.set(self._conduct.user_away_timeout)

    def agent_thinks(self) -> None:
        """The agent owes an answer."""
        if self._over:
            return
        self._silence.stop()
        if not self._stuck.is_set:
            self._stuck.set(self._conduct.stuck_seconds)

    def agent_spoke(self) -> None:
        """The agent has begun to say something: it is not stuck, and nobody else has to speak."""
        self._stuck.stop()
        self._silence.stop()

    def agent_listens(self) -> None:
        """It is the caller's turn."""
        if self._over:
            return
        self._stuck.stop()
        if not self._silence.is_set:
            self._silence.set(self._conduct.user_away_timeout)

    def caller_is_away(self) -> None:
        """The session noticed the silence first: do not wait for our own timer."""
        now = asyncio.get_running_loop().time()
        if not self._over and now - self._rang_at >= self._conduct.user_away_timeout / 2:
            self._silent()

    def goodbye_begun(self) -> None:
        """The last words are being spoken; hang up even if they never end."""
        self.goodbye_waits()
        self._goodbye.set(self._conduct.goodbye_seconds)

    def goodbye_waits(self) -> None:
        """The last words are about to come; until then nothing else may end the call but this."""
        self._over = True
        self._length.stop()
        self._silence.stop()
        self._stuck.stop()
        self._goodbye.set(_LONGEST_SENTENCE + self._conduct.goodbye_seconds)

    def stop(self) -> None:
        """The call is over."""
        self._over = True
        for alarm in (self._length, self._silence, self._stuck, self._goodbye):
            alarm.stop()

    def _silent(self) -> None:
        self._asked += 1
        self._rang_at = asyncio.get_running_loop().time()
        # Armed again at once: if the question cannot be asked, the next ring ends the call.
        self._silence.set(self._conduct.user_away_timeout)
        self._on_silence(self._asked)
