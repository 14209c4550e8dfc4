"""Link: the one way to talk to a Redis-compatible server; whatever goes wrong becomes StoreAway."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import redis.asyncio as aioredis
from redis import exceptions as failures
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from callcenter.domain.errors import StoreAway
from callcenter.store.address import Address, Topology
from callcenter.store.scripts import Script
from callcenter.store.troubles import told_plainly

_MOST_CONNECTIONS = 64
_CHECK_AFTER_IDLE_SECONDS = 15


class Link(Protocol):
    """Runs commands and scripts on whichever server holds their keys."""

    where: str

    async def do(self, *command: Any) -> Any:
        """Run one command and return its reply."""

    async def run(self, script: Script, keys: Sequence[str], *args: Any) -> Any:
        """Run a script over keys of one hash slot."""

    async def run_and_wait(
        self, script: Script, keys: Sequence[str], *args: Any, replicas: int
    ) -> Any:
        """Run a script and wait until `replicas` replicas have it, or raise StoreAway."""

    async def info(self) -> dict[str, Any]:
        """What the server says about itself."""

    async def aclose(self) -> None:
        """Close the connections."""


class RedisLink:
    """A Link over redis-py: one server, a Sentinel service or a Cluster."""

    def __init__(self, address: Address, *, timeout: float) -> None:
        self.where = str(address)
        self._timeout = timeout
        self._client: Any
        self._sentinel: Sentinel | None = None
        options: dict[str, Any] = {
            "username": address.username,
            "password": address.password,
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "health_check_interval": _CHECK_AFTER_IDLE_SECONDS,
            # RESP2: the same replies from every server and redis-py version we allow.
            "protocol": 2,
            # One more try at once, on a fresh connection: a pooled one may be from before the
            # server's restart. All our commands may be repeated; waiting is the caller's business.
            "retry": Retry(NoBackoff(), 1, supported_errors=(failures.ConnectionError,)),
            **address.options,
        }
        match address.topology:
            case Topology.CLUSTER:
                self._client = RedisCluster(
                    startup_nodes=[ClusterNode(host, port) for host, port in address.hosts],
                    ssl=address.tls,
                    **options,
                )
            case Topology.SENTINEL:
                short = {name: options[name] for name in ("socket_timeout", "protocol", "retry")}
                self._sentinel = Sentinel(  # type: ignore[no-untyped-call]
                    address.hosts,
                    sentinel_kwargs={
                        **short,
                        "socket_connect_timeout": timeout,
                        **({"ssl": True, **address.options} if address.tls else {}),
                        **address.sentinel_options,
                    },
                )
                if address.tls:
                    options["ssl"] = True
                self._client = self._sentinel.master_for(address.service, db=address.db, **options)
            case _:
                self._client = aioredis.Redis.from_pool(_pool(address, options, timeout))

    async def do(self, *command: Any) -> Any:
        """Run one command and return its reply."""
        with told_plainly(self.where):
            return await self._client.execute_command(*command)

    async def run(self, script: Script, keys: Sequence[str], *args: Any) -> Any:
        """Run a script over keys of one hash slot."""
        with told_plainly(self.where):
            run = self._client.execute_command
            try:
                return await run("EVALSHA", script.sha, len(keys), *keys, *args)
            except failures.NoScriptError:
                return await run("EVAL", script.text, len(keys), *keys, *args)

    async def run_and_wait(
        self, script: Script, keys: Sequence[str], *args: Any, replicas: int
    ) -> Any:
        """Run a script and wait until `replicas` replicas have it, or raise StoreAway."""
        with told_plainly(self.where):
            reply, acknowledged = await self._with_wait(
                ("EVALSHA", script.sha, len(keys), *keys, *args), keys[0], replicas
            )
            if isinstance(reply, failures.NoScriptError):
                reply, acknowledged = await self._with_wait(
                    ("EVAL", script.text, len(keys), *keys, *args), keys[0], replicas
                )
            for answer in (reply, acknowledged):
                if isinstance(answer, Exception):
                    raise answer
        if acknowledged < replicas:
            raise StoreAway(
                f"only {acknowledged} of {replicas} replicas of the store at {self.where} "
                "have taken the events in time"
            )
        return reply

    async def _with_wait(
        self, command: tuple[Any, ...], key: str, replicas: int
    ) -> tuple[Any, Any]:
        # WAIT speaks of the writes of its own connection, so both travel in one pipeline. It must
        # answer before the socket gives up, and servers look at the clock every 0.1 s only.
        # raise_on_error would put our arguments, which are what callers said, into the error.
        patience = max(1, int(self._timeout * 500), int(self._timeout * 1000) - 300)
        if isinstance(self._client, RedisCluster):
            await self._client.initialize()
            node = self._client.get_node_from_key(key)
            pipeline = self._client.pipeline()
            pipeline.execute_command(*command)
            pipeline.execute_command("WAIT", replicas, patience, target_nodes=node)
        else:
            pipeline = self._client.pipeline(transaction=False)
            pipeline.execute_command(*command)
            pipeline.execute_command("WAIT", replicas, patience)
        reply, acknowledged = await pipeline.execute(raise_on_error=False)
        return reply, acknowledged

    async def info(self) -> dict[str, Any]:
        """What the server says about itself."""
        with told_plainly(self.where):
            if isinstance(self._client, RedisCluster):
                await self._client.initialize()
                node = self._client.get_default_node()
                return dict(await self._client.execute_command("INFO", target_nodes=node))
            return dict(await self._client.execute_command("INFO"))

    async def aclose(self) -> None:
        """Close the connections."""
        with told_plainly(self.where):
            await self._client.aclose()
            for sentinel in self._sentinel.sentinels if self._sentinel else ():
                await sentinel.aclose()


def _pool(address: Address, options: dict[str, Any], timeout: float) -> aioredis.ConnectionPool:
    kind: type[aioredis.connection.AbstractConnection] = aioredis.Connection
    if address.topology is Topology.SOCKET:
        kind = aioredis.UnixDomainSocketConnection
        place: dict[str, Any] = {"path": address.path}
    else:
        ((host, port),) = address.hosts
        place = {"host": host, "port": port, "socket_keepalive": True}
        if address.tls:
            kind = aioredis.SSLConnection
    # Blocking: more calls at once than connections wait their turn instead of failing.
    return aioredis.BlockingConnectionPool(
        connection_class=kind,
        max_connections=_MOST_CONNECTIONS,
        timeout=timeout,
        db=address.db,
        **place,
        **options,
    )
