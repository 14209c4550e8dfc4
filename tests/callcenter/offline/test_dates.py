"""Days are reckoned from today and lean to the future, days of birth to the past."""

from __future__ import annotations

from datetime import date

import pytest

from callcenter.offline.dates import dates_in
from callcenter.offline.words import words_in

WEDNESDAY = date(2026, 11, 18)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("today", "2026-11-18"),
        ("tomorrow", "2026-11-19"),
        ("the day after tomorrow", "2026-11-20"),
        ("right away", "2026-11-18"),
        ("friday", "2026-11-20"),
        ("on friday please", "2026-11-20"),
        ("next friday", "2026-11-27"),
        ("this wednesday", "2026-11-18"),
        ("wednesday", "2026-11-25"),
        ("friday week", "2026-11-27"),
        ("last friday", "2026-11-13"),
        ("friday the 27th", "2026-11-27"),
        ("friday november 27th", "2026-11-27"),
        ("the 27th", "2026-11-27"),
        ("on the twenty seventh", "2026-11-27"),
        ("the 3rd", "2026-12-03"),
        ("the thirty first", "2026-12-31"),
        ("november third", "2027-11-03"),
        ("third of november", "2027-11-03"),
        ("december 5", "2026-12-05"),
        ("Nov 27 2026", "2026-11-27"),
        ("march fifteenth twenty twenty seven", "2027-03-15"),
        ("11/27", "2026-11-27"),
        ("11/27/26", "2026-11-27"),
        ("27.11.2026", "2026-11-27"),
        ("2026-11-27", "2026-11-27"),
        ("in two weeks", "2026-12-02"),
        ("in a couple of days", "2026-11-20"),
        ("10 days from now", "2026-11-28"),
        ("a week from friday", "2026-11-27"),
        ("next week", "2026-11-25"),
        ("in a month", "2026-12-18"),
        ("end of the month", "2026-11-30"),
        ("end of next month", "2026-12-31"),
        ("the first of next month", "2026-12-01"),
        ("the beginning of next month", "2026-12-01"),
        ("end of the week", "2026-11-20"),
        ("end of the year", "2026-12-31"),
    ],
)
def test_days_are_understood(said: str, day: str) -> None:
    """Named, counted or numbered."""
    assert dates_in(words_in(said), WEDNESDAY)[0].value.isoformat() == day


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("march fifth nineteen eighty two", "1982-03-05"),
        ("5 March 1982", "1982-03-05"),
        ("03/05/82", "1982-03-05"),
        ("march 5 82", "1982-03-05"),
        ("march fifth eighty two", "1982-03-05"),
        ("fifth of march two thousand and five", "2005-03-05"),
        ("third of may twenty oh five", "2005-05-03"),
        ("03051982", "1982-03-05"),
        ("1982-03-05", "1982-03-05"),
    ],
)
def test_days_of_birth_lie_in_the_past(said: str, day: str) -> None:
    """Two digits of a year are those of the last hundred years."""
    assert dates_in(words_in(said), WEDNESDAY, past=True, asked=True)[0].value.isoformat() == day


@pytest.mark.parametrize(
    "said",
    [
        "may I pay",
        "hold on a second",
        "the second one",
        "february thirtieth",
        "in 99999999 weeks",
        "13/45",
        "the first time",
        "a week from " * 500,
        "",
    ],
)
def test_what_is_no_day_is_none(said: str) -> None:
    """Months that are verbs, moments that are seconds, and days that do not exist."""
    assert dates_in(words_in(said), WEDNESDAY) == []


def test_a_day_of_birth_needs_its_year() -> None:
    """Anything else would be a guess."""
    assert dates_in(words_in("march fifth"), WEDNESDAY, past=True) == []


@pytest.mark.parametrize("today", [date(9999, 12, 31), date(1, 1, 1), date(2028, 2, 29)])
@pytest.mark.parametrize(
    "said",
    ["tomorrow", "next friday", "in two months", "three days ago", "the 31st", "february 29"],
)
def test_the_ends_of_the_calendar_raise_nothing(today: date, said: str) -> None:
    """Days beyond the calendar are no days."""
    assert len(dates_in(words_in(said), today)) <= 1
