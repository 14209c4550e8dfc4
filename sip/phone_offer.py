"""PhoneOffer: somebody rings a PhoneLine."""

from __future__ import annotations

import asyncio

from sip.dialog import Final
from sip.leg import Leg
from sip.line import CallerGone, Ended, Farewell
from sip.phone_leg import PhoneLeg
from sip.stack import StackFailed
from sip.status import phrase

_ACK_SECONDS = 2.0
"""After that the caller hears us although we have not seen the ACK: better than a mute agent."""
_LEAST, _MOST = 400, 699


class PhoneOffer:
    """An incoming call that nobody has decided on yet."""

    def __init__(self, phone: PhoneLeg, *, department: str, dialled: str) -> None:
        self.phone = phone
        self._department = department
        self._dialled = dialled

    @property
    def leg(self) -> Leg:
        """Who calls whom."""
        return self.phone.leg

    @property
    def department(self) -> str:
        """Who is to answer."""
        return self._department

    @property
    def dialled(self) -> str:
        """What was dialled, as it came."""
        return self._dialled

    @property
    def live(self) -> PhoneLeg:
        """The connection; it has sound before the answer if the trunk has early media."""
        return self.phone

    @property
    def gone(self) -> asyncio.Future[Ended]:
        """Done when the caller gives up."""
        return self.phone.ended

    async def accept(self) -> PhoneLeg:
        """200 OK."""
        phone = self.phone
        if phone.native is None or phone.ended.done():
            raise CallerGone("the caller gave up before we answered")
        try:
            await phone.native.answer()
        except StackFailed as error:
            raise CallerGone(str(error)) from error
        answered, _ = await asyncio.wait({phone.established}, timeout=_ACK_SECONDS)
        if answered and not phone.established.result():
            raise CallerGone("the caller gave up while we answered")
        return phone

    async def reject(self, status: int = 486, *, retry_after: int | None = None) -> None:
        """Say no; nothing happens if they are gone already."""
        if not _LEAST <= status <= _MOST:
            raise ValueError(f"{status} turns nobody down; use 400 to 699")
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.phone.dialog.final = Final(status, phrase(status), headers)
        await self.phone.hang_up(Farewell.REFUSED)
