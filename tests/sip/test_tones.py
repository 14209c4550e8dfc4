"""Tones: what is made is heard, and what is no digit is not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sip import tones
from sip.tones import COLUMNS, ROWS, DigitEar

KEYS = "123A456B789C*0#D"
PAIRS = dict(zip(KEYS, itertools.product(ROWS, COLUMNS), strict=True))


def heard(pcm: bytes, rate: int = 8000) -> str:
    """What the ear makes of it, frame by frame."""
    ear, size = DigitEar(rate), rate // 50 * 2
    frames = (pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size))
    return "".join(key for frame in frames for key in ear.feed(frame))


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize(("on", "off"), [(0.04, 0.05), (0.05, 0.05), (0.1, 0.1), (0.5, 0.05)])
def test_every_key_is_heard_once(rate: int, on: float, off: float) -> None:
    """From the shortest tone of ITU-T Q.24 (40 ms) to a long press; doubles stay doubles."""
    pcm = tones.silence(0.1, rate=rate) + tones.digits(KEYS + "5500", rate=rate, on=on, off=off)
    assert heard(pcm + tones.silence(0.1, rate=rate), rate) == KEYS + "5500"


@pytest.mark.parametrize("offset", [-0.015, -0.01, 0.0, 0.01, 0.015])
def test_frequencies_may_be_a_little_off(offset: float) -> None:
    """Q.24: 1.5 % has to be accepted."""
    for key, (row, column) in PAIRS.items():
        sound = tones.tone((row * (1 + offset), column * (1 + offset)), 0.08)
        assert heard(sound + tones.silence(0.05)) == key


@pytest.mark.parametrize("offset", [-0.035, 0.035])
def test_frequencies_too_far_off_are_no_digits(offset: float) -> None:
    """Q.24: 3.5 % has to be rejected."""
    for row, column in PAIRS.values():
        sound = tones.tone((row * (1 + offset), column * (1 + offset)), 0.08)
        assert heard(sound + tones.silence(0.05)) == ""


@pytest.mark.parametrize("twist", [-8, -4, 4, 8])
def test_one_tone_may_be_louder(twist: int) -> None:
    """Long lines dampen the high tone more than the low one."""
    for key, (row, column) in PAIRS.items():
        low = np.frombuffer(tones.tone((row,), 0.08, level_db=-16), "<i2").astype(int)
        high = np.frombuffer(tones.tone((column,), 0.08, level_db=-16 + twist), "<i2").astype(int)
        assert heard((low + high).astype("<i2").tobytes() + tones.silence(0.05)) == key


@pytest.mark.parametrize("snr", [20, 10, 6])
def test_noise_on_the_line(snr: int) -> None:
    """Digits come through, and nothing else does."""
    clean = np.frombuffer(tones.digits(KEYS, on=0.08, off=0.06), "<i2").astype(float)
    level = np.sqrt((clean[clean != 0] ** 2).mean())
    noise = np.random.default_rng(7).normal(0, level / 10 ** (snr / 20), clean.size)
    assert heard(np.clip(clean + noise, -32768, 32767).astype("<i2").tobytes()) == KEYS


@pytest.mark.parametrize(
    "sound",
    [
        tones.silence(2),
        tones.ringback(),
        tones.busy(),
        tones.special_information(),
        tones.beep(),
        tones.tone((697,), 1.0),
        tones.tone((1336,), 1.0),
        tones.tone((697, 770), 1.0),
        np.random.default_rng(3).integers(-8000, 8000, 80000).astype("<i2").tobytes(),
        tones.digits("5", on=0.02),
    ],
    ids=["silence", "ringback", "busy", "sit", "beep", "row", "column", "rows", "noise", "short"],
)
def test_what_is_no_digit(sound: bytes) -> None:
    """The network's other tones, half a digit, noise and a click of 20 ms."""
    assert heard(sound + tones.silence(0.1)) == ""


def test_a_voice_is_no_digit() -> None:
    """Harmonics of a gliding pitch, a minute long."""
    times = np.arange(8000 * 60) / 8000
    pitch = 140 + 60 * np.sin(times * 1.7) + 20 * np.sin(times * 9)
    phase = 2 * np.pi * np.cumsum(pitch) / 8000
    wave = np.sum([np.sin(n * phase) / n for n in range(1, 14)], axis=0)
    assert heard((wave * 6000).astype("<i2").tobytes()) == ""


def test_what_is_no_key_cannot_be_pressed() -> None:
    """A letter beyond D is a mistake of the caller's."""
    with pytest.raises(KeyError):
        tones.digits("12E")
