"""Hearing: the ears' process as seen from ours: started when needed, shared by all streams."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from callcenter.offline.wire import CLOSE, OPEN, Message

_log = logging.getLogger(__name__)

Told = dict[str, Any]
GONE: Told = {"kind": "gone"}
"""What every open stream is told when the process has died."""

_STOP_SECONDS = 2.0


class Hearing:
    """One process that decodes; any thread and any event loop may use it.

    Two threads carry the messages, so that nothing of ours ever waits for a full pipe.
    """

    def __init__(self, folder: Path, *, most_quick: int = 8) -> None:
        self._command = [
            sys.executable,
            "-m",
            "callcenter.offline.ear_process",
            str(folder),
            str(most_quick),
        ]
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._streams: dict[int, Callable[[Told], None]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process, if it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    def start(self) -> None:
        """Start the process unless it runs; its models load while we go on."""
        with self._lock:
            self._start()

    def open(self, options: dict[str, float], tell: Callable[[Told], None]) -> int:
        """A new stream; `tell` gets what is heard, in the event loop that runs now."""
        loop = asyncio.get_running_loop()

        def pass_on(told: Told) -> None:
            try:
                loop.call_soon_threadsafe(tell, told)
            except RuntimeError:
                _log.debug("ears: a stream's event loop is closed")

        with self._lock:
            self._start()
            number = next(self._numbers)
            self._streams[number] = pass_on
            self._outgoing.put(Message(OPEN, number, json.dumps(options).encode()).packed())
        return number

    def send(self, what: bytes, stream: int, load: bytes = b"") -> None:
        """A message for a stream; ignored if the stream is not open any more."""
        with self._lock:
            if stream in self._streams:
                self._outgoing.put(Message(what, stream, load).packed())

    def close_stream(self, stream: int) -> None:
        """End a stream; nothing is told of it any more."""
        self.send(CLOSE, stream)
        with self._lock:
            self._streams.pop(stream, None)

    def close(self) -> None:
        """End the process and with it all streams."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
            self._outgoing.put(None)
        if process is None:
            return
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start(self) -> None:
        if self._closed:
            raise RuntimeError("these ears are closed")
        if self._process is not None and self._process.poll() is None:
            return
        self._outgoing = queue.SimpleQueue()
        process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._process = process
        for work, given in ((_write, self._outgoing), (self._read, None)):
            arguments = (process, given) if given is not None else (process,)
            threading.Thread(target=work, args=arguments, name="ears", daemon=True).start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        with process.stdout or BytesIO() as lines:
            for line in lines:
                told: Told = json.loads(line)
                if tell := self._streams.get(told["stream"]):
                    tell(told)
        process.wait()
        with self._lock:
            if self._process is not process:
                return
            self._process = None
            self._outgoing.put(None)
            orphans, self._streams = list(self._streams.values()), {}
        _log.error("ears: the process ended with %s; it is started again", process.returncode)
        for tell in orphans:
            tell(GONE)


def _write(process: subprocess.Popen[bytes], outgoing: queue.SimpleQueue[bytes | None]) -> None:
    try:
        with process.stdin or BytesIO() as pipe:
            while (message := outgoing.get()) is not None:
                pipe.write(message)
                if outgoing.empty():
                    pipe.flush()
    except (BrokenPipeError, OSError):
        _log.debug("ears: the process does not listen any more")
