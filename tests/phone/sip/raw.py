"""RawPhone: a phone made of two sockets, for what no well-behaved phone does."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np

from sip.message import Address, Message

PCMU, PCMA, EVENT = 0, 8, 101


def g711(pcm: bytes) -> bytes:
    """µ-law, by the book (ITU-T G.711)."""
    wave = np.frombuffer(pcm, "<i2").astype(int)
    sign = np.where(wave < 0, 0x80, 0)
    size = np.minimum(np.abs(wave), 32635) + 132
    exponent = np.floor(np.log2(size)).astype(int) - 7
    mantissa = (size >> (exponent + 3)) & 0x0F
    return bytes((~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8).tobytes())


def free_socket() -> socket.socket:
    """A UDP socket of this machine."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(0)
    return sock


@dataclass
class RawPhone:
    """Says exactly what a test wants."""

    target: tuple[str, int]
    sip: socket.socket = field(init=False)
    rtp: socket.socket = field(init=False)
    call_id: str = field(default_factory=lambda: secrets.token_hex(8))
    tag: str = field(default_factory=lambda: secrets.token_hex(4))
    sequence: int = 1
    answer: Message | None = None
    payloads: str = "0 101"
    _rtp_sequence: itertools.count[int] = field(default_factory=itertools.count)
    _rtp_time: int = 0

    def __post_init__(self) -> None:
        self.sip, self.rtp = free_socket(), free_socket()

    def close(self) -> None:
        """Vanish without a word."""
        self.sip.close()
        self.rtp.close()

    @property
    def port(self) -> int:
        """Where it can be reached."""
        return int(self.sip.getsockname()[1])

    def sdp(self, direction: str = "sendrecv", port: int | None = None) -> str:
        """An offer or an answer."""
        event = "a=rtpmap:101 telephone-event/8000\r\n" if "101" in self.payloads else ""
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {port or self.rtp.getsockname()[1]} RTP/AVP {self.payloads}\r\n"
            f"{event}a={direction}\r\n"
        )

    def request(self, method: str, *, body: str = "", **headers: str) -> Message:
        """A request of this phone's one call."""
        to = "<sip:+15550100123@127.0.0.1>"
        if self.answer is not None and self.answer.to_tag:
            to += f";tag={self.answer.to_tag}"
        uri = f"sip:+15550100123@{self.target[0]}:{self.target[1]}"
        message = Message(method, uri=uri)
        number = self.sequence
        message.headers = [
            (
                "Via",
                f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{secrets.token_hex(6)};rport",
            ),
            ("Max-Forwards", "70"),
            ("From", f"<sip:+15550100188@127.0.0.1>;tag={self.tag}"),
            ("To", to),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
            ("Contact", f"<sip:raw@127.0.0.1:{self.port}>"),
        ]
        for name, value in headers.items():
            message.set(name.replace("_", "-"), value)
        message.body = body.encode()
        return message

    def send(self, message: Message | bytes) -> None:
        """On the wire with it."""
        data = message if isinstance(message, bytes) else message.encode()
        self.sip.sendto(data, self.target)

    async def receive(self, timeout: float = 2.0) -> Message:
        """The next message."""
        loop = asyncio.get_running_loop()
        return Message.parse(await asyncio.wait_for(loop.sock_recv(self.sip, 65535), timeout))

    async def final(self, timeout: float = 3.0) -> Message:
        """The next final response."""
        while True:
            message = await self.receive(timeout)
            if message.status >= 200:
                return message

    async def ring(self, **headers: str) -> Message:
        """INVITE, wait, ACK."""
        headers.setdefault("Content_Type", "application/sdp")
        invite = self.request("INVITE", body=self.sdp(), **headers)
        self.send(invite)
        answer = await self.final()
        if answer.status < 300:
            self.answer = answer
            self.send(self.request("ACK"))
        else:
            ack = self.request("ACK")
            ack.set("Via", invite.get("Via") or "")
            ack.set("To", answer.get("To") or "")
            self.send(ack)
        self.sequence += 1
        return answer

    async def ask(self, method: str, *, body: str = "", **headers: str) -> Message:
        """A request within the call and its final answer."""
        self.send(self.request(method, body=body, **headers))
        self.sequence += 1
        return await self.final()

    async def expect(self, method: str, timeout: float = 5.0) -> Message:
        """The next request of this kind, already answered with 200."""
        while True:
            message = await self.receive(timeout)
            if not message.status and message.method == method:
                self.send(message.reply(200, "OK", tag=self.tag))
                return message

    @property
    def their_rtp(self) -> tuple[str, int]:
        """Where the other side wants sound."""
        assert self.answer is not None
        line = next(x for x in self.answer.body.decode().splitlines() if x.startswith("m=audio"))
        return "127.0.0.1", int(line.split()[1])

    def packet(self, payload: bytes, kind: int = PCMU, *, mark: bool = False) -> bytes:
        """One RTP packet of 20 ms."""
        number = next(self._rtp_sequence)
        self._rtp_time += 160
        return (
            struct.pack(
                "!BBHII",
                0x80,
                kind | (0x80 if mark else 0),
                number & 0xFFFF,
                self._rtp_time,
                0x1234,
            )
            + payload
        )

    async def say(self, pcm: bytes, *, lose: tuple[int, ...] = ()) -> None:
        """Send PCM16 at 8 kHz in real time; packets whose index is in `lose` never arrive."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        for index in range(len(pcm) // 320):
            packet = self.packet(g711(pcm[index * 320 : (index + 1) * 320]))
            if index not in lose:
                self.rtp.sendto(packet, self.their_rtp)
            await asyncio.sleep(start + (index + 1) * 0.02 - loop.time())

    async def press(self, key: int, *, repeats: int = 3) -> None:
        """One RFC 4733 key; the packet that ends it is sent `repeats` times, as the RFC wants."""
        when = self._rtp_time + 160
        for step in range(1, 6):
            self._rtp_time = when - 160
            packet = self.packet(struct.pack("!BBH", key, 10, step * 160), EVENT, mark=step == 1)
            self.rtp.sendto(packet, self.their_rtp)
            await asyncio.sleep(0.02)
        for _ in range(repeats):
            self._rtp_time = when - 160
            end = self.packet(struct.pack("!BBH", key, 0x80 | 10, 960), EVENT)
            self.rtp.sendto(end, self.their_rtp)
        self._rtp_time = when + 960

    @property
    def peer(self) -> Address:
        """Whom the answer's Contact names."""
        assert self.answer is not None
        return Address.parse(self.answer.get("Contact") or "")


@contextlib.asynccontextmanager
async def raw_phone(port: int) -> AsyncIterator[RawPhone]:
    """A phone that knows one address."""
    phone = RawPhone(("127.0.0.1", port))
    try:
        yield phone
    finally:
        if phone.answer is not None:
            # Good manners after all: the line need not wait for an answer to its BYE.
            phone.send(phone.request("BYE"))
            await asyncio.sleep(0.02)
        phone.close()
