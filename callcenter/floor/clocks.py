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
        self._on_silence = on_silence
        self._length = Alarm(on_too_long)
        self._silence = Alarm(self._silent)
        self._stuck = Alarm(on_stuck)
        self._goodbye = Alarm(on_goodbye_over)

    def answered(self) -> None:
        """The call has begun."""
        self._length.set(self._conduct.max_call_seconds)

    def caller_spoke(self) -> None:
        """Words of the caller arrived: somebody is there."""
        self._asked = 0
        self._silence.stop()

    def agent_thinks(self) -> None:
        """The agent owes an answer."""
        self._silence.stop()
        if not self._stuck.is_set:
            self._stuck.set(self._conduct.stuck_seconds)

    def agent_spoke(self) -> None:
        """The agent has begun to say something: it is not stuck."""
        self._stuck.stop()

    def agent_listens(self) -> None:
        """It is the caller's turn."""
        self._stuck.stop()
        if not self._silence.is_set:
            self._silence.set(self._conduct.user_away_timeout)

    def caller_is_away(self) -> None:
        """The session noticed the silence first: do not wait for our own timer."""
        if self._silence.is_set:
            self._silence.stop()
            self._silent()

    def goodbye_begun(self) -> None:
        """The last words are being spoken; hang up even if they never end."""
        self._length.stop()
        self._silence.stop()
        self._stuck.stop()
        self._goodbye.set(self._conduct.goodbye_seconds)

    def stop(self) -> None:
        """The call is over."""
        for alarm in (self._length, self._silence, self._stuck, self._goodbye):
            alarm.stop()

    def _silent(self) -> None:
        self._asked += 1
        self._on_silence(self._asked)
