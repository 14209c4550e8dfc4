"""Matching: which tool an utterance asks for, by its likeness to the sentences callers may say."""

from __future__ import annotations

import math
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType

from callcenter.offline.answers import only_yes_no
from callcenter.offline.numbers import TENS, UNITS
from callcenter.offline.words import (
    COMMON,
    LIGHT,
    STOP,
    alike,
    both_ends,
    row,
    stem,
    without_fillers,
    words_in,
)

_NOTHING: Mapping[str, str] = MappingProxyType({})

MATCHED = 0.5
"""The likeness from which an utterance asks for a tool."""
SURE = 0.72
"""The likeness from which it asks for nothing else."""

_MOST_WORDS = 300
_REMEMBERED = 256

_SOUNDS = (
    "bill build built|pay pei|wait weight|cell sell|mail male|due do dew|buy by bye|sale sail"
    "|week weak|hour our|right write|plan plane|cancel council counsel|balanc ballot|card car cart"
    "|charg large|agent asian|router rooter|modem modern|fee free|credit edit|debt debit det"
    "|statement state meant|date day|phone fone|email mail|person parson|refund fund"
    "|invoic invoi in voice|open opening|owe oh|late light|slow low|internet inter"
)
_ALIKE = {
    word: frozenset(group.split()) - {word}
    for group in _SOUNDS.split("|")
    for word in group.split()
}

_PLAIN, _NEGATED, _REFUSED = 0, 1, 2
_AGREE = (
    (1.0, 0.7, 0.3),
    (0.7, 1.0, 0.85),
    (0.3, 0.85, 1.0),
)
"""How well a word of the utterance (row) fits one of an example (column), each as it is negated."""
_WISHES = frozenset(row("want need wish like care going intend plan try calling interested wanna"))
_SCOPE_ENDS = frozenset(row("but instead i just only because and then so"))


@dataclass(frozen=True, slots=True)
class Sample:
    """A sentence that stands for a tool, and the arguments that it settles."""

    tool: str
    text: str
    arguments: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    loose: bool = False
    """Whether this is a description, of which a few words suffice."""
    guess: bool = False
    """Whether no one wrote this as a sentence that callers say; it counts a little less."""


@dataclass(frozen=True, slots=True)
class Match:
    """A tool that an utterance may ask for, by the sample most like it."""

    tool: str
    score: float
    arguments: Mapping[str, str]
    text: str = ""
    """Of the sample."""


@dataclass(slots=True)
class _Entry:
    sample: Sample
    tokens: tuple[tuple[str, int], ...]
    pairs: frozenset[tuple[str, str]]
    key: tuple[str, ...]
    answer: bool | None
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class _Heard:
    """An utterance in the words of the samples."""

    key: tuple[str, ...]
    said: Mapping[str, Mapping[int, float]]
    """Each sample word that was said: how it was negated and how surely it was this word."""
    pairs: frozenset[tuple[str, str]]
    weight: float
    """Of all that was said, also of the words that no sample has (they count little)."""


class Index:
    """The samples of one desk's tools, weighed by how much each word tells them apart."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._entries = [_entry(sample) for sample in samples if words_in(sample.text)]
        self._weights = _weights(self._entries)
        self._usual = sum(self._weights.values()) / len(self._weights) if self._weights else 1.0
        self._by_stem: defaultdict[str, list[int]] = defaultdict(list)
        self._by_letter: defaultdict[str, list[str]] = defaultdict(list)
        self._owners: defaultdict[str, dict[str, set[int]]] = defaultdict(dict)
        for number, entry in enumerate(self._entries):
            entry.weight = sum(self._weights[token] for token, _ in entry.tokens)
            for token, mark in entry.tokens:
                if not _is_stop(token):
                    self._by_stem[token].append(number)
                    self._owners[token].setdefault(entry.sample.tool, set()).add(mark)
            for word in words_in(entry.sample.text):
                if len(word) >= 4 and word not in STOP and word not in self._by_letter[word[0]]:
                    self._by_letter[word[0]].append(word)
        self._exact = {entry.key: n for n, entry in reversed([*enumerate(self._entries)])}
        self._remembered: OrderedDict[str, tuple[Match, ...]] = OrderedDict()

    def match(self, text: str) -> tuple[Match, ...]:
        """One match for each tool that shares a telling word with the utterance, the best first."""
        if (known := self._remembered.get(text)) is not None:
            return known
        found = self._first_of_two(words_in(text)) or self._ranked(words_in(text))
        if (answer := only_yes_no(text)) is not None:
            bare = self.answering(answer, 1.0)
            rest = tuple(match for match in found if bare and match.tool != bare.tool)
            found = (bare, *rest) if bare else found
        self._remembered[text] = found
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return found

    def settled(self, text: str, tool: str, parameter: str) -> str | None:
        """The argument that the likest samples of one tool settle; none if they disagree."""
        heard = self._heard(words_in(text))
        scored = [
            (score, entry)
            for score, entry in self._scored(heard)
            if entry.sample.tool == tool and parameter in entry.sample.arguments
        ]
        score, best = max(scored, key=lambda one: one[0], default=(0.0, None))
        if best is None or score < 0.4:
            return None
        rivals = [entry for _, entry in scored]
        return _agreed(best, rivals, heard.said.keys()).get(parameter)

    def _first_of_two(self, words: Sequence[str]) -> tuple[Match, ...]:
        """The first of two clear requests joined by `and` or `also`."""
        joints = [at for at, word in enumerate(words) if word in {"and", "also", "then", "plus"}]
        if not joints or len(words) > 40:
            return ()
        for joint in joints[:3]:
            first, second = self._ranked(words[:joint]), self._ranked(words[joint + 1 :])
            both = first and second and min(first[0].score, second[0].score) >= 0.6
            if both and first[0].tool != second[0].tool:
                return first
        return ()

    def _ranked(self, words: Sequence[str]) -> tuple[Match, ...]:
        heard = self._heard(words)
        by_tool: defaultdict[str, list[tuple[float, _Entry]]] = defaultdict(list)
        for score, entry in self._scored(heard):
            by_tool[entry.sample.tool].append((score, entry))
        ranked: list[Match] = []
        for tool, scored in by_tool.items():
            score, best = max(scored, key=lambda one: one[0])
            settled = best.sample.arguments
            if settled and score < 1.0:
                settled = _agreed(best, [entry for _, entry in scored], heard.said.keys())
            score = max(score, self._telling(tool, heard))
            ranked.append(Match(tool, score, settled, best.sample.text))
        return tuple(sorted(ranked, key=lambda match: -match.score))

    def _telling(self, tool: str, heard: _Heard) -> float:
        """Enough for a match if most of what was said are words that only this tool knows."""
        own = shared = 0.0
        for token, marks in heard.said.items():
            owners = self._owners.get(token, {})
            meant = max(
                (_AGREE[how][mark] for how in marks for mark in owners.get(tool, ())), default=0
            )
            if meant >= 0.8:
                shared += self._weights[token]
                if len(owners) == 1 and token not in _LIGHT_STEMS:
                    own += max(marks.values())
        share = shared / heard.weight if heard.weight else 0.0
        return MATCHED + 0.2 * (share - 0.4) if own >= 0.8 and share >= 0.4 else 0.0

    def _scored(self, heard: _Heard) -> list[tuple[float, _Entry]]:
        exact = self._exact.get(heard.key)
        numbers = {n for token in heard.said for n in self._by_stem.get(token, ())}
        found = []
        for number in sorted(numbers | ({exact} if exact is not None else set())):
            entry = self._entries[number]
            found.append((1.0 if number == exact else self._likeness(entry, heard), entry))
        return found

    def _likeness(self, entry: _Entry, heard: _Heard) -> float:
        """From 0 to 1: how much of the sample was said, and how much of what was said is in it."""
        matched = common = agreed = 0.0
        for token, mark in entry.tokens:
            if marks := heard.said.get(token):
                weight = self._weights[token]
                matched += weight * max(near * _AGREE[how][mark] for how, near in marks.items())
                common += weight
                agreed += weight * max(_AGREE[how][mark] for how in marks)
        wanted = entry.weight
        if entry.sample.loose:
            wanted = min(wanted, 2 * self._usual)
        recall = min(1.0, matched / wanted) if wanted else 0.0
        precision = min(1.0, common / heard.weight) if heard.weight else 0.0
        phrase = len(entry.pairs & heard.pairs) / len(entry.pairs) if entry.pairs else recall
        score = 0.62 * recall + 0.23 * precision * recall + 0.15 * phrase * (common > 0)
        score *= 0.5 + 0.5 * agreed / common if common else 0.0
        return 0.85 * score if entry.sample.guess else score

    def _heard(self, words: Sequence[str]) -> _Heard:
        kept = without_fillers(both_ends(words, _MOST_WORDS))
        marked = _marked(kept)
        meant: dict[str, tuple[str, float]] = {}
        for word, (token, _) in zip(kept, marked, strict=True):
            if token not in meant:
                meant[token] = self._known(word, token)
        said: dict[str, dict[int, float]] = {}
        for token, mark in marked:
            known, near = meant[token]
            if known:
                marks = said.setdefault(known, {})
                marks[mark] = max(near, marks.get(mark, 0.0))
        strangers = sum(not known and _tells(token) for token, (known, _) in meant.items())
        weight = sum(self._weights[token] for token in said)
        weight += min(0.3 * strangers, 1.5) * self._usual
        order = [meant[token][0] or token for token, _ in marked]
        pairs = frozenset(pairwise(order))
        return _Heard(_key(marked), said, pairs, weight)

    def _known(self, word: str, token: str) -> tuple[str, float]:
        """The sample word that a word is, or was probably meant to be, and how surely."""
        if token in self._weights:
            return token, 1.0
        for twin in _ALIKE.get(token, ()):
            if twin in self._weights:
                return twin, 0.85
        plain = word in COMMON or token in _LIGHT_STEMS or not _tells(token)
        if plain or len(word) < 5 or not word.isalpha():
            return "", 0.0
        most = 2 if len(word) >= 8 else 1
        for candidate in self._by_letter.get(word[0], ()):
            if alike(word, candidate, most) and stem(candidate) in self._weights:
                return stem(candidate), 0.9
        return "", 0.0

    def answering(self, answer: bool, score: float) -> Match | None:  # noqa: FBT001 - the subject
        """The tool that has a sample which is yes or no in whatever words."""
        sample = next((e.sample for e in self._entries if e.answer is answer), None)
        if sample is None:
            return None
        return Match(sample.tool, score, sample.arguments, sample.text)


def _entry(sample: Sample) -> _Entry:
    marked = _marked(without_fillers(words_in(sample.text)))
    order = _key(marked)
    pairs = frozenset(pairwise(order))
    tokens = {token: mark for token, mark in marked if not (sample.loose and _is_stop(token))}
    return _Entry(
        sample,
        tuple(tokens.items()),
        frozenset() if sample.loose else pairs,
        order,
        only_yes_no(sample.text),
    )


def _weights(entries: Sequence[_Entry]) -> dict[str, float]:
    """Rare words weigh most; a word in every tool's samples hardly tells them apart."""
    classes: defaultdict[str, set[object]] = defaultdict(set)
    everything: set[object] = set()
    for entry in entries:
        kind = (entry.sample.tool, tuple(sorted(entry.sample.arguments.items())))
        everything.add(kind)
        for token, _ in entry.tokens:
            classes[token].add(kind)
    return {
        token: math.log(1 + (1 + len(everything)) / len(among)) * _share(token)
        for token, among in classes.items()
    }


def _agreed(best: _Entry, rivals: Sequence[_Entry], said: Collection[str]) -> Mapping[str, str]:
    """The arguments that no other sample, of which as many words were said, settles differently."""
    heard = {token for token, _ in best.tokens if token in said and not _is_stop(token)}
    near = [
        rival.sample.arguments
        for rival in rivals
        if heard <= {token for token, _ in rival.tokens} or not heard
    ]
    return {
        name: value
        for name, value in best.sample.arguments.items()
        if all(other.get(name, value) == value for other in near)
    }


def _marked(words: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Stems: plain, negated (`I can't pay`) or refused (`I don't want to pay`)."""
    found: list[tuple[str, int]] = []
    mark, left = _PLAIN, 0
    for at, word in enumerate(words):
        if left <= 0 or word in _SCOPE_ENDS:
            mark, left = _PLAIN, 0
        if word in {"not", "never", "nothing", "refuse", "without"}:
            near = words[max(0, at - 1) : at + 3]
            refused = word == "refuse" or "rather" in near or not _WISHES.isdisjoint(near)
            mark, left = (_REFUSED, 7) if refused else (_NEGATED, 4)
            found.append((stem(word), _PLAIN))
            continue
        token = "monday" if word in _DAYS else stem(word)
        found.append((token, _PLAIN if _is_stop(token) or token in LIGHT else mark))
        left -= 1
    return tuple(found)


def _key(tokens: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    return tuple(token for token, _ in tokens)


def _share(token: str) -> float:
    if _is_stop(token) or not _tells(token):
        return 0.12
    return 0.4 if token in _LIGHT_STEMS else 1.0


def _is_stop(token: str) -> bool:
    return token in _STOP_STEMS


def _tells(token: str) -> bool:
    """Whether a word says what is meant; `fifty dollars` in a sample stands for any amount."""
    number = token in UNITS or token in TENS or token in _MONEY or token[:1].isdigit()
    return not (_is_stop(token) or number)


_DAYS = frozenset(row("tuesday wednesday thursday friday saturday sunday tomorrow"))
"""Words that are the same to samples: "on Friday" stands for any day."""
_MONEY = frozenset(row("dollar buck cent euro pound hundred thousand $ € £"))
_STOP_STEMS = frozenset(map(stem, STOP)) | STOP | {"not"}
_LIGHT_STEMS = frozenset(map(stem, LIGHT)) | LIGHT
