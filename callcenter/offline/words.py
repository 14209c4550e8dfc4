"""Words: turns what a caller said, as a speech recogniser writes it, into words that compare."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


def row(text: str, between: str | None = None) -> tuple[str, ...]:
    """The words of a list written as one line."""
    return tuple(text.split(between))


class Found(NamedTuple, Generic[T]):
    """A value read from words[start:end]."""

    value: T
    start: int
    end: int


_LONGEST = 4_000
"""Characters kept of one utterance, half from each end, where requests stand."""

_TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*(?:st|nd|rd|th)?|[^\W\d_]+(?:'[^\W\d_]+)*|[$€£]")

FILLERS = frozenset(
    row(
        "um umm uh uhh er erm ah eh hm hmm mm well so like yeah yes yep ok okay no please just"
        " actually basically honestly literally hey hi hello oh alright anyway kindly sorry"
        " thank thanks"
    )
)
"""Words that carry no request when other words stand beside them."""

STOP = frozenset(
    row(
        "a an the i me my mine you your we us our he she it its they them their this that"
        " these those is be am are was were been do does did to of in on at for from with by as"
        " or if and but there here will would shall should could can may might have has had"
        " then than some any also too up out all very really now one wonder wondering ask go"
        " going"
    )
)
"""Words that hold sentences together and say little about what is wanted."""

LIGHT = frozenset(
    row(
        "want need like tell know help get give let make question call calling about when"
        " where how much many what who why which today look see say thing something think"
        " nothing anything everything someone somebody anyone way"
    )
)
"""Words that say a little about what is wanted."""

COMMON = frozenset(
    row(
        "after again along always angry asked before being below bring carry cause check clear"
        " close comes could doing drive eight enough every extra fifty first found front great"
        " guess guys happy house large later learn leave least light lower maybe means meant might"
        " money month moved never night north offer often older other owner party piece place"
        " point quick quite reach ready right seven shall short since sixty small sound south"
        " speak spent spoke start state stays still store story there these they third those"
        " three today total trade tried under until using usual visit voice watch water weeks"
        " where which while white whole whose woman women words works world worse would write"
        " wrong years young yours"
    )
)
"""Words that are what they are, however much they look like another."""

_WHOLE = {
    "can't": "can not",
    "won't": "will not",
    "shan't": "shall not",
    "ain't": "is not",
    "cannot": "can not",
    "let's": "let us",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "have to",
    "gimme": "give me",
    "lemme": "let me",
    "dunno": "do not know",
    "cant": "can not",
    "wont": "will not",
    "im": "i am",
    "ive": "i have",
    "youre": "you are",
    "theyre": "they are",
    "whats": "what is",
    "thats": "that is",
    "wheres": "where is",
    "whens": "when is",
    "hows": "how is",
    "whos": "who is",
    "theres": "there is",
    "lets": "let us",
}
_NO_APOSTROPHE = frozenset(
    row("dont doesnt didnt wouldnt couldnt shouldnt isnt arent wasnt werent havent hasnt hadnt")
)
_ENDINGS = {"'re": "are", "'m": "am", "'ll": "will", "'ve": "have", "'d": "would"}
_BEFORE_IS = frozenset(row("it what that there here who where how when he she name"))

_IRREGULAR = {
    "paid": "pay",
    "pays": "pay",
    "bought": "buy",
    "sent": "send",
    "spoke": "speak",
    "spoken": "speak",
    "broke": "break",
    "broken": "break",
    "lost": "lose",
    "owed": "owe",
    "owing": "owe",
    "gone": "go",
    "went": "go",
    "told": "tell",
    "got": "get",
    "done": "do",
    "people": "person",
    "dues": "due",
    "news": "news",
    "died": "die",
    "dying": "die",
}


def clip(text: str) -> str:
    """The text itself, or both ends of a very long one."""
    if len(text) <= _LONGEST:
        return text
    head, tail = text[: _LONGEST // 2], text[-_LONGEST // 2 :]
    return f"{head.rpartition(' ')[0] or head} {tail.partition(' ')[2] or tail}"


def clean(text: str) -> str:
    """One bounded line without control characters, plain digits and apostrophes, case kept."""
    text = unicodedata.normalize("NFKC", clip(text)).replace("’", "'").replace("`", "'")
    if not text.isascii():
        text = "".join(str(int(c)) if c.isdecimal() else c for c in text)
    kept = (" " if unicodedata.category(c) in {"Cc", "Cs", "Cn", "Co"} else c for c in text)
    return " ".join("".join(kept).split())


@lru_cache(maxsize=512)
def words_in(text: str) -> tuple[str, ...]:
    """Lower-case words, numbers and currency signs, with contractions written out."""
    found: list[str] = []
    for token in _TOKEN.findall(clean(text).lower()):
        found.extend(_expanded(token))
    return tuple(found)


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """What is left of a word without its usual endings; the same for `pay` and `payments`."""
    if known := _IRREGULAR.get(word):
        return known
    if len(word) <= 3 or not word.isascii() or not word.isalpha():
        return word
    for ending in ("ments", "ment", "ations", "ation", "ing", "ed", "ies", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= _shortest_before(ending):
            if ending == "s" and word.endswith(("ss", "us", "is")):
                continue
            if ending == "es" and not word.endswith(("sses", "ches", "shes", "xes", "zes")):
                continue
            return _trimmed(word[: -len(ending)] + ("y" if ending == "ies" else ""))
    return _trimmed(word)


def without_fillers(words: Sequence[str]) -> tuple[str, ...]:
    """The words without those that carry nothing; all of them if nothing else was said."""
    return tuple(word for word in words if word not in FILLERS) or tuple(words)


def both_ends(words: Sequence[str], most: int) -> tuple[str, ...]:
    """The words, without the middle if there are too many."""
    if len(words) <= most:
        return tuple(words)
    return (*words[: most // 2], *words[-(most // 2) :])


def alike(one: str, other: str, most: int) -> bool:
    """Whether at most so many letters were added, lost, swapped or mistaken between two words."""
    if abs(len(one) - len(other)) > most:
        return False
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, above, row = row, before, [i]
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return False
    return row[-1] <= most


def sentence_list(things: Sequence[str]) -> str:
    """`a, b or c`."""
    if len(things) < 2:
        return "".join(things)
    return f"{', '.join(things[:-1])} or {things[-1]}"


def _expanded(token: str) -> list[str]:
    if whole := _WHOLE.get(token):
        return whole.split()
    if token in _NO_APOSTROPHE:
        return [token[:-2], "not"]
    if "'" not in token:
        return [token]
    if token.endswith("n't"):
        return [token[:-3], "not"]
    if token.endswith("'s"):
        return [token[:-2], "is"] if token[:-2] in _BEFORE_IS else [token[:-2]]
    for ending, meaning in _ENDINGS.items():
        if token.endswith(ending):
            return [token[: -len(ending)], meaning]
    return [token.replace("'", "")]


def _shortest_before(ending: str) -> int:
    return {"ation": 4, "ations": 4, "ly": 4, "s": 3, "ed": 3, "ing": 3}.get(ending, 3)


def _trimmed(rest: str) -> str:
    if len(rest) > 4 and rest[-1] == rest[-2] and rest[-1] in "bdgmnprtl":
        rest = rest[:-1]
    return rest[:-1] if len(rest) > 4 and rest.endswith("e") else rest
