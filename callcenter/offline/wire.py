"""Wire: messages to the ears' process: a letter, the stream's number, a length, and the load.

Back come lines of JSON with the stream's number and a `kind`: ready, start, interim, final, end,
flushed.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

OPEN, SOUND, EXPECT, FLUSH, CLOSE = b"O", b"S", b"E", b"F", b"C"
_HEAD = struct.Struct("<cII")


class Message(NamedTuple):
    """One message."""

    what: bytes
    stream: int
    load: bytes = b""

    def packed(self) -> bytes:
        """As it goes over the wire."""
        return _HEAD.pack(self.what, self.stream, len(self.load)) + self.load


def read(source: BinaryIO) -> Message | None:
    """The next message; nothing at the end of the input."""
    head = source.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    what, stream, length = _HEAD.unpack(head)
    load = source.read(length)
    return Message(what, stream, load) if len(load) == length else None
