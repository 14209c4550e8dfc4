"""Calls in conversation on the embedded line: reply delay, processor and memory for each call.

    python tests/bench/bench_phone.py [--calls 1,4,8] [--seconds 20] [--json FILE]

Callers press a key every few seconds and the desk answers with sound; ears are off and the voice
is a hum, so that what is measured is the line, the bridge, the session and the desk. House and
callers are two processes; only the house is charged. Reply delay is from the key's end to the first
sound at the caller, less the pause after which keys count as said (2 s, or none after #).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from callcenter.testing.recording import Delays

_KEYS = "447122#"


async def _house() -> None:
    """Serve until standard input closes; prints the address."""
    from callcenter.floor import Conduct
    from tests.phone.house.conftest import open_house

    async with open_house(Conduct(user_away_timeout=0), capacity=64) as house:
        print(house.line.address, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def _caller(line: Any, voice: Any, until: float) -> list[float]:
    """One caller's reply delays."""
    from callcenter.testing.recording import Recording
    from sip import Outcome

    del voice
    dialled = await line.dial("+15550100101", caller_id="+15550190001")
    if dialled.outcome is not Outcome.ANSWERED:
        raise RuntimeError(f"not answered: {dialled.outcome}")
    live = dialled.leg
    recording = Recording(live.rate)

    async def listen() -> None:
        async for frame in live.heard():
            recording.add(b"", frame.pcm)
            live.play(b"\0" * len(frame.pcm))

    listening = asyncio.create_task(listen())
    delays = []
    try:
        await asyncio.sleep(3)
        while time.monotonic() < until:
            await line.send_digits(live, _KEYS)
            pressed = recording.seconds
            while time.monotonic() < until + 5:
                await asyncio.sleep(0.02)
                if recording.seconds > pressed + 0.02 and recording.agent_is_loud(0.04):
                    delays.append(recording.seconds - pressed)
                    break
            await asyncio.sleep(2.5)
    finally:
        listening.cancel()
        await line.hang_up(live)
    return delays


async def _measure(calls: int, seconds: float) -> dict[str, Any]:
    from sip.phone_line import PhoneLine
    from sip.trunks import Outbound, Trunks

    house = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--house", stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert house.stdout is not None
    assert house.stdin is not None
    host, port = (await house.stdout.readline()).decode().strip().split(":")
    process = psutil.Process(house.pid)
    trunk = Outbound(name="house", host=host, port=int(port))
    try:
        async with PhoneLine(Trunks(outbound=(trunk,)), port=0) as line:
            await asyncio.sleep(1)
            before = process.memory_full_info().uss
            until = time.monotonic() + 3 + seconds
            callers = [asyncio.create_task(_caller(line, None, until)) for _ in range(calls)]
            await asyncio.sleep(3)
            spent, began = sum(process.cpu_times()[:2]), time.monotonic()
            await asyncio.sleep(seconds)
            busy = (sum(process.cpu_times()[:2]) - spent) / (time.monotonic() - began)
            memory = process.memory_full_info().uss - before
            delays = Delays.of([d for one in await asyncio.gather(*callers) for d in one])
    finally:
        house.stdin.close()
        await asyncio.wait_for(house.wait(), 30)
    return {
        "calls": calls,
        "cpu_percent_a_call": round(busy * 100 / calls, 2),
        "megabytes_a_call": round(memory / calls / 1e6, 2),
        "reply_p50_s": round(delays.p50, 3),
        "reply_p95_s": round(delays.p95, 3),
        "replies": delays.count,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", default="1,4,8")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--house", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    if arguments.house:
        asyncio.run(_house())
        return
    rows = [
        asyncio.run(_measure(int(calls), arguments.seconds)) for calls in arguments.calls.split(",")
    ]
    for row in rows:
        print(json.dumps(row))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
