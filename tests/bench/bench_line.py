"""What a line costs: echo calls on PhoneLine, beside the bare library echoing the same RTP.

Run: python tests/bench/bench_line.py [--seconds 6] [--calls 1 8 16]
The callers live in a process of their own and look at the kernel's arrival times.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import resource
import socket
import statistics
import struct
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from sip import Offer, tones
from sip.phone_line import PhoneLine
from sip.trunks import Trunks
from tests.phone.sip.raw import RawPhone, g711

TRUNKS = """
numbers: {"*": triage}
inbound: [{name: here, sources: [127.0.0.1]}]
limits: {calls_a_day_per_caller: 100000}
"""
_TIMESTAMPS = 35  # SO_TIMESTAMPNS on Linux; Python 3.11 has no name for it
_SETTLE_SECONDS = 1.0


async def echo_line() -> None:
    """PhoneLine: everything that is heard is said."""
    async with PhoneLine(Trunks.read(TRUNKS), port=0) as line:
        print(line.front.port, flush=True)
        tasks = set()

        async def echo(offer: Offer) -> None:
            leg = await offer.accept()
            async for frame in leg.heard():
                leg.play(frame.pcm)

        async def serve() -> None:
            async for offer in line.offers():
                tasks.add(asyncio.create_task(echo(offer)))

        serving = asyncio.create_task(serve())
        await _report_cpu()
        serving.cancel()


async def echo_bare() -> None:
    """baresip-python alone, read and written by one 20 ms pump."""
    import baresip

    from sip.wire import free_port

    port = free_port("127.0.0.1")
    runtime = baresip.Runtime()
    text = f"sip_listen 127.0.0.1:{port}\naudio_jitter_buffer_type adaptive\n"
    text += "audio_jitter_buffer_ms 20-160\n"
    await runtime.start(
        baresip.Config(net_interface="127.0.0.1", max_concurrent_calls=100, extra_config_text=text)
    )
    account = (
        "<sip:bare@127.0.0.1>;regint=0;answermode=manual;catchall=yes;"
        "audio_codecs=pcmu;video_codecs=none"
    )
    agent = await baresip.UserAgent.create(runtime, account)
    calls: list[Any] = []
    answering = set()

    def rung(call: Any) -> None:
        calls.append(call)
        answering.add(asyncio.create_task(call.answer()))

    agent.on_incoming(rung)

    async def pump() -> None:
        while True:
            await asyncio.sleep(0.02)
            for call in calls:
                try:
                    call.audio.write(call.audio.read(4096))
                except (baresip.AudioNotActive, baresip.AudioRestarted):
                    continue

    pumping = asyncio.create_task(pump())
    print(port, flush=True)
    await _report_cpu()
    pumping.cancel()
    await runtime.close()


async def _report_cpu() -> None:
    """On each line of standard input say how much processor time was used so far."""
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(used.ru_utime + used.ru_stime, used.ru_maxrss, flush=True)


async def measure(role: str, calls: int, seconds: float) -> dict[str, float]:
    """So many calls against one server process; "ear" is a line that listens for in-band digits."""
    payloads = "0" if role == "ear" else "0 101"
    role = "line" if role == "ear" else role
    server = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--role", role,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert server.stdin is not None
    assert server.stdout is not None
    stdin, stdout = server.stdin, server.stdout

    async def cpu() -> tuple[float, float]:
        stdin.write(b"?\n")
        used, memory = (await stdout.readline()).split()
        return float(used), float(memory) / 1024

    port = int(await stdout.readline())
    idle = (await cpu())[1]
    phones = [RawPhone(("127.0.0.1", port), payloads=payloads) for _ in range(calls)]
    for phone in phones:
        phone.rtp.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        answer = await phone.ring()
        assert answer.status == 200, answer
    sound = tones.tone((440,), seconds + _SETTLE_SECONDS)
    talking = [asyncio.create_task(phone.say(sound)) for phone in phones]
    arrivals: list[list[float]] = [[] for _ in phones]
    listening = [
        asyncio.create_task(_listen(phone, found))
        for phone, found in zip(phones, arrivals, strict=True)
    ]
    await asyncio.sleep(_SETTLE_SECONDS)
    start, (before, _) = time.monotonic(), await cpu()
    await asyncio.sleep(seconds - 0.2)
    took, (after, memory) = time.monotonic() - start, await cpu()
    await asyncio.gather(*talking)
    for task in listening:
        task.cancel()
    for phone in phones:
        phone.send(phone.request("BYE"))
    await asyncio.sleep(0.2)
    stdin.close()
    await server.wait()
    for phone in phones:
        phone.close()
    gaps = [
        abs(later - earlier - 0.02) * 1000
        for found in arrivals
        for earlier, later in itertools.pairwise(found[50:])
    ]
    share = 100 * (after - before) / took
    cuts = statistics.quantiles(gaps, n=100)
    return {
        "calls": calls, "cpu_percent": round(share, 2), "cpu_a_call": round(share / calls, 2),
        "pacing_p50_ms": round(cuts[49], 2), "pacing_p99_ms": round(cuts[98], 2),
        "memory_a_call_mb": round((memory - idle) / calls, 2),
    }  # fmt: skip


async def _listen(phone: RawPhone, found: list[float]) -> None:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(phone.rtp, readable.set)
    try:
        while True:
            await readable.wait()
            readable.clear()
            while True:
                try:
                    _, notes, _, _ = phone.rtp.recvmsg(2048, 64)
                except BlockingIOError:
                    break
                whole, nanos = struct.unpack("qq", notes[0][2])
                found.append(whole + nanos / 1e9)
    finally:
        loop.remove_reader(phone.rtp)


async def main(seconds: float, counts: list[int]) -> None:
    """Both, for each number of calls."""
    for calls in counts:
        for role in ("bare", "line", "ear"):
            print(json.dumps({"server": role, **await measure(role, calls, seconds)}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--role", choices=("bare", "line"))
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--calls", type=int, nargs="*", default=[1, 8, 16])
    given = parser.parse_args()
    g711(b"\0\0")
    if given.role:
        asyncio.run(echo_line() if given.role == "line" else echo_bare())
    else:
        asyncio.run(main(given.seconds, given.calls))
