"""Acquaintance: recognising a number that has called before, and remembering it for next time."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from callcenter.domain.call import Call
from callcenter.domain.caller import CallerMemory
from callcenter.domain.errors import StoreAway
from callcenter.store import Store

_REMEMBERED = ("name", "open_matter")


async def recall(store: Store, call: Call) -> Mapping[str, str]:
    """Facts known of this caller from earlier calls; none if the store is away."""
    memory = None
    if call.caller is not None:
        with contextlib.suppress(StoreAway):
            memory = await store.recall(call.caller)
    if memory is None:
        return {}
    known = {"name": memory.name, "open_matter": memory.open_matter}
    return {name: value for name, value in known.items() if value}


async def remember(store: Store, call: Call) -> None:
    """Keep what the next call should know."""
    if call.caller is None:
        return
    with contextlib.suppress(StoreAway):
        before = await store.recall(call.caller)
        name, open_matter = (call.facts.get(fact, "") for fact in _REMEMBERED)
        await store.remember(
            call.caller,
            CallerMemory(
                name=name,
                last_call=call.id,
                last_at=call.last_at,
                calls=(before.calls if before else 0) + 1,
                open_matter=open_matter,
            ),
        )
