"""Switchboard: the live call; seats the desks, and the only place where a call changes state."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from livekit.agents import AgentSession, llm

from callcenter.domain.call import CallId
from callcenter.domain.department import Department
from callcenter.domain.errors import CallEnded, JournalFull
from callcenter.domain.events import (
    Answered,
    Arrived,
    Disposition,
    Ended,
    EndedBy,
    HandedOver,
    HandoffRefused,
    SupervisorAsked,
    SupervisorMissed,
    TicketKind,
)
from callcenter.domain.handoff import Handoff
from callcenter.domain.privacy import masked
from callcenter.floor.acquaintance import recall, remember
from callcenter.floor.desk import Desk
from callcenter.floor.lease import Lease
from callcenter.floor.minutes import Minutes, models_used
from callcenter.floor.phrases import Phrases
from callcenter.floor.record import Record
from callcenter.floor.sound import Sound
from callcenter.floor.tool import Heard, Say
from callcenter.floor.vigil import Vigil
from callcenter.floor.voice import Conduct, Voice, open_session
from callcenter.store import Store
from sip import Leg, PhoneNumber

_CARRIED_MESSAGES = 20
_LAST_WORK_SECONDS = 0.5
T = TypeVar("T")


class Seating(Protocol):
    """Who answers: makes the desk of a department. UnknownDepartment if there is none."""

    def __call__(
        self,
        department: Department,
        handoff: Handoff,
        words: llm.ChatContext | None,
        voice: Voice,
        /,
    ) -> Desk:
        """A desk that knows why the caller comes (`handoff`) and what was said (`words`)."""


async def _no_phone() -> None:
    """Hang up a call that has no phone, such as a typed one."""


class Switchboard(Record):
    """One caller's call from answer to goodbye."""

    def __init__(
        self,
        *,
        store: Store,
        seat: Seating,
        voice: Voice,
        conduct: Conduct,
        phrases: Phrases,
        owner: str,
        hang_up: Callable[[], Awaitable[None]] | None = None,
        clock: Callable[[], float] = time.time,
        call_id: CallId | None = None,
    ) -> None:
        super().__init__(store, conduct, clock=clock, call_id=call_id)
        self.phrases = phrases
        self.private: dict[str, Any] = {}
        """For the conversations: proofs and half-done things of this call. Never stored."""
        self.hush = False
        """Set while the caller is asked for a secret: no digit of theirs is written down."""
        self.session: AgentSession[Switchboard] = open_session(voice, conduct, self)
        self.vigil = Vigil(self)
        self._store = store
        self._seat = seat
        self._voice = voice
        self._hang_up = hang_up or _no_phone
        self._lease = Lease(
            store, self.id, owner=owner, limit=conduct.max_calls, seconds=conduct.lease_seconds
        )
        self._tasks: set[asyncio.Task[Any]] = set()
        self._working: set[asyncio.Future[Any]] = set()
        self._unsaid: list[str] = []
        self._moving = asyncio.Lock()
        self._leaving: Department | None = None
        self._farewell: tuple[Disposition, EndedBy] | None = None
        self._ending = False
        self._ended = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether the call has ended and everything about it is closed."""
        return self._ended.is_set()

    @property
    def is_parting(self) -> bool:
        """Whether the last words are on their way."""
        return self._farewell is not None

    async def wait_until_over(self) -> None:
        """Return when the call has ended."""
        await self._ended.wait()

    @property
    def callback_number(self) -> PhoneNumber | None:
        """Where the caller can be rung: their own number, or the one they left."""
        left: str = self.private.get("callback_number", "")
        return self.call.caller or PhoneNumber.parse_or_none(left)

    # --- the moves ---

    async def reserve(self) -> None:
        """Occupy a slot before anybody picks up, or raise CentreFull."""
        await self._lease.take()

    async def answer(self, leg: Leg, department: Department, sound: Sound | None = None) -> None:
        """Take the call: occupy a slot, seat the first desk, greet. Without `sound` by text."""
        await self.reserve()
        try:
            self._still_there()
            await self._arrive(leg)
            if self.conduct.remember_callers:
                for name, value in (await recall(self._store, self.call)).items():
                    self.learn(name, value)
            desk = self._seat(department, Handoff(facts=self.call.facts), None, self._voice)
            await self._move(Answered(at=self.now(), department=department))
            self._still_there()
            if sound is not None:
                self.session.input.audio = sound.ears
                self.session.output.audio = sound.mouth
                self.session.output.transcription = sound.mouth.words
            Minutes(self).attach(self.session)
            self.vigil.clocks.answered()
            self._spawn(self._close_with_the_record())
            await self.session.start(desk, record=False)
            if self._ending:
                await self.session.aclose()
        except CallEnded:
            # Hung up while we were picking up: `end` has written everything.
            await self.end(Disposition.CALLER_LEFT, EndedBy.CALLER)
        except BaseException:
            await self.end(Disposition.FAILED, EndedBy.SYSTEM, detail="could not be answered")
            raise

    async def never_answered(self, leg: Leg) -> None:
        """The caller gave up while it was ringing: a record, no conversation."""
        await self._arrive(leg)
        await self.end(Disposition.CALLER_LEFT, EndedBy.CALLER, detail="gave up while ringing")

    async def hand_over(self, to: Department, reason: str) -> Heard:
        """Seat another desk; what the present one should let the caller hear, if anything."""
        async with self._moving:
            origin = self.call.department
            if self._farewell is not None or self._leaving is not None or origin is None:
                # Silent, because the next desk, or the goodbye, is about to speak.
                self._refuse(to, "already on the way elsewhere")
                return None
            if to == origin:
                self._refuse(to, "already there")
                return Say(self.phrases.say("already_here"))
            if self.call.handoffs < self.conduct.max_handoffs:
                await self._seat_next(origin, to, masked(reason))
                return None
        self._refuse(to, "sent around too often")
        desk = self.session.current_agent
        words = self.phrases.say("going_round")
        if isinstance(desk, Desk):
            promise = await desk.call_back(f"sent around; last wanted {to}: {reason}")
            words = f"{words} {promise.text}"
        return Say(words)

    async def _seat_next(self, origin: Department, to: Department, reason: str) -> None:
        words = self.session.history.copy(
            exclude_function_call=True,
            exclude_instructions=True,
            exclude_handoff=True,
            exclude_config_update=True,
        ).truncate(max_items=_CARRIED_MESSAGES)
        handoff = Handoff(
            origin=origin,
            reason=reason,
            facts=self.call.facts,
            identified=self.call.identified_as is not None,
        )
        desk = self._seat(to, handoff, words, self._voice)
        self._leaving = to
        try:
            await self._move(HandedOver(at=self.now(), origin=origin, to=to, reason=reason))
            # Not returned from the tool: an interruption, or a slower tool of the same batch,
            # would drop a returned desk after the event has been written.
            self.session.update_agent(desk)
        except BaseException:
            self._leaving = None
            raise

    def desk_entered(self) -> list[str]:
        """The new desk has the floor; words that the old one could not say any more."""
        self._leaving = None
        unsaid, self._unsaid = self._unsaid, []
        return unsaid

    def desk_notices_silence(self) -> None:
        """The caller is being asked whether they are there."""
        with contextlib.suppress(RuntimeError):  # between two desks
            desk = self.session.current_agent
            if isinstance(desk, Desk):
                desk.silence_noticed()

    async def bring_in_supervisor(self, reason: str) -> str:
        """Ask for a person. Until there is a queue nobody can be rung: promise a call back.

        Returns the ticket's number.
        """
        async with self._moving:
            await self._move(SupervisorAsked(at=self.now(), reason=masked(reason)))
            await self._move(SupervisorMissed(at=self.now()))
        number = self.callback_number
        return self.open_ticket(TicketKind.CALLBACK, reason, number=number.e164 if number else None)

    def at_work(self, work: Awaitable[T]) -> asyncio.Future[T]:
        """A tool's work, to be waited for and stopped when the call ends."""
        future = asyncio.ensure_future(work)
        self._working.add(future)
        future.add_done_callback(self._working.discard)
        return future

    def say_next(self, words: str) -> None:
        """Let the caller hear this after what is being said; by the next desk if this one left."""
        if self._farewell is not None or self._ending:
            return
        try:
            self.session.say(words)
        except RuntimeError:
            self._unsaid.append(words)

    # --- the end ---

    def say_goodbye(
        self,
        words: str,
        disposition: Disposition = Disposition.COMPLETED,
        by: EndedBy = EndedBy.AGENT,
    ) -> None:
        """Speak the last words and hang up when they have been heard."""
        if self._farewell is not None or self._ending:
            return
        if disposition is Disposition.COMPLETED and self.private.get("callback"):
            disposition = Disposition.CALLBACK_PROMISED
        self._farewell = (disposition, by)
        self.vigil.clocks.goodbye_waits()
        self._spawn(self._part(words, disposition, by))

    async def caller_hung_up(self) -> None:
        """The line says that the caller is gone."""
        disposition = (
            self._farewell[0]
            if self._farewell is not None
            else Disposition.CALLBACK_PROMISED
            if self.private.get("callback")
            else Disposition.CALLER_LEFT
        )
        await self.end(disposition, EndedBy.CALLER)

    def end_soon(self, disposition: Disposition, by: EndedBy, *, detail: str = "") -> None:
        """End the call from inside one of its own tasks."""
        if not self._ending:
            self._spawn(self.end(disposition, by, detail=detail))

    async def end(self, disposition: Disposition, by: EndedBy, *, detail: str = "") -> None:
        """Close everything, whatever state it is in; safe to call twice and from anywhere."""
        if self._ending:
            await self._ended.wait()
            return
        self._ending = True
        self.vigil.clocks.stop()
        recorded = False
        try:
            await self._stop_working()
            await _bounded(self.session.aclose(), 5.0, self.log, "the session did not close")
            _, outcome = await asyncio.gather(
                _bounded(self._hang_up(), 5.0, self.log, "the line did not hang up"),
                self._record_the_end(disposition, by, detail),
                return_exceptions=True,
            )
            recorded = outcome is True
            if isinstance(outcome, BaseException):
                self.log.error("the end could not be recorded", exc_info=outcome)
        finally:
            # An end that could not be written keeps its slot until the lease runs out: that is
            # how the reaper finds the call and closes its history.
            await (self._lease.free() if recorded else self._lease.abandon())
            self.log.info("ended: %s by %s %s", disposition, by, detail)
            self._ended.set()
            for task in self._tasks - {asyncio.current_task()}:
                task.cancel()

    def goodbye_took_too_long(self) -> None:
        """The last words never ended: hang up all the same."""
        disposition, by = self._farewell or (Disposition.FAILED, EndedBy.CLOCK)
        self.end_soon(disposition, by, detail="the goodbye did not finish")

    def speak(self, words: str) -> None:
        """Say something unless the call is ending."""
        if self._farewell is None and not self._ending:
            with contextlib.suppress(RuntimeError):  # closing between two events
                self.session.say(words)

    # --- private ---

    async def _arrive(self, leg: Leg) -> None:
        await self._move(
            Arrived(
                at=self.now(),
                caller=leg.caller.e164 if leg.caller else None,
                dialled=leg.dialled.e164 if leg.dialled else None,
                direction=leg.direction,
                line=leg.line,
            )
        )

    def _refuse(self, to: Department, why: str) -> None:
        self.note(HandoffRefused(at=self.now(), to=to, why=why))

    async def _part(self, words: str, disposition: Disposition, by: EndedBy) -> None:
        with contextlib.suppress(RuntimeError):
            if by is not EndedBy.AGENT:
                # Whoever decided this does not wait for the end of a long sentence.
                self.session.interrupt(force=True)
            elif (speech := self.session.current_speech) is not None:
                await speech.wait_for_playout()
            self.vigil.clocks.goodbye_begun()
            await self.session.say(words, allow_interruptions=False)
        await self.end(disposition, by)

    def _still_there(self) -> None:
        if self._ending:
            raise CallEnded(self.call.state, "answered")

    async def _stop_working(self) -> None:
        """Give running tools a moment to finish what they began; then stop them."""
        if self._working:
            await asyncio.wait(self._working, timeout=_LAST_WORK_SECONDS)
            for work in self._working:
                work.cancel()

    def _store_is_lost(self, trouble: JournalFull) -> None:
        self.log.error("giving up on the store: %s", trouble)
        words = self.phrases.say("store_apology")
        self.say_goodbye(words, Disposition.FAILED, EndedBy.SYSTEM)

    async def _close_with_the_record(self) -> None:
        await self._journal.ended_elsewhere.wait()
        self.log.warning("another process ended this call")
        await self.end(Disposition.LOST, EndedBy.SYSTEM)

    async def _record_the_end(self, disposition: Disposition, by: EndedBy, detail: str) -> bool:
        if self.call.is_live:
            for used in models_used(self.session, self.now()):
                self.note(used)
            ended = Ended(at=self.now(), disposition=disposition, by=by, detail=detail)
            with contextlib.suppress(CallEnded):
                await self._move(ended)
        if self.conduct.remember_callers:
            await remember(self._store, self.call)
        return await self._journal.aclose(timeout=self.conduct.store_patience)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"call {self.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _bounded(
    work: Awaitable[None], seconds: float, log: logging.LoggerAdapter[Any], complaint: str
) -> None:
    try:
        await asyncio.wait_for(work, seconds)
    except Exception:  # the end of a call goes on, whatever part of it fails
        log.exception(complaint)
