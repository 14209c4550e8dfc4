"""The 20 ms clock, in virtual time."""

from __future__ import annotations

import random

import numpy as np
import pytest

from sip import tones
from sip.line import Frame
from sip.media import POLL_SECONDS, Hearing, Saying

FRAME = 320


def played_out(arrivals: dict[int, float], seconds: float) -> tuple[Hearing, list[Frame]]:
    """Frame numbers and when they arrive; polled as the line does."""
    sound = tones.tone((440,), seconds + 1)
    hearing, frames, now = Hearing(8000), [], 0.0
    waiting = sorted(arrivals.items(), key=lambda item: item[1])
    while now < seconds:
        pcm = b""
        while waiting and waiting[0][1] <= now:
            number, _ = waiting.pop(0)
            pcm += sound[number * FRAME : (number + 1) * FRAME]
        frames += hearing.take(pcm, now)
        now += POLL_SECONDS
    return hearing, frames


def test_a_steady_stream_passes_untouched() -> None:
    """Nothing made up, nothing dropped."""
    hearing, frames = played_out({n: n * 0.02 for n in range(100)}, 2.0)
    assert (hearing.made_up, hearing.late, len(frames)) == (0, 0, 100)


@pytest.mark.parametrize("lost", [(10,), (10, 40, 70), (20, 21), (20, 21, 22, 23, 24)])
def test_each_lost_frame_is_made_up(lost: tuple[int, ...]) -> None:
    """As many frames as time passed, in the right place."""
    hearing, frames = played_out({n: n * 0.02 for n in range(100) if n not in lost}, 2.0)
    assert hearing.made_up == len(lost)
    assert len(frames) == 100
    assert [n for n, frame in enumerate(frames) if frame.made_up] == list(lost)


def test_a_made_up_frame_goes_on_in_pitch() -> None:
    """One lost frame of a tone is no click: the loudness stays within a few dB."""
    _, frames = played_out({n: n * 0.02 for n in range(50) if n != 20}, 1.0)
    level = [float(np.abs(np.frombuffer(f.pcm, "<i2").astype(int)).mean()) for f in frames]
    assert frames[20].made_up
    assert 0.7 < level[20] / level[19] <= 1.0


def test_jitter_within_a_poll_changes_nothing() -> None:
    """Frames that waver by a few milliseconds are neither late nor lost."""
    rng = random.Random(1)
    arrivals = {n: 0.01 + n * 0.02 + rng.uniform(-0.004, 0.004) for n in range(200)}
    hearing, frames = played_out(arrivals, 4.0)
    assert hearing.made_up <= 2
    assert len(frames) == pytest.approx(200, abs=2)


def test_a_stalled_loop_loses_nothing() -> None:
    """200 ms without a look: all ten frames are there, none is made up."""
    hearing, frames = Hearing(8000), []
    sound = tones.tone((440,), 2.0)
    for n in range(20):
        frames += hearing.take(sound[n * FRAME : (n + 1) * FRAME], n * 0.02)
    frames += hearing.take(sound[20 * FRAME : 30 * FRAME], 29 * 0.02)
    assert (len(frames), hearing.made_up) == (30, 0)


def test_silence_keeps_the_clock_on_hold() -> None:
    """Nothing arrives for a second: fifty frames of silence."""
    hearing, frames = played_out({}, 1.0)
    assert len(frames) == pytest.approx(50, abs=1)
    assert not any(frame.pcm.strip(b"\0") for frame in frames)
    assert hearing.heard == 0


class FakeRing:
    """A native ring of limited size that a test empties."""

    def __init__(self) -> None:
        self.held = b""

    def write(self, pcm: bytes) -> int:
        """Take it all."""
        self.held += pcm
        return len(pcm)

    def waiting(self) -> int:
        """What is left."""
        return len(self.held)

    def flush(self) -> None:
        """Throw it away."""
        self.held = b""


def test_the_position_counts_what_went_out() -> None:
    """Not what was given, nor what waits in the ring."""
    ring, saying = FakeRing(), Saying(8000)
    saying.add(bytes(16000))
    saying.feed(ring)
    assert len(ring.held) == 4800
    assert (saying.played, saying.queued) == (0, 1.0)
    ring.held = ring.held[1600:]
    saying.feed(ring)
    assert (saying.played, saying.queued) == (0.1, 0.9)
    assert saying.clear(ring) == pytest.approx(0.9)
    assert (saying.played, saying.queued) == (0.1, 0)


def test_a_renegotiation_loses_no_words() -> None:
    """What the old ring held is said again by the new one."""
    ring, saying = FakeRing(), Saying(8000)
    words = bytes(range(256)) * 40
    saying.add(words)
    saying.feed(ring)
    said = ring.held[:1600]
    ring.held = ring.held[1600:]
    saying.feed(ring)
    saying.restarted()
    fresh = FakeRing()
    while saying.queued:
        saying.feed(fresh)
        said += fresh.held
        fresh.held = b""
        saying.feed(fresh)
    assert said == words
