"""Manners: what RFC 3261 wants checked and written at every hop, whoever is calling."""

from __future__ import annotations

import socket

from sip.guard import Refusal
from sip.message import Message, Via
from sip.refusing import No
from sip.wire import Peer

_EXTENSIONS = frozenset({"", "timer", "replaces", "norefersub"})
_PORT = 5060


def wrong_with(invite: Message, *, own_port: int, mark: str) -> No | None:
    """Why nobody could take this INVITE; `mark` begins every branch of ours."""
    for via in map(Via.parse, invite.all("Via")):
        if via.port == own_port and via.params.get("branch", "").startswith(mark):
            return No(Refusal.LOOP, 482, "Loop Detected")
    required = {tag.strip() for value in invite.all("Require") for tag in value.split(",")}
    unknown = ", ".join(sorted(required - _EXTENSIONS))
    if unknown:
        return No(Refusal.HEADER, 420, "Bad Extension", {"Unsupported": unknown})
    if invite.uri[:4].lower() == "sips":
        return No(Refusal.NUMBER, 416, "Unsupported URI Scheme")
    kind = (invite.get("Content-Type") or "").partition(";")[0].strip().lower()
    if invite.body and kind != "application/sdp":
        return No(Refusal.HEADER, 415, "Unsupported Media Type", {"Accept": "application/sdp"})
    if not invite.get("Contact"):
        return No(Refusal.MALFORMED, 400, "Missing Contact")
    return None


def stamp(request: Message, peer: Peer) -> None:
    """RFC 3581: write where it really came from, whatever it says."""
    via = request.via
    via.params["received"] = peer.host
    if "rport" in via.params:
        via.params["rport"] = str(peer.port)
    request.replace("Via", str(via))


def towards(via: Via, connection: int) -> Peer:
    """Where a response goes: to where its request really came from, never where it says."""
    host = via.params.get("received", via.host)
    port = int(via.params.get("rport") or via.port or _PORT)
    return Peer(host, port, "tcp" if via.transport == "TCP" else "udp", connection)


def facing(peer: Peer) -> str:
    """The address of ours that this peer sees, when we listen on all of them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((peer.host, peer.port))
        return str(probe.getsockname()[0])
