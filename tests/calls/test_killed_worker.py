"""A worker is killed in mid-call: its history is whole, its call closed, its slot free."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from callcenter.domain.call import Call, CallId, CallState
from callcenter.domain.events import Disposition, Ended, EndedBy
from callcenter.domain.report import Report
from callcenter.store.embedded import EmbeddedStore
from callcenter.store.reaper import close_lost_calls
from tests.calls.doomed_worker import WORDS

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]
WORKER = Path(__file__).with_name("doomed_worker.py")


async def killed_after(folder: Path, steps: int) -> tuple[CallId, int]:
    """Run the worker and kill -9 it; the call's id and how many events it knew to be written."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, str(WORKER), str(folder), str(steps), stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout is not None
    try:
        call = CallId((await asyncio.wait_for(worker.stdout.readline(), 60)).decode().strip())
        acknowledged = 0
        for _ in range(steps):
            acknowledged = int(await asyncio.wait_for(worker.stdout.readline(), 60))
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        await worker.wait()
    return call, acknowledged


@pytest.mark.parametrize("steps", [0, 2, len(WORDS)])
async def test_killed_worker_loses_no_acknowledged_event(tmp_path: Path, steps: int) -> None:
    """Read back by another process, then closed as lost, once."""
    async with asyncio.timeout(100):
        call, acknowledged = await killed_after(tmp_path, steps)
        store = await EmbeddedStore.open(tmp_path)
        try:
            history = await store.history(call)
            assert len(history) >= acknowledged
            assert Call.of(call, history).state is CallState.WITH_DESK
            assert await store.live() == [call]

            # Two reapers at once: one closes the call, the other finds nothing to do.
            await asyncio.sleep(1.2)
            closed = await asyncio.gather(
                *(close_lost_calls(store, owner=name, grace=0.3) for name in ("a", "b"))
            )
            assert sorted(len(calls) for calls in closed) == [0, 1]
            history = await store.history(call)
            ends = [event for event in history if isinstance(event, Ended)]
            assert [(e.disposition, e.by) for e in ends] == [(Disposition.LOST, EndedBy.SYSTEM)]
            assert await store.live() == []
            assert "died" in Report.of(call, history).transcript()
        finally:
            await store.aclose()
