"""What in-dialog bodies say: digits in INFO, progress in the NOTIFY of a transfer."""

from __future__ import annotations

import re

from sip.message import Message

_SIGNAL = re.compile(rb"^[ \t]*Signal[ \t]*=[ \t]*([0-9A-Da-d*#]|1[0-5])[ \t]*\r?$", re.MULTILINE)
_DURATION = re.compile(rb"^[ \t]*Duration[ \t]*=[ \t]*(\d{1,5})[ \t]*\r?$", re.MULTILINE)
_PLAIN = re.compile(rb"\s*([0-9A-Da-d*#]|1[0-5])\s*")
_FRAGMENT = re.compile(rb"SIP/2\.0 ([1-6]\d\d)\b")
_NUMBERED = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
_USUAL_MS = 160


def digit_of(kind: str, body: bytes) -> tuple[str, int] | None:
    """The digit of an INFO and how long it was pressed (ms); None if the body is no digit."""
    if kind == "application/dtmf-relay":
        signal, duration = _SIGNAL.search(body), _DURATION.search(body)
        length = int(duration[1]) if duration else _USUAL_MS
    elif kind == "application/dtmf":
        signal, length = _PLAIN.fullmatch(body), _USUAL_MS
    else:
        return None
    if signal is None:
        return None
    text = signal[1].decode().upper()
    return _NUMBERED.get(text, text), length


def progress_of(notify: Message) -> int:
    """The SIP status that a transfer's NOTIFY tells of, 0 if none."""
    found = _FRAGMENT.match(notify.body)
    return int(found[1]) if found else 0
