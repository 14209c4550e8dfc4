"""Decoders: PocketSphinx with our language models; a thorough one, and quick ones to borrow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from callcenter.offline.expected import ANSWERS, Answer
from callcenter.offline.telephone_band import COEFFICIENTS, Features

Timed = tuple[str, int, int, float]
"""A word, its first and last frame, and how sure it is."""

_SPOKEN = re.compile(r"[a-z]")
_VARIANT = re.compile(r"\(\d+\)$")
_USUAL_MEAN = "40.7,1.7,-1.1,11.3,2.1,-4.4,-1.1,-5.8,-3.8,2.4,-2.5,-2.0,-5.2"
"""The average sound of a phone call, until there is one."""


class Quick:
    """Decodes an utterance while it is spoken, with a first search only."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self._fed = 0

    def begin(self, expected: Answer, mean: str) -> None:
        """Start an utterance; `mean` are the coefficients of the average sound so far."""
        self._decoder.activate_search(expected)
        self._decoder.set_cmn(mean)
        self._decoder.start_utt()
        self._fed = 0

    def more(self, found: Features) -> list[Timed]:
        """The words so far; `found` are the features of the whole utterance up to now."""
        fresh = found[self._fed :]
        self._fed = len(found)
        if len(fresh):
            self._decoder.process_cep(np.ascontiguousarray(fresh).tobytes())
        best = self._decoder.hyp()
        if best is None:
            return []
        words = [_VARIANT.sub("", word) for word in best.hypstr.split()]
        return [(word, 0, self._fed, 0.5) for word in words if _is_word(word)]

    def end(self) -> None:
        """Forget the utterance."""
        self._decoder.end_utt()


class Decoders:
    """All decoders of a process. They are not safe for threads: one thread uses them all."""

    def __init__(self, folder: Path, *, most_quick: int = 8) -> None:
        self._folder = folder
        self._thorough = _decoder(folder)
        self._idle: list[Quick] = []
        self._made = 0
        self._most = most_quick
        self._mean = _USUAL_MEAN

    def borrow(self, expected: Answer) -> Quick | None:
        """A quick decoder in the middle of nothing; none if too many are out."""
        if not self._idle and self._made < self._most:
            self._idle.append(Quick(_decoder(self._folder, fwdflat=False, bestpath=False)))
            self._made += 1
        if not self._idle:
            return None
        quick = self._idle.pop()
        quick.begin(expected, self._mean)
        return quick

    def give_back(self, quick: Quick) -> None:
        """Take a quick decoder back, whatever it was doing."""
        quick.end()
        self._idle.append(quick)

    def thoroughly(self, found: Features, expected: Answer) -> list[Timed]:
        """The words of a whole utterance."""
        if len(found) < 10:
            return []
        self._mean = ",".join(f"{value:.2f}" for value in found.mean(axis=0)[:COEFFICIENTS])
        decoder = self._thorough
        decoder.activate_search(expected)
        decoder.start_utt()
        decoder.process_cep(np.ascontiguousarray(found).tobytes(), full_utt=True)
        decoder.end_utt()
        if decoder.hyp() is None:
            return []
        return [
            (_VARIANT.sub("", part.word), part.start_frame, part.end_frame, min(1.0, part.prob))
            for part in decoder.seg() or ()
            if _is_word(part.word)
        ]


def _decoder(folder: Path, **search: bool) -> Any:
    from pocketsphinx import Decoder

    # Looking ahead (pl_window) loses every word when features come in blocks.
    decoder = Decoder(
        lm=None, dict=str(folder / "words.dict"), loglevel="FATAL", pl_window=0, **search
    )
    for answer in ANSWERS:
        decoder.add_lm_file(answer, str(folder / f"{answer}.lm"))
    return decoder


def _is_word(text: str) -> bool:
    return _SPOKEN.match(text) is not None
