"""Acquaintance: recognising a number that has called before, and remembering it for next time."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping

from callcenter.domain.call import Call
from callcenter.domain.caller import CallerMemory
from callcenter.domain.errors import StoreAway
from callcenter.store import Store

log = logging.getLogger(__name__)
_REMEMBERED = ("name", "open_matter")


async def recall(store: Store, call: Call) -> Mapping[str, str]:
    """Facts known of this caller from earlier calls; none if the store is away."""
    memory = None
    if call.caller is not None:
        try:
            memory = await store.recall(call.caller)
        except StoreAway:
            return {}
        except Exception:  # what is remembered is a kindness: it must never cost a call
            log.exception("the caller could not be recalled")
    if memory is None:
        return {}
    known = {"name": memory.name, "open_matter": memory.open_matter}
    return {name: value for name, value in known.items() if value}


async def remember(store: Store, call: Call) -> None:
    """Keep what the next call should know."""
    if call.caller is None:
        return
    with contextlib.suppress(StoreAway), _kindly():
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


@contextlib.contextmanager
def _kindly() -> Iterator[None]:
    try:
        yield
    except StoreAway:
        raise
    except Exception:  # as above
        log.exception("the caller could not be remembered")
