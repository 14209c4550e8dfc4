"""Signals: the first asks a line to finish its calls, the second ends them at once."""

from __future__ import annotations

import asyncio
import logging
import signal

from sip.line import Line

_log = logging.getLogger("callcenter.sip")
_STOPPING = (signal.SIGTERM, signal.SIGINT)


async def until_told(line: Line, *, patience: float) -> None:
    """Return once a signal came and the line is closed: drained, or at once after a second one."""
    loop = asyncio.get_running_loop()
    told, hurry = asyncio.Event(), asyncio.Event()

    def hear() -> None:
        (hurry if told.is_set() else told).set()

    for number in _STOPPING:
        loop.add_signal_handler(number, hear)
    try:
        await told.wait()
        _log.info("finishing calls for up to %g s; a second signal ends them", patience)
        draining = loop.create_task(line.drain(patience))
        hurried = loop.create_task(hurry.wait())
        await asyncio.wait({draining, hurried}, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        await line.aclose()
        await draining
    finally:
        for number in _STOPPING:
            loop.remove_signal_handler(number)
