"""Lease: the slot a call occupies, kept alive while its process lives."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from callcenter.domain.call import CallId
from callcenter.domain.errors import CallError, StoreAway
from callcenter.store import Store

log = logging.getLogger(__name__)


class CentreFull(CallError):
    """Every slot is taken; the caller should hear so, or get 503 on the line."""

    retry = True


class Lease:
    """One slot for one call. While the store is away the call goes on and the slot is re-taken."""

    def __init__(
        self, store: Store, call: CallId, *, owner: str, limit: int, seconds: float
    ) -> None:
        self._store = store
        self._call = call
        self._owner = owner
        self._limit = limit
        self._seconds = seconds
        self._renewing: asyncio.Task[None] | None = None

    async def take(self) -> None:
        """Occupy a slot, or raise CentreFull. A store that is away turns nobody down."""
        if self._renewing is not None:
            return
        try:
            taken = await self._store.take_slot(
                self._call, limit=self._limit, owner=self._owner, lease=self._seconds
            )
        except StoreAway as trouble:
            log.warning("taking the call without a slot: %s", trouble)
        else:
            if not taken:
                raise CentreFull(f"all {self._limit} lines are busy")
        self._renewing = asyncio.create_task(self._renew(), name="lease")

    async def free(self) -> None:
        """Give the slot back; the reaper does it if the store is away now."""
        await self.abandon()
        try:
            await self._store.free_slot(self._call)
        except StoreAway as trouble:
            log.warning("the slot stays taken until its lease runs out: %s", trouble)

    async def abandon(self) -> None:
        """Stop renewing: the slot lapses, and the reaper finds the call."""
        if self._renewing is not None:
            self._renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._renewing

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._seconds / 3)
            try:
                if not await self._store.renew(self._call, owner=self._owner, lease=self._seconds):
                    # Lost while the store was away: the caller is still here, so is the slot.
                    await self._store.take_slot(
                        self._call, limit=10**9, owner=self._owner, lease=self._seconds
                    )
            except StoreAway as trouble:
                log.warning("the lease could not be renewed: %s", trouble)
