"""Message: one SIP message, read strictly and written afresh; nothing odd passes through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

MAX_BYTES = 8192
"""The native stack reads at most this much from a datagram; nothing a phone sends is longer."""
_MAX_HEADERS = 96
_MAX_VALUE = 2048
_LONG = {
    "v": "Via", "f": "From", "t": "To", "i": "Call-ID", "m": "Contact", "l": "Content-Length",
    "c": "Content-Type", "k": "Supported", "s": "Subject", "e": "Content-Encoding",
    "o": "Event", "u": "Allow-Events", "r": "Refer-To", "b": "Referred-By",
    "x": "Session-Expires",
}  # fmt: skip
_KNOWN = {
    name.lower(): name
    for name in (
        *_LONG.values(), "CSeq", "Max-Forwards", "Route", "Record-Route", "WWW-Authenticate",
        "Authorization", "Proxy-Authorization", "Proxy-Authenticate", "Retry-After", "Min-SE",
        "Require", "RSeq", "RAck", "Content-Disposition", "P-Asserted-Identity", "User-Agent",
    )
}  # fmt: skip
_ONCE = frozenset(
    {"from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type"}
)
_SPLIT = frozenset({"via", "route", "record-route"})
_WORD = r"[A-Za-z0-9!%*_+`'~.-]+"
_REQUEST = re.compile(rf"({_WORD}) (\S{{1,512}}) SIP/2\.0")
_RESPONSE = re.compile(r"SIP/2\.0 ([1-6]\d\d) ?([^\x00-\x1f\x7f]*)")
_HEADER = re.compile(rf"({_WORD})[ \t]*:[ \t]*(.*)", re.DOTALL)
_CSEQ = re.compile(rf"(\d{{1,10}})[ \t]+({_WORD})")
_URI = re.compile(r"(?i:sips?|tel):[^\s<>\"\x00-\x20\x7f]{1,500}")
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])"
_VIA = re.compile(
    rf"SIP ?/ ?2\.0 ?/ ?(?P<transport>[A-Za-z-]{{2,10}})[ \t]+"
    rf"(?P<host>{_HOST})(?:[ \t]*:[ \t]*(?P<port>\d{{1,5}}))?(?P<params>[ \t]*;.*)?"
)
_PARAM = re.compile(r";[ \t]*([A-Za-z0-9_.!%*+`'~-]+)(?:[ \t]*=[ \t]*(\"[^\"]*\"|[^;,\s\"]+))?")
_ADDRESS = re.compile(
    r"[ \t]*(?:(?:(\"(?:[^\"\\]|\\.)*\")|([^\"<>;,:]*?))[ \t]*<([^<>]+)>|([^\s<>\";,?]+))"
    r"[ \t]*((?:;.*)?)",
    re.DOTALL,
)
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MAX_PORT = 65535
_MAX_CALL_ID = 256
_MAX_CSEQ = 2**31


class Malformed(ValueError):
    """The bytes are no SIP message that we want to see; the text says why."""


@dataclass(frozen=True, slots=True)
class Via:
    """One hop that a message has passed."""

    transport: str
    host: str
    port: int | None
    params: dict[str, str]

    @classmethod
    def parse(cls, value: str) -> Self:
        """Read one value of a Via header."""
        found = _VIA.fullmatch(value)
        if not found:
            raise Malformed("unreadable Via")
        port = int(found["port"]) if found["port"] else None
        if port is not None and not 0 < port <= _MAX_PORT:
            raise Malformed("port out of range in Via")
        return cls(found["transport"].upper(), found["host"], port, params_of(found["params"]))

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        tail = "".join(f";{name}={value}" if value else f";{name}"
                       for name, value in self.params.items())  # fmt: skip
        return f"SIP/2.0/{self.transport} {self.host}{port}{tail}"


@dataclass(frozen=True, slots=True)
class Address:
    """Who: what a From, To, Contact or Refer-To header names."""

    display: str
    uri: str
    params: dict[str, str]

    @classmethod
    def parse(cls, value: str) -> Self:
        """Read a name-addr or an addr-spec."""
        found = _ADDRESS.fullmatch(value)
        if not found:
            raise Malformed("unreadable address")
        quoted, plain, bracketed, bare, tail = found.groups()
        uri = bracketed or bare or ""
        if not _URI.fullmatch(uri):
            raise Malformed("unreadable URI in an address")
        display = quoted[1:-1] if quoted else (plain or "").strip()
        return cls(display, uri, params_of(tail))

    def renamed(self, uri: str) -> str:
        """The same party with another URI, as a header's value."""
        tag = self.params.get("tag")
        return f"<{uri}>;tag={tag}" if tag else f"<{uri}>"

    @property
    def user(self) -> str:
        """The part before the @, or the number of a tel: URI."""
        return user_of(self.uri)


@dataclass(slots=True)
class Message:
    """A request (`method`, `uri`) or a response (`status`, `reason`) with its headers in order."""

    method: str
    uri: str = ""
    status: int = 0
    reason: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a whole message; raises Malformed for anything that is not exactly one."""
        if len(data) > MAX_BYTES:
            raise Malformed("too long")
        head, found, body = data.partition(b"\r\n\r\n")
        if not found:
            raise Malformed("no end of the headers")
        start, headers = _lines(head)
        message = cls(*_started(start))
        message.headers = headers
        message.body = _cut(body, message.get("Content-Length"))
        _check(message)
        return message

    def encode(self) -> bytes:
        """The message as it goes on the wire."""
        start = (
            f"SIP/2.0 {self.status} {self.reason}"
            if self.status
            else f"{self.method} {self.uri} SIP/2.0"
        )
        self.set("Content-Length", str(len(self.body)))
        lines = [start, *(f"{name}: {value}" for name, value in self.headers), "", ""]
        return "\r\n".join(lines).encode() + self.body

    def get(self, name: str) -> str | None:
        """The first header of this name."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[str]:
        """Every header of this name."""
        wanted = name.lower()
        return (value for known, value in self.headers if known.lower() == wanted)

    def set(self, name: str, value: str) -> None:
        """Replace all headers of this name with one, in the first one's place."""
        wanted = name.lower()
        for at, (known, _) in enumerate(self.headers):
            if known.lower() == wanted:
                self.headers[at] = (known, value)
                rest = self.headers[at + 1 :]
                self.headers[at + 1 :] = [h for h in rest if h[0].lower() != wanted]
                return
        self.headers.append((name, value))

    def replace(self, name: str, value: str) -> None:
        """Write another value into the first header of this name, if there is one."""
        wanted = name.lower()
        for at, (known, _) in enumerate(self.headers):
            if known.lower() == wanted:
                self.headers[at] = (known, value)
                return

    def remove(self, name: str) -> None:
        """Drop all headers of this name."""
        wanted = name.lower()
        self.headers = [h for h in self.headers if h[0].lower() != wanted]

    def push(self, name: str, value: str) -> None:
        """Put a header before all others of its name."""
        self.headers.insert(0, (name, value))

    def pop(self, name: str) -> None:
        """Drop the first header of this name."""
        wanted = name.lower()
        for at, (known, _) in enumerate(self.headers):
            if known.lower() == wanted:
                del self.headers[at]
                return

    @property
    def via(self) -> Via:
        """The newest hop."""
        return Via.parse(self.get("Via") or "")

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.get("Call-ID") or ""

    @property
    def sequence(self) -> int:
        """The number in CSeq."""
        return int((self.get("CSeq") or "0").split()[0])

    @property
    def from_(self) -> Address:
        """Who sends the request."""
        return Address.parse(self.get("From") or "")

    @property
    def to(self) -> Address:
        """Whom the request is for."""
        return Address.parse(self.get("To") or "")

    @property
    def from_tag(self) -> str:
        """The sender's half of the dialog's name."""
        return self.from_.params.get("tag", "")

    @property
    def to_tag(self) -> str:
        """The receiver's half of the dialog's name; empty before there is a dialog."""
        return self.to.params.get("tag", "")

    def reply(
        self, status: int, reason: str, *, tag: str, headers: dict[str, str] | None = None
    ) -> Message:
        """A response to this request."""
        answer = Message(self.method, status=status, reason=reason)
        for name, value in self.headers:
            if name.lower() in ("via", "from", "call-id", "cseq"):
                answer.headers.append((name, value))
            elif name.lower() == "to":
                answer.headers.append((name, value if self.to_tag else f"{value};tag={tag}"))
        answer.headers += (headers or {}).items()
        return answer


def params_of(text: str | None) -> dict[str, str]:
    """The ;name=value pairs, names in lower case."""
    return {name.lower(): value for name, value in _PARAM.findall(text or "")}


def user_of(uri: str) -> str:
    """The user of a SIP URI or the number of a tel: URI, without parameters."""
    _, _, rest = uri.partition(":")
    if "@" not in rest:
        return rest.partition(";")[0] if uri[:4].lower() == "tel:" else ""
    return rest.rpartition("@")[0].partition(":")[0].partition(";")[0]


def _started(line: str) -> tuple[str, str, int, str]:
    request = _REQUEST.fullmatch(line)
    if request:
        if not _URI.fullmatch(request[2]):
            raise Malformed("unreadable request URI")
        return request[1], request[2], 0, ""
    response = _RESPONSE.fullmatch(line)
    if response:
        return "", "", int(response[1]), response[2][:64]
    raise Malformed("no SIP start line")


def _lines(head: bytes) -> tuple[str, list[tuple[str, str]]]:
    text = head.decode("utf-8", "replace")
    unfolded = re.sub(r"\r\n[ \t]+", " ", text)
    start, *lines = unfolded.split("\r\n")
    if len(lines) > _MAX_HEADERS:
        raise Malformed("too many headers")
    headers: list[tuple[str, str]] = []
    for line in lines:
        found = _HEADER.fullmatch(line)
        # A lone CR or LF would be a header of the sender's own making for a laxer parser.
        if not found or len(line) > _MAX_VALUE or _CONTROLS.search(line):
            raise Malformed("unreadable header")
        name, value = found[1], found[2].strip()
        name = _LONG.get(name.lower(), name)
        name = _KNOWN.get(name.lower(), name)
        values = _split(value) if name.lower() in _SPLIT else [value]
        headers += ((name, each) for each in values)
    return start, headers


def _split(value: str) -> list[str]:
    parts = re.findall(r'(?:"(?:[^"\\]|\\.)*"|<[^<>]*>|[^,"<>])+', value)
    return [part.strip() for part in parts if part.strip()]


def _cut(body: bytes, length: str | None) -> bytes:
    if length is None:
        return body
    if not length.isascii() or not length.isdigit() or int(length[:9]) > len(body):
        raise Malformed("truncated body or unreadable Content-Length")
    return body[: int(length)]


def _check(message: Message) -> None:
    names = [name.lower() for name, _ in message.headers]
    for name in ("via", "from", "to", "call-id", "cseq"):
        if name not in names:
            raise Malformed(f"no {name} header")
    for name in _ONCE:
        if names.count(name) > 1:
            raise Malformed(f"more than one {name} header")
    sequence = _CSEQ.fullmatch(message.get("CSeq") or "")
    if not sequence or int(sequence[1]) >= _MAX_CSEQ:
        raise Malformed("unreadable CSeq")
    if message.status:
        message.method = sequence[2]
    elif sequence[2] != message.method:
        raise Malformed("CSeq names another method")
    _check_routing(message)


def _check_routing(message: Message) -> None:
    for via in message.all("Via"):
        Via.parse(via)
    if not message.via.params.get("branch"):
        raise Malformed("no branch in Via")
    if not message.from_tag:
        raise Malformed("no tag in From")
    _ = message.to
    if not 0 < len(message.call_id) <= _MAX_CALL_ID or re.search(r"[\s<>\"]", message.call_id):
        raise Malformed("unreadable Call-ID")
    hops = message.get("Max-Forwards")
    if hops is not None and not re.fullmatch(r"\d{1,3}", hops):
        raise Malformed("unreadable Max-Forwards")
    for contact in message.all("Contact"):
        if contact != "*":
            Address.parse(_split(contact)[0] if contact else "")
