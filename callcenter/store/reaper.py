"""Reaper: finds calls whose process died, closes them honestly and frees their slots, once each.

A lapsed lease alone proves little: after the store was away, every lease has lapsed although every
worker is well. So a call must be seen lapsed twice, `grace` seconds apart, with the store answering
at every look in between; a worker that lives has renewed by then.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from typing import Self

from callcenter.domain.call import Call, CallId, CallState
from callcenter.domain.errors import Outrun, StoreAway
from callcenter.domain.events import Disposition, Ended, EndedBy
from callcenter.store import Store

_log = logging.getLogger(__name__)
_CLAIM_SECONDS = 30.0
"""A reaper that dies holds its claim so long; then the call is found again."""
_DETAIL = "the process that served the call died"


async def close_lost_calls(
    store: Store, *, owner: str, grace: float, clock: Callable[[], float] = time.time
) -> list[CallId]:
    """Look twice, `grace` seconds apart, and close what was lapsed both times; returns the calls.

    `clock` dates the Ended event. The store's own clock decides what is lapsed.
    """
    first = set(await store.lapsed())
    if not first:
        return []
    await asyncio.sleep(grace)
    second = [call for call in await store.lapsed() if call in first]
    return [call for call in second if await _close(store, call, owner=owner, clock=clock)]


class Reaper:
    """Sweeps now and then; `async with Reaper(…)` or `start` and `aclose`."""

    def __init__(
        self,
        store: Store,
        *,
        owner: str,
        lease: float = 15.0,
        grace: float | None = None,
        every: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`lease` is the workers': whoever lives renews within it, so it is the grace to give."""
        self._store = store
        self._owner = owner
        self._grace = lease if grace is None else grace
        self._every = lease / 2 if every is None else every
        self._clock = clock
        self._seen: dict[CallId, float] = {}
        self._task: asyncio.Task[None] | None = None

    async def sweep(self) -> list[CallId]:
        """Look once; close the calls that have been lapsed at every look for `grace` seconds."""
        # The loop's clock never steps back, unlike the time of day.
        now = asyncio.get_running_loop().time()
        try:
            lapsed = await self._store.lapsed()
            self._seen = {call: self._seen.get(call, now) for call in lapsed}
            due = [call for call, since in self._seen.items() if now - since >= self._grace]
            return [
                call
                for call in due
                if await _close(self._store, call, owner=self._owner, clock=self._clock)
            ]
        except StoreAway:
            self._seen = {}
            raise

    def start(self) -> None:
        """Sweep in the background until `aclose`."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="reaper")

    async def aclose(self) -> None:
        """Stop; a call that is being closed will be found again."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def _run(self) -> None:
        away = False
        while True:
            # Many workers start together after an outage; their sweeps need not.
            await asyncio.sleep(self._every * random.uniform(0.8, 1.2))
            try:
                await self.sweep()
                away = False
            except StoreAway as error:
                if not away:
                    _log.warning("looking for lost calls: %s", error)
                away = True


async def _close(store: Store, call: CallId, *, owner: str, clock: Callable[[], float]) -> bool:
    """Claim, close and free; safe to die anywhere and to meet others. True if we freed the slot."""
    if not await store.claim_lapsed(call, owner=owner, lease=_CLAIM_SECONDS):
        return False
    while True:
        history = await store.history(call)
        if not history or Call.salvaged(call, history).state is CallState.ENDED:
            break
        # Dated not before the last event, in case this machine's clock is behind.
        at = max(clock(), history[-1].at)
        ended = Ended(at=at, disposition=Disposition.LOST, by=EndedBy.SYSTEM, detail=_DETAIL)
        try:
            # The same token for every reaper: whoever comes second at this place has succeeded.
            await store.append(call, [ended], after=len(history), token=f"lost-{call}")
        except Outrun:
            continue
        _log.warning("call %s was lost: %s", call, _DETAIL, extra={"call": call})
        break
    return await store.free_slot(call)
