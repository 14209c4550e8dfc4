"""What `masked` hides, what it leaves readable, and how long it may take."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain.privacy import MASK, hushed, masked

HIDDEN = [
    ("my card is 4111 1111 1111 1111", "my card is ••••"),
    ("4111-1111-1111-1111 thanks", "•••• thanks"),
    ("4111.1111.1111.1111", "••••"),
    ("4111111111111111", "••••"),
    ("4111 1111 1111 1111 dollars", "••••"),
    ("$4111111111111111", "$••••"),
    ("my PIN is 1 2 3 4", "my PIN is ••••"),
    ("pin 1,2,3,4", "pin ••••"),
    ("pin1234x", "pin••••x"),
    ("CVV 123", "CVV ••••"),
    ("my pin is triple seven", "my pin is ••••"),
    ("one two three four", "••••"),
    ("One. Two. Three. Four.", "••••."),
    ("it is double nine four two", "it is ••••"),
    ("nine double four double nine", "••••"),
    ("oh one two three", "••••"),
    ("seven o four o", "••••"),
    ("nine nine, uh, four, um, two", "••••"),
    ("5 5 5, sorry, 0 1 2", "••••"),
    ("four 1 one 2", "••••"),
    ("forty two seventeen", "••••"),
    ("nineteen eighty five", "••••"),
    ("one two three for", "••••"),
    ("for one two three", "••••"),
    ("one two three four for my mother", "•••• for my mother"),
    ("call +1 (555) 010-0123 now", "call •••• now"),
    ("(555) 010-0123", "••••"),
    ("+15550100123", "••••"),
    ("born 03/12/1985", "born ••••"),
    ("12.03.1985", "••••"),
    ("1985-03-12", "••••"),
    ("date of birth 2021-03-12", "date of birth ••••"),
    ("I was born on March 3rd, 1985", "I was born on March ••••"),
    ("my birthday is 3/4/85", "my birthday is ••••"),
    ("acct12345678", "acct••••"),
    ("account ACC-12345678", "account ACC-••••"),
    ("SSN 123-45-6789", "SSN ••••"),
    ("٤١١١١١١١", "••••"),
    ("4111–1111—1111", "••••"),
    ("first 1234 5678 then $5.00 and 9999", "first •••• then $5.00 and ••••"),
]
READABLE = [
    "on 2026-11-21 at 08:05:33.123",
    "2026-11-21T08:05:33Z done",
    "you owe $1,234.50 today",
    "$1234.50",
    "1,234.50 dollars",
    "42.50 dollars",
    "forty two dollars",
    "ticket T-1042 is open",
    "call c-1a2b3c4d5e6f ended",
    "call c-123456789012 ended",
    "room RM_a1b2c3d45678",
    "550e8400-e29b-41d4-a716-446655440000",
    "from 10 to 12 o'clock",
    "10:30 to 11:45, or 12:30 pm",
    "between 9 and 5",
    "2 for 1",
    "24/7",
    "press 1 for billing, 2 for support",
    "took 0.123 s, 1500 ms, 12.345 s",
    "Python 3.11.7 and redis 8.1.0 v1.13.5",
    "127.0.0.1:6379 and localhost:7880",
    "two or three things",
    "double check one thing",
    "I have two of them for you",
    "+1••••••23 rang",
    "room 101",
    "",
]


@pytest.mark.parametrize(("text", "expected"), HIDDEN)
def test_a_number_that_may_be_a_secret_is_hidden(text: str, expected: str) -> None:
    """Cards, accounts, PINs, phone numbers and dates of birth, written or spoken."""
    assert masked(text) == expected


@pytest.mark.parametrize("text", READABLE)
def test_what_people_work_with_stays_readable(text: str) -> None:
    """Times, recent dates, money, ids, durations and small numbers are left alone."""
    assert masked(text) == text


@given(st.text(alphabet="0123456789 -.,/()+", max_size=60))
def test_four_digits_in_a_row_never_survive(text: str) -> None:
    """Whatever stands between them, a readable run is shorter than a PIN."""
    for word in masked("x " + text).replace("x ", "").split(MASK):
        digits = "".join(filter(str.isdigit, word))
        # What is left apart by gaps too wide to be one number may add up; single words may not.
        assert all(sum(map(str.isdigit, part)) < 4 or part.startswith("20") or "0." in part
                   for part in word.split()), (text, word, digits)  # fmt: skip


@given(st.text(max_size=200))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    """What was masked once can be logged again."""
    assert masked(masked(text)) == masked(text)


@pytest.mark.parametrize(
    "pattern", ["one ", "4 ", "for to ", "double ", "word ", "1.1.", "1:", "(", "2026-", "a_1 "]
)
def test_ten_thousand_words_take_less_than_a_second(pattern: str) -> None:
    """No text a caller can produce makes masking slow."""
    started = time.perf_counter()
    masked(pattern * 10_000)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("four eight", "• •"),
        ("it's 1 2 2", "it's • • •"),
        ("double nine", "• •"),
        ("i forgot my pin", "i forgot my pin"),
        ("march twelfth nineteen eighty four", "march twelfth ••••"),
    ],
)
def test_pieces_of_a_secret_are_hidden_one_by_one(text: str, shown: str) -> None:
    """While a secret is asked for, no figure is short enough to be kept."""
    assert hushed(text) == shown
