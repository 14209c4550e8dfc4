"""The store: does it open, how far away is it, and what would it lose?"""

from __future__ import annotations

import time
from typing import Any

from callcenter.doctor.finding import Check, Examination, Finding, Trouble
from callcenter.domain.errors import StoreError


async def _examine(this: Examination) -> list[Finding]:
    if this.open_store is None:
        return []
    choice = this.settings.store_choice
    try:
        store = await this.open_store(this.settings)
        try:
            started = time.perf_counter()
            answer = await store.ping()
            trip = (time.perf_counter() - started) * 1000
        finally:
            await store.aclose()
        losses = await _losses(this) if choice == "redis" else []
    except (StoreError, OSError, ValueError, ImportError) as error:
        raise Trouble(str(error) or type(error).__name__, _FIXES[choice]) from None
    says = f"{choice}: {answer}, {trip:.1f} ms"
    if choice != "memory":
        return [Finding(status="ok", says=says), *losses]
    return [
        Finding(
            status="note",
            says=says,
            switches_off="calls survive no restart, and no second process sees them",
            fix="pip install 'callcenter[embedded]', or set REDIS_URL",
        )
    ]


async def _losses(this: Examination) -> list[Finding]:
    """What a server that works may still lose, drop or refuse."""
    from callcenter.store.address import Address
    from callcenter.store.link import RedisLink

    if this.settings.redis_url is None:
        return []
    address = Address.parse(this.settings.redis_url.get_secret_value())
    link = RedisLink(address, timeout=this.patience)
    try:
        info = await link.info()
        try:
            fsync = _last_word(await link.do("CONFIG", "GET", "appendfsync"))
        except StoreError:
            fsync = ""  # servers that others manage forbid CONFIG: then it is their promise
    finally:
        await link.aclose()
    found = []
    if not info.get("aof_enabled"):
        found.append(_note("no append-only file: a crash loses calls", "appendonly yes"))
    elif fsync == "no":
        found.append(
            _note("appendfsync no: a crash loses up to 30 s of calls", "appendfsync everysec")
        )
    policy = info.get("maxmemory_policy", "noeviction")
    if info.get("maxmemory") and policy != "noeviction":
        found.append(
            _note(f"{policy}: calls vanish when it is full", "maxmemory-policy noeviction")
        )
    replicas, wanted = int(info.get("connected_slaves", 0)), this.settings.redis_replicas
    if replicas < wanted:
        raise Trouble(
            f"{replicas} replicas are connected, but {wanted} must confirm every write",
            "connect replicas, or lower CALLCENTER_REDIS_REPLICAS",
        )
    return found


def _note(says: str, directive: str) -> Finding:
    return Finding(status="note", says=says, fix=f"write {directive} in the server's configuration")


def _last_word(reply: Any) -> str:
    """The value in CONFIG GET's reply, in whichever shape and type this client gives it."""
    values = list(reply.values()) if isinstance(reply, dict) else list(reply or ())
    word = values[-1] if values else ""
    return word.decode() if isinstance(word, bytes) else str(word)


_FIXES = {
    "redis": "check REDIS_URL and that the server runs",
    "embedded": "check CALLCENTER_DATA_DIR, or set CALLCENTER_STORE=memory",
    "memory": "tell the developers",
}
STORE = Check("store", "every call: none can be answered", _examine)
