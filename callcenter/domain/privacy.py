"""masked: numbers that could be somebody's secret are taken out of a text.

Card and account numbers, PINs, phone numbers and dates of birth go, written or spoken digit by
digit. Amounts of money, times, recent dates and our own ids stay, because people have to work with
what is left. When in doubt a number goes. One text is one look: digits that are spread over several
turns of a conversation have to be joined by whoever keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MASK = "••••"
_FEWEST = 4
_FEWEST_AFTER_HINT = 3
_LOOK_BACK = 60

_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?:\s?[ap]\.?m\b)?"
_ADDRESS = r"(?:(?:\d{1,3}\.){3}\d{1,3}:\d{2,5}|127\.0\.0\.1|localhost:\d{2,5})"
_UNIT = r"(?:\d{1,6}(?:\.\d+)?\s?(?:ms|seconds|minutes|hours|[kMG]?Hz|[kMG]B|bytes|%)|\d+\.\d+\s?s)"
_COIN = r"(?:dollars?|cents?|euros?|pounds?|USD|EUR|GBP)"
_TOKEN = re.compile(
    rf"""
    (?<![\w+])(?:
      (?P<date>20[2-9]\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])
        (?:[T\ ]{_TIME}(?:Z|[+-]\d\d:?\d\d)?)?)
    | (?P<keep>
        {_TIME}(?![:\d])
      | [$€£]\s?(?:\d{{1,3}}(?:,\d{{3}}){{1,3}}|\d{{1,7}})(?:\.\d{{1,2}})?
      | (?:\d{{1,3}}(?:,\d{{3}}){{1,3}}|\d{{1,7}})(?:\.\d{{1,2}})?\s?{_COIN}
      | T-\d{{4,6}}
      | c-[0-9a-f]{{6,16}}
      | [0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}
      | (?:[A-Z]{{2,4}}_|chatcmpl-|(?:item|speech|resp|req)_)
        (?=\d*[A-Za-z])[0-9A-Za-z]{{8,40}}
      | {_ADDRESS}
      | {_UNIT}
      | 0\.\d{{1,6}}(?![.,\-\ ]*\d)
      | (?:[vV]|(?:[Pp]ython|[Vv]ersion|[Rr]edis|[Vv]alkey|livekit[a-z-]*)[\ /=v]{{1,2}})
        \d+(?:\.\d+){{1,3}}
      )
    )(?!\w)
  | (?P<digits>\d+)(?P<ordinal>(?:st|nd|rd|th)\b)?
  | (?P<word>[^\W\d_]+)
    """,
    re.VERBOSE,
)

_UNITS = ("zero", "oh", "o", "nought", "naught", "nil", "one", "two", "three", "four", "five",
          "six", "seven", "eight", "nine", "niner")  # fmt: skip
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
          "eighteen", "nineteen")  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fourty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SPOKEN = {**dict.fromkeys(_UNITS, 1), **dict.fromkeys((*_TEENS, *_TENS), 2)}
_ANY_FIGURE = re.compile(
    rf"\d+|\b(?:{'|'.join((*_UNITS, *_TEENS, *_TENS, 'double', 'triple', 'treble'))})\b",
    re.IGNORECASE,
)
_TIMES = {"double": 1, "triple": 2, "treble": 2, "quadruple": 3}
# What a recogniser writes for a digit; believed only among single digits.
_HOMOPHONES = frozenset({"to", "too", "for", "fore", "won", "ate", "tree", "sicks"})
_FILLERS = frozenset({
    "uh", "um", "er", "erm", "hmm", "dash", "hyphen", "minus", "dot", "point", "period", "comma",
    "space", "slash", "stroke", "then", "next", "sorry", "again", "followed", "by", "star", "pound",
})  # fmt: skip
_GAP = re.compile(r"[\s\-‐‑–—.,;/\\()+_#*'\"…]{0,6}")  # people paste every dash
_SECRET_HINT = re.compile(
    r"\b(?:pin|cvv2?|cvc|security code|pass ?code|password|card|account|ssn|last four|digits?)\b",
    re.IGNORECASE,
)
_BIRTH_HINT = re.compile(r"\b(?:birth|born|birth ?da(?:y|te)|dob)\b", re.IGNORECASE)


def masked(text: str) -> str:
    """`text` with every run of 4 or more digits, written or spoken, replaced by ••••."""
    parts: list[str] = []
    done = 0
    for start, end in _secrets(text):
        parts += (text[done:start], MASK)
        done = end
    return "".join((*parts, text[done:]))


@dataclass(slots=True)
class _Run:
    """Digits that belong together so far, with what may or may not be one of them."""

    start: int
    first: int = -1
    last: int = -1
    end: int = -1
    weight: int = 0
    singles: int = 0
    doubts: int = 0
    """Words such as "for" and "to" that may have been four and two."""
    only_singles: bool = True
    doubtful_end: bool = False
    bonus: int = 0
    """What "double" adds to the next digit."""
    tens: bool = False
    """Whether the last word was "twenty" … "ninety", which the next digit completes."""

    def takes(self, weight: int) -> bool:
        """Whether a number of so many digits can go on with this run: "2 for 1", not "10 to 12"."""
        return weight == 1 or not self.doubtful_end

    def add(self, start: int, end: int, weight: int, *, tens: bool) -> None:
        completes = self.tens and weight == 1 and not self.bonus
        self.weight += self.bonus + (0 if completes else weight)
        self.singles += weight == 1
        self.only_singles &= weight == 1
        if self.first < 0:
            self.first = self.start if self.bonus else start
        self.last = self.end = end
        self.bonus, self.tens, self.doubtful_end = 0, tens, False

    def doubt(self, end: int, weight: int) -> None:
        self.doubts += weight
        self.end = end
        self.tens, self.doubtful_end = False, True

    def secret(self, text: str) -> tuple[int, int] | None:
        """Where the secret is, if this is one."""
        fewest = _FEWEST
        if 0 < self.weight < _FEWEST:
            before = text[max(0, self.start - _LOOK_BACK) : self.start]
            if _BIRTH_HINT.search(before):
                fewest = 1
            elif _SECRET_HINT.search(before):
                fewest = _FEWEST_AFTER_HINT
        if self.weight >= fewest:
            return _opened(text, self.first), self.last
        if self.singles >= _FEWEST_AFTER_HINT and self.weight + self.doubts >= fewest:
            return self.start, self.end
        return None


def hushed(text: str) -> str:
    """Hide every figure, however short: while a secret is asked for, it comes in pieces.

    "four eight … two one" over two breaths is a PIN although neither half looks like one.
    """
    return _ANY_FIGURE.sub("•", masked(text))


def _opened(text: str, start: int) -> int:
    """The start of a number together with its "+" and the bracket around its area code."""
    if start and text[start - 1] == "(" and ")" in text[start : start + 6]:
        start -= 1
    return start - 1 if start and text[start - 1] == "+" else start


def _secrets(text: str) -> Iterator[tuple[int, int]]:
    run: _Run | None = None
    seen = 0
    for token in _TOKEN.finditer(text):
        joined = _GAP.fullmatch(text, seen, token.start()) is not None
        seen = token.end()
        going_on = run if joined else None
        grown = _grown(going_on, token, text)
        if run is not None and grown is not run:
            found = run.secret(text)
            if found:
                yield found
        run = grown
    found = run.secret(text) if run is not None else None
    if found:
        yield found


def _grown(run: _Run | None, token: re.Match[str], text: str) -> _Run | None:
    """The run that holds this token: the same one, a new one, or None where none goes on."""
    weight, tens = _digits(token, run, text)
    if weight:
        if run is None or not run.takes(weight):
            run = _Run(token.start())
        run.add(token.start(), token.end(), weight, tens=tens)
        return run
    word = (token["word"] or "").lower()
    if word in _TIMES:
        run = run or _Run(token.start())
        run.bonus += _TIMES[word]
        return run
    if word in _HOMOPHONES and (run is None or run.only_singles):
        run = run or _Run(token.start())
        run.doubt(token.end(), 1)
        return run
    if word == "and" and run is not None and run.only_singles:
        run.doubt(run.end, 0)
        return run
    return run if word in _FILLERS else None


def _digits(token: re.Match[str], run: _Run | None, text: str) -> tuple[int, bool]:
    """How many digits a token stands for (0: none), and whether it is "twenty" … "ninety"."""
    if token["digits"]:
        return len(token["digits"]), False
    if token["word"]:
        word = token["word"].lower()
        return _SPOKEN.get(word, 0), word in _TENS
    count = sum(letter.isdecimal() for letter in token.group())
    if token["date"]:
        before = text[max(0, token.start() - _LOOK_BACK) : token.start()]
        return (count if _BIRTH_HINT.search(before) else 0), False
    # The end of a card number does not become readable because "dollars" comes after it.
    goes_on = run is not None and run.weight >= _FEWEST and text[token.start()].isdecimal()
    return (count if goes_on and ":" not in token.group() else 0), False
