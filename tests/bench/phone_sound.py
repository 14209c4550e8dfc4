"""Phone sound: what a G.711 line makes of clean speech, for measuring ears."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float64]
_LOUD = 10_000


def resampled(sound: Sound, rate: float, wanted: int) -> Sound:
    """The same sound at another rate."""
    length = round(len(sound) * wanted / rate)
    spectrum = np.fft.rfft(sound)
    kept = np.zeros(length // 2 + 1, complex)
    lines = min(len(kept), len(spectrum))
    kept[:lines] = spectrum[:lines]
    return np.asarray(np.fft.irfft(kept, length) * length / len(sound))


def phone_band(sound: Sound) -> Sound:
    """What passes a telephone's 300 to 3400 Hz, of 8 kHz sound."""
    frequencies = np.fft.rfftfreq(len(sound), 1 / 8000)
    rising, falling = (frequencies - 200) / 100, (3600 - frequencies) / 200
    gain = np.clip(rising, 0, 1) * np.clip(falling, 0, 1)
    return np.asarray(np.fft.irfft(np.fft.rfft(sound) * gain, len(sound)))


def noisy(sound: Sound, decibels: float | None, seed: int = 0) -> Sound:
    """White noise so much below the speech; none for None."""
    if decibels is None:
        return sound
    power = np.sqrt(np.mean(sound[np.abs(sound) > _LOUD / 50] ** 2))
    noise = np.random.default_rng(seed).normal(size=len(sound))
    return np.asarray(sound + noise * power * 10 ** (-decibels / 20))


def mu_law(sound: Sound) -> Sound:
    """There and back through G.711 µ-law."""
    size = np.minimum(np.abs(sound), 32635) + 132
    segment = np.clip(np.floor(np.log2(size)) - 7, 0, 7)
    step = np.floor(size / 2 ** (segment + 3)) % 16
    return np.asarray(np.sign(sound) * ((step * 2 + 33) * 2 ** (segment + 2) - 132))


def over_the_phone(
    sound: Sound,
    rate: float,
    *,
    noise: float | None = None,
    before: float = 0.5,
    after: float = 1.0,
    seed: int = 0,
) -> npt.NDArray[np.int16]:
    """Clean speech as it arrives at 8 kHz, with silence before and after."""
    narrow = phone_band(resampled(sound, rate, 8000))
    narrow *= _LOUD / np.max(np.abs(narrow))
    padded = np.concatenate([np.zeros(int(8000 * before)), narrow, np.zeros(int(8000 * after))])
    return mu_law(noisy(padded, noise, seed)).astype(np.int16)
