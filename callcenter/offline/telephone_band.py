"""Telephone band: speech features for a recogniser trained on 16 kHz, from 8 kHz phone audio.

A phone line ends at 3.4 kHz, but the acoustic model expects sound up to 6.8 kHz: without it "zero"
becomes "two". What is missing is filled in, not in the sound but in the features: each mel band is
estimated from the eighteen that a phone line carries, by a table learned once with least squares
(`tests/bench/learn_band.py`). Steady noise is subtracted before. Sound that has its upper half,
such as a browser's, is taken as it is.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

RATE = 16_000
FRAME_SECONDS = 0.01
COEFFICIENTS = 13
CARRIED = slice(1, 19)
"""The mel bands that a phone line carries."""

Array = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]

_STEP = 160
_WINDOW = 410
_SPECTRUM = 512
_BANDS, _LOWEST, _HIGHEST = 25, 130.0, 6800.0
_LIFTER = 22
_ABOVE_PHONE = slice(21, 25)

_SUBTRACTED = 1.5
"""How much of the noise is taken off: a bit more than there is leaves fewer ghosts."""
_LEAST_LEFT = 0.05
_SILENCE_BELOW_PEAK = 9.0
"""In noise everything quieter than e**-9 of the loudest counts as equally silent."""
_NOISY_BELOW_DB = 30.0
_WIDE_ABOVE_DB = -38.0
"""Power above 4 kHz, relative to that below, from which on sound is no telephone's."""


def features(samples: npt.NDArray[np.int16]) -> Features:
    """The cepstra of an utterance with some silence around it; empty if it is too short."""
    bands = mel_powers(samples)
    if len(bands) < 3:
        return np.zeros((0, COEFFICIENTS), np.float32)
    if is_wide(bands):
        return cepstra(logarithm(bands))
    noisy = signal_to_noise(bands) < _NOISY_BELOW_DB
    known = denoised(bands, silence_is_flat=noisy)[:, CARRIED]
    table = _tables()["noisy" if noisy else "clean"]
    return np.asarray(known @ table[:-1] + table[-1], np.float32)


def mel_powers(samples: npt.NDArray[np.int16]) -> Array:
    """Power in each mel band every 10 ms, as the acoustic model was trained on."""
    count = (len(samples) - _WINDOW) // _STEP + 1
    if count < 1:
        return np.zeros((0, _BANDS))
    # The faintest noise, always the same: digital silence has no logarithm.
    sound = samples + _dither(len(samples))
    sharpened = np.append(sound[0], sound[1:] - 0.97 * sound[:-1])
    frames = np.lib.stride_tricks.sliding_window_view(sharpened, _WINDOW)[::_STEP][:count]
    spectrum = np.abs(np.fft.rfft(frames * np.hamming(_WINDOW), _SPECTRUM)) ** 2
    return np.asarray(spectrum @ _filters().T)


def denoised(bands: Array, *, silence_is_flat: bool) -> Array:
    """Logarithms of the bands without steady noise."""
    left = np.maximum(bands - _SUBTRACTED * _noise(bands), _LEAST_LEFT * bands)
    found = logarithm(left)
    if silence_is_flat:
        peak = np.percentile(found[:, CARRIED], 98)
        found = np.maximum(found, peak - _SILENCE_BELOW_PEAK)
    return found


def logarithm(bands: Array) -> Array:
    """The logarithm, as the recogniser takes it."""
    return np.asarray(np.log(np.maximum(bands, 1e-4)))


def cepstra(logarithms: Array) -> Features:
    """Cepstral coefficients of full mel bands."""
    return np.asarray(logarithms @ cosines(), np.float32)


def signal_to_noise(bands: Array) -> float:
    """Decibels between loud and quiet moments, in the bands that a phone line carries."""
    power = bands[:, CARRIED].sum(axis=1)
    return float(10 * np.log10(np.percentile(power, 95) / max(np.percentile(power, 8), 1e-9)))


def is_wide(bands: Array) -> bool:
    """Whether there is sound that a phone line would have cut off."""
    loud = bands[np.argsort(bands[:, CARRIED].sum(axis=1))[-max(5, len(bands) // 2) :]]
    above, below = loud[:, _ABOVE_PHONE].mean(), loud[:, CARRIED].mean()
    return bool(10 * np.log10((above + 1e-9) / (below + 1e-9)) > _WIDE_ABOVE_DB)


@cache
def cosines() -> Array:
    """Mel bands to coefficients: the cosine transform with the recogniser's liftering."""
    order, band = np.arange(COEFFICIENTS), np.arange(_BANDS)
    table = np.cos(np.pi * order[None, :] * (band[:, None] + 0.5) / _BANDS) * np.sqrt(2 / _BANDS)
    table[:, 0] /= np.sqrt(2)
    return np.asarray(table * (1 + _LIFTER / 2 * np.sin(order * np.pi / _LIFTER)))


def _noise(bands: Array) -> Array:
    """The mean of the quietest moments."""
    quietest = np.argsort(bands.sum(axis=1))[: max(5, len(bands) // 10)]
    return np.asarray(bands[quietest].mean(axis=0))


@cache
def _tables() -> dict[str, Array]:
    file = resources.files("callcenter.offline") / "telephone_band.json"
    tables: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return {name: np.asarray(rows, np.float64) for name, rows in tables.items()}


@cache
def _filters() -> Array:
    """Triangles of equal area, their corners rounded to the spectrum's lines."""
    width = RATE / _SPECTRUM
    mels = np.linspace(_mel(_LOWEST), _mel(_HIGHEST), _BANDS + 2)
    corners = np.floor(700 * (10 ** (mels / 2595) - 1) / width + 0.5) * width
    lines = np.arange(_SPECTRUM // 2 + 1) * width
    low, middle, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising, falling = (lines - low) / (middle - low), (high - lines) / (high - middle)
    return np.asarray(np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low))


def _mel(frequency: float) -> float:
    return float(2595 * np.log10(1 + frequency / 700))


@cache
def _noise_row() -> Array:
    return np.random.default_rng(0).normal(size=RATE)


def _dither(length: int) -> Array:
    return np.resize(_noise_row(), length)
