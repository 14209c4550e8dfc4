"""Numbers, amounts and digits are heard however they are said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from callcenter.offline.numbers import amounts_in, digits_in, wholes_in
from callcenter.offline.words import words_in


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("eighty four twenty", "84.20"),
        ("eighty-four dollars and twenty cents", "84.20"),
        ("eighty four dollars twenty", "84.20"),
        ("eighty four oh five", "84.05"),
        ("84 dollars 20 cents", "84.20"),
        ("84.20", "84.20"),
        ("84,20", "84.20"),
        ("a hundred and five", "105"),
        ("one hundred five dollars", "105"),
        ("$50", "50"),
        ("50€", "50"),
        ("fifty bucks", "50"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("twelve hundred", "1200"),
        ("two thousand and five", "2005"),
        ("three hundred thousand two hundred and six", "300206"),
        ("a dollar fifty", "1.50"),
        ("one twenty five dollars", "125"),
        ("two fifty", "2.50"),
        ("five k", "5000"),
        ("a grand", "1000"),
        ("twenty cents", "0.20"),
        ("one point five", "1.5"),
        ("two and a half", "2.5"),
        ("two dozen", "24"),
        ("um like fifty dollars please", "50"),
        ("fifty dollars on friday", "50"),
    ],
)
def test_amounts_are_understood(said: str, amount: str) -> None:
    """Words, numerals, cents and the usual short forms."""
    assert amounts_in(words_in(said))[0][0].value == Decimal(amount)


@pytest.mark.parametrize(
    "said", ["", "hello", "and", "hundred", "the 27th", "11/27", "🙂", "cents"]
)
def test_what_is_no_amount_is_none(said: str) -> None:
    """No number is made up."""
    assert amounts_in(words_in(said)) == []


@pytest.mark.parametrize(
    ("said", "named"),
    [("fifty dollars", True), ("fifty", False), ("$50", True), ("two fifty", False)],
)
def test_a_named_currency_marks_an_amount(said: str, *, named: bool) -> None:
    """`Fifty dollars` is money, `fifty` may be anything."""
    assert amounts_in(words_in(said))[0][1] is named


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("four four seven one", ["4471"]),
        ("double nine", ["99"]),
        ("triple zero", ["000"]),
        ("oh four four", ["044"]),
        ("oh oh seven", ["007"]),
        ("nine double oh five", ["9005"]),
        ("forty-four seventy-one", ["4471"]),
        ("4471", ["4471"]),
        ("4-4-7-1", ["4471"]),
        ("4 4 7 1", ["4471"]),
        ("44 71", ["4471"]),
        ("447,122", ["447122"]),
        ("four four um seven one", ["4471"]),
        ("my account is four four to one two two", ["442122"]),
        ("account 447122 pin 1234", ["447122", "1234"]),
        ("twelve thirty four", ["1234"]),
        ("one hundred twenty three", ["123"]),
        ("+1 (555) 123-4567", ["15551234567"]),
        ("the second one", []),
        ("I want to go to bed", []),
        ("for you too", []),
        ("", []),
    ],
)
def test_digits_are_understood(said: str, digits: list[str]) -> None:
    """One by one, in pairs, doubled, with pauses, or as a numeral."""
    assert [run.value for run in digits_in(words_in(said))] == digits


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("three months", [3]),
        ("a couple of days", [2]),
        ("thirty six", [36]),
        ("between two and five", [2, 5]),
        ("a dozen", [12]),
        ("no one", []),
    ],
)
def test_whole_numbers_are_understood(said: str, numbers: list[int]) -> None:
    """Also `a couple` and `a dozen`, but not the pronoun `one`."""
    assert [whole.value for whole in wholes_in(words_in(said))] == numbers


def test_absurdly_long_numerals_are_no_numbers() -> None:
    """Python refuses to read them, so we do not ask it to."""
    assert amounts_in(words_in("9" * 3_000)) == []
