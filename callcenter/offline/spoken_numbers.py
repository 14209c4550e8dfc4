"""Spoken numbers: digits, amounts, dates and times as people say them, drawn at random."""

from __future__ import annotations

from random import Random

from callcenter.offline.words import row

_DIGITS = row("zero one two three four five six seven eight nine")
_TEENS = row("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
_TENS = row("twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = row(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth"
    " fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth"
)
_MONTHS = row(
    "january february march april may june july august september october november december"
)
_WEEKDAYS = row("monday tuesday wednesday thursday friday saturday sunday")
_LENGTHS = (3, 4, 4, 4, 5, 5, 6, 6, 6, 6, 7, 10, 10)
_MONEY = ("{} dollars", "{} dollars", "{} bucks", "{} dollars and {} cents", "{} {}")


def digits(random: Random) -> str:
    """A number read out: mostly digit by digit, also "double four" and "forty four seventy one"."""
    length = random.choice(_LENGTHS)
    style = random.random()
    words: list[str] = []
    left = length
    while left > 0:
        if style > 0.85 and left >= 2:
            words.append(_pair(random))
            left -= 2
        elif left >= 2 and random.random() < (0.15 if style > 0.6 else 0.02):
            words += ["double", _digit(random)]
            left -= 2
        elif left >= 3 and random.random() < 0.01:
            words += ["triple", _digit(random)]
            left -= 3
        else:
            words.append(_digit(random))
            left -= 1
    return " ".join(words)


def number(random: Random) -> str:
    """A whole number, small ones more often."""
    size = random.random()
    if size < 0.45:
        return random.choice(_DIGITS[1:] + _TEENS[:3])
    if size < 0.85:
        return _below_hundred(random)
    rest = f" and {_below_hundred(random)}" if random.random() < 0.3 else ""
    rest = rest or (f" {_below_hundred(random)}" if random.random() < 0.5 else "")
    scale = "hundred" if random.random() < 0.85 else "thousand"
    return f"{random.choice(['a', *_DIGITS[1:]])} {scale}{rest}"


def money(random: Random) -> str:
    """An amount of money."""
    return random.choice(_MONEY).format(number(random), _below_hundred(random))


def day(random: Random) -> str:
    """A day to come or a date of birth."""
    style = random.random()
    month, ordinal = random.choice(_MONTHS), _day_of_month(random)
    if style < 0.22:
        return random.choice(("", "", "on ", "next ", "this ", "on ")) + random.choice(_WEEKDAYS)
    if style < 0.30:
        return random.choice(
            ("today", "tomorrow", "tomorrow", "the day after tomorrow", "next week", "next month",
             "at the end of the month", "in two weeks", "at the weekend", "yesterday")
        )  # fmt: skip
    if style < 0.36:
        return f"{random.choice(('', 'on '))}the {ordinal}"
    if style < 0.44:
        return f"the {ordinal} of {month}"
    if style < 0.52:
        return f"{month} {random.choice(('', 'the '))}{ordinal}"
    year = f"nineteen {_year_rest(random)}" if random.random() < 0.85 else _new_year(random)
    if style < 0.65:
        return f"the {ordinal} of {month} {year}"
    number_of_day = ordinal if style < 0.93 else _below_hundred(random, 31)
    return f"{month} {random.choice(('', '', 'the '))}{number_of_day} {year}"


def duration(random: Random) -> str:
    """So many months, weeks or days."""
    count = random.choice([*_DIGITS[1:], *_TEENS[:3], "a", "a couple of"])
    unit = random.choice(("month", "months", "months", "months", "weeks", "days", "payments"))
    return f"{count} {unit}"


def clock(random: Random) -> str:
    """A time of day."""
    hour = random.choice(_DIGITS[1:] + _TEENS[:3])
    part = random.choice(("", "", " o'clock", " thirty", " in the morning", " in the afternoon"))
    return random.choice((f"at {hour}{part}", f"after {hour}{part}", f"before {hour}{part}",
                          "in the morning", "in the afternoon", "in the evening", "at noon",
                          "around noon", "this morning", "this afternoon"))  # fmt: skip


def _digit(random: Random) -> str:
    word = random.choice(_DIGITS)
    return "oh" if word == "zero" and random.random() < 0.5 else word


def _pair(random: Random) -> str:
    """Two digits as one number, or "oh five"."""
    value = random.randrange(100)
    if value < 10:
        return f"oh {_DIGITS[value]}" if value else "zero zero"
    return _spelled(value)


def _below_hundred(random: Random, end: int = 99) -> str:
    return _spelled(random.randint(1, end))


def _spelled(value: int) -> str:
    if value < 10:
        return _DIGITS[value]
    if value < 20:
        return _TEENS[value - 10]
    tens, ones = divmod(value, 10)
    return _TENS[tens - 2] + (f" {_DIGITS[ones]}" if ones else "")


def _day_of_month(random: Random) -> str:
    value = random.randint(1, 31)
    if value <= 20:
        return _ORDINALS[value - 1]
    if value == 30:
        return "thirtieth"
    return f"{'twenty' if value < 30 else 'thirty'} {_ORDINALS[value % 10 - 1]}"


def _year_rest(random: Random) -> str:
    value = random.randint(30, 99)
    return _spelled(value)


def _new_year(random: Random) -> str:
    value = random.randint(0, 25)
    if value < 10:
        return "two thousand" + (f" {_DIGITS[value]}" if value else "")
    return f"twenty {_spelled(value)}"
