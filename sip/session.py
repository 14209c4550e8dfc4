"""Session timers (RFC 4028): the caller refreshes; whoever does not is taken for gone."""

from __future__ import annotations

import re
import time

from sip.dialog import Dialog
from sip.guard import Refusal
from sip.message import Message
from sip.refusing import No

_LEAST_SECONDS = 90
_EXPIRES = re.compile(r"(\d{1,9})\s*(?:;.*)?")


def refuse_session(invite: Message) -> No | None:
    """An interval that RFC 4028 calls too small is turned down with the smallest good one."""
    wish = _wish(invite)
    if 0 < wish < _LEAST_SECONDS and _supports_timer(invite):
        headers = {"Min-SE": str(_LEAST_SECONDS)}
        return No(Refusal.HEADER, 422, "Session Interval Too Small", headers)
    return None


def wish_session(dialog: Dialog, invite: Message) -> None:
    """Take up the caller's timer. If we were to refresh, we do as if we had never heard of it."""
    value = (invite.get("Session-Expires") or "").lower().replace(" ", "")
    if _supports_timer(invite) and "refresher=uas" not in value:
        dialog.session_seconds = _wish(invite)


def seal_session(answer: Message, dialog: Dialog) -> None:
    """Write the timer into a 2xx and start it again."""
    if not dialog.session_seconds or dialog.side != "in":
        return
    answer.set("Session-Expires", f"{dialog.session_seconds};refresher=uac")
    answer.set("Require", "timer")
    dialog.refreshed(time.monotonic())


def _wish(invite: Message) -> int:
    found = _EXPIRES.fullmatch((invite.get("Session-Expires") or "").strip())
    return int(found[1]) if found else 0


def _supports_timer(invite: Message) -> bool:
    tags = ",".join((*invite.all("Supported"), *invite.all("Require"))).lower()
    return "timer" in {tag.strip() for tag in tags.split(",")}
