"""PhoneLine rings PhoneLine over real SIP and RTP on this machine."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable

import pytest

from sip import Direction, Outcome, PhoneNumber, tones
from sip.guard import Refusal
from sip.keypad import Digit, DigitSource
from sip.line import CallerGone, Farewell, Line, LiveLeg, Offer
from sip.phone_line import PhoneLine
from sip.wire import free_port
from tests.phone.sip.conftest import (
    DESK,
    NUMBER,
    Desk,
    answered,
    desk_with,
    listen,
    loudness,
    phone_to,
    pitch,
)

pytestmark = pytest.mark.asyncio


async def test_both_sides_hear_each_other(phone: PhoneLine, desk: Desk) -> None:
    """A tone of each arrives at the other, at its pitch."""
    ours, theirs = await answered(phone, desk)
    ours.play(tones.tone((440,), 0.6, rate=ours.rate))
    theirs.play(tones.tone((1000,), 0.6, rate=theirs.rate))
    at_phone, at_desk = await asyncio.gather(listen(ours, 1.0), listen(theirs, 1.0))
    assert pitch(at_phone) == pytest.approx(1000, abs=8)
    assert pitch(at_desk) == pytest.approx(440, abs=8)


async def test_frames_come_every_20_ms_though_nobody_speaks(phone: PhoneLine, desk: Desk) -> None:
    """Whoever listens keeps their clock."""
    ours, _ = await answered(phone, desk)
    await listen(ours, 0.2)
    frames = await listen(ours, 1.0)
    assert len(frames) == pytest.approx(50, abs=3)
    assert {len(frame.pcm) for frame in frames} == {ours.rate // 25}


async def test_what_the_leg_and_the_offer_tell(phone: PhoneLine, desk: Desk) -> None:
    """Numbers, department and headers are those of the INVITE."""
    dialled = await phone.dial(
        "+15550100777", caller_id="+15550100188", headers={"X-Campaign": "spring"}
    )
    await desk.arrived.wait()
    assert dialled.outcome is Outcome.ANSWERED
    assert dialled.sip_status == 200
    offer, leg = desk.offers[0], desk.legs[0].leg
    assert offer.department == "billing"
    assert offer.dialled == "+15550100777"
    assert leg.caller == PhoneNumber("+15550100188")
    assert leg.dialled == PhoneNumber("+15550100777")
    assert leg.direction is Direction.INBOUND
    assert leg.headers["X-Campaign"] == "spring"
    assert isinstance(phone, Line)
    assert isinstance(dialled.leg, LiveLeg)
    assert isinstance(offer, Offer)


async def test_digits_arrive_once_and_in_order(phone: PhoneLine, desk: Desk) -> None:
    """RFC 4733 events, repeats of a key included."""
    ours, theirs = await answered(phone, desk)
    await phone.send_digits(ours, "1199#*0", gap=0.06)
    heard = await _digits(theirs, 7)
    assert "".join(digit.key for digit in heard) == "1199#*0"
    assert {digit.source for digit in heard} == {DigitSource.RTP}


async def test_tones_are_no_digits_for_who_speaks_rfc_4733(phone: PhoneLine, desk: Desk) -> None:
    """Somebody whose phone sends events does not press keys with their voice."""
    ours, theirs = await answered(phone, desk)
    await phone.send_digits(ours, "12", by=DigitSource.IN_BAND)
    await phone.send_digits(ours, "3")
    assert [digit.key for digit in await _digits(theirs, 1)] == ["3"]


async def test_the_position_is_what_really_went_out(phone: PhoneLine, desk: Desk) -> None:
    """`clear` stops the sound within a frame and tells what was left."""
    ours, theirs = await answered(phone, desk)
    hearing = asyncio.create_task(listen(theirs, 1.2))
    await asyncio.sleep(0.1)
    ours.play(tones.tone((440,), 5.0, rate=ours.rate))
    await asyncio.sleep(0.5)
    left = ours.clear()
    assert left == pytest.approx(4.5, abs=0.08)
    assert ours.played == pytest.approx(5.0 - left, abs=0.001)
    assert ours.queued == 0
    loud = sum(loudness(frame) > 500 for frame in await hearing) * 0.02
    assert loud == pytest.approx(ours.played, abs=0.045)


async def test_after_a_stop_the_next_words_are_whole(phone: PhoneLine, desk: Desk) -> None:
    """What is said right after `clear` is not cut by it."""
    ours, theirs = await answered(phone, desk)
    ours.play(tones.tone((440,), 3.0, rate=ours.rate))
    await asyncio.sleep(0.3)
    hearing = asyncio.create_task(listen(theirs, 1.3))
    ours.clear()
    before = ours.played
    ours.play(tones.tone((1000,), 0.5, rate=ours.rate))
    await ours.drained()
    assert ours.played - before == pytest.approx(0.5, abs=0.021)
    high = [frame for frame in await hearing if 950 < pitch([frame]) < 1050]
    assert len(high) * 0.02 == pytest.approx(0.5, abs=0.06)


async def test_the_sound_goes_on_while_the_event_loop_is_busy(phone: PhoneLine, desk: Desk) -> None:
    """An agent process stalls now and then; its caller does not hear it."""
    import time

    ours, theirs = await answered(phone, desk)
    hearing = asyncio.create_task(listen(theirs, 1.3))
    await asyncio.sleep(0.1)
    ours.play(tones.tone((440,), 0.8, rate=ours.rate))
    await asyncio.sleep(0.1)
    time.sleep(0.2)  # noqa: ASYNC251 - the stall is the point
    loud = [loudness(frame) > 500 for frame in await hearing]
    first = loud.index(True)
    assert all(loud[first : first + 38])


async def test_hold_and_resume(phone: PhoneLine, desk: Desk) -> None:
    """Who is held knows it, hears silence with a running clock, and is heard again afterwards."""
    ours, theirs = await answered(phone, desk)
    await phone.hold(ours)
    await _until(lambda: theirs.held)
    silent = await listen(theirs, 0.6)
    assert len(silent) == pytest.approx(30, abs=3)
    assert max(map(loudness, silent[5:])) < 50
    await phone.resume(ours)
    await _until(lambda: not theirs.held)
    ours.play(tones.tone((440,), 0.5, rate=ours.rate))
    assert pitch(await listen(theirs, 0.8)) == pytest.approx(440, abs=8)


async def test_either_side_may_hang_up(phone: PhoneLine, desk: Desk) -> None:
    """Both learn who did, and the other side's confirmation is waited for."""
    for hanger, who in ((phone, 0), (desk.line, 1)):
        legs = await answered(phone, desk)
        ended = await hanger.hang_up(legs[who])
        assert (ended.how, ended.verified) == (Farewell.OURS, True)
        other = await asyncio.wait_for(legs[1 - who].ended, 2)
        assert (other.how, other.verified) == (Farewell.FAR_END, True)
    assert phone.live == desk.line.live == 0


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(486, Outcome.BUSY), (603, Outcome.REJECTED), (480, Outcome.NO_ANSWER),
     (404, Outcome.UNREACHABLE), (503, Outcome.TRUNK_FAILED), (403, Outcome.BLOCKED)],
)  # fmt: skip
async def test_every_refusal_has_its_outcome(
    phone: PhoneLine, desk: Desk, status: int, outcome: Outcome
) -> None:
    """The SIP status that the desk chose arrives, and means one thing."""

    async def refuse(offer: Offer) -> None:
        await offer.reject(status)

    desk.answer = refuse
    dialled = await phone.dial(NUMBER)
    assert (dialled.outcome, dialled.sip_status, dialled.leg) == (outcome, status, None)
    await _until(lambda: desk.line.live == 0)


async def test_the_ring_timeout_is_obeyed(phone: PhoneLine, desk: Desk) -> None:
    """Nobody answers: a CANCEL goes out in time and the other side stops ringing."""

    async def wait(offer: Offer) -> None:
        await offer.gone

    desk.answer = wait
    loop = asyncio.get_running_loop()
    start = loop.time()
    dialled = await phone.dial(NUMBER, ring_timeout=0.4)
    assert dialled.outcome is Outcome.NO_ANSWER
    assert loop.time() - start == pytest.approx(0.4, abs=0.3)
    ended = await asyncio.wait_for(desk.offers[0].gone, 2)
    assert ended.how is Farewell.CANCELLED
    with pytest.raises(CallerGone):
        await desk.offers[0].accept()


async def test_a_dead_trunk_is_the_trunks_fault() -> None:
    """Not a ring, not a word: the callee was never asked, so it is no "no answer"."""
    async with phone_to(free_port("127.0.0.1")) as phone:
        dialled = await phone.dial(NUMBER, ring_timeout=0.3)
        assert (dialled.outcome, dialled.sip_status) == (Outcome.TRUNK_FAILED, None)
        assert phone.live == 0
        assert await phone.stack.leaked() == 0


async def test_refusals_are_told_as_they_happen() -> None:
    """With their reason, for outgoing and for incoming calls."""
    told: list[Refusal] = []

    def note(refusal: Refusal, _source: str) -> None:
        told.append(refusal)

    async with (
        desk_with(DESK.replace('"*": triage, ', ""), on_refusal=note) as desk,
        phone_to(desk.port, on_refusal=note) as phone,
    ):
        assert (await phone.dial("+442079460018")).refusal is Refusal.COUNTRY
        assert (await phone.dial(NUMBER, trunk="other")).refusal is Refusal.TRUNK
        assert (await phone.dial(NUMBER)).sip_status == 404
    assert told == [Refusal.COUNTRY, Refusal.TRUNK, Refusal.NUMBER]


async def test_whoever_stops_waiting_leaves_nobody_ringing(phone: PhoneLine, desk: Desk) -> None:
    """A cancelled dial takes the call back."""

    async def wait(offer: Offer) -> None:
        await offer.gone

    desk.answer = wait
    dialling = asyncio.create_task(phone.dial(NUMBER))
    await _until(lambda: bool(desk.offers))
    dialling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dialling
    await _until(lambda: phone.live == desk.line.live == 0)


async def test_a_full_line_says_when_to_come_back() -> None:
    """503 with Retry-After; there is no half-answered call."""
    async with desk_with(capacity=1) as desk, phone_to(desk.port) as phone:
        await answered(phone, desk)
        dialled = await phone.dial(NUMBER)
        assert (dialled.outcome, dialled.sip_status) == (Outcome.TRUNK_FAILED, 503)
        assert desk.line.live == 1
        assert desk.line.tally.refused == {Refusal.CAPACITY: 1}


async def test_draining_finishes_calls_and_takes_no_new_ones(phone: PhoneLine, desk: Desk) -> None:
    """Running calls end as they like; what is left after the time gets a BYE."""
    ours, _ = await answered(phone, desk)
    stubborn, _ = await answered(phone, desk)
    draining = asyncio.create_task(desk.line.drain(0.8))
    await asyncio.sleep(0.1)
    assert (await phone.dial(NUMBER)).sip_status == 503
    await phone.hang_up(ours)
    drained = await draining
    assert (drained.finished, drained.cut_off) == (1, 1)
    assert (await asyncio.wait_for(stubborn.ended, 2)).how is Farewell.FAR_END


async def test_closing_says_goodbye_to_everyone(phone: PhoneLine, desk: Desk) -> None:
    """Even in the middle of a drain, and only once."""
    legs = [(await answered(phone, desk))[0] for _ in range(3)]
    draining = asyncio.create_task(desk.line.drain(60))
    await asyncio.sleep(0.05)
    await asyncio.gather(desk.line.aclose(), desk.line.aclose())
    assert (await draining).cut_off == 0
    for leg in legs:
        assert (await asyncio.wait_for(leg.ended, 2)).how is Farewell.FAR_END


async def test_calls_over_tcp() -> None:
    """The same over a stream."""
    async with desk_with() as desk, phone_to(desk.port, trunk=", transport: tcp") as phone:
        ours, theirs = await answered(phone, desk)
        ours.play(tones.tone((440,), 0.4, rate=ours.rate))
        assert pitch(await listen(theirs, 0.7)) == pytest.approx(440, abs=8)
        assert (await desk.line.hang_up(theirs)).verified
        assert (await asyncio.wait_for(ours.ended, 2)).how is Farewell.FAR_END


async def test_wideband_when_offered() -> None:
    """A caller who prefers G.722 gets it: 16 kHz both ways, and a pitch no narrow line carries."""
    async with desk_with() as desk, phone_to(desk.port, wideband=True) as phone:
        ours, theirs = await answered(phone, desk)
        await listen(ours, 0.1)
        assert (ours.rate, theirs.rate) == (16000, 16000)
        ours.play(tones.tone((5500,), 0.5, rate=16000))
        assert pitch(await listen(theirs, 0.9)) == pytest.approx(5500, abs=15)


async def test_a_trunk_with_a_password() -> None:
    """The right one gets in, a wrong one does not."""
    yaml = DESK.replace(
        "sources: [127.0.0.1]", "sources: [127.0.0.1], user: office, password_env: OFFICE_PASSWORD"
    )
    login = ", user: office, password_env: MY_PASSWORD"
    async with desk_with(yaml, environment={"OFFICE_PASSWORD": "tulip"}) as desk:
        async with phone_to(desk.port, trunk=login, environment={"MY_PASSWORD": "tulip"}) as good:
            assert (await good.dial(NUMBER)).outcome is Outcome.ANSWERED
        async with phone_to(desk.port, trunk=login, environment={"MY_PASSWORD": "rose"}) as bad:
            dialled = await bad.dial(NUMBER)
            assert dialled.outcome is Outcome.TRUNK_FAILED
            assert dialled.sip_status in (401, 403)
        async with phone_to(desk.port) as nobody:
            assert (await nobody.dial(NUMBER)).sip_status == 401


async def test_early_media_is_heard_before_the_answer() -> None:
    """A trunk may let its callers hear something while it still rings."""
    yaml = DESK.replace("sources: [127.0.0.1]", "sources: [127.0.0.1], early_media: true")
    async with desk_with(yaml) as desk, phone_to(desk.port) as phone:
        ready = asyncio.Event()

        async def announce(offer: Offer) -> LiveLeg:
            await asyncio.sleep(0.2)
            offer.live.play(tones.tone((440,), 0.5, rate=offer.live.rate))
            await offer.live.drained()
            assert offer.live.played == pytest.approx(0.5, abs=0.03)
            ready.set()
            return await offer.accept()

        desk.answer = announce
        ours, _ = await answered(phone, desk)
        assert ready.is_set()
        assert ours.rate in (8000, 16000)


async def _digits(leg: LiveLeg, count: int) -> list[Digit]:
    async with asyncio.timeout(5):
        heard = [digit async for digit in _first(leg, count)]
    await asyncio.sleep(0.15)
    return heard


async def _first(leg: LiveLeg, count: int) -> AsyncIterator[Digit]:
    stream = leg.digits()
    for _ in itertools.repeat(None, count):
        yield await anext(stream)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.01)
