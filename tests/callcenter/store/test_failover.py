"""Replicas, Sentinels and clusters: what was acknowledged is there after the primary has died."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from callcenter.domain.call import Call, new_call_id
from callcenter.domain.errors import StoreAway
from callcenter.domain.events import Arrived, CallerSaid, Event
from callcenter.store.journal import Journal
from callcenter.store.redis import RedisStore

if TYPE_CHECKING:
    from tests.callcenter.store.conftest import ValkeyServer

    StartServer = Callable[..., ValkeyServer]

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]


def said(number: int) -> CallerSaid:
    """Some words that tell their place."""
    return CallerSaid(at=2.0, text=f"{number}")


def replicate(replica: ValkeyServer, primary: ValkeyServer) -> None:
    """Make one server follow another and wait until it does."""
    with replica.client() as client:
        client.replicaof("127.0.0.1", primary.port)
        deadline = time.monotonic() + 10
        while client.info("replication")["master_link_status"] != "up":
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture
def pair(start_server: StartServer) -> tuple[ValkeyServer, ValkeyServer]:
    """A primary and its replica."""
    primary, replica = start_server(repl_diskless_sync_delay="0"), start_server()
    replicate(replica, primary)
    return primary, replica


async def test_events_acknowledged_by_a_replica_survive_the_primary(
    pair: tuple[ValkeyServer, ValkeyServer],
) -> None:
    """The promoted replica has the history, the slot and the indexes."""
    primary, replica = pair
    store = await RedisStore.connect(primary.url, replicas=1)
    call = new_call_id()
    assert await store.take_slot(call, limit=1, owner="w", lease=30)
    events: list[Event] = [Arrived(at=1.0, caller="+15550100123"), *map(said, range(50))]
    for number, event in enumerate(events):
        await store.append(call, [event], after=number, token=f"{number}")
    primary.kill()
    await store.aclose()
    with replica.client() as client:
        client.execute_command("REPLICAOF", "NO", "ONE")
    promoted = await RedisStore.connect(replica.url)
    assert await promoted.history(call) == events
    assert await promoted.live() == await promoted.recent() == [call]
    await promoted.aclose()


async def test_a_replica_that_does_not_answer_means_away_until_it_has_the_events(
    pair: tuple[ValkeyServer, ValkeyServer],
) -> None:
    """A retry is no success either while the replica is frozen; then it writes nothing twice."""
    primary, replica = pair
    store = await RedisStore.connect(primary.url, replicas=1, timeout=0.4)
    call = new_call_id()
    replica.pause()
    for _ in range(2):
        with pytest.raises(StoreAway, match="0 of 1 replicas"):
            await store.append(call, [said(0)], after=0, token="t")
    # A fresh connection has written nothing itself and must wait all the same.
    fresh = await RedisStore.connect(primary.url, replicas=1, timeout=0.4)
    with pytest.raises(StoreAway, match="0 of 1 replicas"):
        await fresh.append(call, [said(0)], after=0, token="t")
    await fresh.aclose()
    replica.resume()
    await asyncio.sleep(0.3)
    assert await store.append(call, [said(0)], after=0, token="t") == 1
    assert await store.history(call) == [said(0)]
    await store.aclose()


async def test_sentinels_lead_a_journal_to_the_promoted_replica(
    pair: tuple[ValkeyServer, ValkeyServer], binary: Path, tmp_path: Path
) -> None:
    """The conversation goes on through the fail-over; nothing acknowledged or waiting is lost."""
    primary, replica = pair
    sentinel = start_sentinel(binary, tmp_path / "sentinel", primary)
    try:
        url = f"redis+sentinel://:{primary.password}@127.0.0.1:{sentinel.port}/house"
        store = await RedisStore.connect(url, timeout=0.5)
        journal = Journal(store, Call(new_call_id()), patience=0.5)
        await journal.record(Arrived(at=1.0))
        for number in range(20):
            await journal.record(said(number))
        assert await journal.settled(5)
        with sentinel.client() as client:
            deadline = time.monotonic() + 15
            while not client.execute_command("SENTINEL", "REPLICAS", "house"):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)
        primary.kill()
        for number in range(20, 60):
            await journal.record(said(number))
            await asyncio.sleep(0.02)
        assert await journal.settled(30)
        history = await store.history(journal.call.id)
        assert [e.text for e in history if isinstance(e, CallerSaid)] == list(map(str, range(60)))
        assert f":{replica.port}" not in await store.ping()
        assert await journal.aclose()
        await store.aclose()
    finally:
        sentinel.kill()


def start_sentinel(binary: Path, folder: Path, primary: ValkeyServer) -> ValkeyServer:
    """One Sentinel that decides alone and fast."""
    folder.mkdir()
    config = folder / "sentinel.conf"
    config.write_text(
        f"sentinel monitor house 127.0.0.1 {primary.port} 1\n"
        f"sentinel auth-pass house {primary.password}\n"
        "sentinel down-after-milliseconds house 500\n"
        "sentinel failover-timeout house 3000\n"
    )
    sentinel = type(primary)(binary, folder, password="", words=(str(config), "--sentinel"))
    return sentinel.start()


async def test_a_cluster_has_no_replica_to_wait_for_and_says_so(
    cluster: list[ValkeyServer],
) -> None:
    """WAIT travels with the append to the node that has the call's hash slot."""
    url = cluster[0].url.replace("redis://", "redis+cluster://")
    store = await RedisStore.connect(url, replicas=1, timeout=0.4)
    for _ in range(4):
        call = new_call_id()
        with pytest.raises(StoreAway, match="0 of 1 replicas"):
            await store.append(call, [said(0)], after=0, token="t")
        assert await store.history(call) == [said(0)]
    await store.aclose()


async def test_a_plain_url_to_a_cluster_is_refused_with_advice(
    cluster: list[ValkeyServer],
) -> None:
    """Otherwise two thirds of all calls would fail for no visible reason."""
    store = await RedisStore.connect(cluster[0].url)

    async def append_to_several_calls() -> None:
        for _ in range(20):
            await store.append(new_call_id(), [said(0)], after=0, token="t")

    with pytest.raises(StoreAway, match=r"redis\+cluster://"):
        await append_to_several_calls()
    await store.aclose()
