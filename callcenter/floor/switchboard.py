"""Switchboard: the live call; seats the desks, and the only place where a call changes state."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from livekit.agents import AgentSession, llm

from callcenter.domain.call import Call, CallId, new_call_id
from callcenter.domain.department import Department
from callcenter.domain.errors import CallEnded, JournalFull
from callcenter.domain.events import (
    Answered,
    Arrived,
    Disposition,
    Ended,
    EndedBy,
    Event,
    FactLearned,
    HandedOver,
    HandoffRefused,
    SupervisorAsked,
    SupervisorMissed,
    TicketKind,
    TicketOpened,
)
from callcenter.domain.handoff import Handoff
from callcenter.floor.acquaintance import recall, remember
from callcenter.floor.desk import Desk
from callcenter.floor.lease import Lease
from callcenter.floor.minutes import Minutes, models_used
from callcenter.floor.phrases import Phrases, spelled
from callcenter.floor.sound import Sound
from callcenter.floor.tool import Heard, Say
from callcenter.floor.vigil import Vigil
from callcenter.floor.voice import Conduct, Voice, open_session
from callcenter.store import Store
from callcenter.store.journal import Journal
from sip import Leg

_CARRIED_MESSAGES = 20


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


class Switchboard:
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
        self.conduct = conduct
        self.phrases = phrases
        self.private: dict[str, Any] = {}
        """For the conversations: proofs and half-done things of this call. Never stored."""
        self.id = call_id or new_call_id()
        self.log = logging.LoggerAdapter(logging.getLogger("callcenter.call"), {"call": self.id})
        self.session: AgentSession[Switchboard] = open_session(voice, conduct, self)
        self.vigil = Vigil(self)
        self._store = store
        self._seat = seat
        self._voice = voice
        self._hang_up = hang_up or _no_phone
        self._clock = clock
        self._lease = Lease(
            store, self.id, owner=owner, limit=conduct.max_calls, seconds=conduct.lease_seconds
        )
        self._journal = Journal(
            store,
            Call(self.id),
            bound=conduct.store_buffer,
            patience=conduct.store_patience,
        )
        self._watchers: list[Callable[[Event], None]] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._leaving: Department | None = None
        self._farewell: tuple[Disposition, EndedBy] | None = None
        self._ending = False
        self._ended = asyncio.Event()

    # --- what is known ---

    @property
    def call(self) -> Call:
        """The call as it stands in this process."""
        return self._journal.call

    @property
    def is_over(self) -> bool:
        """Whether the call has ended and everything about it is closed."""
        return self._ended.is_set()

    def now(self) -> float:
        """The time of the next event; never before the last one, whatever the clock does."""
        return max(self._clock(), self.call.last_at)

    def watch(self, watcher: Callable[[Event], None]) -> None:
        """Call `watcher` with every event as it happens."""
        self._watchers.append(watcher)

    async def wait_until_over(self) -> None:
        """Return when the call has ended."""
        await self._ended.wait()

    async def written(self) -> bool:
        """Wait until the store has acknowledged everything so far; False if it does not."""
        return await self._journal.settled(self.conduct.store_patience)

    # --- the moves ---

    async def reserve(self) -> None:
        """Occupy a slot before anybody picks up, or raise CentreFull."""
        await self._lease.take()

    async def answer(self, leg: Leg, department: Department, sound: Sound | None = None) -> None:
        """Take the call: occupy a slot, seat the first desk, greet. Without `sound` by text."""
        await self.reserve()
        try:
            await self._arrive(leg)
            if self.conduct.remember_callers:
                for name, value in (await recall(self._store, self.call)).items():
                    self.learn(name, value)
            desk = self._seat(department, Handoff(facts=self.call.facts), None, self._voice)
            await self._move(Answered(at=self.now(), department=department))
            if sound is not None:
                self.session.input.audio = sound.ears
                self.session.output.audio = sound.mouth
                self.session.output.transcription = sound.mouth.words
            Minutes(self).attach(self.session)
            self.vigil.clocks.answered()
            self._spawn(self._close_with_the_record())
            await self.session.start(desk, record=False)
        except BaseException:
            await self.end(Disposition.FAILED, EndedBy.SYSTEM, detail="could not be answered")
            raise

    async def never_answered(self, leg: Leg) -> None:
        """The caller gave up while it was ringing: a record, no conversation."""
        await self._arrive(leg)
        await self.end(Disposition.CALLER_LEFT, EndedBy.CALLER, detail="gave up while ringing")

    async def hand_over(self, to: Department, reason: str) -> Heard:
        """Seat another desk; what the present one should let the caller hear, if anything."""
        origin = self.call.department
        if self._farewell is not None or self._leaving is not None or origin is None:
            self._refuse(to, "already on the way elsewhere")
            return None
        if to == origin:
            self._refuse(to, "already there")
            return Say(self.phrases.say("already_here"))
        if self.call.handoffs >= self.conduct.max_handoffs:
            self._refuse(to, "sent around too often")
            ticket = await self.bring_in_supervisor(f"sent around; last wanted {to}: {reason}")
            return Say(self.phrases.say("going_round", ticket=spelled(ticket)))
        words = self.session.history.copy(
            exclude_function_call=True,
            exclude_instructions=True,
            exclude_handoff=True,
            exclude_config_update=True,
        ).truncate(max_items=_CARRIED_MESSAGES)
        handoff = Handoff(origin=origin, reason=reason, facts=self.call.facts)
        desk = self._seat(to, handoff, words, self._voice)
        self._leaving = to
        await self._move(HandedOver(at=self.now(), origin=origin, to=to, reason=reason))
        # Not returned from the tool: an interruption, or a slower tool of the same batch, would
        # drop a returned desk after the event has been written.
        self.session.update_agent(desk)
        return None

    def desk_entered(self) -> None:
        """The new desk has the floor."""
        self._leaving = None

    async def bring_in_supervisor(self, reason: str) -> str:
        """Ask for a person. Until there is a queue nobody can be rung: promise a call back.

        Returns the ticket's number.
        """
        await self._move(SupervisorAsked(at=self.now(), reason=reason))
        await self._move(SupervisorMissed(at=self.now()))
        return self.open_ticket(TicketKind.CALLBACK, reason)

    def open_ticket(
        self, topic: TicketKind, summary: str, *, ticket: str = "", due: str = ""
    ) -> str:
        """Write down what somebody has to do after the call; returns the ticket's number."""
        ticket = ticket or f"T-{secrets.randbelow(900_000) + 100_000}"
        self.note(TicketOpened(at=self.now(), ticket=ticket, topic=topic, summary=summary, due=due))
        return ticket

    def learn(self, name: str, value: str) -> None:
        """Remember a fact for the next desk; saying it twice writes it once."""
        if self.call.facts.get(name) != value:
            self.note(FactLearned(at=self.now(), name=name, value=value))

    def note(self, event: Event) -> None:
        """Write down what happened without moving the call."""
        try:
            self._journal.note(event)
        except CallEnded:
            self.log.debug("too late to note %s", event.kind)
            return
        except JournalFull as trouble:
            self._store_is_lost(trouble)
            return
        self._tell(event)

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
        self.vigil.clocks.goodbye_begun()
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
        try:
            await _bounded(self.session.aclose(), 5.0, self.log, "the session did not close")
            if self.call.is_live:
                for used in models_used(self.session, self.now()):
                    self.note(used)
            recorded, _ = await asyncio.gather(
                self._record_the_end(disposition, by, detail),
                _bounded(self._hang_up(), 5.0, self.log, "the line did not hang up"),
            )
            # An end that could not be written keeps its slot until the lease runs out: that is
            # how the reaper finds the call and closes its history.
            await (self._lease.free() if recorded else self._lease.abandon())
        finally:
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

    async def _move(self, event: Event) -> None:
        """The only way to change where a call stands: check the table, then append."""
        try:
            await self._journal.record(event)
        except JournalFull as trouble:
            self._store_is_lost(trouble)
            return
        self._tell(event)

    def _tell(self, event: Event) -> None:
        for watcher in self._watchers:
            watcher(event)

    def _refuse(self, to: Department, why: str) -> None:
        self.note(HandoffRefused(at=self.now(), to=to, why=why))

    async def _part(self, words: str, disposition: Disposition, by: EndedBy) -> None:
        with contextlib.suppress(RuntimeError):
            await self.session.say(words, allow_interruptions=False)
        await self.end(disposition, by)

    def _store_is_lost(self, trouble: JournalFull) -> None:
        self.log.error("giving up on the store: %s", trouble)
        words = self.phrases.say("store_apology")
        self.say_goodbye(words, Disposition.FAILED, EndedBy.SYSTEM)

    async def _close_with_the_record(self) -> None:
        await self._journal.ended_elsewhere.wait()
        self.log.warning("another process ended this call")
        await self.end(Disposition.LOST, EndedBy.SYSTEM)

    async def _record_the_end(self, disposition: Disposition, by: EndedBy, detail: str) -> bool:
        ended = Ended(at=self.now(), disposition=disposition, by=by, detail=detail)
        if self.call.is_live:
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
