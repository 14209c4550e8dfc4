"""A worker that appends to one call and prints each acknowledged length; made to be killed.

    appending_worker.py URL-or-FOLDER CALL [contend]

With `contend` it appends at whatever length the history has, again and again, for fifty wins.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from callcenter.domain.call import CallId
from callcenter.domain.errors import Outrun
from callcenter.domain.events import Arrived, CallerSaid
from callcenter.store import Store
from callcenter.store.embedded import EmbeddedStore
from callcenter.store.redis import RedisStore


async def main(where: str, call: CallId, mode: str = "") -> None:
    """Append until killed."""
    store: Store = (
        await RedisStore.connect(where) if "://" in where else await EmbeddedStore.open(Path(where))
    )
    if mode == "contend":
        await _contend(store, call)
    else:
        await _append_for_ever(store, call)
    await store.aclose()


async def _append_for_ever(store: Store, call: CallId) -> None:
    await store.take_slot(call, limit=100, owner="worker", lease=0.5)
    length = await store.append(call, [Arrived(at=0.0)], after=0, token="first")
    while True:
        print(length, flush=True)
        said = CallerSaid(at=float(length), text=f"{length}")
        length = await store.append(call, [said], after=length, token=f"t{length}")


async def _contend(store: Store, call: CallId) -> None:
    wins = 0
    while wins < 50:
        length = len(await store.history(call))
        said = CallerSaid(at=0.0, text=f"{os.getpid()} {wins}")
        try:
            await store.append(call, [said], after=length, token=f"{os.getpid()}-{wins}")
        except Outrun:
            continue
        wins += 1
    print("done", flush=True)


asyncio.run(main(sys.argv[1], CallId(sys.argv[2]), *sys.argv[3:]))
