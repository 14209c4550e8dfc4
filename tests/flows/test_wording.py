"""Amounts, dates and numbers sound like a person."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.wording import (
    say_ago,
    say_between,
    say_count,
    say_date,
    say_digits,
    say_list,
    say_money,
    say_number,
    say_ordinal,
    say_time,
)

TODAY = date(2026, 11, 20)  # a Friday


@pytest.mark.parametrize(
    ("amount", "spoken"),
    [
        ("84.20", "eighty-four dollars and twenty cents"),
        ("0", "zero dollars"),
        ("0.00", "zero dollars"),
        ("1", "one dollar"),
        ("1.01", "one dollar and one cent"),
        ("0.01", "one cent"),
        ("0.99", "ninety-nine cents"),
        ("100", "one hundred dollars"),
        ("115.5", "one hundred fifteen dollars and fifty cents"),
        ("1000", "one thousand dollars"),
        ("2_047.00", "two thousand forty-seven dollars"),
        ("1200345", "one million two hundred thousand three hundred forty-five dollars"),
        ("-15.00", "a credit of fifteen dollars"),
        ("-0.50", "a credit of fifty cents"),
    ],
)  # fmt: skip
def test_an_amount_is_read_in_words(amount: str, spoken: str) -> None:
    """A voice gets words, so it cannot read "$84.20" its own way."""
    assert say_money(Decimal(amount)) == spoken


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "1.005", "1E+40"])
def test_what_is_no_amount_is_never_read(amount: str) -> None:
    """A broken figure must stop before it is spoken."""
    with pytest.raises(ValueError, match="is not an amount"):
        say_money(Decimal(amount))


@given(st.integers(-(10**13), 10**13))
def test_every_amount_is_words_only(cents: int) -> None:
    """No digit, symbol or double blank ever reaches the voice."""
    spoken = say_money(Decimal(cents).scaleb(-2))
    assert re.fullmatch(r"[a-z]+(?:[ -][a-z]+)*", spoken)


@given(st.integers(0, 99_999_999), st.integers(0, 99_999_999))
def test_different_numbers_sound_different(one: int, other: int) -> None:
    """Two numbers are read alike only if they are the same."""
    assert (say_number(one) == say_number(other)) == (one == other)


def test_negative_and_too_large_numbers_are_treated_as_such() -> None:
    """A number has a sign in words, and a limit."""
    assert say_number(-12) == "minus twelve"
    with pytest.raises(ValueError, match="too large"):
        say_number(10**12)


@pytest.mark.parametrize(
    ("day", "spoken"),
    [
        (TODAY, "today"),
        (date(2026, 11, 21), "tomorrow"),
        (date(2026, 11, 19), "yesterday"),
        (date(2026, 11, 27), "Friday, November 27th"),
        (date(2026, 12, 1), "Tuesday, December 1st"),
        (date(2026, 12, 2), "Wednesday, December 2nd"),
        (date(2027, 1, 23), "Saturday, January 23rd"),
        (date(2027, 10, 19), "Tuesday, October 19th"),
        (date(2027, 11, 20), "Saturday, November 20th, 2027"),
        (date(1984, 3, 12), "Monday, March 12th, 1984"),
    ],
)
def test_a_day_is_named_as_one_would_today(day: date, spoken: str) -> None:
    """Near days by their relation, others by name, far ones with the year."""
    assert say_date(day, TODAY) == spoken


@pytest.mark.parametrize(
    ("digits", "spoken"),
    [
        ("447122", "4 4 7, 1 2 2"),
        ("447-122", "4 4 7, 1 2 2"),
        ("4821", "4 8 2 1"),
        ("98702", "9 8 7 0 2"),
        ("2065550101", "2 0 6, 5 5 5, 0 1 0 1"),
        ("+1 (206) 555-0101", "1, 2 0 6, 5 5 5, 0 1 0 1"),
        ("2041012", "2 0 4, 1 0 1 2"),
        ("1234567890123", "1 2 3, 4 5 6, 7 8 9, 0 1 2 3"),
        ("12345678901234", "1 2 3, 4 5 6, 7 8 9 0, 1 2 3 4"),
        ("7", "7"),
    ],
)
def test_digits_are_grouped_as_people_do(digits: str, spoken: str) -> None:
    """The ear keeps three or four digits at a time."""
    assert say_digits(digits) == spoken


@given(st.from_regex(r"[0-9]{1,40}", fullmatch=True))
def test_no_digit_is_lost_in_groups(digits: str) -> None:
    """However long, all digits are read, in their order."""
    assert re.sub("[ ,]", "", say_digits(digits)) == digits


@pytest.mark.parametrize("text", ["", "T-204", "٣٤٥"])
def test_what_is_not_digits_is_not_read_as_digits(text: str) -> None:
    """Leaving a letter out would give the caller a wrong number."""
    with pytest.raises(ValueError, match="only digits"):
        say_digits(text)


@pytest.mark.parametrize(
    ("items", "last", "spoken"),
    [
        ([], "and", ""),
        (["a"], "and", "a"),
        (["a", "b"], "and", "a and b"),
        (["a", "b", "c"], "and", "a, b and c"),
        (["a", "b", "c"], "or", "a, b or c"),
    ],
)
def test_a_list_ends_in_its_last_word(items: list[str], last: str, spoken: str) -> None:
    """Things are joined as in a sentence."""
    assert say_list(items, last) == spoken


@pytest.mark.parametrize(
    ("number", "spoken"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"),
     (21, "21st"), (22, "22nd"), (30, "30th"), (111, "111th"), (121, "121st")],
)  # fmt: skip
def test_an_ordinal_has_its_ending(number: int, spoken: str) -> None:
    """Eleven to thirteen are the exceptions."""
    assert say_ordinal(number) == spoken


@pytest.mark.parametrize(
    ("noun", "number", "spoken"),
    [
        ("month", 3, "three months"),
        ("month", 1, "one month"),
        ("month", 0, "no months"),
        ("day", 2, "two days"),
        ("company", 2, "two companies"),
        ("address", 2, "two addresses"),
        ("monthly payment", 6, "six monthly payments"),
    ],
)
def test_a_count_has_the_right_plural(noun: str, number: int, spoken: str) -> None:
    """One is singular, all others plural."""
    assert say_count(noun, number) == spoken


def test_an_irregular_plural_can_be_given() -> None:
    """English has people, not persons."""
    assert say_count("person", 2, plural="people") == "two people"


@pytest.mark.parametrize(
    ("moment", "spoken"),
    [
        (time(0), "midnight"),
        (time(0, 30), "twelve thirty at night"),
        (time(9), "nine in the morning"),
        (time(9, 5), "nine oh five in the morning"),
        (time(12), "noon"),
        (time(12, 15), "twelve fifteen in the afternoon"),
        (time(14, 30), "two thirty in the afternoon"),
        (time(17), "five in the afternoon"),
        (time(18, 45), "six forty-five in the evening"),
        (time(23), "eleven at night"),
    ],
)
def test_a_time_is_said_without_abbreviations(moment: time, spoken: str) -> None:
    """An "a.m." sounds like the end of a sentence."""
    assert say_time(moment) == spoken


@pytest.mark.parametrize(
    ("start", "end", "spoken"),
    [
        (time(9), time(11), "between nine and eleven in the morning"),
        (time(11), time(13), "between eleven in the morning and one in the afternoon"),
        (time(10), time(12), "between ten in the morning and noon"),
    ],
)
def test_a_window_names_the_part_of_day_once(start: time, end: time, spoken: str) -> None:
    """Both ends in the morning need "morning" only once."""
    assert say_between(start, end) == spoken


@pytest.mark.parametrize(
    ("minutes", "spoken"),
    [
        (0, "just now"),
        (20, "about twenty minutes ago"),
        (60, "about sixty minutes ago"),
        (190, "about three hours ago"),
        (60 * 49, "about two days ago"),
    ],
)
def test_how_long_ago_is_told_roughly(minutes: int, spoken: str) -> None:
    """Nobody wants to hear seconds."""
    assert say_ago(timedelta(minutes=minutes)) == spoken
