"""How well the offline ears hear the demo's callers over the phone, and how quickly.

    python tests/bench/bench_ears.py             # held-out lines: what docs/offline-speech.md shows
    python tests/bench/bench_ears.py --tuning    # the other half, with every mistake

Piper speaks the lines, at four combinations of speed and pitch; it is one synthetic voice, so real
callers are heard worse. Everything passes G.711 µ-law at 8 kHz. Plain PocketSphinx with its own
model of English hears the same sound, cut to the same silence around it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import psutil
from livekit import rtc
from livekit.agents import stt

sys.path.insert(0, str(Path(__file__).parents[2]))

from callcenter.offline.ears import OfflineEars
from callcenter.offline.expected import answer_to
from callcenter.offline.mouth import RATE, Manner, Piece, spoken_piece
from callcenter.phone import aloud
from tests.bench.caller_lines import CallerLine, caller_lines, lines_by_others
from tests.bench.phone_sound import over_the_phone, resampled
from tests.bench.word_errors import Errors

Samples = npt.NDArray[np.int16]
_MANNERS = (Manner(), Manner(0.87), Manner(1.1, 1.12), Manner(0.95, 0.92))
_NOISES = (None, 20.0, 10.0)
_SILENCE = 0.5
_LIVE_LINES = 12
_QUESTIONS = ("why", "how", "is", "can", "could", "when", "what", "are", "am")


class Sound(NamedTuple):
    """A spoken line, before the phone."""

    line: CallerLine
    samples: npt.NDArray[np.float64]

    def heard(self, noise: float | None, after: float = 1.0) -> Samples:
        """As it arrives."""
        seed = len(self.line.words)
        return over_the_phone(
            self.samples, RATE, noise=noise, before=_SILENCE, after=after, seed=seed
        )


async def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tuning", action="store_true", help="the lines for tuning, with mistakes")
    arguments = parser.parse_args()
    lines = caller_lines(held_out=not arguments.tuning)
    if not arguments.tuning:
        lines += lines_by_others()
    sounds = [_spoken(line, _MANNERS[at % len(_MANNERS)]) for at, line in enumerate(lines)]
    seconds = sum(len(sound.samples) for sound in sounds) / RATE
    print(
        f"{len(lines)} lines, {sum(len(line.words.split()) for line in lines)} words, "
        f"{seconds:.0f} s of speech; {'tuning' if arguments.tuning else 'held out'}\n"
    )
    with tempfile.TemporaryDirectory() as cache:
        started = time.perf_counter()
        ears = OfflineEars(aloud().sayings, cache=Path(cache))
        print(f"language models made in {time.perf_counter() - started:.1f} s\n")
        try:
            await _accuracy(ears, sounds, show=arguments.tuning)
            await _digits(ears, [line for line in lines if line.kind == "digits"])
            await _speed(ears, sounds)
        finally:
            await ears.aclose()


async def _accuracy(ears: OfflineEars, sounds: list[Sound], *, show: bool) -> None:
    plain = _plain_pocketsphinx()
    for noise in _NOISES:
        ours: dict[str, Errors] = {}
        unasked: dict[str, Errors] = {}
        theirs: dict[str, Errors] = {}
        for sound in sounds:
            line, arrived = sound.line, sound.heard(noise)
            heard = await _heard(ears, arrived, line.asked)
            if noise is None:
                _count(unasked, line, await _heard(ears, arrived, ""))
                _count(theirs, line, plain(arrived))
            if _count(ours, line, heard) and show and noise is None:
                print(f"  said  {line.words}\n  heard {heard}\n")
        print(f"word errors, {'no noise' if noise is None else f'white noise {noise:g} dB below'}")
        columns = {"ours": ours, "ours, question unknown": unasked, "plain PocketSphinx": theirs}
        print(" " * 16 + "".join(f"{name:>30}" for name, sums in columns.items() if sums))
        for kind in ours:
            print(
                f"  {kind:14}" + "".join(f"{sums[kind]!s:>30}" for sums in columns.values() if sums)
            )
        print()


async def _digits(ears: OfflineEars, lines: list[CallerLine]) -> None:
    """Every string of digits in every manner: fifteen lines are too few to tell per cents."""
    for noise in _NOISES[:2]:
        found = Errors()
        for manner in _MANNERS:
            for line in lines:
                arrived = _spoken(line, manner).heard(noise)
                found.add(line.words, await _heard(ears, arrived, line.asked))
        level = "no noise" if noise is None else f"noise {noise:g} dB below"
        print(f"digits in all {len(_MANNERS)} manners, {level}: {found}")
    print()


async def _speed(ears: OfflineEars, sounds: list[Sound]) -> None:
    """In real time, one caller after the other."""
    process = psutil.Process(ears.hearing.pid)
    first, last, stalls, audio = [], [], [], 0.0
    spent, own = sum(process.cpu_times()[:2]), sum(psutil.Process().cpu_times()[:2])
    for sound in sounds[:: max(1, len(sounds) // _LIVE_LINES)]:
        arrived = sound.heard(None)
        loud = np.flatnonzero(np.abs(arrived) > 300)
        began, ended = loud[0] / 8000, loud[-1] / 8000
        events, stall = await _live(ears, arrived)
        audio += len(arrived) / 8000
        stalls.append(stall)
        words = [at for at, kind in events if kind is stt.SpeechEventType.INTERIM_TRANSCRIPT]
        finals = [at for at, kind in events if kind is stt.SpeechEventType.FINAL_TRANSCRIPT]
        first += [words[0] - began] if words else []
        last += [finals[-1] - ended] if finals else []
    spent = sum(process.cpu_times()[:2]) - spent
    own = sum(psutil.Process().cpu_times()[:2]) - own
    print("in real time, one caller")
    print(f"  first interim words after onset  {_spread(first)}")
    print(f"  final words after end of speech  {_spread(last)}")
    print(f"  CPU of the ears' process         {100 * spent / audio:.1f} % of a core")
    print(f"  CPU of ours (pacing included)    {100 * own / audio:.1f} % of a core")
    print(f"  longest stall of the event loop  {1000 * max(stalls):.0f} ms")
    print(f"  memory of the ears' process      {process.memory_info().rss / 1e6:.0f} MB")


async def _heard(ears: OfflineEars, arrived: Samples, asked: str) -> str:
    ears.expect(answer_to(asked))
    frame = rtc.AudioFrame(arrived.tobytes(), 8000, 1, len(arrived))
    return (await ears.recognize(frame)).alternatives[0].text


async def _live(
    ears: OfflineEars, arrived: Samples
) -> tuple[list[tuple[float, stt.SpeechEventType]], float]:
    stall = 0.0
    async with ears.stream() as stream:
        started = time.perf_counter()

        async def push() -> None:
            nonlocal stall
            for at in range(0, len(arrived) - 159, 160):
                due = started + at / 8000 + 0.02
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                stall = max(stall, time.perf_counter() - due)
                stream.push_frame(rtc.AudioFrame(arrived[at : at + 160].tobytes(), 8000, 1, 160))
            stream.end_input()

        pushing = asyncio.create_task(push())
        events = [(time.perf_counter() - started, event.type) async for event in stream]
        await pushing
    return events, stall


def _spoken(line: CallerLine, manner: Manner) -> Sound:
    sign = "?" if line.words.split()[0] in _QUESTIONS else "."
    sound = spoken_piece(Piece(line.words + sign), manner)
    return Sound(line, np.frombuffer(sound, np.int16).astype(np.float64))


def _plain_pocketsphinx() -> Callable[[Samples], str]:
    from pocketsphinx import Decoder

    decoder: Any = Decoder(loglevel="FATAL")

    def hear(arrived: Samples) -> str:
        speech = arrived[int(8000 * (_SILENCE - 0.3)) : -int(8000 * 0.7)]
        wide = resampled(speech.astype(np.float64), 8000, 16_000).astype(np.int16)
        decoder.start_utt()
        decoder.process_raw(wide.tobytes(), full_utt=True)
        decoder.end_utt()
        best = decoder.hyp()
        return best.hypstr if best else ""

    return hear


def _count(sums: dict[str, Errors], line: CallerLine, heard: str) -> int:
    if line.kind != "others' lines":
        sums.setdefault("all", Errors()).add(line.words, heard)
    return sums.setdefault(line.kind, Errors()).add(line.words, heard)


def _spread(values: list[float]) -> str:
    if not values:
        return "never"
    return f"median {statistics.median(values):.2f} s, longest {max(values):.2f} s"


if __name__ == "__main__":
    asyncio.run(main())
