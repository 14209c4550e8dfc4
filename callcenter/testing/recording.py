"""Recording: both sides of a call on the caller's clock, and the times that follow from it."""

from __future__ import annotations

import statistics
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

FRAME = 0.02
_LOUD = 250.0
"""Root mean square of 16-bit samples above which a frame is sound: well over comfort noise."""
_PAUSE = 0.5
"""Silence that ends an utterance; shorter ones are breaths or words apart."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Somebody speaks, from `start` to `end` in seconds."""

    start: float
    end: float


@dataclass(slots=True)
class Recording:
    """Frame by frame what the caller said and what the caller heard."""

    rate: int
    said: bytearray = field(default_factory=bytearray)
    heard: bytearray = field(default_factory=bytearray)

    def add(self, said: bytes, heard: bytes) -> None:
        """Both sides of the same 20 ms; the shorter is filled with silence."""
        size = max(len(said), len(heard))
        self.said += said.ljust(size, b"\0")
        self.heard += heard.ljust(size, b"\0")

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.heard) / 2 / self.rate

    def write(self, path: Path) -> None:
        """A stereo WAV: caller left, agent right."""
        left, right = (np.frombuffer(bytes(side), np.int16) for side in (self.said, self.heard))
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(np.column_stack((left, right)).tobytes())

    @property
    def caller(self) -> list[Stretch]:
        """When the caller spoke."""
        return list(_stretches(_levels(self.said, self.rate)))

    @property
    def agent(self) -> list[Stretch]:
        """When the agent spoke, as it arrived at the caller."""
        return list(_stretches(_levels(self.heard, self.rate)))

    def agent_is_loud(self, last: float = FRAME) -> bool:
        """Whether the agent could be heard in the last seconds."""
        size = 2 * int(self.rate * last)
        return any(level > _LOUD for level in _levels(self.heard[-size:], self.rate))

    @property
    def reply_delays(self) -> list[float]:
        """From the caller's last sound to the agent's first, for every turn."""
        replies = [stretch.start for stretch in self.agent]
        found = []
        for turn, following in _with_next(self.caller):
            until = following.start if following else self.seconds
            first = next((start for start in replies if turn.end <= start < until), None)
            if first is not None:
                found.append(first - turn.end)
        return found

    @property
    def stop_delays(self) -> list[float]:
        """From the caller's onset over the agent to the agent's silence."""
        return [
            agent.end - caller.start
            for caller in self.caller
            for agent in self.agent
            if agent.start < caller.start < agent.end
        ]

    def longest_gap(self) -> float:
        """The longest silence inside an utterance of the agent."""
        loud = _levels(self.heard, self.rate) > _LOUD
        longest = 0.0
        for stretch in self.agent:
            run = 0
            for frame in loud[round(stretch.start / FRAME) : round(stretch.end / FRAME)]:
                run = 0 if frame else run + 1
                longest = max(longest, run * FRAME)
        return longest


@dataclass(frozen=True, slots=True)
class Delays:
    """A few figures of many delays, in seconds."""

    p50: float
    p95: float
    worst: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Delays:
        """Zeroes if there are none."""
        if not values:
            return cls(0.0, 0.0, 0.0, 0)
        ordered = sorted(values)
        p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        return cls(statistics.median(ordered), p95, ordered[-1], len(ordered))


def _levels(pcm: bytes | bytearray, rate: int) -> np.ndarray:
    size = int(rate * FRAME)
    samples = np.frombuffer(bytes(pcm), np.int16).astype(np.float64)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    return np.sqrt((frames**2).mean(axis=1)) if len(frames) else np.zeros(0)


def _stretches(levels: np.ndarray) -> Iterator[Stretch]:
    start = end = None
    for number, level in enumerate(levels):
        now = number * FRAME
        if level > _LOUD:
            start = now if start is None else start
            end = now + FRAME
        elif start is not None and end is not None and now - end >= _PAUSE:
            yield Stretch(start, end)
            start = end = None
    if start is not None and end is not None:
        yield Stretch(start, end)


def _with_next(items: list[Stretch]) -> Iterator[tuple[Stretch, Stretch | None]]:
    for number, item in enumerate(items):
        yield item, items[number + 1] if number + 1 < len(items) else None
