"""Sayings: what callers may say to the desks, as weighted sentences for the ears' language model.

The sentences come from the desks themselves (examples of tools, cards of departments, questions
and scripts) and from the frames below: how anybody answers, greets, hesitates or reads a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import Protocol, get_args, get_type_hints

from callcenter.domain.hints import Ask, hints_of
from callcenter.offline import spoken_numbers as spoken
from callcenter.offline.expected import Answer
from callcenter.offline.frames import (
    ACKNOWLEDGEMENTS,
    AFTER_WISH,
    BEFORE_DAY,
    BEFORE_DIGITS,
    BEFORE_NAME,
    BEFORE_PLACE,
    BEFORE_WISH,
    CORRECTIONS,
    NO,
    SMALL_TALK,
    YES,
)

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
_BRACED = re.compile(r"\{[^{}]*\}")

_SOURCES = ("wish", "talk", "answer", "digits", "day", "money", "name", "place", "desk")
_SHARES: Mapping[Answer, tuple[float, ...]] = MappingProxyType(
    {
        "anything": (46, 12, 12, 12, 6, 4, 4, 3, 2),
        "digits": (7, 5, 3, 76, 5, 0.5, 0.5, 0.5, 1),
        "date": (10, 5, 4, 4, 70, 3, 0.5, 0.5, 1),
        "yes_no": (17, 10, 60, 1, 7, 1, 0.5, 0.5, 2),
        "place": (10, 5, 4, 32, 1, 0.5, 1, 44, 1),
    }
)
"""How often, of a hundred utterances, callers say what, when they were asked for an answer."""

_DRAWN = 4000
"""Sentences drawn for each source that never ends, such as digits."""


class Words(Protocol):
    """A script: phrases by name."""

    @property
    def names(self) -> tuple[str, ...]:
        """All phrases."""

    def text(self, name: str) -> str:
        """A phrase as it was written, with {variables}."""


@dataclass(frozen=True, kw_only=True)
class Sayings:
    """The demo's own words, from which the ears learn what to expect."""

    wishes: tuple[str, ...] = ()
    """Sentences of callers."""
    desk_words: tuple[str, ...] = ()
    """Sentences of desks: their words come back in what callers say."""
    names: tuple[str, ...] = ()
    """First names, last names and whole names of people."""
    places: tuple[str, ...] = ()
    """Towns, streets and the like."""
    sounds: Mapping[str, str] = field(default_factory=dict)
    """Pronunciations (ARPAbet) of words that are not spelled as they sound."""

    def sentences(self, answer: Answer) -> Iterator[tuple[float, list[str]]]:
        """Weighted sentences of callers who were asked for this answer."""
        random = Random(1)
        for source, share in zip(_SOURCES, _SHARES[answer], strict=True):
            found = [words for text in self._source(source, random) if (words := words_of(text))]
            for words in found:
                yield share * _DRAWN / 100 / len(found), words

    def _source(self, source: str, random: Random) -> Iterable[str]:
        sources: Mapping[str, Callable[[Random], Iterable[str]]] = {
            "wish": self._wishes,
            "talk": lambda _: (*SMALL_TALK, *ACKNOWLEDGEMENTS),
            "answer": lambda _: (*YES, *NO, *ACKNOWLEDGEMENTS),
            "digits": lambda r: _framed(r, BEFORE_DIGITS, spoken.digits),
            "day": lambda r: _framed(r, BEFORE_DAY, _time),
            "money": lambda r: _framed(r, ("", "i can pay", "i could pay", "about"), spoken.money),
            "name": lambda _: _listed(BEFORE_NAME, self.names),
            "place": lambda _: _listed(BEFORE_PLACE, self.places),
            "desk": lambda _: self.desk_words,
        }
        return sources[source](random)

    def _wishes(self, random: Random) -> Iterator[str]:
        """Every sentence as it is, and many with the words around it that people add."""
        yield from self.wishes * 8
        for _ in range(_DRAWN):
            if not self.wishes:
                return
            wish = random.choice(self.wishes)
            before, after = random.choice(BEFORE_WISH), random.choice(AFTER_WISH)
            yield f"{before} {wish} {after}"


def collected(
    desks: Iterable[type],
    scripts: Iterable[Words] = (),
    *,
    names: Iterable[str] = (),
    places: Iterable[str] = (),
    sounds: Mapping[str, str] | None = None,
) -> Sayings:
    """The sayings of a reception: what its desks' tools, cards and scripts tell of callers."""
    wishes: dict[str, None] = {}
    said: dict[str, None] = {}
    for desk in desks:
        wishes.update(dict.fromkeys(_of_card(desk)))
        for part in vars_of(desk):
            hints = hints_of(part)
            wishes.update(dict.fromkeys(example.text for example in hints.examples))
            wishes.update(dict.fromkeys([hints.offer] if hints.offer else []))
            said.update(dict.fromkeys(_questions(part)))
    for script in scripts:
        phrases = (script.text(name) for name in script.names if not _is_read(name))
        said.update(dict.fromkeys(s for text in phrases for s in re.split(r"(?<=[.!?]) +", text)))
    return Sayings(
        wishes=tuple(wishes),
        desk_words=tuple(said),
        names=tuple(dict.fromkeys(names)),
        places=tuple(dict.fromkeys(places)),
        sounds=dict(sounds or {}),
    )


def words_of(text: str) -> list[str]:
    """The words of a sentence as the recogniser writes them: small letters, no signs."""
    plain = _BRACED.sub(" ", text.lower().replace("’", "'"))
    return _WORD.findall(plain)


def vars_of(desk: type) -> list[object]:
    """Everything a class and those it builds on define."""
    return [part for owner in reversed(desk.__mro__) for part in vars(owner).values()]


def _is_read(name: str) -> bool:
    """Whether a phrase is for a language model to read, never for callers to hear."""
    return name == "prompt" or name.endswith("_rules")


def _of_card(desk: type) -> list[str]:
    card = getattr(desk, "neighbour", None)
    if card is None:
        return []
    name = str(getattr(desk, "department", "")).replace("_", " ")
    asked = [f"put me through to {name}", f"i want to talk to {name}", name] if name else []
    return [*card.callers_say, card.serves, *asked]


def _questions(part: object) -> list[str]:
    function = getattr(part, "__wrapped__", None)
    if function is None:
        return []
    try:
        kinds = get_type_hints(function, include_extras=True).values()
    except (NameError, TypeError):
        return []
    return [one.question for kind in kinds for one in get_args(kind) if isinstance(one, Ask)]


def _listed(before: tuple[str, ...], among: tuple[str, ...]) -> Iterator[str]:
    for thing in among:
        for lead in before:
            yield f"{lead} {thing}"
        yield from [thing] * len(before)


def _framed(
    random: Random, before: tuple[str, ...], draw: Callable[[Random], str]
) -> Iterator[str]:
    for _ in range(_DRAWN):
        start = "" if random.random() < 0.6 else random.choice(before)
        lead = random.choice(CORRECTIONS) if random.random() < 0.05 else ""
        yield f"{lead} {start} {draw(random)}"


def _time(random: Random) -> str:
    style = random.random()
    if style < 0.14:
        return random.choice(("", "over ", "in ")) + spoken.duration(random)
    if style < 0.24:
        return f"{spoken.day(random)} {spoken.clock(random)}"
    return spoken.day(random)
