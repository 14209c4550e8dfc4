"""Wire: the public socket of a line, UDP and TCP on one port; bytes in, bytes out, all bounded."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

from sip.message import MAX_BYTES

Transport = Literal["udp", "tcp"]

_log = logging.getLogger("callcenter.sip")
_TRIES = 20
_CONNECTIONS = 128
_CONNECTIONS_A_HOST = 32
_IDLE_SECONDS = 900.0
_CONNECT_SECONDS = 4.0
_MAX_BACKLOG = 256 * 1024
"""Bytes waiting for a TCP peer that does not read; more and it is cut off."""


class NoAddress(OSError):
    """The address cannot be had: the port is taken or the host is not ours."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a message came from or goes to; `connection` names an open TCP connection."""

    host: str
    port: int
    transport: Transport = "udp"
    connection: int = 0

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.transport}"


Receive = Callable[[bytes, Peer], None]


class Wire:
    """Sends and receives whole SIP messages; knows nothing of what they say."""

    def __init__(self, receive: Receive) -> None:
        self.host = ""
        self.port = 0
        self._receive = receive
        self._udp: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._connections: dict[int, _Connection] = {}
        self._numbers = itertools.count(1)
        self._dialling: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, host: str, port: int, receive: Receive, *, tcp: bool = True) -> Self:
        """Bind UDP and TCP to the same port; 0 finds a free one."""
        wire = cls(receive)
        wire.host = host
        loop = asyncio.get_running_loop()
        for _ in range(_TRIES if port == 0 else 1):
            try:
                udp, _protocol = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(receive), local_addr=(host, port)
                )
            except OSError as error:
                raise NoAddress(f"{host}:{port}/udp cannot be used: {error.strerror}") from error
            bound = int(udp.get_extra_info("sockname")[1])
            try:
                if tcp:
                    wire._server = await asyncio.start_server(wire._accepted, host, bound)
            except OSError as error:
                udp.close()
                if port:
                    raise NoAddress(
                        f"{host}:{port}/tcp cannot be used: {error.strerror}"
                    ) from error
                continue
            wire._udp, wire.port = udp, bound
            return wire
        raise NoAddress(f"no port of {host} is free for both UDP and TCP")

    def send(self, data: bytes, peer: Peer) -> None:
        """Send without waiting; what cannot be delivered is the sender's timer's business."""
        if peer.transport == "udp":
            if self._udp is not None and not self._udp.is_closing():
                self._udp.sendto(data, (peer.host, peer.port))
            return
        connection = self._connections.get(peer.connection) or self._to(peer)
        if connection:
            connection.write(data)
            return
        task = asyncio.get_running_loop().create_task(self._dial(data, peer))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)

    @property
    def connections(self) -> int:
        """How many TCP connections are open."""
        return len(self._connections)

    async def close(self) -> None:
        """Let go of the port and of every connection."""
        for task in list(self._dialling):
            task.cancel()
        await asyncio.gather(*self._dialling, return_exceptions=True)
        if self._udp is not None:
            self._udp.close()
        if self._server is not None:
            self._server.close()
        readers = [connection.reader for connection in self._connections.values()]
        for connection in list(self._connections.values()):
            connection.close()
        for reader in readers:
            if reader is not None:
                reader.cancel()
        await asyncio.gather(*(r for r in readers if r is not None), return_exceptions=True)
        # One turn of the loop, in which the transports really close their sockets.
        await asyncio.sleep(0)

    def _to(self, peer: Peer) -> _Connection | None:
        return next(
            (
                connection
                for connection in self._connections.values()
                if (connection.peer.host, connection.peer.port) == (peer.host, peer.port)
            ),
            None,
        )

    async def _dial(self, data: bytes, peer: Peer) -> None:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(peer.host, peer.port)
        except (OSError, TimeoutError):
            _log.warning("no TCP connection to %s", peer)
            return
        connection = self._kept(reader, writer)
        connection.write(data)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = str(writer.get_extra_info("peername")[0])
        here = sum(each.peer.host == host for each in self._connections.values())
        if len(self._connections) >= _CONNECTIONS or here >= _CONNECTIONS_A_HOST:
            writer.transport.abort()
            return
        self._kept(reader, writer)

    def _kept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> _Connection:
        host, port = writer.get_extra_info("peername")[:2]
        number = next(self._numbers)
        connection = _Connection(Peer(str(host), int(port), "tcp", number), writer)
        self._connections[number] = connection
        connection.reader = asyncio.get_running_loop().create_task(self._read(reader, connection))
        return connection

    async def _read(self, reader: asyncio.StreamReader, connection: _Connection) -> None:
        try:
            while True:
                async with asyncio.timeout(_IDLE_SECONDS):
                    data = await _next_message(reader)
                if data is None:
                    break
                if data:
                    self._receive(data, connection.peer)
                else:
                    connection.write(b"\r\n")  # RFC 5626, 3.5.1: the answer to a keep-alive
        except (OSError, TimeoutError, _Unframed):
            pass
        finally:
            del self._connections[connection.peer.connection]
            connection.close()


@dataclass(slots=True)
class _Connection:
    """One TCP connection."""

    peer: Peer
    writer: asyncio.StreamWriter
    reader: asyncio.Task[None] | None = None

    def write(self, data: bytes) -> None:
        transport = self.writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() > _MAX_BACKLOG:
            transport.abort()
            return
        self.writer.write(data)

    def close(self) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            self.writer.close()


class _Unframed(ValueError):
    """The stream cannot be cut into messages; whatever follows is not to be trusted."""


async def _next_message(reader: asyncio.StreamReader) -> bytes | None:
    """The next message of a stream, b"" for a keep-alive, None at its end."""
    try:
        first = await reader.readexactly(2)
        if first == b"\r\n":
            return b""
        head = first + await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise _Unframed from error
    if len(head) > MAX_BYTES:
        raise _Unframed
    length = _content_length(head)
    if len(head) + length > MAX_BYTES:
        raise _Unframed
    try:
        return head + await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        return None


def _content_length(head: bytes) -> int:
    """RFC 3261, 18.3: on a stream every message says how long its body is."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() in (b"content-length", b"l"):
            number = value.strip()
            if number.isdigit() and len(number) < 6:
                return int(number)
            raise _Unframed
    raise _Unframed


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams on; blank ones are keep-alives."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) > 4:
            self._receive(data, Peer(addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        # An ICMP "port unreachable" of one peer says nothing about the others.
        _log.debug("datagram not delivered: %s", type(exc).__name__)


def free_port(host: str) -> int:
    """A port that is free for UDP and TCP right now."""
    for _ in range(_TRIES):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        ):
            udp.bind((host, 0))
            port = int(udp.getsockname()[1])
            with contextlib.suppress(OSError):
                tcp.bind((host, port))
                return port
    raise NoAddress(f"no port of {host} is free for both UDP and TCP")
