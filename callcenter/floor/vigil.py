"""Vigil: what happens when a clock rings or a model gives up; always words first, then the end."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from callcenter.domain.events import Disposition, EndedBy, SilenceNoticed
from callcenter.floor.clocks import Clocks

if TYPE_CHECKING:
    from callcenter.floor.switchboard import Switchboard

_MOST_BRAIN_FAILURES = 3


class Vigil:
    """Watches over one call on behalf of its switchboard."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._board = switchboard
        self._brain_failures = 0
        self._times_stuck = 0
        self.clocks = Clocks(
            switchboard.conduct,
            on_too_long=self._too_long,
            on_silence=self._silence,
            on_stuck=self._stuck,
            on_goodbye_over=self._goodbye_over,
        )

    def brain_failed(self, part: str) -> None:
        """A model gave up for this turn: apologise; too often: end honestly."""
        self._brain_failures += 1
        if self._brain_failures >= _MOST_BRAIN_FAILURES:
            self._give_up(EndedBy.SYSTEM)
        elif part != "tts":
            self._board.speak(self._board.phrases.say("apology"))

    def brain_answered(self) -> None:
        """A reply was heard: the failures before it are forgiven."""
        self._brain_failures = self._times_stuck = 0

    def _too_long(self) -> None:
        words = self._board.phrases.say("too_long")
        self._board.say_goodbye(words, Disposition.TOO_LONG, EndedBy.CLOCK)

    def _silence(self, times: int) -> None:
        board = self._board
        if times > board.conduct.silence_asks:
            words = board.phrases.say("silent_goodbye")
            board.say_goodbye(words, Disposition.SILENT, EndedBy.CLOCK)
            return
        board.note(SilenceNoticed(at=board.now(), times=times))
        board.desk_notices_silence()
        board.speak(board.phrases.say("still_there" if times == 1 else "still_there_again"))

    def _stuck(self) -> None:
        board = self._board
        self._times_stuck += 1
        board.log.error("the agent owes an answer and does not give one (%d)", self._times_stuck)
        with contextlib.suppress(RuntimeError):
            board.session.interrupt(force=True)
        if self._times_stuck > 1:
            self._give_up(EndedBy.CLOCK)
        else:
            board.speak(board.phrases.say("apology"))
            self.clocks.agent_thinks()

    def _give_up(self, by: EndedBy) -> None:
        self._board.say_goodbye(self._board.phrases.say("give_up"), Disposition.FAILED, by)

    def _goodbye_over(self) -> None:
        self._board.goodbye_took_too_long()
