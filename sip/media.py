"""Media: the 20 ms clock of a connection; hearing without gaps, saying with a known position."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

from sip.line import FRAME_SECONDS, Frame

POLL_SECONDS = 0.005
"""How often the native rings are looked at: often enough to tell a late frame from a lost one."""
_PATIENCE = 0.015
"""How late a frame may be before another is made up in its place."""
_FADING = (0.85, 0.55, 0.25)
"""Made-up frames get quieter and are silence after 60 ms (ITU-T G.711 Appendix I does alike)."""
_LEAD_SECONDS = 0.022
"""A frame is due one frame after the last one came, whatever lead the sender had before."""
_AHEAD_SECONDS = 0.3
"""What waits in the native ring: the sound goes on while the event loop is busy elsewhere."""


@dataclass(slots=True)
class Hearing:
    """Turns what arrives, when it arrives, into one frame every 20 ms."""

    rate: int
    heard: int = 0
    made_up: int = 0
    late: int = 0
    _buffer: bytearray = field(default_factory=bytearray)
    _due: float | None = None
    _history: bytes = b""
    _missing: int = 0
    """Made up in a row."""
    _debt: int = 0
    """Made up and perhaps only late: if they still come, as many are dropped."""

    def take(self, pcm: bytes, now: float) -> list[Frame]:
        """Add what arrived and get what is due; called every few milliseconds, also with b""."""
        self._buffer += pcm
        size = self._size
        if self._due is None:
            # The clock starts with the first sound, or with the first look.
            self._due = now
        frames: list[Frame] = []
        self._fill(frames, now, len(self._buffer) // size)
        while len(self._buffer) >= size:
            frame = bytes(self._buffer[:size])
            del self._buffer[:size]
            if self._debt and self._due - now > FRAME_SECONDS * 0.7:
                # Its place was taken: saying it now would put the whole call a frame behind.
                self._debt -= 1
                self.late += 1
                continue
            self._missing = 0
            self.heard += 1
            self._history = (self._history + frame)[-3 * size :]
            self._due += FRAME_SECONDS
            frames.append(Frame(frame, self.rate))
        if frames and not frames[-1].made_up:
            self._due = min(self._due, now + _LEAD_SECONDS)
        return frames

    @property
    def _size(self) -> int:
        return 2 * round(self.rate * FRAME_SECONDS)

    def _fill(self, frames: list[Frame], now: float, available: int) -> None:
        assert self._due is not None  # noqa: S101 - set by the only caller
        overdue = now - self._due
        if available:
            missing = math.floor(overdue / FRAME_SECONDS + 0.4) - (available - 1)
        elif overdue >= _PATIENCE:
            missing = math.floor((overdue - _PATIENCE) / FRAME_SECONDS) + 1
        else:
            missing = 0
        for _ in range(missing):
            frames.append(Frame(self._conceal(), self.rate, made_up=True))
            self._due += FRAME_SECONDS

    def _conceal(self) -> bytes:
        at = self._missing
        self._missing += 1
        self.made_up += 1
        if at >= len(_FADING) or len(self._history) < 3 * self._size:
            self._debt = 0 if at >= len(_FADING) else self._debt
            return bytes(self._size)
        self._debt += 1
        return _more_of(self._history, self.rate, at)


def _more_of(history: bytes, rate: int, at: int) -> bytes:
    """The sound goes on with its last pitch period, fading."""
    import numpy as np

    past = np.frombuffer(history, dtype="<i2").astype(np.float32)
    shortest, longest, size = rate // 400, rate // 66, round(rate * FRAME_SECONDS)
    recent = past[-size:]
    earlier = np.lib.stride_tricks.sliding_window_view(past, size)[-longest - 1 : -shortest]
    likeness = np.einsum("ij,j->i", earlier, recent)
    scores = (likeness / (np.sqrt(np.einsum("ij,ij->i", earlier, earlier)) + 1.0))[::-1]
    period = shortest + int(np.argmax(scores))
    # Every further frame goes on in the same period where the last one stopped.
    indexes = (np.arange(size) + at * size) % period
    start = 1.0 if at == 0 else _FADING[at - 1]
    gain = np.linspace(start, _FADING[at], size, dtype=np.float32)
    return bytes((past[-period:][indexes] * gain).astype("<i2").tobytes())


class Ring(Protocol):
    """What `Saying` needs of a native transmit ring."""

    def write(self, pcm: bytes) -> int:
        """Take what fits; how many bytes that was."""

    def waiting(self) -> int:
        """Bytes that were taken and did not go out yet."""

    def flush(self) -> None:
        """Drop what is waiting."""


@dataclass(slots=True)
class Saying:
    """Feeds a ring a little ahead and always knows what went out."""

    rate: int
    _backlog: bytearray = field(default_factory=bytearray)
    _ahead: bytearray = field(default_factory=bytearray)
    """A copy of what waits in the ring: a renegotiation empties it."""
    _sent: int = 0

    def add(self, pcm: bytes) -> None:
        """Say this after everything else."""
        self._backlog += pcm

    def feed(self, ring: Ring) -> None:
        """Account for what went out and top the ring up."""
        waiting = ring.waiting()
        gone = len(self._ahead) - waiting
        if gone > 0:
            del self._ahead[:gone]
            self._sent += gone
        room = 2 * int(self.rate * _AHEAD_SECONDS) - waiting
        if room <= 0 or not self._backlog:
            return
        taken = ring.write(bytes(self._backlog[: room - room % 2]))
        self._ahead += self._backlog[:taken]
        del self._backlog[:taken]

    def clear(self, ring: Ring | None) -> float:
        """Drop everything that did not go out; how many seconds that was."""
        if ring is not None:
            waiting = ring.waiting()
            ring.flush()
            self._sent += max(0, len(self._ahead) - waiting)
            left = min(len(self._ahead), waiting) + len(self._backlog)
        else:
            left = len(self._ahead) + len(self._backlog)
        self._ahead.clear()
        self._backlog.clear()
        return left / 2 / self.rate

    def restarted(self) -> None:
        """The ring was replaced: what it held has to be said again."""
        self._backlog[:0] = self._ahead
        self._ahead.clear()

    @property
    def played(self) -> float:
        """Seconds that went out."""
        return self._sent / 2 / self.rate

    @property
    def queued(self) -> float:
        """Seconds that wait, here and in the ring."""
        return (len(self._backlog) + len(self._ahead)) / 2 / self.rate
