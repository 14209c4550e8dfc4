"""Phones: how words sound, from the recogniser's dictionary; unknown words by parts or letters.

A word that the dictionary lacks is cut into two words it has ("fair" + "haven", "over" + "due") or
into a word and an ending. Where that fails, letters are turned into sounds by a short table, which
is right for regular spellings only: names that are spelled otherwise belong into `spoken_as`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})

SPOKEN_AS: Mapping[str, str] = MappingProxyType(
    {
        "router": "R AW T ER",
        "okafor": "OW K AH F AO R",
        "lindqvist": "L IH N D K V IH S T",
        "aisha": "AY IY SH AH",
        "priya": "P R IY Y AH",
        "raman": "R AA M AH N",
        "mhm": "M HH M",
        "mm": "M",
        "tuesday": "T UW Z D EY",
    }
)
"""Sounds that neither the dictionary nor the spelling tells; added to those it has."""

_ENTRY = re.compile(r"(\S+?)(?:\(\d+\))?\s+(.+)")
_SHORTEST_PART = 3
_ENDINGS = (
    ("ing", "IH NG"),
    ("ers", "ER Z"),
    ("er", "ER"),
    ("'s", "Z"),
    ("s", "Z"),
    ("ed", "D"),
)

# Longest spelling first; `_` is a place at the edge of the word.
_LETTERS = {
    "tion": "SH AH N", "sion": "ZH AH N", "ture": "CH ER", "ough": "AO", "augh": "AO",
    "eigh": "EY", "igh": "AY", "tch": "CH", "sch": "SK", "dge": "JH", "qu": "K W", "ck": "K",
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ng": "NG", "gh": "G", "kn": "N",
    "wr": "R", "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "oa": "OW", "oi": "OY",
    "oy": "OY", "ai": "EY", "ay": "EY", "ei": "EY", "ey": "IY", "ie": "IY", "au": "AO", "aw": "AO",
    "ew": "UW", "ue": "UW", "ui": "UW", "ar": "AA R", "or": "AO R", "er": "ER", "ir": "ER",
    "ur": "ER", "ce": "S EH", "ci": "S IH", "cy": "S IY", "ge": "JH EH", "gi": "JH IH", "bb": "B",
    "cc": "K", "dd": "D", "ff": "F", "gg": "G", "ll": "L", "mm": "M", "nn": "N", "pp": "P",
    "rr": "R", "ss": "S", "tt": "T", "zz": "Z", "e_": "", "y_": "IY", "_y": "Y", "a_": "AH",
    "o_": "OW", "es_": "Z", "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G",
    "h": "HH", "i": "IH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P",
    "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IH",
    "z": "Z", "é": "EY", "ñ": "N Y", "ü": "UW", "ö": "ER", "ä": "EH",
}  # fmt: skip
_LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW"}
_MAGIC_E = re.compile(r"([aeiou])([bcdfgklmnprstvz])e$")
_LONGEST_SPELLING = max(map(len, _LETTERS))


class Phones:
    """Pronunciations of the words of a dictionary file."""

    def __init__(self, dictionary: Path, spoken_as: Mapping[str, str] = _NOTHING) -> None:
        self._known: dict[str, list[str]] = {}
        for line in dictionary.read_text(encoding="utf-8").splitlines():
            if entry := _ENTRY.fullmatch(line.strip()):
                self._known.setdefault(entry[1], []).append(entry[2])
        for word, sound in {**SPOKEN_AS, **spoken_as}.items():
            self._known.setdefault(word, []).append(sound)

    def __contains__(self, word: object) -> bool:
        return word in self._known

    @property
    def words(self) -> Iterable[str]:
        """Every word that is known."""
        return self._known.keys()

    def of(self, word: str) -> list[str]:
        """All ways to say a word, each as phones with blanks; none if it has no letter."""
        return self._known.get(word) or self._by_parts(word) or _by_letters(word)

    def write(self, words: Iterable[str], path: Path) -> list[str]:
        """Write a dictionary of these words only; returns those that were guessed."""
        guessed, lines = [], []
        for word in sorted(set(words)):
            if word not in self:
                guessed.append(word)
            for number, sound in enumerate(self.of(word), 1):
                lines.append(f"{word}{f'({number})' if number > 1 else ''} {sound}\n")
        path.write_text("".join(lines), encoding="utf-8")
        return guessed

    def _by_parts(self, word: str) -> list[str]:
        for at in range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):
            first, second = self._known.get(word[:at]), self._known.get(word[at:])
            if first and second:
                return [f"{first[0]} {second[0]}"]
        for ending, sound in _ENDINGS:
            stem = word.removesuffix(ending)
            if stem != word and (known := self._known.get(stem) or self._known.get(stem + "e")):
                return [f"{known[0]} {sound}"]
        return []


def _by_letters(word: str) -> list[str]:
    """Sounds by spelling; what is no letter is silent."""
    spelled = word.lower()
    long_at = -1
    if magic := _MAGIC_E.search(spelled):
        long_at = magic.start(1)
    edged, sounds, at = f"_{spelled}_", list[str](), 0
    while at < len(edged):
        if at == long_at + 1 and long_at >= 0:
            sounds.append(_LONG[edged[at]])
            at += 1
            continue
        for size in range(_LONGEST_SPELLING, 0, -1):
            piece = edged[at : at + size]
            if len(piece) == size and piece in _LETTERS:
                sounds += _LETTERS[piece].split()
                at += size
                break
        else:
            at += 1
    return [" ".join(sounds)] if sounds else []
