"""A hang-up at every moment: the call ends once, on both sides, and its slot is free."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from sip import CallerGone, Farewell, LiveLeg, Offer, tones
from sip.phone_line import PhoneLine
from sip.stack import StackFailed
from tests.phone.sip.conftest import DESK, NUMBER, Desk, answered, desk_with, phone_to
from tests.phone.sip.raw import raw_phone

pytestmark = pytest.mark.asyncio
TARGETS = DESK.replace("limits: {", "limits: {transfer_targets: ['1000'], ")


async def _empty(*lines: PhoneLine) -> None:
    async with asyncio.timeout(6):
        while any(line.live or len(line.front.dialogs) for line in lines):
            await asyncio.sleep(0.01)
    assert await lines[0].stack.leaked() == 0


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 4, 6, 8, 12, 20, 40, 80])
async def test_a_caller_who_gives_up_after(phone: PhoneLine, desk: Desk, milliseconds: int) -> None:
    """Between the INVITE and the first words, wherever it falls; the desk answers after 10 ms."""

    async def slowly(offer: Offer) -> LiveLeg | None:
        await asyncio.sleep(0.01)
        with contextlib.suppress(CallerGone):
            return await offer.accept()
        return None

    desk.answer = slowly
    dialling = asyncio.create_task(phone.dial(NUMBER))
    await asyncio.sleep(milliseconds / 1000)
    dialling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        dialled = await dialling
        if dialled.leg is not None:
            await phone.hang_up(dialled.leg)
    await _empty(desk.line, phone)


@pytest.mark.parametrize("deed", ["play", "hold", "resume", "digits", "transfer", "hang_up"])
@pytest.mark.parametrize("milliseconds", [0, 3, 30])
async def test_a_caller_who_leaves_while_we_are_busy(deed: str, milliseconds: int) -> None:
    """Whatever we were at fails softly, and the end is told once."""
    async with desk_with(TARGETS) as desk, phone_to(desk.port) as phone:
        ours, theirs = await answered(phone, desk)
        line = desk.line
        if deed == "resume":
            await line.hold(theirs)

        async def do() -> None:
            with contextlib.suppress(StackFailed):
                match deed:
                    case "play":
                        theirs.play(tones.silence(1.0, rate=theirs.rate))
                        await theirs.drained()
                    case "hold":
                        await line.hold(theirs)
                    case "resume":
                        await line.resume(theirs)
                    case "digits":
                        await line.send_digits(theirs, "123456")
                    case "transfer":
                        await line.transfer(theirs, "1000")
                    case _:
                        await line.hang_up(theirs)

        doing = asyncio.create_task(do())
        await asyncio.sleep(milliseconds / 1000)
        await phone.hang_up(ours)
        await asyncio.wait_for(doing, 5)
        ended = await asyncio.wait_for(theirs.ended, 3)
        assert ended.how in (Farewell.FAR_END, Farewell.OURS)
        await _empty(line, phone)


async def test_both_hang_up_at_once(phone: PhoneLine, desk: Desk) -> None:
    """Two BYEs cross; both sides are done."""
    for _ in range(5):
        ours, theirs = await answered(phone, desk)
        await asyncio.gather(phone.hang_up(ours), desk.line.hang_up(theirs))
    await _empty(desk.line, phone)


async def test_an_answer_that_is_never_acknowledged() -> None:
    """The caller vanished between 200 and ACK: without sound it is dead after the RTP time-out."""
    async with desk_with(rtp_timeout=1.0) as desk, raw_phone(desk.port) as raw:
        raw.send(raw.request("INVITE", body=raw.sdp(), Content_Type="application/sdp"))
        assert (await raw.final()).status == 200
        await desk.arrived.wait()
        ended = await asyncio.wait_for(desk.line.hang_up(desk.legs[0]), 5)
        assert ended.how is Farewell.OURS
        assert desk.line.live == 0
