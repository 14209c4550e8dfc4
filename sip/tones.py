"""Tones of the telephone network: made (digits, ringback, busy, SIT, beep) and heard (digits)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

ROWS = (697.0, 770.0, 852.0, 941.0)
COLUMNS = (1209.0, 1336.0, 1477.0, 1633.0)
_LAYOUT = ("123A", "456B", "789C", "*0#D")
_PAIRS = {
    key: (ROWS[row], COLUMNS[column])
    for row, keys in enumerate(_LAYOUT)
    for column, key in enumerate(keys)
}
_RATE = 8000
_FULL = 32767


def tone(
    frequencies: Iterable[float], seconds: float, *, rate: int = _RATE, level_db: float = -13.0
) -> bytes:
    """A sum of sines as PCM16; `level_db` is each one's peak below full scale."""
    import numpy as np

    times = np.arange(round(seconds * rate)) / rate
    height = _FULL * 10 ** (level_db / 20)
    parts = [np.sin(2 * math.pi * frequency * times) for frequency in frequencies]
    wave = height * np.sum(parts, axis=0) if parts else np.zeros(times.size)
    return bytes(np.clip(wave, -_FULL - 1, _FULL).astype("<i2").tobytes())


def silence(seconds: float, *, rate: int = _RATE) -> bytes:
    """Nothing, as PCM16."""
    return bytes(2 * round(seconds * rate))


def digits(keys: str, *, rate: int = _RATE, on: float = 0.1, off: float = 0.1) -> bytes:
    """DTMF as it sounds (ITU-T Q.23); raises KeyError for what is no key."""
    parts = []
    for key in keys.upper():
        parts += [tone(_PAIRS[key], on, rate=rate, level_db=-9.0), silence(off, rate=rate)]
    return b"".join(parts)


def ringback(*, rate: int = _RATE) -> bytes:
    """One round of the North American ringing tone: 2 s on, 4 s off."""
    return tone((440, 480), 2.0, rate=rate, level_db=-19.0) + silence(4.0, rate=rate)


def busy(*, rate: int = _RATE) -> bytes:
    """One round of the busy tone: 0.5 s on, 0.5 s off."""
    return tone((480, 620), 0.5, rate=rate, level_db=-24.0) + silence(0.5, rate=rate)


def special_information(*, rate: int = _RATE) -> bytes:
    """The three rising tones before "the number you have dialled …" (ITU-T E.180)."""
    return b"".join(tone((hertz,), 0.33, rate=rate) for hertz in (950, 1400, 1800))


def beep(*, rate: int = _RATE, seconds: float = 0.5) -> bytes:
    """An answering machine's 1 kHz beep."""
    return tone((1000,), seconds, rate=rate)


_BLOCK = 205
"""25.6 ms at 8 kHz: long enough to tell 697 from 770 Hz, short enough for a 40 ms digit."""
_HOP = 103
_DETUNED = (0.986, 1.0, 1.014)
"""ITU-T Q.24: accept 1.5 % off."""
_QUIETEST = 150.0
_SHARE = 0.62
"""The two tones' least share of all energy: speech has its energy elsewhere, too."""
_TWIST_DB = 9.0
_APART = 5.0
_HITS = 2
_MISSES = 2


@dataclass(slots=True)
class DigitEar:
    """Hears DTMF in PCM (Goertzel's sums, all frequencies at once); feed it frame after frame."""

    rate: int = _RATE
    _left: Any = None
    _key: str = ""
    _hits: int = 0
    _misses: int = 0
    _sounding: str = field(default="")

    def feed(self, pcm: bytes) -> list[str]:
        """The digits that began in this frame."""
        import numpy as np

        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
        if self.rate == 2 * _RATE:
            # Averaging neighbours is filter enough below 1.7 kHz.
            samples = samples.reshape(-1, 2).mean(axis=1)
        if self._left is not None:
            samples = np.concatenate((self._left, samples))
        found: list[str] = []
        start = 0
        while start + _BLOCK <= samples.size:
            key = self._step(_heard_in(samples[start : start + _BLOCK]))
            if key:
                found.append(key)
            start += _HOP
        self._left = samples[start:]
        return found

    def _step(self, key: str) -> str:
        if key and key == self._key:
            self._hits += 1
        else:
            self._key, self._hits = key, 1 if key else 0
        if self._sounding:
            self._misses = 0 if key == self._sounding else self._misses + 1
            if self._misses >= _MISSES:
                self._sounding = ""
        if self._hits >= _HITS and key != self._sounding:
            self._sounding, self._misses = key, 0
            return key
        return ""


@lru_cache(maxsize=1)
def _matrix() -> Any:
    import numpy as np

    hertz = np.array([f * d for f in (*ROWS, *COLUMNS) for d in _DETUNED], dtype=np.float64)
    phase = np.outer(hertz, np.arange(_BLOCK)) * (-2j * math.pi / _RATE)
    waves = np.exp(phase)
    return np.stack((waves.real, waves.imag)).astype(np.float32)


def _heard_in(block: Any) -> str:
    """The key that sounds in one block, or nothing."""
    import numpy as np

    energy = float((block * block).sum())
    if energy < _BLOCK * _QUIETEST**2:
        return ""
    # Not `@`: a BLAS keeps a thread for each core spinning over products as small as these.
    real, imaginary = np.einsum("pij,j->pi", _matrix(), block)
    sums = real**2 + imaginary**2
    # A pure sine of energy E gives E · N / 2.
    powers = sums.reshape(8, len(_DETUNED)).max(axis=1) / (energy * _BLOCK / 2)
    rows, columns = powers[:4], powers[4:]
    row, column = int(rows.argmax()), int(columns.argmax())
    low, high = float(rows[row]), float(columns[column])
    if low + high < _SHARE or min(low, high) <= 0:
        return ""
    if abs(10 * math.log10(low / high)) > _TWIST_DB:
        return ""
    second_row, second_column = sorted(rows)[-2], sorted(columns)[-2]
    if low < _APART * second_row or high < _APART * second_column:
        return ""
    return _LAYOUT[row][column]
