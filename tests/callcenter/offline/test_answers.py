"""Yes and no, names and choices are heard in the words that callers use."""

from __future__ import annotations

import pytest

from callcenter.offline.answers import Choice, chosen, leading_yes_no, name_in, only_yes_no, yes_no
from callcenter.offline.words import row, words_in

DEPARTMENTS = (
    Choice.of("billing", "billing"),
    Choice.of("technical_support", "technical_support", "support", "technical"),
    Choice.of("sales", "sales"),
)


@pytest.mark.parametrize(
    "said",
    row(
        "yes|yeah|Yep!|sure|go ahead|please do|yes please go ahead|that's right|correct|absolutely"
        "|of course|why not|no problem|ok fine|please|uh huh|mm-hmm|I guess so|let's do it|I do",
        "|",
    ),
)
def test_yes_is_heard(said: str) -> None:
    """Also without the word."""
    assert yes_no(said) is True
    assert only_yes_no(said) is True


@pytest.mark.parametrize(
    "said",
    row(
        "no|nope|not really|no thanks|I don't think so|no that's wrong|yeah no|I'd rather not"
        "|no no no|of course not|that's not right|not today|don't do it|no way|absolutely not",
        "|",
    ),
)
def test_no_is_heard(said: str) -> None:
    """Also in polite words."""
    assert yes_no(said) is False
    assert only_yes_no(said) is False


@pytest.mark.parametrize(
    "said",
    row(
        "|hello|I don't know|I'm not sure|what is the fee|is it right|fifty dollars|never mind"
        "|okay but what is my balance|yes if it is free",
        "|",
    ),
)
def test_neither_yes_nor_no_is_neither(said: str) -> None:
    """Questions, doubts and conditions are not consent."""
    assert yes_no(said) is None


@pytest.mark.parametrize(
    ("said", "answer"), [("no I want a person", False), ("I do not want to pay that", False)]
)
def test_an_answer_with_more_is_not_bare(said: str, *, answer: bool) -> None:
    """The rest may be a request."""
    assert yes_no(said) is answer
    assert only_yes_no(said) is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("my name is Ann Lee", "Ann Lee"),
        ("it's Bob", "Bob"),
        ("bob", "Bob"),
        ("ann lee here", "Ann Lee"),
        ("this is doctor mary o'brien speaking", "Mary O'Brien"),
        ("um my name's ann and i want to pay", "Ann"),
        ("the name is McDonald", "McDonald"),
        ("it is under J. Smith", "J. Smith"),
        ("Mr. Jones", "Jones"),
        ("Jean-Luc Picard", "Jean-Luc Picard"),
        ("José García", "José García"),
        ("王小明", "王小明"),
        ("I am calling about my bill", None),
        ("what do you mean", None),
        ("my bill is too high", None),
        ("yes", None),
        ("4471", None),
        ("", None),
    ],
)
def test_names_are_heard(said: str, name: str | None) -> None:
    """With or without a lead-in, but never from other sentences."""
    assert name_in(said, asked=True) == name


def test_a_name_that_was_not_asked_for_needs_its_lead_in() -> None:
    """`It's Bob` may be about anything; `my name is Bob` is not."""
    assert name_in("it's broken", asked=False) is None
    assert name_in("hi my name is Bob", asked=False) == "Bob"


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("billing", "billing"),
        ("the bill", "billing"),
        ("support please", "technical_support"),
        ("tech", "technical_support"),
        ("billling", "billing"),
        ("not billing, sales", "sales"),
        ("from billing to support", "technical_support"),
        ("billing, no sorry, sales", "sales"),
        ("billing or sales", None),
        ("hello", None),
        ("", None),
    ],
)
def test_choices_are_heard(said: str, value: str | None) -> None:
    """By any of their names, also denied, corrected or misspelled."""
    choice = chosen(words_in(said), DEPARTMENTS)
    assert (choice.value if choice else None) == value


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("no there is no light", False),
        ("um yes it's on now", True),
        ("I do not agree with this charge", None),
        ("there is no light", None),
        ("", None),
    ],
)
def test_a_leading_answer_is_its_first_word(said: str, answer: object) -> None:
    """A sentence that denies something is no answer by itself."""
    assert leading_yes_no(said) is answer
