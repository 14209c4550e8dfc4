"""What only a phone without manners shows: digits by every way, loss, wrong sources, timers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from sip import Outcome, tones
from sip.guard import Refusal
from sip.keypad import Digit, DigitSource
from sip.line import Farewell, LiveLeg
from sip.message import Message
from tests.phone.sip.conftest import (
    DESK,
    NUMBER,
    Desk,
    desk_with,
    listen,
    loudness,
    phone_to,
    pitch,
)
from tests.phone.sip.raw import RawPhone, free_socket, g711, raw_phone

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def raw(desk: Desk) -> AsyncIterator[RawPhone]:
    """A raw phone that knows the desk."""
    async with raw_phone(desk.port) as phone:
        yield phone


async def _up(raw: RawPhone, desk: Desk) -> LiveLeg:
    desk.arrived.clear()
    assert (await raw.ring()).status == 200
    async with asyncio.timeout(3):
        await desk.arrived.wait()
    return desk.legs[-1]


async def _pressed(leg: LiveLeg, seconds: float = 0.4) -> list[Digit]:
    found: list[Digit] = []
    try:
        async with asyncio.timeout(seconds):
            async for digit in leg.digits():
                found.append(digit)  # noqa: PERF401 - kept when the time is over
    except TimeoutError:
        pass
    return found


async def test_info_digits(raw: RawPhone, desk: Desk) -> None:
    """Both bodies that phones send are understood; repetitions of a request are not doubled."""
    leg = await _up(raw, desk)
    relay = {"Content_Type": "application/dtmf-relay"}
    assert (await raw.ask("INFO", body="Signal=5\r\nDuration=160\r\n", **relay)).status == 200
    assert (await raw.ask("INFO", body="#", Content_Type="application/dtmf")).status == 200
    assert (await raw.ask("INFO", body="Signal= 11\r\n", **relay)).status == 200
    twice = raw.request("INFO", body="Signal=7\r\n", **relay)
    for _ in range(2):
        raw.send(twice)
        assert (await raw.final()).status == 200
    assert (await raw.ask("INFO", body="x", Content_Type="text/plain")).status == 415
    heard = await _pressed(leg)
    assert "".join(digit.key for digit in heard) == "5##7"
    assert {digit.source for digit in heard} == {DigitSource.INFO}


@pytest.mark.parametrize("repeats", [1, 3, 6])
async def test_rtp_digits_with_repeated_ends(raw: RawPhone, desk: Desk, repeats: int) -> None:
    """RFC 4733 sends the end three times or more: still one digit each."""
    leg = await _up(raw, desk)
    for key in (1, 1, 11, 5):
        await raw.press(key, repeats=repeats)
        await asyncio.sleep(0.05)
    assert "".join(digit.key for digit in await _pressed(leg)) == "11#5"


async def test_one_key_by_two_ways_is_one_digit(raw: RawPhone, desk: Desk) -> None:
    """Gateways that send events and INFO at once do not double what was pressed."""
    leg = await _up(raw, desk)
    for _ in range(2):
        await raw.press(5)
        await raw.ask("INFO", body="Signal=5\r\n", Content_Type="application/dtmf-relay")
        await asyncio.sleep(0.05)
    assert "".join(digit.key for digit in await _pressed(leg)) == "55"


async def test_in_band_digits_as_a_last_resort(raw: RawPhone, desk: Desk) -> None:
    """A phone that offers no events is listened to."""
    raw.payloads = "0"
    leg = await _up(raw, desk)
    await raw.say(tones.silence(0.1) + tones.digits("159#", on=0.09, off=0.08))
    heard = await _pressed(leg)
    assert "".join(digit.key for digit in heard) == "159#"
    assert {digit.source for digit in heard} == {DigitSource.IN_BAND}


async def test_a_lost_packet_leaves_no_hole(raw: RawPhone, desk: Desk) -> None:
    """The sound goes on, and the clock does not lose a frame."""
    leg = await _up(raw, desk)
    hearing = asyncio.create_task(listen(leg, 2.2))
    await raw.say(tones.tone((440,), 2.0), lose=(30, 45, 46, 70))
    frames = await hearing
    loud = [loudness(frame) > 300 for frame in frames]
    first, last = loud.index(True), len(loud) - loud[::-1].index(True)
    assert last - first == pytest.approx(100, abs=3)
    assert loud[first:last].count(False) <= 1
    made_up = sum(frame.made_up for frame in frames[first:last])
    assert 3 <= made_up <= 7


async def test_rtp_from_elsewhere_is_not_mixed_in(raw: RawPhone, desk: Desk) -> None:
    """A stranger who guesses the port is not heard."""
    leg = await _up(raw, desk)
    hearing = asyncio.create_task(listen(leg, 1.3))
    talking = asyncio.create_task(raw.say(tones.tone((440,), 1.0)))
    await asyncio.sleep(0.3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        noise = RawPhone(raw.target)
        noise.answer = raw.answer
        for _ in range(25):
            loud = np.random.default_rng(1).integers(-9000, 9000, 160).astype("<i2").tobytes()
            stranger.sendto(noise.packet(g711(loud)), raw.their_rtp)
            await asyncio.sleep(0.02)
        noise.close()
    await talking
    frames = await hearing
    assert pitch(frames) == pytest.approx(440, abs=8)
    middle = [f for f in frames if not f.made_up][10:45]
    assert max(map(loudness, middle)) < 1.15 * np.median([loudness(f) for f in middle])


async def test_hold_by_re_invite_and_new_media_address(raw: RawPhone, desk: Desk) -> None:
    """Held, resumed at another port, and heard from there."""
    leg = await _up(raw, desk)
    kind = {"Content_Type": "application/sdp"}
    held = await raw.ask("INVITE", body=raw.sdp("sendonly"), **kind)
    raw.sequence -= 1
    raw.send(raw.request("ACK"))
    raw.sequence += 1
    assert b"a=recvonly" in held.body
    assert leg.held
    raw.rtp.close()
    raw.rtp = free_socket()
    back = await raw.ask("INVITE", body=raw.sdp(), **kind)
    raw.sequence -= 1
    raw.send(raw.request("ACK"))
    raw.sequence += 1
    assert back.status == 200
    raw.answer = back
    await asyncio.sleep(0.05)
    assert not leg.held
    leg.play(tones.tone((440,), 0.3, rate=leg.rate))
    hearing = asyncio.create_task(listen(leg, 0.7))
    await raw.say(tones.tone((1000,), 0.5))
    assert pitch(await hearing) == pytest.approx(1000, abs=8)
    assert len(raw.rtp.recv(2048)) >= 12


async def test_a_dead_caller_is_noticed() -> None:
    """No RTP for long enough, and the call ends by itself; the line says BYE."""
    async with desk_with(rtp_timeout=1.0) as desk, raw_phone(desk.port) as raw:
        leg = await _up(raw, desk)
        await raw.say(tones.silence(0.2))
        await raw.expect("BYE")
        ended = await asyncio.wait_for(leg.ended, 4)
        assert (ended.how, ended.verified) == (Farewell.RTP_TIMEOUT, True)
        assert desk.line.live == 0


async def test_session_timers(raw: RawPhone, desk: Desk) -> None:
    """The caller's interval is agreed on, too small a one is not, and who never refreshes ends."""
    small = await raw.ring(Supported="timer", Session_Expires="30")
    assert (small.status, small.get("Min-SE")) == (422, "90")
    raw.call_id += "2"
    desk.arrived.clear()
    answer = await raw.ring(Supported="timer", Session_Expires="90;refresher=uac")
    assert answer.get("Session-Expires") == "90;refresher=uac"
    assert answer.get("Require") == "timer"
    await desk.arrived.wait()
    dialog = desk.line.front.dialogs.first(1)[0]
    before = dialog.refresh_by
    await asyncio.sleep(0.05)
    update = await raw.ask("UPDATE", Supported="timer", Session_Expires="90;refresher=uac")
    assert update.status == 200
    assert dialog.refresh_by > before
    dialog.refresh_by = 0.001
    await raw.expect("BYE")
    ended = await asyncio.wait_for(desk.legs[-1].ended, 3)
    assert ended.how is Farewell.SESSION_EXPIRED


async def test_options_are_answered_without_the_stack(raw: RawPhone) -> None:
    """Trunks ask all day whether we are there."""
    answer = await raw.ask("OPTIONS")
    assert answer.status == 200
    assert "INVITE" in (answer.get("Allow") or "")


async def test_a_repeated_invite_is_one_call(raw: RawPhone, desk: Desk) -> None:
    """UDP repeats what it is unsure of."""
    invite = raw.request("INVITE", body=raw.sdp(), Content_Type="application/sdp")
    for _ in range(4):
        raw.send(invite)
    raw.answer = await raw.final()
    raw.send(raw.request("ACK"))
    await asyncio.sleep(0.3)
    assert (len(desk.offers), desk.line.live) == (1, 1)


async def test_the_private_port_is_not_told(raw: RawPhone, desk: Desk) -> None:
    """Contact names the public port, no Record-Route or Via of ours remains, nor the token."""
    await _up(raw, desk)
    assert raw.answer is not None
    text = raw.answer.encode().decode()
    assert str(desk.line.stack.port) not in text.replace(str(raw.their_rtp[1]), "")
    assert raw.peer.uri.endswith(f":{desk.port}")
    assert raw.answer.get("Record-Route") is None
    assert "Token" not in text


async def test_nobody_may_spend_our_money_with_refer(raw: RawPhone, desk: Desk) -> None:
    """A caller's REFER is turned down before the stack sees it."""
    leg = await _up(raw, desk)
    answer = await raw.ask("REFER", Refer_To="<sip:+19005551234@127.0.0.1>")
    assert answer.status == 603
    assert not leg.ended.done()


async def test_calls_that_passed_us_already_are_loops(raw: RawPhone, desk: Desk) -> None:
    """482, and no slot is taken; 483 where the hops are used up."""
    invite = raw.request("INVITE", body=raw.sdp(), Content_Type="application/sdp")
    mine = f"SIP/2.0/UDP 127.0.0.1:{desk.port};branch=z9hG4bKccdeadbeef"
    invite.headers.insert(1, ("Via", mine))
    raw.send(invite)
    assert (await raw.final()).status == 482
    raw.send(raw.request("INVITE", body=raw.sdp(), Max_Forwards="0"))
    assert (await raw.final()).status == 483
    assert desk.line.live == 0


async def test_a_caller_has_a_daily_share() -> None:
    """The third call of the day is one too many, with its reason."""
    limits = DESK.replace("calls_a_day_per_caller: 100000", "calls_a_day_per_caller: 2")
    async with desk_with(limits) as desk:
        for expected in (200, 200, 403):
            async with raw_phone(desk.port) as raw:
                assert (await raw.ring()).status == expected
        assert desk.line.tally.refused == {Refusal.CALLER_CALLS: 1}


async def test_transfer_accepted_refused_and_unreported() -> None:
    """REFER is sent on hold; success ends the call, failure takes the caller back."""
    yaml = DESK.replace("limits: {", "limits: {transfer_targets: ['+1555010*'], ")
    for notify, outcome, status in (
        ("SIP/2.0 200 OK", Outcome.ANSWERED, 200),
        ("SIP/2.0 486 Busy Here", Outcome.BUSY, 486),
        ("", Outcome.ANSWERED, None),
    ):
        async with desk_with(yaml) as desk, raw_phone(desk.port) as raw:
            leg = await _up(raw, desk)
            task = asyncio.create_task(
                desk.line.transfer(leg, "+15550100199", headers={"X-Why": "billing"})
            )
            await _held(raw)
            refer = await _next(raw, "REFER")
            assert (refer.get("Refer-To") or "").strip("<>").startswith("sip:+15550100199@")
            assert refer.get("X-Why") == "billing"
            raw.send(refer.reply(202, "Accepted", tag=raw.tag))
            if notify:
                for line in ("SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", notify):
                    await _notify(raw, line)
            else:
                await raw.ask("BYE")
            if outcome is Outcome.BUSY:
                await _held(raw)
            elif notify:
                await raw.expect("BYE")
            done = await asyncio.wait_for(task, 3)
            assert (done.outcome, done.sip_status) == (outcome, status)
            if notify:
                assert done.progress[:2] == (100, 180)
            assert leg.ended.done() is (outcome is Outcome.ANSWERED)


async def test_transfers_go_only_where_the_file_says(raw: RawPhone, desk: Desk) -> None:
    """No target is allowed unless it is listed; nothing is sent."""
    leg = await _up(raw, desk)
    done = await desk.line.transfer(leg, "+15550100199")
    assert (done.outcome, done.refusal) == (Outcome.BLOCKED, Refusal.TARGET)


async def test_a_phone_that_refuses_refer_keeps_its_call() -> None:
    """603 to REFER itself: the caller is taken back."""
    yaml = f"{DESK.rstrip()[:-1]}, transfer_targets: ['1000']}}\n"
    async with desk_with(yaml) as desk, phone_to(desk.port) as phone:
        dialled = await phone.dial(NUMBER)
        await desk.arrived.wait()
        done = await desk.line.transfer(desk.legs[0], "1000")
        assert (done.outcome, done.sip_status) == (Outcome.REJECTED, 603)
        assert dialled.leg is not None
        assert not dialled.leg.ended.done()
        await asyncio.sleep(0.1)
        assert not dialled.leg.held


async def _next(raw: RawPhone, method: str) -> Message:
    while True:
        message = await raw.receive()
        if not message.status and message.method == method:
            return message


async def _held(raw: RawPhone) -> None:
    """Answer the re-INVITE that holds or resumes."""
    invite = await _next(raw, "INVITE")
    answer = invite.reply(200, "OK", tag=raw.tag)
    answer.headers += [("Contact", f"<sip:raw@127.0.0.1:{raw.port}>"),
                       ("Content-Type", "application/sdp")]  # fmt: skip
    answer.body = raw.sdp("recvonly" if b"sendonly" in invite.body else "sendrecv").encode()
    raw.send(answer)
    await _next(raw, "ACK")


async def _notify(raw: RawPhone, line: str) -> None:
    answer = await raw.ask(
        "NOTIFY", body=line + "\r\n", Event="refer", Content_Type="message/sipfrag",
        Subscription_State="active" if " 1" in line else "terminated;reason=noresource",
    )  # fmt: skip
    assert answer.status == 200
