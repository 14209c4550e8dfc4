"""Whatever a server may refuse or suffer becomes one plain error, and nothing is half written."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis import exceptions as failures

from callcenter.domain.call import CallId, new_call_id
from callcenter.domain.errors import StoreAway
from callcenter.domain.events import Arrived, CallerSaid, Disposition, Ended, EndedBy
from callcenter.store import Store
from callcenter.store.address import Address
from callcenter.store.link import Link, RedisLink
from callcenter.store.redis import RedisStore
from callcenter.store.scripts import Script
from callcenter.store.troubles import StoreRefused, told_plainly
from sip import PhoneNumber

if TYPE_CHECKING:
    from tests.callcenter.store.conftest import ValkeyServer

    StartServer = Callable[..., ValkeyServer]

pytestmark = pytest.mark.asyncio

SECRET = "not-a-secret"
ADA = PhoneNumber("+15550100123")


def said(text: str) -> CallerSaid:
    """Some words."""
    return CallerSaid(at=2.0, text=text)


@contextlib.asynccontextmanager
async def connected(url: str, **options: object) -> AsyncIterator[RedisStore]:
    """A store with short patience."""
    settings = {"timeout": 0.3, **options}
    store = await RedisStore.connect(url, **settings)  # type: ignore[arg-type]
    try:
        yield store
    finally:
        await store.aclose()


async def append_one(store: Store, call: CallId, after: int = 0) -> int:
    """Append a few words; the same place always has the same token."""
    return await store.append(call, [said("hello")], after=after, token=f"t{after}")


@pytest.mark.parametrize(
    ("error", "words", "refused"),
    [
        (failures.ConnectionError("Error 111"), "cannot be reached", False),
        (failures.TimeoutError("x"), "in time", False),
        (TimeoutError("x"), "in time", False),
        (ConnectionResetError("x"), "cannot be reached", False),
        (failures.BusyLoadingError("dataset in memory"), "loading", False),
        (failures.ReadOnlyError("You can't write"), "replica", False),
        (failures.OutOfMemoryError("command not allowed"), "out of memory", False),
        (failures.ResponseError("MISCONF Errors writing to the AOF"), "its disk", False),
        (failures.ResponseError("NOREPLICAS Not enough"), "too few replicas", False),
        (failures.ResponseError("BUSY a script"), "busy", False),
        (failures.MasterDownError("Link with MASTER is down"), "lost its primary", False),
        (failures.ClusterDownError("The cluster is down"), "is down", False),
        (failures.TryAgainError("Multiple keys"), "moving", False),
        (failures.RedisClusterException("cannot be connected"), "cannot be reached", False),
        (failures.ConnectionError("max number of clients reached"), "connections", False),
        (failures.AuthenticationError("invalid username-password pair"), "password", True),
        (failures.AuthenticationError("anything else"), "password", True),
        (failures.ResponseError("WRONGTYPE Operation"), "prefix", True),
        (failures.NoPermissionError("User x has no permissions"), "permission", True),
        (failures.ConnectionError("SSL: CERTIFICATE_VERIFY_FAILED"), "ssl_ca_certs", True),
        (failures.ResponseError(f"ERR {SECRET} in 'evalsha'"), "unexpectedly (ERR)", True),
        (failures.DataError(SECRET), "unexpectedly (DataError)", True),
    ],
)
async def test_every_failure_is_told_in_our_words(
    error: Exception, words: str, *, refused: bool
) -> None:
    """Retries may mend StoreAway, a person must mend StoreRefused; no data leaks."""
    with pytest.raises(StoreAway) as caught, told_plainly("h:1"):
        raise error
    assert words in str(caught.value)
    assert isinstance(caught.value, StoreRefused) is refused
    assert caught.value.retry is not refused
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_server_that_is_not_there_is_away() -> None:
    """The message tells where, so that one knows what to start."""
    async with connected("redis://127.0.0.1:1") as store:
        with pytest.raises(StoreAway, match=r"127\.0\.0\.1:1 cannot be reached"):
            await store.history(new_call_id())


async def test_a_wrong_or_missing_password_is_refused_with_advice(
    shared_server: ValkeyServer,
) -> None:
    """And never printed."""
    for url, advice in (
        (shared_server.url.replace(SECRET, "wrong-secret"), "password .* is wrong"),
        (f"redis://127.0.0.1:{shared_server.port}", "wants a password"),
    ):
        async with connected(url) as store:
            with pytest.raises(StoreRefused, match=advice) as caught:
                await append_one(store, new_call_id())
            assert "secret" not in str(caught.value)


async def test_a_password_nobody_asked_for_is_told(start_server: StartServer) -> None:
    """A server without a password refuses one."""
    server = start_server(password="")
    async with connected(f"redis://:extra@127.0.0.1:{server.port}") as store:
        with pytest.raises(StoreRefused, match="password"):
            await append_one(store, new_call_id())


async def test_a_user_without_permission_is_refused_with_advice(
    shared_server: ValkeyServer,
) -> None:
    """The advice names what the user needs."""
    with shared_server.client() as client:
        client.acl_setuser(
            "guest", enabled=True, passwords=[f"+{SECRET}"], keys=["*"], commands=["+xrange"]
        )
    url = f"redis://guest:{SECRET}@127.0.0.1:{shared_server.port}"
    async with connected(url) as store:
        assert await store.history(new_call_id()) == []
        with pytest.raises(StoreRefused, match="permission"):
            await append_one(store, new_call_id())


async def test_foreign_data_under_our_keys_is_left_alone(shared_server: ValkeyServer) -> None:
    """Two programs with one prefix must not overwrite each other."""
    call = new_call_id()
    with shared_server.client() as client:
        client.set(f"cc:{{{call}}}:events", "somebody's")
        async with connected(shared_server.url) as store:
            for attempt in (append_one(store, call), store.history(call)):
                with pytest.raises(StoreRefused, match="prefix"):
                    await attempt
        assert client.get(f"cc:{{{call}}}:events") == b"somebody's"


async def test_a_full_server_is_away_and_comes_back(start_server: StartServer) -> None:
    """A batch that did not fit is not half written, and the repeated one is written once."""
    server = start_server(maxmemory="1mb", maxmemory_policy="noeviction")
    call = new_call_id()
    batch = [said("x" * 1_000) for _ in range(64)]
    async with connected(server.url) as store:

        async def fill() -> None:
            for count in range(100):
                await store.append(call, batch, after=count * 64, token=f"t{count}")

        with pytest.raises(StoreAway, match="out of memory"):
            await fill()
        written = len(await store.history(call))
        assert written % 64 == 0
        with server.client() as client:
            client.config_set("maxmemory", "0")
        token = f"t{written // 64}"
        for _ in range(2):
            length = await store.append(call, batch, after=written, token=token)
            assert length == written + 64
        assert len(await store.history(call)) == written + 64


async def test_a_read_only_replica_is_away(start_server: StartServer) -> None:
    """Just after a fail-over the old primary refuses writes."""
    primary, replica = start_server(), start_server()
    with replica.client() as client:
        client.replicaof("127.0.0.1", primary.port)
    async with connected(replica.url) as store:
        with pytest.raises(StoreAway):
            await append_one(store, new_call_id())


async def test_too_few_replicas_are_told(start_server: StartServer) -> None:
    """The server's own min-replicas-to-write speaks first."""
    server = start_server(min_replicas_to_write="1")
    async with connected(server.url) as store:
        with pytest.raises(StoreAway, match="too few replicas"):
            await append_one(store, new_call_id())


async def test_a_server_busy_with_a_script_is_away_and_comes_back(
    start_server: StartServer,
) -> None:
    """Somebody's endless script blocks everyone for a while."""
    server = start_server(busy_reply_threshold="50")

    def loop_for_ever() -> None:
        with server.client() as client, contextlib.suppress(redis.ResponseError):
            client.eval("while true do end", 0)

    thread = threading.Thread(target=loop_for_ever)
    thread.start()
    await asyncio.sleep(0.2)
    async with connected(server.url) as store:
        with pytest.raises(StoreAway, match="busy"):
            await append_one(store, new_call_id())
        with server.client() as client:
            client.script_kill()
        await asyncio.to_thread(thread.join)
        assert await append_one(store, new_call_id()) == 1


async def test_a_server_that_forgot_our_scripts_is_taught_again(
    start_server: StartServer,
) -> None:
    """A restart or SCRIPT FLUSH empties its script cache."""
    server = start_server()
    call = new_call_id()
    async with connected(server.url) as store:
        assert await append_one(store, call) == 1
        with server.client() as client:
            client.script_flush()
        assert await append_one(store, call, 1) == 2


async def test_a_restarted_server_is_reached_through_old_connections(
    start_server: StartServer,
) -> None:
    """Pooled connections from before the restart cost no failure."""
    server = start_server(appendonly="yes", appendfsync="always")
    call = new_call_id()
    async with connected(server.url) as store:
        assert await append_one(store, call) == 1
        server.kill()
        with pytest.raises(StoreAway):
            await append_one(store, call, 1)
        await asyncio.to_thread(server.start)
        assert await append_one(store, call, 1) == 2


@pytest.mark.slow
async def test_a_frozen_server_is_away_and_its_late_write_is_not_doubled(
    start_server: StartServer,
) -> None:
    """The first attempt waits in the socket and is executed after the second one was sent."""
    server = start_server()
    call = new_call_id()
    async with connected(server.url) as store:
        assert await append_one(store, call) == 1
        server.pause()
        for _ in range(2):
            with pytest.raises(StoreAway, match="in time"):
                await append_one(store, call, 1)
        server.resume()
        assert await append_one(store, call, 1) == 2
        assert len(await store.history(call)) == 2


class Relay:
    """Stands between a client and a server; may swallow what comes back, once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.lose_replies = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Copy both ways until either side closes."""
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._port)
        up = asyncio.create_task(self._copy(reader, server_writer, is_reply=False))
        down = asyncio.create_task(self._copy(server_reader, writer, is_reply=True))
        await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
        for task in (up, down):
            task.cancel()
        for end in (writer, server_writer):
            end.close()

    async def _copy(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_reply: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if is_reply and self.lose_replies:
                    self.lose_replies -= 1
                    return
                target.write(data)
                await target.drain()


async def test_a_lost_reply_neither_loses_nor_doubles_an_event(
    shared_server: ValkeyServer,
) -> None:
    """The server wrote, the connection broke before it could say so."""
    relay = Relay(shared_server.port)
    door = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    port = door.sockets[0].getsockname()[1]
    call = new_call_id()
    async with door, connected(f"redis://:{SECRET}@127.0.0.1:{port}") as store:
        assert await append_one(store, call) == 1
        for after, lost in ((1, 1), (2, 2)):
            # One lost reply is mended inside; two in a row reach the caller, who repeats.
            relay.lose_replies = lost
            with contextlib.suppress(StoreAway):
                await append_one(store, call, after)
            assert await append_one(store, call, after) == after + 1
        assert await store.history(call) == [said("hello")] * 3


async def test_tls_is_spoken_and_an_unknown_certificate_is_refused(
    shared_server: ValkeyServer, tmp_path: Path
) -> None:
    """A private authority is named by ?ssl_ca_certs=FILE."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    await asyncio.to_thread(
        subprocess.run,
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    relay = Relay(shared_server.port)
    door = await asyncio.start_server(relay.serve, "127.0.0.1", 0, ssl=context)
    url = f"rediss://:{SECRET}@localhost:{door.sockets[0].getsockname()[1]}"
    async with door:
        async with connected(f"{url}?ssl_ca_certs={certificate}") as store:
            assert await append_one(store, new_call_id()) == 1
        async with connected(url) as store:
            with pytest.raises(StoreRefused, match="certificate"):
                await append_one(store, new_call_id())


class DyingLink:
    """A link of a process that dies before its n-th step."""

    def __init__(self, link: Link, steps: int) -> None:
        self._link = link
        self._steps = steps
        self.where = link.where

    async def do(self, *command: Any) -> Any:
        """Run a command, if still alive."""
        self._live()
        return await self._link.do(*command)

    async def run(self, script: Script, keys: Sequence[str], *args: Any) -> Any:
        """Run a script, if still alive."""
        self._live()
        return await self._link.run(script, keys, *args)

    async def run_and_wait(
        self, script: Script, keys: Sequence[str], *args: Any, replicas: int
    ) -> Any:
        """Run a script, if still alive."""
        self._live()
        return await self._link.run_and_wait(script, keys, *args, replicas=replicas)

    async def info(self) -> dict[str, Any]:
        """Ask the server."""
        return await self._link.info()

    async def aclose(self) -> None:
        """Close the real link."""
        await self._link.aclose()

    def _live(self) -> None:
        if self._steps == 0:
            raise StoreAway("died")
        self._steps -= 1


@pytest.mark.parametrize("steps", range(12))
async def test_a_process_may_die_between_any_two_steps(
    steps: int, shared_server: ValkeyServer
) -> None:
    """No history is ever kept that `forget` cannot find, and forgetting can be finished later."""
    prefix = f"dying{steps}{secrets.token_hex(3)}"
    link = RedisLink(Address.parse(shared_server.url), timeout=2)
    dying = RedisStore(DyingLink(link, steps), prefix=prefix)
    healthy = RedisStore(link, prefix=prefix)
    call = new_call_id()
    ended = Ended(at=2.0, disposition=Disposition.COMPLETED, by=EndedBy.CALLER)
    with contextlib.suppress(StoreAway):
        await dying.append(call, [Arrived(at=1.0, caller=ADA.e164), ended], after=0, token="t")
        await dying.forget(ADA)
    arrived = await healthy.history(call) != []
    assert await healthy.recent() == ([call] if arrived else [])
    forgotten = await healthy.forget(ADA)
    assert forgotten.calls == arrived
    assert await healthy.history(call) == []
    with shared_server.client() as client:
        left = [key.decode() for key in client.scan_iter(f"{prefix}:*")]
    # An arrival that died after its first index only is skipped by readers and trimmed by time.
    assert left in ([], [f"{prefix}:recent"])
    await link.aclose()
