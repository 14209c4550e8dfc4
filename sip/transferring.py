"""Transferring: hold, resume, and handing a caller over without losing them when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from sip.guard import Refusal
from sip.line import Ended, Farewell, Transferred
from sip.outcome import Outcome
from sip.phone_leg import PhoneLeg
from sip.stack import CallGone, StackFailed, TransferRefused
from sip.status import outcome_of
from sip.toll import Toll
from sip.trunks import check_header

_log = logging.getLogger("callcenter.sip")
_TRIES = 8
_PAUSE_SECONDS = 0.15
_AGREE_SECONDS = 2.0
_ACCEPTED = range(200, 300)


async def hold_on(leg: PhoneLeg, *, on: bool) -> None:
    """Hold or resume and wait until the other side has agreed.

    Tries again while another re-INVITE is on its way.
    """
    if leg.native is None:
        raise CallGone("the call is over")
    if leg.native.on_hold == on:
        return
    settled = asyncio.Event()
    leg.dialog.on_settled = settled.set
    for left in reversed(range(_TRIES)):
        try:
            await leg.native.hold(on=on)
        except CallGone:
            raise
        except StackFailed:
            if not left or leg.ended.done():
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_AGREE_SECONDS):
                    await settled.wait()
            return


async def transfer(
    toll: Toll, leg: PhoneLeg, to: str, *, timeout: float, headers: Mapping[str, str]
) -> Transferred:
    """REFER the caller to `to`; they wait on hold and are taken back if it fails."""
    target = toll.read(to, extensions=True)
    if isinstance(target, Refusal):
        return _refused(target)
    refusal = toll.judge_target(target)
    if refusal is not None:
        return _refused(refusal)
    try:
        for name, value in headers.items():
            check_header(name, value)
    except ValueError:
        return _refused(Refusal.HEADER)
    if leg.native is None or leg.ended.done():
        return Transferred(Outcome.CALLER_GONE)
    text = target if isinstance(target, str) else target.e164
    leg.progress.clear()
    leg.dialog.refer_status = 0
    leg.dialog.refer_headers = headers
    peer = leg.dialog.peer
    try:
        await hold_on(leg, on=True)
        await leg.native.transfer(f"sip:{text}@{peer.host}:{peer.port}", timeout=timeout)
    except TransferRefused as error:
        return await _failed(leg, error.status, str(error))
    except StackFailed as error:
        return await _failed(leg, None, str(error))
    await asyncio.shield(leg.ended)
    return Transferred(Outcome.ANSWERED, 200, tuple(leg.progress))


async def _failed(leg: PhoneLeg, status: int | None, detail: str) -> Transferred:
    progress = tuple(leg.progress)
    if leg.native is None or not leg.native.established:
        ended: Ended = await asyncio.shield(leg.ended)
        if ended.how is Farewell.FAR_END and leg.dialog.refer_status in _ACCEPTED:
            # Many carriers say BYE as soon as they have taken the caller over, and no more.
            return Transferred(Outcome.ANSWERED, None, progress, detail="they left unreported")
        return Transferred(Outcome.CALLER_GONE, status, progress, detail=detail)
    try:
        await hold_on(leg, on=False)
    except StackFailed as error:
        _log.warning("a caller could not be taken back from hold: %s", error)
    status = status or leg.dialog.refer_status or None
    if status is None or status in _ACCEPTED:
        # They took the REFER and never told how it went.
        return Transferred(Outcome.NO_ANSWER, None, progress, detail=detail)
    return Transferred(outcome_of(status), status, progress, detail=detail)


def _refused(refusal: Refusal) -> Transferred:
    return Transferred(Outcome.BLOCKED, refusal=refusal, detail=f"not transferred: {refusal}")
