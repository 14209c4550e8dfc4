"""Numbers: whole numbers, amounts of money and digits read out, from a caller's words."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from decimal import Decimal

from callcenter.offline.words import Found, row

UNITS = {
    word: value
    for value, word in enumerate(
        row(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
            " fifteen sixteen seventeen eighteen nineteen"
        )
    )
}
TENS = {
    word: 10 * value
    for value, word in enumerate(
        row("twenty thirty forty fifty sixty seventy eighty ninety"), start=2
    )
} | {"fourty": 40}
_SCALES = {"thousand": 1_000, "grand": 1_000, "k": 1_000, "million": 1_000_000}
_CURRENCY = frozenset(
    row("dollar dollars buck bucks usd euro euros eur pound pounds quid gbp $ € £")
)
_CENTS = frozenset(row("cent cents penny pennies pence"))
_NUMERAL = re.compile(r"\d{1,15}|\d{1,3}(?:,\d{3}){1,4}")
_FRACTION = re.compile(r"(\d{1,15}|\d{1,3}(?:,\d{3}){1,4})\.(\d{1,6})")
_COMMA_FRACTION = re.compile(r"(\d{1,15}|\d{1,3}(?:\.\d{3}){1,4}),(\d{1,2})")
_READ_OUT = re.compile(r"\d+(?:[,-]\d+)*|\d+(?:\.\d+){2,}")
_REPEATS = {"double": 2, "triple": 3, "treble": 3}
_SOUNDS_LIKE = {"to": "2", "too": "2", "for": "4", "fore": "4", "ate": "8", "won": "1"}
_AFTER_CENTS = frozenset(row("on by in at today tomorrow next this please for now to"))
_BETWEEN_DIGITS = frozenset(row("um uh er erm dash hyphen space comma"))
_POINTING = frozenset(row("the that this which another no any every first second third last"))


def whole_at(words: Sequence[str], start: int) -> Found[int] | None:
    """The whole number that begins at a word: `a hundred and five`, `twelve hundred`, `1,234`."""
    total, group, ceiling, at = 0, -1, 10**15, start
    scaled = False
    while at < len(words):
        word = words[at]
        if word == "and" and scaled and 0 < _value(words, at + 1) < 100:
            at += 1
            continue
        if word in {"a", "an"} and group < 0 and _is_scale(words, at + 1):
            group = 1
        elif word == "hundred" and 0 < group < 100:
            group, scaled = group * 100, True
        elif word == "dozen" and 0 < group < 100 and not total:
            return Found(group * 12, start, at + 1)
        elif group > 0 and _SCALES.get(word, ceiling) < ceiling:
            ceiling = _SCALES[word]
            total, group, scaled = total + group * ceiling, -1, True
        elif 0 <= (value := _value(words, at)) < ceiling and _joins(group, value, scaled=scaled):
            group = max(group, 0) + value
        else:
            break
        at += 1
    if group < 0 and not total:
        return None
    return Found(total + max(group, 0), start, at)


def number_at(words: Sequence[str], start: int) -> Found[Decimal] | None:
    """The number that begins at a word, with its decimals: `84.20`, `one point five`."""
    if start >= len(words):
        return None
    if decimals := _FRACTION.fullmatch(words[start]):
        return Found(Decimal(words[start].replace(",", "")), start, start + 1)
    if decimals := _COMMA_FRACTION.fullmatch(words[start]):
        value = Decimal(decimals[1].replace(".", "") + "." + decimals[2])
        return Found(value, start, start + 1)
    whole = whole_at(words, start)
    if whole is None:
        return None
    end = whole.end
    if tuple(words[end : end + 3]) == ("and", "a", "half"):
        return Found(whole.value + Decimal("0.5"), start, end + 3)
    if end < len(words) and words[end] == "point":
        digits = digits_at(words, end + 1)
        if digits is not None and len(digits.value) <= 6:
            return Found(Decimal(f"{whole.value}.{digits.value}"), start, digits.end)
    return Found(Decimal(whole.value), start, end)


def amounts_in(words: Sequence[str]) -> list[tuple[Found[Decimal], bool]]:
    """Every number that can be an amount of money, each with whether its currency was named."""
    found: list[tuple[Found[Decimal], bool]] = []
    at = 0
    while at < len(words):
        amount = _amount_at(words, at)
        if amount is not None:
            found.append(amount)
        at = amount[0].end if amount is not None else at + 1
    return found


def wholes_in(words: Sequence[str]) -> list[Found[int]]:
    """Every whole number, also `a couple`."""
    found: list[Found[int]] = []
    at = 0
    while at < len(words):
        whole = whole_at(words, at)
        if whole is None and tuple(words[at : at + 2]) == ("a", "couple"):
            whole = Found(2, at, at + 2)
        if whole is not None and not _is_pointed_at(words, whole):
            found.append(whole)
        at = whole.end if whole is not None else at + 1
    return found


def digits_at(words: Sequence[str], start: int) -> Found[str] | None:
    """The digits read out from a word on: `double nine`, `forty-four seventy-one`, `4-4-7-1`."""
    digits = ""
    at = start
    while (chunk := _chunk_at(words, at, inside=bool(digits))) is not None:
        digits, at = digits + chunk.value, chunk.end
        pause = at
        while pause < len(words) and words[pause] in _BETWEEN_DIGITS:
            pause += 1
        if pause > at and _chunk_at(words, pause, inside=True) is not None:
            at = pause
    return Found(digits, start, at) if digits else None


def digits_in(words: Sequence[str]) -> list[Found[str]]:
    """Every run of digits in the words, in order."""
    found: list[Found[str]] = []
    at = 0
    while at < len(words):
        run = digits_at(words, at)
        if run is not None and not _is_pointed_at(words, run):
            found.append(run)
        at = run.end if run is not None else at + 1
    return found


def _amount_at(words: Sequence[str], start: int) -> tuple[Found[Decimal], bool] | None:
    signed = words[start] in {"$", "€", "£"}
    number = number_at(words, start + signed)
    if number is None and words[start] in {"a", "one"} and _is(words, start + 1, _CURRENCY):
        number = Found(Decimal(1), start, start + 1)
    if number is None:
        return None
    value, end = number.value, number.end
    if _is(words, end, _CENTS) and not signed:
        return Found(value / 100, start, end + 1), True
    if _is(words, end, _CURRENCY):
        cents = _cents_at(words, end + 1)
        return Found(value + cents.value, start, cents.end), True
    small = _second_half(words, end)
    if small is not None and value < 1000 and value == int(value) and value > 0:
        if _is(words, small.end, _CURRENCY) and value < 100 and small.value >= 10:
            return Found(value * 100 + small.value, start, small.end + 1), True
        return Found(value + Decimal(small.value) / 100, start, small.end), signed
    return Found(value, start, end), signed


def _cents_at(words: Sequence[str], start: int) -> Found[Decimal]:
    """The cents after the dollars; none of them if something else follows."""
    joined = start < len(words) and words[start] == "and"
    cents = whole_at(words, start + joined)
    if cents is None or not 0 < cents.value < 100:
        return Found(Decimal(0), start, start)
    if _is(words, cents.end, _CENTS):
        return Found(Decimal(cents.value) / 100, start, cents.end + 1)
    if cents.end == len(words) or (not joined and _is(words, cents.end, _AFTER_CENTS)):
        return Found(Decimal(cents.value) / 100, start, cents.end)
    return Found(Decimal(0), start, start)


def _second_half(words: Sequence[str], start: int) -> Found[int] | None:
    """The cents of `eighty four twenty` and `eighty four oh five`."""
    if _is(words, start, {"oh", "o"}) and 0 < _value(words, start + 1) < 10:
        return Found(_value(words, start + 1), start, start + 2)
    cents = whole_at(words, start)
    return cents if cents is not None and 10 <= cents.value < 100 else None


def _chunk_at(words: Sequence[str], at: int, *, inside: bool) -> Found[str] | None:
    if at >= len(words):
        return None
    word = words[at]
    if word in _REPEATS:
        digit = _digit(words, at + 1)
        return Found(digit * _REPEATS[word], at, at + 2) if digit else None
    if _READ_OUT.fullmatch(word):
        return Found(re.sub(r"\D", "", word), at, at + 1)
    if word in UNITS or word in TENS:
        whole = whole_at(words, at)
        if whole is not None and {"hundred", "thousand"}.intersection(words[at : whole.end]):
            return Found(str(whole.value), at, whole.end)
        pair = word in TENS and 0 < UNITS.get(_word(words, at + 1), 0) < 10
        return Found(
            str(_value(words, at) + (_value(words, at + 1) if pair else 0)), at, at + 1 + pair
        )
    if (word in {"oh", "o"} or (inside and word in _SOUNDS_LIKE)) and (
        (inside and word in {"oh", "o"})
        or _digit(words, at + 1)
        or _is(words, at + 1, {"oh", *_REPEATS})
    ):
        return Found(_SOUNDS_LIKE.get(word, "0"), at, at + 1)
    return None


def _digit(words: Sequence[str], at: int) -> str:
    word = _word(words, at)
    if word in {"oh", "o"}:
        return "0"
    if UNITS.get(word, 99) < 10:
        return str(UNITS[word])
    return word[:1] if _READ_OUT.fullmatch(word) else ""


def _word(words: Sequence[str], at: int) -> str:
    return words[at] if 0 <= at < len(words) else ""


def _is(words: Sequence[str], at: int, among: Collection[str]) -> bool:
    return _word(words, at) in among


def _is_pointed_at(words: Sequence[str], found: Found[int] | Found[str]) -> bool:
    """Whether a lone `one` is no number: `the second one`."""
    alone = found.end - found.start == 1 and words[found.start] == "one"
    return alone and _is(words, found.start - 1, _POINTING)


def _is_scale(words: Sequence[str], at: int) -> bool:
    return _word(words, at) in {"hundred", "dozen", *_SCALES}


def _value(words: Sequence[str], at: int) -> int:
    word = _word(words, at)
    if _NUMERAL.fullmatch(word):
        return int(word.replace(",", ""))
    return UNITS.get(word, TENS.get(word, -1))


def _joins(group: int, value: int, *, scaled: bool) -> bool:
    if group < 0:
        return True
    if 0 < value < 10 and group % 10 == 0 and group % 100 >= 20 and (group < 100 or scaled):
        return True
    return scaled and group >= 100 and group % 100 == 0 and 0 < value < 100
