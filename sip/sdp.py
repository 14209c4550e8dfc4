"""SDP: the stack believes that all the world is this machine; the front tells each side the truth.

The stack opens its RTP ports on every interface, but it wants a local address that matches the
first c= line of an offer, and with its SIP port on loopback it knows no other than 127.0.0.1.
"""

from __future__ import annotations

import re

_OWN = b"127.0.0.1"
_CONNECTION = re.compile(rb"^c=IN IP4 ([0-9.]{7,15})(?:/\d+)*[ \t]*\r?$", re.MULTILINE)
_ORIGIN = re.compile(rb"^(o=\S+ \S+ \S+ IN IP4 )[0-9.]{7,15}", re.MULTILINE)
_MEDIA = re.compile(rb"^m=", re.MULTILINE)


def outward(body: bytes, host: str) -> bytes:
    """What we send: sound comes to the address by which the other side knows us."""
    told = host.encode()
    body = _ORIGIN.sub(rb"\g<1>" + told, body)
    return _CONNECTION.sub(b"c=IN IP4 " + told + b"\r", body)


def inward(body: bytes) -> bytes:
    """What the stack gets: the address stands at each medium, where it counts more."""
    found = _MEDIA.search(body)
    start = found.start() if found else len(body)
    session, media = body[:start], body[start:]
    address = _CONNECTION.search(session)
    if not media or (address is not None and address[1] == _OWN):
        return body
    loopback = b"c=IN IP4 " + _OWN + b"\r"
    if address is not None:
        session = _CONNECTION.sub(loopback, session)
    else:
        # Only media have addresses: a session line before t= does not change them.
        session = re.sub(rb"^t=", loopback + b"\nt=", session, count=1, flags=re.MULTILINE)
    parts = [b"m=" + part for part in re.split(rb"^m=", media, flags=re.MULTILINE)[1:]]
    if address is not None:
        parts = [_addressed(part, address[1]) for part in parts]
    return session + b"".join(parts)


def _addressed(part: bytes, address: bytes) -> bytes:
    if _CONNECTION.search(part):
        return part
    head, newline, rest = part.partition(b"\n")
    return head + newline + b"c=IN IP4 " + address + b"\r\n" + rest
