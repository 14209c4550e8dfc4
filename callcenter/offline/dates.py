"""Dates: days that a caller names, reckoned from today and leaning to the future."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from callcenter.offline.numbers import TENS, whole_at
from callcenter.offline.words import Found, row

_MONTHS = {
    name: number
    for number, names in enumerate(
        row(
            "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug"
            "|september sep sept|october oct|november nov|december dec",
            "|",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        row(
            "monday mon|tuesday tues tue|wednesday wed|thursday thurs thur|friday fri"
            "|saturday|sunday",
            "|",
        )
    )
    for name in names.split()
}
_ORDINALS = {
    word: day
    for day, word in enumerate(
        row(
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
            " thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
        ),
        start=1,
    )
} | {"twentieth": 20, "thirtieth": 30}
_UNITS_OF_TIME = {
    "day": 1,
    "days": 1,
    "week": 7,
    "weeks": 7,
    "fortnight": 14,
    "fortnights": 14,
    "month": 0,
    "months": 0,
}
_ORDINAL_NUMERAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_NUMERIC = re.compile(r"(\d{1,2})([/.-])(\d{1,2})(?:\2(\d{4}|\d{2}))?")
_GLUED = re.compile(r"\d{8}|\d{6}")
_COUNTED = frozenset(row("one time thing floor line account charge payment bill person"))
"""Words that make `the second` a place in a row and no day."""
_FURTHEST = 36_500
"""Days from today beyond which nobody means a date."""


def dates_in(
    words: Sequence[str], today: date, *, past: bool = False, asked: bool = False
) -> list[Found[date]]:
    """Every day named; `past` for dates of birth, `asked` if the words answer "which day?"."""
    found: list[Found[date]] = []
    at = 0
    while at < len(words):
        reading = _Reading(words, today, past=past, asked=asked).date_at(at)
        if reading is not None:
            found.append(reading)
        at = reading.end if reading is not None else at + 1
    return found


class _Reading:
    """One attempt to read a date at a word."""

    def __init__(self, words: Sequence[str], today: date, *, past: bool, asked: bool) -> None:
        self.words = words
        self.today = today
        self.past = past
        self.asked = asked

    def date_at(self, at: int) -> Found[date] | None:
        """The date that begins at a word; nobody is born on Friday or in two weeks."""
        if self.past:
            return self._numeric(at) or self._month_first(at) or self._day_first(at)
        return self._named_at(at) or self._after_a_while(at) or self._edge(at)

    def _named_at(self, at: int) -> Found[date] | None:
        readers: tuple[Callable[[int], Found[date] | None], ...] = (
            self._numeric,
            self._month_first,
            self._day_first,
            self._weekday,
            self._near,
        )
        return next((found for reader in readers if (found := reader(at)) is not None), None)

    def _word(self, at: int) -> str:
        return self.words[at] if 0 <= at < len(self.words) else ""

    def _numeric(self, at: int) -> Found[date] | None:
        """`11/27`, `03/05/82`, `2026-11-27`, `27.11.2026`; month first if that can be."""
        word = self._word(at)
        if iso := _ISO.fullmatch(word):
            return self._on(int(iso[3]), int(iso[2]), int(iso[1]), at, at + 1)
        if parts := _NUMERIC.fullmatch(word):
            if parts[2] != "/" and not parts[4]:
                return None
            month, day = int(parts[1]), int(parts[3])
            if month > 12 or parts[2] == ".":
                month, day = day, month
            year = self._full_year(parts[4]) if parts[4] else None
            return self._on(day, month, year, at, at + 1)
        if self.asked and _GLUED.fullmatch(word):
            year = self._full_year(word[4:])
            return self._on(int(word[2:4]), int(word[:2]), year, at, at + 1)
        return None

    def _month_first(self, at: int) -> Found[date] | None:
        """`november third`, `march fifth nineteen eighty two`, `Nov 27 2026`."""
        month = _MONTHS.get(self._word(at))
        if month is None:
            return None
        day = self._day(at + 1 + (self._word(at + 1) == "the"))
        if day is None:
            return None
        year = self._year(day.end)
        return self._on(day.value, month, year and year.value, at, year.end if year else day.end)

    def _day_first(self, at: int) -> Found[date] | None:
        """`third of november`, `5 March 1982`, `the 27th`, `the fifth of next month`."""
        started = at + (self._word(at) == "the")
        day = self._day(started)
        if day is None:
            return None
        of = day.end + (self._word(day.end) == "of")
        if month := _MONTHS.get(self._word(of)):
            year = self._year(of + 1)
            return self._on(day.value, month, year and year.value, at, year.end if year else of + 1)
        if of > day.end and (found := self._month_from_now(of, day.value, at)):
            return found
        last = self._word(day.end - 1)
        if self.past or not (last in _ORDINALS or _ORDINAL_NUMERAL.fullmatch(last)):
            return None
        if started == at and last in _ORDINALS and not self.asked:
            return None
        if self._word(day.end) in _COUNTED:
            return None
        return self._next_such_day(day.value, at, day.end)

    def _weekday(self, at: int) -> Found[date] | None:
        """`friday`, `next friday`, `friday the 27th` (where the 27th decides)."""
        turn = self._word(at) if self._word(at) in {"next", "this", "last", "coming"} else ""
        named = at + bool(turn)
        weekday = _WEEKDAYS.get(self._word(named))
        if weekday is None:
            return None
        exact = self._month_first(named + 1) or self._day_first(named + 1)
        if exact is not None:
            return Found(exact.value, at, exact.end)
        ahead = (weekday - self.today.weekday()) % 7
        if turn == "next":
            ahead = 7 - self.today.weekday() + weekday
        elif turn == "last":
            ahead = ahead - 7
        elif not ahead and turn != "this":
            ahead = 7
        if self._word(named + 1) == "week" and not turn:
            return self._in(ahead + 7, at, named + 2)
        return self._in(ahead, at, named + 1)

    def _near(self, at: int) -> Found[date] | None:
        """`today`, `tomorrow`, `the day after tomorrow`, `next week`, `right away`."""
        ahead = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}.get(self._word(at))
        if ahead is not None:
            return self._in(ahead, at, at + 1)
        if tuple(self.words[at : at + 3]) == ("day", "after", "tomorrow"):
            return self._in(2, at, at + 3)
        pair = (self._word(at), self._word(at + 1))
        if pair in {("right", "away"), ("right", "now"), ("straight", "away")}:
            return self._in(0, at, at + 2)
        if self.asked and self._word(at) in {"now", "immediately"}:
            return self._in(0, at, at + 1)
        if pair == ("next", "week"):
            return self._in(7, at, at + 2)
        if pair == ("next", "month"):
            later = _months_later(self.today, 1, self.today.day)
            return Found(later, at, at + 2) if later else None
        return None

    def _after_a_while(self, at: int) -> Found[date] | None:
        """`in two weeks`, `ten days from now`, `a week from friday`, `three days ago`."""
        led = self._word(at) in {"in", "within"}
        count = self._count(at + led)
        if count is None:
            return None
        unit = _UNITS_OF_TIME.get(self._word(count.end))
        if unit is None:
            return None
        end = count.end + 1
        start, sign = self.today, 1
        if self._word(end) == "ago":
            sign, end = -1, end + 1
        elif self._word(end) in {"from", "after"}:
            since = self._named_at(end + 1)
            if since is None and self._word(end + 1) not in {"now", "here"}:
                return None
            start, end = (since.value, since.end) if since else (start, end + 2)
        elif not led and not self.asked:
            return None
        if unit == 0:
            later = _months_later(start, sign * count.value, start.day)
            return Found(later, at, end) if later else None
        return self._in(sign * unit * count.value + (start - self.today).days, at, end)

    def _edge(self, at: int) -> Found[date] | None:
        """`end of the month`, `the beginning of next month`, `month end`, `end of the week`."""
        if (self._word(at), self._word(at + 1)) == ("month", "end"):
            return self._month_from_now(at, 31, at, end=at + 2)
        edge = {"end": 31, "beginning": 1, "start": 1, "middle": 15, "first": 1}.get(self._word(at))
        if (self._word(at), self._word(at + 1)) == ("last", "day"):
            edge, at = 31, at + 1
        if edge is None or self._word(at + 1) != "of":
            return None
        if edge == 31 and "week" in (self._word(at + 2), self._word(at + 3)):
            ahead = (4 - self.today.weekday()) % 7 + (7 if self._word(at + 2) == "next" else 0)
            return self._in(ahead, at, at + 3 + (self._word(at + 3) == "week"))
        if edge == 31 and "year" in (self._word(at + 2), self._word(at + 3)):
            return Found(date(self.today.year, 12, 31), at, at + 4)
        return self._month_from_now(at + 2, edge, at)

    def _month_from_now(self, at: int, day: int, start: int, *, end: int = 0) -> Found[date] | None:
        """The day in this month (the next, if it is over) or in the next one."""
        turn = self._word(at) if self._word(at) in {"the", "this", "next"} else ""
        if self._word(at + bool(turn)) != "month":
            return None
        found = _months_later(self.today, int(turn == "next"), day)
        if found is not None and found < self.today:
            found = _months_later(self.today, 1, day)
        return Found(found, start, end or at + bool(turn) + 1) if found else None

    def _day(self, at: int) -> Found[int] | None:
        """A day of the month: `27th`, `27`, `twenty seventh`, `five`."""
        word = self._word(at)
        numeral = _ORDINAL_NUMERAL.fullmatch(word)
        if numeral or (word.isdigit() and len(word) <= 2):
            day = int(numeral[1] if numeral else word)
            return Found(day, at, at + 1) if 1 <= day <= 31 else None
        if word in _ORDINALS:
            return Found(_ORDINALS[word], at, at + 1)
        if word in {"twenty", "thirty"} and 0 < (more := _ORDINALS.get(self._word(at + 1), 0)) < 10:
            return Found(TENS[word] + more, at, at + 2)
        whole = whole_at(self.words, at)
        return whole if whole is not None and 1 <= whole.value <= 31 else None

    def _year(self, at: int) -> Found[int] | None:
        """A year after a day: `1982`, `nineteen eighty two`, `two thousand five`, `82`."""
        word = self._word(at)
        if word.isdigit() and len(word) in {2, 4}:
            if len(word) == 2 and not self.past:
                return None
            return Found(self._full_year(word), at, at + 1)
        first = whole_at(self.words, at)
        if first is None or word.isdigit():
            return None
        if 1900 <= first.value <= 2100:
            return first
        if first.value in {19, 20}:
            oh = self._word(first.end) in {"oh", "o"}
            second = whole_at(self.words, first.end + oh)
            if second is not None and second.value < 100 and (oh or second.value > 9):
                return Found(first.value * 100 + second.value, at, second.end)
        if self.past and 10 <= first.value < 100:
            return Found(self._full_year(str(first.value)), at, first.end)
        return None

    def _full_year(self, digits: str) -> int:
        year = int(digits)
        if len(digits) > 2:
            return year
        return 1900 + year if self.past and 2000 + year > self.today.year else 2000 + year

    def _count(self, at: int) -> Found[int] | None:
        if self._word(at) in {"a", "an"}:
            if self._word(at + 1) == "couple":
                return Found(2, at, at + 2 + (self._word(at + 2) == "of"))
            return Found(1, at, at + 1)
        return whole_at(self.words, at)

    def _on(
        self, day: int, month: int, year: int | None, start: int, end: int
    ) -> Found[date] | None:
        """That day; the next one to come if no year was said, none for a birthday without year."""
        if year is None and self.past:
            return None
        for candidate in (
            (year,) if year is not None else range(self.today.year, self.today.year + 5)
        ):
            found = _day_of(candidate, month, day)
            if found is not None and (year is not None or found >= self.today):
                return Found(found, start, end)
        return None

    def _next_such_day(self, day: int, start: int, end: int) -> Found[date] | None:
        for ahead in range(3):
            found = _months_later(self.today, ahead, day, exactly=True)
            if found is not None and found >= self.today:
                return Found(found, start, end)
        return None

    def _in(self, days: int, start: int, end: int) -> Found[date] | None:
        if abs(days) > _FURTHEST:
            return None
        try:
            return Found(self.today + timedelta(days=days), start, end)
        except OverflowError:
            return None


def _day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _months_later(start: date, months: int, day: int, *, exactly: bool = False) -> date | None:
    """A day so many months on; the last of the month if the month is shorter."""
    count = start.year * 12 + start.month - 1 + months
    year, month = count // 12, count % 12 + 1
    if not 1 <= year <= 9999 or abs(months) > _FURTHEST // 30:
        return None
    last = monthrange(year, month)[1]
    return None if exactly and day > last else _day_of(year, month, min(day, last))
