"""Answers: yes or no, a name, and one of several, from a caller's words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from callcenter.offline.words import FILLERS, LIGHT, STOP, alike, clean, row, stem, words_in

_UNSURE = "do not know|not sure|no idea|not certain|hard to say"
_NO = (
    "i do not think so|not really|no thanks|no thank you|of course not|absolutely not|not at all"
    "|certainly not|definitely not|no way|not now|not today|not yet|rather not|i do not|i am not"
    "|i would not|i will not|i did not|i have not|do not do it|do not|does not|did not|is not"
    "|not correct|not right|not true|not fine|not ok|not okay|please not|please do not|will not"
    "|would not|can not|nope|nah|no|never|negative|wrong|incorrect|not"
)
_YES = (
    "no problem|no worries|no doubt|why not|yes|yeah|yep|yup|yah|ya|sure|ok|okay|go ahead|please do"
    "|absolutely|definitely|of course|certainly|correct|affirmative|uh huh|mm hmm|mm hm|mhm|mmhmm"
    "|sounds good|that works|works for me|you bet|agreed|exactly|indeed|totally|for sure"
    "|by all means|i think so|i guess so|i guess|i confirm|confirmed|confirm|do it|let us do it"
    "|alright|all right|aye|true"
)
_SHORT_YES = r"i (?:do|am|would|will|did|have)(?= (?:please |indeed |so |thanks )?$)"
_NEITHER = "never mind|or not|sure about|no one|know"
_WEAK_YES = frozenset(row("right fine please good great perfect cool"))


def _longest_first(phrases: str) -> str:
    return "|".join(sorted(phrases.split("|"), key=len, reverse=True))


_POLARITY = re.compile(
    f"(?<= )(?:(?P<neither>{_UNSURE}|{_NEITHER})|(?P<no_long>i do not think so|please do not)"
    f"|(?P<yes_long>no problem|no worries|no doubt|why not|{_SHORT_YES})"
    f"|(?P<no>{_longest_first(_NO)})|(?P<yes>{_longest_first(_YES)}))(?= )"
)
_PADDING = frozenset(
    row(
        "um umm uh er ah oh well so just actually thanks thank you please then it is that this i"
        " very much the a to with me for now am do would like think guess all really and"
    )
)
_QUESTION = frozenset(row("what how why when where who which is are can could would will"))

_NAME_LEADS = re.compile(
    r"\b(?:(?:my|the|full|first|last) name(?:'s| is| was)|name(?:'s| is)|call me|this is"
    r"|(?:you are|you're) (?:speaking|talking) (?:to|with)|(?:i am|i'm|im)|(?:it is|it's|its)"
    r"|(?:that is|that's)|under)\s+",
    re.IGNORECASE,
)
_NAME_ENDS = re.compile(r"^(.{2,60}?) (?:speaking|here|is my name|is the name)\b", re.IGNORECASE)
_NAME_WORD = re.compile(r"[^\W\d_][^\W\d_'.-]*(?:['.-][^\W\d_]+)*\.?")
_TITLES = frozenset(row("mr mrs ms miss mister doctor dr"))
_NO_NAMES = (
    (FILLERS | STOP | LIGHT | _TITLES | frozenset(("not", "afraid", "sure", "fine", "good")))
    - {"will", "may", "an", "or"}
) | frozenset(
    row("hello thank speaking account number bill problem again back first last maybe under")
)
_STATEMENTS = ("i ", "do not", "does", "did", "is ", "will", "would", "can ", "not ")
_TURNS = re.compile(r" (?:actually|i mean|wait|sorry) ")
_CORRECTIONS = frozenset(row("no not actually sorry rather mean instead"))


Plain = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values a caller may mean, and the words for it."""

    value: Plain
    names: tuple[tuple[str, ...], ...]
    """Each a row of stems that has to be said in this order."""

    @classmethod
    def of(cls, value: Plain, *names: str) -> Choice:
        """A value that callers call by any of some names."""
        rows = (tuple(stem(word) for word in words_in(name.replace("_", " "))) for name in names)
        return cls(value, tuple(dict.fromkeys(row for row in rows if row)))


def yes_no(text: str) -> bool | None:
    """Whether the answer is yes or no; nothing if it is neither, both or unsure."""
    words = words_in(text)[:60]
    line = f" {' '.join(words)} "
    if not words or re.search(f" (?:{_UNSURE}) ", line):
        return None
    marks = [mark for mark in _POLARITY.finditer(line) if mark.lastgroup != "neither"]
    asks = words[0] in _QUESTION and not line.startswith(" why not")
    if not marks:
        weak = not asks and len(words) <= 5 and bool(_WEAK_YES.intersection(words))
        return True if weak else None
    first, last = _is_yes(marks[0]), _is_yes(marks[-1])
    if (asks or marks[0].start() > 60) and marks[0].start() > 1:
        return None
    if first and line[marks[0].end() :].startswith((" but ", " if ")):
        return None
    if first != last and (_TURNS.search(line) or _starts_yeah_no(marks)):
        return last
    return first


def only_yes_no(text: str) -> bool | None:
    """Yes or no, if nothing else was said."""
    answer = yes_no(text)
    if answer is None:
        return None
    rest = _POLARITY.sub("", f" {' '.join(words_in(text)[:60])} ").split()
    return answer if all(word in _PADDING or word in _WEAK_YES for word in rest) else None


def leading_yes_no(text: str) -> bool | None:
    """Yes or no, if that is the first word: "no, there is no light", but not "I do not agree"."""
    line = f" {' '.join(words_in(text)[:60])} "
    mark = _POLARITY.search(line)
    if mark is None or mark.lastgroup == "neither" or mark[0].startswith(_STATEMENTS):
        return None
    lead = line[: mark.start()].split()
    return yes_no(text) if all(word in FILLERS for word in lead) else None


def name_in(text: str, *, asked: bool) -> str | None:
    """The name a caller gives; without `asked` only after words like `my name is`."""
    line = re.sub(r"(?:^|\b)(?:um+|uh+|er+m?)[,\s]+", "", clean(text)[:400], flags=re.IGNORECASE)
    ended = _NAME_ENDS.match(line)
    candidates = [ended[1]] if ended else []
    for lead in _NAME_LEADS.finditer(line):
        sure = "name" in lead[0].lower() or "call me" in lead[0].lower()
        if asked or sure:
            candidates.append(line[lead.end() :])
    for candidate in candidates:
        if found := _leading_name(candidate):
            return found
    if asked and not candidates:
        words = [w.strip(".,!?;:\"()'") for w in line.split()]
        kept = [word for word in words if word.lower() not in FILLERS | {"is", "the", "name"}]
        if 1 <= len(kept) <= 4 and (found := _leading_name(" ".join(kept))):
            untitled = [word for word in kept if word.lower() not in _TITLES]
            return found if len(found.split()) == len(untitled) else None
    return None


def chosen(words: Sequence[str], choices: Sequence[Choice]) -> Choice | None:
    """The one of several that is named; nothing if none or more than one may be meant."""
    stems = [stem(word) for word in words]
    found: list[tuple[int, int, Choice]] = []
    for choice in choices:
        places = [(len(n), at) for n in choice.names for at in _places(stems, n)]
        if places:
            length, at = max(places)
            found.append((length, at, choice))
    if not found:
        return _misheard(stems, choices)
    longest = max(length for length, _, _ in found)
    found = [
        (length, at, choice)
        for length, at, choice in found
        if length == longest and not _denied(words, at, [place for _, place, _ in found])
    ]
    if len(found) == 1:
        return found[0][2]
    wanted = [choice for _, at, choice in found if at and words[at - 1] == "to"]
    if len(wanted) == 1:
        return wanted[0]
    if found and _CORRECTIONS.intersection(words):
        return max(found, key=lambda one: one[1])[2]
    return None


def _is_yes(mark: re.Match[str]) -> bool:
    return mark.lastgroup in {"yes", "yes_long"}


def _starts_yeah_no(marks: Sequence[re.Match[str]]) -> bool:
    """`Yeah no` is no; `no yeah` is yes."""
    return len(marks) == 2 and marks[1].start() - marks[0].end() == 1 and marks[0].start() == 1


def _leading_name(text: str) -> str:
    """The first few words if they can be a name, spelled as names are."""
    kept: list[str] = []
    for raw in text.split():
        word = raw.strip(',!?;:"()')
        plain = word.lower().rstrip(".")
        if kept and (plain in _NO_NAMES or plain in {"and", "from"}):
            break
        if not kept and plain in _TITLES:
            continue
        if plain in _NO_NAMES or not _NAME_WORD.fullmatch(word) or plain.endswith("ing"):
            break
        kept.append(word if word != word.lower() else _capitals(word))
        if len(kept) == 4 or raw.endswith((",", ";", "!", "?")) or _ends_sentence(raw):
            break
    return " ".join(kept).rstrip(".")


def _ends_sentence(raw: str) -> bool:
    return raw.endswith(".") and len(raw) > 3


def _capitals(word: str) -> str:
    return re.sub(r"(^|['-])([^\W\d_])", lambda part: part[1] + part[2].upper(), word)


def _places(stems: Sequence[str], name: Sequence[str]) -> list[int]:
    size = len(name)
    return [at for at in range(len(stems) - size + 1) if tuple(stems[at : at + size]) == name]


def _denied(words: Sequence[str], at: int, others: Sequence[int]) -> bool:
    """Whether a `not` stands shortly before, with no other choice in between."""
    since = max([max(0, at - 3), *(other + 1 for other in others if other < at)])
    return "not" in words[since:at]


def _misheard(stems: Sequence[str], choices: Sequence[Choice]) -> Choice | None:
    """A choice of one long word that a recogniser got almost right."""
    close = [
        choice
        for choice in choices
        if any(
            len(name) == 1
            and len(name[0]) >= 5
            and any(
                alike(name[0], word, 1) or name[0].startswith(word)
                for word in stems[:40]
                if len(word) >= 4
            )
            for name in choice.names
        )
    ]
    return close[0] if len(close) == 1 else None
