"""Where a line listens, and that it lets go again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap

import pytest

from sip import Farewell, Outcome, tones
from sip.phone_line import PhoneLine
from sip.signals import until_told
from sip.trunks import Trunks
from sip.wire import NoAddress
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


def _outward() -> str | None:
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        host = str(probe.getsockname()[0])
        return None if host.startswith("127.") else host


@pytest.mark.asyncio
async def test_the_default_keeps_to_this_machine() -> None:
    """127.0.0.1 unless told otherwise."""
    async with PhoneLine(Trunks.read(DESK), port=0) as line:
        assert line.address.startswith("127.0.0.1:")


@pytest.mark.asyncio
async def test_a_taken_port_is_said_plainly(desk: Desk) -> None:
    """And the line that had it goes on."""
    with pytest.raises(NoAddress, match=str(desk.port)):
        await PhoneLine(Trunks.read(DESK), port=desk.port).open()
    async with phone_to(desk.port) as phone:
        assert (await phone.dial(NUMBER)).outcome is Outcome.ANSWERED


@pytest.mark.asyncio
@pytest.mark.skipif(_outward() is None, reason="this machine has no address but loopback")
@pytest.mark.parametrize("everywhere", [False, True])
async def test_a_line_for_the_network(everywhere: bool) -> None:  # noqa: FBT001 - a table
    """Signalling and sound both name the address that the caller can reach."""
    host = _outward() or ""
    yaml = DESK.replace("[127.0.0.1]", f"['{host}']")
    bind = "0.0.0.0" if everywhere else host  # noqa: S104 - the point of the test
    async with desk_with(yaml, host=bind) as desk:
        text = f"outbound: [{{name: desk, host: {host}, port: {desk.port}}}]"
        async with PhoneLine(Trunks.read(text), host=host, port=0) as phone:
            ours, theirs = await answered(phone, desk)
            ours.play(tones.tone((440,), 0.4, rate=ours.rate))
            theirs.play(tones.tone((1000,), 0.4, rate=ours.rate))
            at_desk, at_phone = await asyncio.gather(listen(theirs, 0.7), listen(ours, 0.7))
            assert pitch(at_desk) == pytest.approx(440, abs=8)
            assert pitch(at_phone) == pytest.approx(1000, abs=8)
            assert (await desk.line.hang_up(theirs)).verified


@pytest.mark.asyncio
@pytest.mark.parametrize("signals", [1, 2])
async def test_a_signal_drains_and_a_second_one_ends(signals: int) -> None:
    """Once: the call may finish. Twice: BYE to everyone."""
    async with desk_with() as desk, phone_to(desk.port) as phone:
        ours, _ = await answered(phone, desk)
        told = asyncio.create_task(until_told(desk.line, patience=30))
        await asyncio.sleep(0.05)
        for _ in range(signals):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.1)
        if signals == 1:
            assert not told.done()
            assert (await phone.dial(NUMBER)).sip_status == 503
            assert (await phone.hang_up(ours)).verified
        await asyncio.wait_for(told, 3)
        how = (await asyncio.wait_for(ours.ended, 2)).how
        assert how is (Farewell.OURS if signals == 1 else Farewell.FAR_END)


def test_the_nouns_cost_nothing() -> None:
    """Importing `sip` loads neither the native stack nor pydantic, numpy or phonenumbers."""
    code = """
        import sys, sip, sip.line
        heavy = {"baresip", "pydantic", "numpy", "phonenumbers", "yaml", "livekit", "callcenter"}
        sys.exit(", ".join(heavy & set(sys.modules)) or 0)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


def test_importing_the_line_does_not_load_the_native_stack() -> None:
    """`--help` stays fast."""
    code = "import sys, sip.phone_line; sys.exit('baresip' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
