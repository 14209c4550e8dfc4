"""SIPp plays callers and callees; what it saw and what we say of it have to agree."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sip import Outcome
from sip.guard import Refusal
from sip.line import Farewell, LiveLeg, Offer
from sip.phone_leg import PhoneLeg
from sip.wire import free_port
from tests.phone.sip.conftest import DESK, NUMBER, desk_with, phone_to

SCENARIOS = Path(__file__).parent / "scenarios"
SIPP = shutil.which("sipp")
pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(
        SIPP is None and os.environ.get("CI") != "true",
        reason="sipp is not installed (Debian package sip-tester)",
    ),
]
TARGETS = DESK.replace("limits: {", "limits: {transfer_targets: ['+1555010*'], ")


@dataclass
class Sipp:
    """A running SIPp."""

    process: asyncio.subprocess.Process
    port: int

    async def result(self, timeout: float = 20.0) -> None:
        """Wait for it; fails with its own words."""
        out, _ = await asyncio.wait_for(self.process.communicate(), timeout)
        told = out.decode(errors="replace")
        assert self.process.returncode == 0, told[-3000:]


@contextlib.asynccontextmanager
async def sipp(
    name: str, folder: Path, *, target: int | None = None, calls: int = 1, options: str = "",
    status: int = 0,
) -> AsyncIterator[Sipp]:  # fmt: skip
    """SIPp with one of our scenarios: a caller of `target`, or a callee."""
    assert SIPP is not None
    scenario = folder / f"{name}.xml"
    scenario.write_text((SCENARIOS / f"{name}.xml").read_text().replace("STATUS", str(status)))
    port = free_port("127.0.0.1")
    where = [f"127.0.0.1:{target}"] if target else []
    process = await asyncio.create_subprocess_exec(
        SIPP, *where, "-sf", str(scenario), "-m", str(calls), "-i", "127.0.0.1", "-p", str(port),
        "-mp", str(free_port("127.0.0.1")), "-nostdin", "-timeout", "60", "-timeout_error",
        "-trace_err", *options.split(),
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        if target is None:
            await asyncio.sleep(0.4)  # it says nowhere when it listens
        yield Sipp(process, port)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def open_files() -> int:
    """Sockets and files of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_basic_call(tmp_path: Path, transport: str) -> None:
    """INVITE, talk, BYE; over UDP and over TCP."""
    async with (
        desk_with() as desk,
        sipp("caller_basic", tmp_path, target=desk.port, options=f"-t {transport}") as run,
    ):
        await run.result()
        ended = await asyncio.wait_for(desk.legs[0].ended, 2)
        assert (ended.how, ended.verified) == (Farewell.FAR_END, True)


async def test_password(tmp_path: Path) -> None:
    """Asked once, let in."""
    yaml = DESK.replace("sources: [127.0.0.1]",
                        "sources: [127.0.0.1], user: office, password_env: PW")  # fmt: skip
    async with desk_with(yaml, environment={"PW": "tulip"}) as desk:
        async with sipp("caller_password", tmp_path, target=desk.port) as run:
            await run.result()
        assert desk.line.tally.refused == {Refusal.CREDENTIALS: 1}
        assert len(desk.legs) == 1


async def test_cancel(tmp_path: Path) -> None:
    """The caller gives up: 487, no call remains."""

    async def wait(offer: Offer) -> None:
        await offer.gone

    async with desk_with() as desk:
        desk.answer = wait
        async with sipp("caller_cancels", tmp_path, target=desk.port) as run:
            await run.result()
        assert (await asyncio.wait_for(desk.offers[0].gone, 2)).how is Farewell.CANCELLED
        assert desk.line.live == 0


@pytest.mark.parametrize("status", [486, 603, 480])
async def test_turned_down(tmp_path: Path, status: int) -> None:
    """Busy, decline, no answer: the status that was chosen."""

    async def refuse(offer: Offer) -> None:
        await offer.reject(status)

    async with desk_with() as desk:
        desk.answer = refuse
        async with sipp("caller_refused", tmp_path, target=desk.port, status=status) as run:
            await run.result()
        assert desk.line.live == 0


async def test_hold(tmp_path: Path) -> None:
    """Re-INVITE with sendonly is answered recvonly; the call goes on."""
    async with (
        desk_with() as desk,
        sipp("caller_holds", tmp_path, target=desk.port) as run,
    ):
        await run.result()


@pytest.mark.parametrize(
    ("scenario", "outcome"),
    [("caller_transferred", Outcome.ANSWERED), ("caller_not_transferred", Outcome.REJECTED)],
)
async def test_refer(tmp_path: Path, scenario: str, outcome: Outcome) -> None:
    """Accepted: the caller leaves us. Refused: they are back from hold and hang up themselves."""
    async with desk_with(TARGETS) as desk:
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        async def hand_over(offer: Offer) -> LiveLeg:
            leg = await offer.accept()
            done.set_result((await desk.line.transfer(leg, "+15550100199")).outcome)
            return leg

        desk.answer = hand_over
        async with sipp(scenario, tmp_path, target=desk.port) as run:
            await run.result()
        assert await asyncio.wait_for(done, 3) is outcome


async def test_malformed(tmp_path: Path) -> None:
    """An INVITE without a From tag takes no slot and the next call is served."""
    async with desk_with() as desk:
        async with sipp("caller_malformed", tmp_path, target=desk.port) as run:
            await run.result()
        assert desk.line.tally.refused == {Refusal.MALFORMED: 1}
        assert len(desk.legs) == 1
        assert await desk.line.stack.leaked() == 0


async def test_we_call_and_hang_up(tmp_path: Path) -> None:
    """A callee answers; our BYE is confirmed."""
    async with sipp("callee_answers", tmp_path) as run, phone_to(run.port) as phone:
        dialled = await phone.dial(NUMBER)
        assert dialled.leg is not None
        assert (await phone.hang_up(dialled.leg)).verified
        await run.result()


async def test_we_know_our_password(tmp_path: Path) -> None:
    """407 from a trunk is answered with the account's digest."""
    login = ", user: account, password_env: PW"
    async with (
        sipp("callee_password", tmp_path) as run,
        phone_to(run.port, trunk=login, environment={"PW": "tulip"}) as phone,
    ):
        dialled = await phone.dial(NUMBER)
        assert dialled.leg is not None
        await phone.hang_up(dialled.leg)
        await run.result()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(486, Outcome.BUSY), (603, Outcome.REJECTED), (404, Outcome.UNREACHABLE),
     (503, Outcome.TRUNK_FAILED), (480, Outcome.NO_ANSWER)],
)  # fmt: skip
async def test_they_refuse(tmp_path: Path, status: int, outcome: Outcome) -> None:
    """Each status is one Outcome."""
    async with (
        sipp("callee_refuses", tmp_path, status=status) as run,
        phone_to(run.port) as phone,
    ):
        dialled = await phone.dial(NUMBER)
        assert (dialled.outcome, dialled.sip_status) == (outcome, status)
        await run.result()


async def test_they_do_not_answer(tmp_path: Path) -> None:
    """The ring time-out sends a CANCEL."""
    async with sipp("callee_rings", tmp_path) as run, phone_to(run.port) as phone:
        dialled = await phone.dial(NUMBER, ring_timeout=0.5)
        assert dialled.outcome is Outcome.NO_ANSWER
        await run.result()


@pytest.mark.slow
async def test_200_calls_at_10_a_second_leave_nothing_behind(tmp_path: Path) -> None:
    """No task, slot, socket, native call or listener of a finished call remains."""
    async with desk_with(capacity=40) as desk:
        tasks, files = len(asyncio.all_tasks()), open_files()
        async with sipp(
            "caller_basic", tmp_path, target=desk.port, calls=200, options="-r 10"
        ) as run:
            await run.result(60)
        await asyncio.sleep(0.5)
        assert len(desk.legs) == 200
        assert all(leg.ended.done() for leg in desk.legs)
        assert desk.line.live == len(desk.line.front.dialogs) == 0
        assert await desk.line.stack.leaked() == 0
        assert len(asyncio.all_tasks()) <= tasks
        assert open_files() <= files + 3
        desk.line.front.dialogs.sweep(linger=0)
        assert desk.line.front.dialogs.remembered == 0
        desk.legs.clear()
        desk.offers.clear()
        gc.collect()
        # The desk of this test still holds its last offer.
        assert sum(type(x) is PhoneLeg for x in gc.get_objects()) <= 1
