"""Amounts, dates and numbers as a person says them: words a voice cannot misread, no symbols."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from decimal import Decimal

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = (
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_SCALES = ((1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand"))
_LARGEST = 10**12 - 1

# No calendar names from the locale: the voice speaks English wherever the server stands.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

# Beyond this a month's name alone may be taken for the wrong year.
_YEAR_NEEDED_AFTER = timedelta(days=335)

# How people group a number of so many digits: accounts, phone numbers, cards.
_GROUPS = {
    6: (3, 3), 7: (3, 4), 8: (4, 4), 9: (3, 3, 3), 10: (3, 3, 4), 11: (1, 3, 3, 4),
    12: (4, 4, 4), 16: (4, 4, 4, 4),
}  # fmt: skip
_LONGEST_RUN = 5


def say_number(number: int) -> str:
    """A whole number in words: 1234 → "one thousand two hundred thirty-four"."""
    if abs(number) > _LARGEST:
        raise ValueError(f"{number} is too large to be read aloud")
    return f"minus {_words(-number)}" if number < 0 else _words(number)


def say_money(amount: Decimal) -> str:
    """US dollars in words: 84.20 → "eighty-four dollars and twenty cents"; negative is a credit."""
    if not amount.is_finite() or abs(amount) > _LARGEST or amount != round(amount, 2):
        raise ValueError(f"{amount} is not an amount of dollars and cents")
    dollars, cents = divmod(int(abs(amount) * 100), 100)
    parts = [say_count("dollar", dollars, none="zero")] if dollars or not cents else []
    if cents:
        parts.append(say_count("cent", cents))
    spoken = " and ".join(parts)
    return f"a credit of {spoken}" if amount < 0 else spoken


def say_date(day: date, today: date) -> str:
    """A day as one would say it today: "tomorrow", "Friday, November 27th"; far ones with year."""
    match (day - today).days:
        case 0:
            return "today"
        case 1:
            return "tomorrow"
        case -1:
            return "yesterday"
    named = f"{_WEEKDAYS[day.weekday()]}, {_MONTHS[day.month - 1]} {say_ordinal(day.day)}"
    return f"{named}, {day.year}" if abs(day - today) > _YEAR_NEEDED_AFTER else named


def say_time(moment: time) -> str:
    """A time of day: "noon", "nine in the morning", "two thirty in the afternoon"."""
    return " ".join(part for part in _clock(moment) if part)


def say_between(start: time, end: time) -> str:
    """A window of time: "between nine and eleven in the morning"."""
    (clock, part), (until, until_part) = _clock(start), _clock(end)
    shared = part if part != until_part else ""
    return " ".join(
        piece for piece in ("between", clock, shared, "and", until, until_part) if piece
    )


def say_ago(span: timedelta) -> str:
    """How long ago something was, roughly: "just now", "about twenty minutes ago"."""
    minutes = round(span.total_seconds() / 60)
    if minutes < 2:
        return "just now"
    if minutes < 90:
        return f"about {say_count('minute', minutes)} ago"
    hours = round(minutes / 60)
    if hours < 36:
        return f"about {say_count('hour', hours)} ago"
    return f"about {say_count('day', round(hours / 24))} ago"


def say_digits(digits: str) -> str:
    """A number one digit at a time, in the groups people use: "447122" → "4 4 7, 1 2 2"."""
    bare = "".join(character for character in digits if character not in " +-.()/")
    if not (bare.isascii() and bare.isdigit()):
        raise ValueError("only digits can be read digit by digit")
    spoken, at = [], 0
    for size in _grouping(len(bare)):
        spoken.append(" ".join(bare[at : at + size]))
        at += size
    return ", ".join(spoken)


def say_list(items: Sequence[str], last: str = "and") -> str:
    """Several things in one breath: "a, b and c"; `last` may be "or"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def say_ordinal(number: int) -> str:
    """A place in an order: 1 → "1st", 12 → "12th", 23 → "23rd"; every voice reads these right."""
    teens = number % 100 in (11, 12, 13)
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def say_count(noun: str, number: int, *, plural: str | None = None, none: str = "no") -> str:
    """So many of something: "three months", "one month", "no months"."""
    words = say_number(number) if number else none
    return f"{words} {noun if number == 1 else plural or _plural(noun)}"


def _words(number: int) -> str:
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return f"{_TENS[tens]}-{_SMALL[ones]}" if ones else _TENS[tens]
    if number < 1000:
        return _scaled(number, 100, "hundred")
    size, name = next((size, name) for size, name in _SCALES if number >= size)
    return _scaled(number, size, name)


def _scaled(number: int, size: int, name: str) -> str:
    many, rest = divmod(number, size)
    return f"{_words(many)} {name}" + (f" {_words(rest)}" if rest else "")


def _clock(moment: time) -> tuple[str, str]:
    # "a.m." would end in a full stop, where a voice takes a breath as after a sentence.
    if moment.minute == 0 and moment.hour in (0, 12):
        return ("noon" if moment.hour else "midnight"), ""
    clock = _SMALL[moment.hour % 12 or 12]
    if moment.minute:
        clock += f" {'oh ' if moment.minute < 10 else ''}{_words(moment.minute)}"
    if 4 <= moment.hour < 12:
        return clock, "in the morning"
    if 12 <= moment.hour < 18:
        return clock, "in the afternoon"
    return clock, "in the evening" if 18 <= moment.hour < 22 else "at night"


def _grouping(length: int) -> tuple[int, ...]:
    if length <= _LONGEST_RUN:
        return (length,)
    if length in _GROUPS:
        return _GROUPS[length]
    # A single digit left over is lost to the ear: the last groups take four.
    fours = length % 3
    return (3,) * ((length - 4 * fours) // 3) + (4,) * fours


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"
