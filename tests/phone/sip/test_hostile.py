"""Hostile packets against a line in conversation: it lives, the call is unharmed, no slot leaks."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sip import Outcome, tones
from sip.guard import Refusal
from sip.message import Malformed, Message
from tests.phone.sip.conftest import (
    DESK,
    NUMBER,
    Desk,
    answered,
    desk_with,
    listen,
    phone_to,
    pitch,
)
from tests.phone.sip.raw import RawPhone, free_socket, raw_phone

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def raw(desk: Desk) -> AsyncIterator[RawPhone]:
    """The attacker."""
    async with raw_phone(desk.port) as phone:
        yield phone


def torture(raw: RawPhone) -> dict[str, bytes]:
    """After RFC 4475: each is one INVITE with one thing wrong."""
    good = raw.request("INVITE", body=raw.sdp(), Content_Type="application/sdp").encode()

    def with_(old: bytes, new: bytes) -> bytes:
        assert old in good, old
        return good.replace(old, new, 1)

    tag = raw.tag.encode()
    return {
        "no From tag": with_(b";tag=" + tag, b""),
        "no Call-ID": with_(b"Call-ID: ", b"X-Call: "),
        "no Via": with_(b"Via: ", b"X-Via: "),
        "no CSeq": with_(b"CSeq: ", b"X-CSeq: "),
        "no To": with_(b"To: ", b"X-To: "),
        "two From": with_(b"Max-Forwards", b"From: <sip:x@y>;tag=2\r\nMax-Forwards"),
        "two Call-ID": with_(b"Max-Forwards", b"i: other\r\nMax-Forwards"),
        "two Content-Length": with_(b"Max-Forwards", b"l: 0\r\nMax-Forwards"),
        "CSeq of another method": with_(b"CSeq: 1 INVITE", b"CSeq: 1 BYE"),
        "CSeq too large": with_(b"CSeq: 1 ", b"CSeq: 36893488147419103232 "),
        "negative Content-Length": with_(b"Content-Length: ", b"Content-Length: -"),
        "huge Content-Length": with_(b"Content-Length: ", b"Content-Length: 99999"),
        "Content-Length in words": with_(b"Content-Length: ", b"Content-Length: x"),
        "port 70000 in Via": with_(b";rport", b":70000;rport").replace(
            b"127.0.0.1:%d;" % raw.port, b"127.0.0.1:70000;", 1
        ),
        "rport 70000": with_(b";rport", b";rport=70000") + b"x" * 9000,
        "no version": with_(b" SIP/2.0\r\n", b"\r\n"),
        "SIP/7.0": with_(b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia"),
        "spaces in the URI": with_(b"INVITE sip:", b"INVITE sip: "),
        "URI in brackets": with_(b"INVITE sip:+15550100123", b"INVITE <sip:+15550100123>"),
        "unknown scheme": with_(b"INVITE sip:", b"INVITE nobody:"),
        "NUL in a header": with_(b"Max-Forwards: 70", b"Subject: a\x00b\r\nMax-Forwards: 70"),
        "lone LF": with_(b"Max-Forwards: 70", b"Subject: a\nX-Evil: b\r\nMax-Forwards: 70"),
        "lone CR": with_(b"Max-Forwards: 70", b"Subject: a\rX-Evil: b\r\nMax-Forwards: 70"),
        "colon missing": with_(b"Max-Forwards: 70", b"Max-Forwards 70"),
        "unclosed quote": with_(b"From: <", b'From: "Bob <'),
        "unclosed bracket": with_(b"@127.0.0.1>;tag", b"@127.0.0.1;tag"),
        "negative hops": with_(b"Max-Forwards: 70", b"Max-Forwards: -1"),
        "many hops": with_(b"Max-Forwards: 70", b"Max-Forwards: 7000000000"),
        "hundreds of Vias": with_(b"Max-Forwards", b"Via: SIP/2.0/UDP h;branch=z\r\n" * 300),
        "long header": with_(b"Max-Forwards", b"Subject: " + b"x" * 5000 + b"\r\nMax-Forwards"),
        "long Call-ID": with_(b"Call-ID: ", b"Call-ID: " + b"x" * 500),
        "half": good[: len(good) // 2],
        "no body though promised": good[: good.index(b"\r\n\r\n") + 4],
        "only the start": b"INVITE sip:x@y SIP/2.0\r\n\r\n",
        "binary": bytes(range(256)) * 8,
        "oversized": good + b"y" * 20000,
    }


async def test_torture_messages_take_no_slot(raw: RawPhone, desk: Desk) -> None:
    """None becomes a call; after all of them the line still answers."""
    for name, data in torture(raw).items():
        try:
            Message.parse(data)
        except Malformed:
            pass
        else:
            pytest.fail(f"{name} was taken for a good message")
        raw.send(data)
        await asyncio.sleep(0.002)
    assert not desk.offers
    assert desk.line.live == 0
    assert await desk.line.stack.leaked() == 0
    assert (await raw.ring()).status == 200


async def test_odd_but_lawful_messages_are_understood(raw: RawPhone) -> None:
    """RFC 4475's "short tortuous" one: folding, compact names, odd spacing, many hops."""
    text = raw.request("INVITE", body=raw.sdp(), Content_Type="application/sdp").encode()
    text = text.replace(b"Via:", b"v  :  ").replace(b"From: ", b'f: "J \\"R\\" Rosenberg"\r\n  ')
    text = text.replace(b"To:", b"TO :\r\n\t").replace(b"Call-ID:", b"i:")
    text = text.replace(b"CSeq: 1 INVITE", b"cseq: 1\r\n  INVITE")
    text = text.replace(
        b"Max-Forwards", b"NewFangledHeader: a\r\n b\r\nk: 100rel,,timer\r\nMAX-forwards"
    )
    raw.send(text)
    answer = await raw.final()
    assert answer.status == 200


@pytest.mark.parametrize("seed", range(3))
async def test_fuzz_does_not_harm_a_running_call(desk: Desk, raw: RawPhone, seed: int) -> None:
    """Two thousand damaged messages while somebody talks: heard without a gap, nothing leaks."""
    async with phone_to(desk.port) as phone:
        ours, theirs = await answered(phone, desk)
        hearing = asyncio.create_task(listen(theirs, 3.0))
        ours.play(tones.tone((440,), 2.5, rate=ours.rate))
        rng = random.Random(seed)
        good = [
            raw.request(method, body=raw.sdp(), Content_Type="application/sdp").encode()
            for method in ("INVITE", "BYE", "CANCEL", "OPTIONS", "UPDATE", "INFO", "ACK", "REFER")
        ]
        for index in range(2000):
            raw.send(_damaged(rng, rng.choice(good)))
            if index % 20 == 0:
                await asyncio.sleep(0.02)
        frames = await hearing
        assert pitch(frames) == pytest.approx(440, abs=8)
        assert sum(frame.made_up for frame in frames) <= 8
        assert not ours.ended.done()
        assert (await phone.hang_up(ours)).verified
    async with asyncio.timeout(8):
        while desk.line.live:
            for leg in list(desk.legs):
                await desk.line.hang_up(leg)
            await asyncio.sleep(0.05)
    assert await desk.line.stack.leaked() == 0


async def test_native_media_survives_rubbish(desk: Desk, raw: RawPhone) -> None:
    """Truncated, oversized and nonsensical RTP and RTCP at the call's own ports."""
    async with phone_to(desk.port) as phone:
        ours, theirs = await answered(phone, desk)
        await raw.ring()
        rng = random.Random(1)
        for _ in range(400):
            data = rng.randbytes(rng.choice((0, 1, 3, 11, 12, 13, 60, 172, 1500, 9000)))
            if data and rng.random() < 0.5:
                data = bytes([0x80 | rng.randrange(32), rng.choice((0, 101, 200, 201))]) + data[2:]
            host, port = raw.their_rtp
            raw.rtp.sendto(data, (host, port + rng.randrange(2)))
        hearing = asyncio.create_task(listen(theirs, 0.9))
        ours.play(tones.tone((440,), 0.6, rate=ours.rate))
        assert pitch(await hearing) == pytest.approx(440, abs=8)


async def test_strangers_are_not_answered() -> None:
    """An address that no trunk lists gets silence, and costs nothing."""
    yaml = DESK.replace("127.0.0.1", "127.0.0.9")
    async with desk_with(yaml) as desk, raw_phone(desk.port) as raw:
        raw.send(raw.request("OPTIONS"))
        with pytest.raises(TimeoutError):
            await raw.receive(0.3)
        assert desk.line.tally.refused == {Refusal.SOURCE: 1}


async def test_a_flood_of_invites_leaves_running_calls_alone(desk: Desk, raw: RawPhone) -> None:
    """Beyond the pace INVITEs get 503 or silence; memory is bounded; the call talks on."""
    async with phone_to(desk.port) as phone:
        ours, theirs = await answered(phone, desk)

        async def ignore(_: object) -> None:
            return None

        desk.answer = ignore
        hearing = asyncio.create_task(listen(theirs, 2.4))
        ours.play(tones.tone((440,), 2.0, rate=ours.rate))
        for index in range(3000):
            raw.call_id, raw.tag = secrets.token_hex(8), secrets.token_hex(4)
            raw.send(raw.request("INVITE", body=raw.sdp(), Content_Type="application/sdp"))
            if index % 50 == 0:
                await asyncio.sleep(0.02)
        frames = await hearing
        assert pitch(frames) == pytest.approx(440, abs=8)
        assert sum(frame.made_up for frame in frames) <= 12
        assert desk.line.live <= desk.line.capacity
        assert desk.line.front.dialogs.remembered <= 200
        refused = desk.line.tally.refused
        assert refused.get(Refusal.TOO_FAST, 0) + refused.get(Refusal.CAPACITY, 0) > 2000
        assert not ours.ended.done()


async def test_the_private_port_takes_no_calls(desk: Desk) -> None:
    """Whoever finds it on this machine gets no conversation: a call needs the front's token."""
    async with raw_phone(desk.line.stack.port) as raw:
        raw.send(raw.request("INVITE", body=raw.sdp(), Content_Type="application/sdp"))
        answer = await raw.final()
        assert answer.status == 486
        assert not desk.offers
    assert await desk.line.stack.leaked() == 0


async def test_an_answer_goes_only_to_where_the_request_came_from(raw: RawPhone) -> None:
    """Via, Contact, received and rport cannot make us send to a victim."""
    with free_socket() as victim:
        port = victim.getsockname()[1]
        for hops in ("70", "0"):
            options = raw.request("OPTIONS", Max_Forwards=hops)
            via = f"SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKx;received=127.0.0.1;rport={port}"
            options.set("Via", via)
            raw.send(options)
            assert (await raw.final()).status in (200, 483)
        with pytest.raises(BlockingIOError):
            victim.recv(2048)


async def test_headers_cannot_be_injected(desk: Desk) -> None:
    """Line breaks and steering headers are refused before anything is sent."""
    async with phone_to(desk.port) as phone:
        for headers in ({"X-A": "b\r\nRoute: <sip:evil>"}, {"Route": "<sip:evil>"}, {"Via": "x"}):
            dialled = await phone.dial(NUMBER, headers=headers)
            assert (dialled.outcome, dialled.refusal) == (Outcome.BLOCKED, Refusal.HEADER)
        assert (await phone.dial("sip:x@evil.example")).refusal is Refusal.NUMBER
        assert (await phone.dial("+1555;phone-context=evil")).refusal is Refusal.NUMBER
    assert not desk.offers


def _damaged(rng: random.Random, good: bytes) -> bytes:
    data = bytearray(good)
    for _ in range(rng.randrange(1, 12)):
        match rng.randrange(4):
            case 0:
                data[rng.randrange(len(data))] = rng.randrange(256)
            case 1:
                start = rng.randrange(len(data))
                del data[start : start + rng.randrange(30)]
                data += b"."
            case 2:
                start = rng.randrange(len(data))
                data[start:start] = data[start : start + 40]
            case _:
                start = rng.randrange(len(data))
                data[start:start] = rng.choice((b"\r\n", b"\x00", b"%00", b"<", b'"', b";" * 50))
    return bytes(data[: rng.choice((10, 200, 60000, 60000))])
