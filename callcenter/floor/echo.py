"""EchoCanceller: takes the agent's own voice out of what comes back from the caller's phone.

Phone networks and loudspeakers return it 20 to 30 dB softer and up to half a second later, which is
loud enough to make an agent interrupt itself. WebRTC's canceller finds the delay by itself.
"""

from __future__ import annotations

from livekit import rtc

_STEP = 100
"""Steps a second that the canceller wants: 10 ms each."""


class EchoCanceller:
    """One call's canceller; give it what went out, then what came in, always in step."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._size = 2 * rate // _STEP
        self._module = rtc.AudioProcessingModule(echo_cancellation=True)
        self._sent = bytearray()

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
            near = self._frame(pcm[step * self._size : (step + 1) * self._size])
            self._module.process_stream(near)
            cleaned += bytes(near.data)
        return bytes(cleaned) + pcm[steps * self._size :]

    def _out(self) -> None:
        part = bytes(self._sent[: self._size]).ljust(self._size, b"\0")
        del self._sent[: self._size]
        self._module.process_reverse_stream(self._frame(part))

    def _frame(self, pcm: bytes) -> rtc.AudioFrame:
        return rtc.AudioFrame(bytearray(pcm), self._rate, 1, len(pcm) // 2)
