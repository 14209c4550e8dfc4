"""Listener: one caller's speech, found by voice activity and turned into words.

While somebody speaks, a quick decoder gives interim words. After a short pause all of the utterance
is decoded again, thoroughly: by then the level, the noise and the whole sentence are known. If the
pause lasts, that result is final; if speech goes on, it was an interim one.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from callcenter.offline.decoders import Decoders
from callcenter.offline.expected import Answer
from callcenter.offline.telephone_band import FRAME_SECONDS, RATE, features

Samples = npt.NDArray[np.int16]
Kind = Literal["start", "interim", "final", "end"]

WINDOW = 512
"""Samples that voice activity is judged by."""
_WINDOW_SECONDS = WINDOW / RATE
_NOTHING = np.zeros(0, np.int16)


class Word(NamedTuple):
    """A word with its times in seconds of the stream and how sure it is, from 0 to 1."""

    text: str
    start: float
    end: float
    confidence: float


class Heard(NamedTuple):
    """Something to report; times are seconds of the stream."""

    kind: Kind
    start: float
    end: float
    words: tuple[Word, ...] = ()

    @property
    def text(self) -> str:
        """The words in a row."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """How speech is cut out of a stream; seconds, and probabilities of speech."""

    begins_above: float = 0.5
    goes_on_above: float = 0.35
    shortest: float = 0.064
    kept_before: float = 0.3
    kept_after: float = 0.25
    glance: float = 0.19
    """Pause after which the utterance is decoded thoroughly."""
    patience: float = 0.4
    """Pause that ends an utterance."""
    interim_every: float = 0.32
    longest: float = 20.0
    least_confidence: float = 0.0

    @property
    def wants_interim(self) -> bool:
        """Whether interim words are of any use."""
        return math.isfinite(self.interim_every)


class Listener:
    """Give it sound with `hear`; it answers with what there is to report."""

    def __init__(self, decoders: Decoders, activity: Any, attention: Attention) -> None:
        self.expected: Answer = "anything"
        self._decoders = decoders
        self._activity = activity
        self._how = attention
        self._rest = _NOTHING
        self._seconds = 0.0
        windows = math.ceil(attention.kept_before / _WINDOW_SECONDS)
        self._before: deque[Samples] = deque(maxlen=windows + 2)
        self._voiced = 0.0
        self._utterance: _Utterance | None = None

    def hear(self, samples: Samples, *, hurried: bool = False) -> list[Heard]:
        """Take in sound of 16 kHz; in a hurry interim words are left out."""
        found: list[Heard] = []
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // WINDOW * WINDOW
        self._rest = samples[whole:]
        for at in range(0, whole, WINDOW):
            found += self._window(samples[at : at + WINDOW], hurried=hurried)
        return found

    def finish(self) -> list[Heard]:
        """End an utterance that is still going on."""
        if self._utterance is None:
            return []
        return self._ended(self._utterance)

    def close(self) -> None:
        """Give back what was borrowed."""
        if self._utterance is not None:
            self._utterance.close()
            self._utterance = None

    def _window(self, window: Samples, *, hurried: bool) -> list[Heard]:
        speaking = self._activity.predict(window)
        self._seconds += _WINDOW_SECONDS
        utterance = self._utterance
        if utterance is None:
            return self._waited(window, speaking)
        utterance.add(window)
        if speaking > self._how.goes_on_above:
            utterance.spoken_until = self._seconds
        pause = self._seconds - utterance.spoken_until
        if pause >= self._how.patience or self._seconds - utterance.start > self._how.longest:
            return self._ended(utterance)
        if pause >= self._how.glance:
            return utterance.glance()
        utterance.glanced = None
        return [] if hurried else utterance.listen(self._how.interim_every)

    def _waited(self, window: Samples, speaking: float) -> list[Heard]:
        self._before.append(window)
        self._voiced = self._voiced + _WINDOW_SECONDS if speaking > self._how.begins_above else 0.0
        if self._voiced < self._how.shortest:
            return []
        start = self._seconds - self._voiced
        first = self._seconds - len(self._before) * _WINDOW_SECONDS
        self._utterance = _Utterance(
            self._decoders, self.expected, list(self._before), start, first, self._how
        )
        self._utterance.spoken_until = self._seconds
        self._before.clear()
        self._voiced = 0.0
        return [Heard("start", start, start)]

    def _ended(self, utterance: _Utterance) -> list[Heard]:
        words = utterance.thoroughly()
        utterance.close()
        # The pause may belong to what follows: "four four seven … one two two".
        self._before.extend(utterance.last(self._before.maxlen or 1))
        self._utterance = None
        end = min(utterance.spoken_until, self._seconds)
        found = [Heard("final", utterance.start, end, words)] if words else []
        return [*found, Heard("end", utterance.start, end)]


class _Utterance:
    """The sound from shortly before somebody speaks until now, and what was made of it."""

    def __init__(
        self,
        decoders: Decoders,
        expected: Answer,
        windows: list[Samples],
        start: float,
        first: float,
        attention: Attention,
    ) -> None:
        self.start = start
        self.spoken_until = start
        self.glanced: tuple[Word, ...] | None = None
        self._first = first
        self._windows = windows
        self._how = attention
        self._decoders = decoders
        self._expected = expected
        self._quick = decoders.borrow(expected) if attention.wants_interim else None
        self._listened = 0
        self._shown = ""

    def add(self, window: Samples) -> None:
        """More sound."""
        self._windows.append(window)

    def last(self, count: int) -> list[Samples]:
        """The end of the sound."""
        return self._windows[-count:]

    def listen(self, every: float) -> list[Heard]:
        """Interim words, at times."""
        due = self._listened * WINDOW / RATE + every <= len(self._windows) * WINDOW / RATE
        if self._quick is None or not due:
            return []
        self._listened = len(self._windows)
        return self._show(self._timed(self._quick.more(features(self._sound()))))

    def glance(self) -> list[Heard]:
        """Words of a thorough decoding in a pause, once."""
        if self.glanced is not None:
            return []
        return self._show(self.thoroughly())

    def thoroughly(self) -> tuple[Word, ...]:
        """The best that can be made of all sound so far."""
        if self.glanced is None:
            end = self.spoken_until + self._how.kept_after - self._first
            sound = self._sound()[: int(end * RATE)]
            words = self._timed(self._decoders.thoroughly(features(sound), self._expected))
            sure = sum(word.confidence for word in words) / max(len(words), 1)
            self.glanced = words if sure >= self._how.least_confidence else ()
        return self.glanced

    def close(self) -> None:
        """Give the quick decoder back."""
        if self._quick is not None:
            self._decoders.give_back(self._quick)
            self._quick = None

    def _sound(self) -> Samples:
        return np.concatenate(self._windows)

    def _show(self, words: tuple[Word, ...]) -> list[Heard]:
        text = " ".join(word.text for word in words)
        if not text or text == self._shown:
            return []
        self._shown = text
        return [Heard("interim", self.start, self.spoken_until, words)]

    def _timed(self, words: list[tuple[str, int, int, float]]) -> tuple[Word, ...]:
        begin = self._first
        return tuple(
            Word(text, begin + FRAME_SECONDS * start, begin + FRAME_SECONDS * (end + 1), sure)
            for text, start, end, sure in words
        )
