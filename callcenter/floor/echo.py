"""EchoCanceller: takes the agent's own voice out of what comes back from the caller's phone.

Phone networks and loudspeakers return it 20 to 30 dB softer and up to half a second later, which is
loud enough to make an agent interrupt itself. WebRTC's canceller finds the delay itself; but on a
line without echo it takes the caller for one, so it is only used where an echo is found: the
loudness of what comes back rises and falls with what went out.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from livekit import rtc

_STEP = 100
"""Steps a second that the canceller wants: 10 ms each."""
_LAGS = 50
"""The longest delay that is looked for, in steps."""
_WATCHED = 150
_ALIKE = 0.75
_LOUD = 100.0
_EVERY = 10


class EchoCanceller:
    """One call's canceller; give it what went out, then what came in, always in step."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._size = 2 * rate // _STEP
        self._module = rtc.AudioProcessingModule(echo_cancellation=True)
        self._sent = bytearray()
        self._far: deque[float] = deque(maxlen=_WATCHED)
        self._near: deque[float] = deque(maxlen=_WATCHED)
        self._steps = 0
        self._echoes: bool | None = None
        """Whether the line echoes; None until the agent has spoken long enough to tell."""

    def sent(self, pcm: bytes) -> None:
        """What really left towards the caller since the last call."""
        self._sent += pcm

    def cleaned(self, pcm: bytes) -> bytes:
        """What the caller said, without our echo; as long as what was given."""
        steps = len(pcm) // self._size
        surplus = len(self._sent) // self._size - 5 * steps
        for _ in range(max(0, surplus)):
            # Out of step after a hold or a stall: the canceller must not lag behind for ever.
            self._out()
        cleaned = bytearray()
        for step in range(steps):
            self._out()
            raw = pcm[step * self._size : (step + 1) * self._size]
            near = self._frame(raw)
            # Always running, so that it knows the line by the time it is needed.
            self._module.process_stream(near)
            self._near.append(_loudness(raw))
            self._judge()
            cleaned += raw if self._echoes is False else bytes(near.data)
        return bytes(cleaned) + pcm[steps * self._size :]

    def _out(self) -> None:
        part = bytes(self._sent[: self._size]).ljust(self._size, b"\0")
        del self._sent[: self._size]
        self._far.append(_loudness(part))
        self._module.process_reverse_stream(self._frame(part))

    def _judge(self) -> None:
        """Look now and then; an echo that was found once stays."""
        self._steps += 1
        if self._echoes or self._steps % _EVERY or len(self._far) < _WATCHED:
            return
        far, near = np.array(self._far), np.array(self._near)
        if np.count_nonzero(far[:-_LAGS] > _LOUD) < _STEP // 2:
            return
        window = far[: _WATCHED - _LAGS]
        likeness = max(_alike(window, near[lag : lag + len(window)]) for lag in range(_LAGS))
        self._echoes = likeness > _ALIKE

    def _frame(self, pcm: bytes) -> rtc.AudioFrame:
        return rtc.AudioFrame(bytearray(pcm), self._rate, 1, len(pcm) // 2)


def _loudness(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, np.int16).astype(np.float64)
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0


def _alike(far: np.ndarray, near: np.ndarray) -> float:
    """How far two courses of loudness agree; 0 where nothing comes back."""
    if near.std() < 1.0 or far.std() < 1.0:
        return 0.0
    return float(np.corrcoef(far, near)[0, 1])
