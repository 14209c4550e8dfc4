"""Arguments are filled from the words, several at once, each only if the tool takes it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from callcenter.domain.hints import Ask
from callcenter.offline.filling import fill, form_of, own_words, settled
from callcenter.offline.parameters import Parameter, from_annotation, from_schema


class Colour(StrEnum):
    """Of a phone."""

    RED = "red"
    SKY_BLUE = "sky_blue"


class Size(Enum):
    """Of a plan."""

    SMALL = 1
    LARGE = 2


def today() -> date:
    """A Wednesday."""
    return date(2026, 11, 18)


def wants(name: str, annotation: Any, *, required: bool = True) -> Parameter:
    """A parameter as a tool declares it."""
    return from_annotation(name, annotation, required=required)


ACCOUNT = wants("account", Annotated[str, Ask("Account?", expects="digits", length=(6, 6))])
PIN = wants("pin", Annotated[str, Ask("PIN?", expects="digits", length=(4, 4))])
PHONE = wants("phone", Annotated[str, Ask("Phone?", expects="digits", length=(4, 10))])
AMOUNT = wants("amount", Decimal)
DAY = wants("day", date)
MONTHS = wants("months", int)
COLOUR = wants("colour", Colour)
CALLER = wants("name", str)


@pytest.mark.parametrize(
    ("parameters", "said", "values"),
    [
        ([ACCOUNT, PIN], "account 447122 pin 1234", {"account": "447122", "pin": "1234"}),
        (
            [ACCOUNT, PIN],
            "my pin is 1234 and the account 447122",
            {"account": "447122", "pin": "1234"},
        ),
        ([ACCOUNT], "it is 4471", {}),
        ([PHONE, PIN], "pin 1111 phone 2222", {"phone": "2222", "pin": "1111"}),
        ([AMOUNT, DAY], "fifty dollars on friday", {"amount": "50", "day": "2026-11-20"}),
        ([AMOUNT, DAY], "on the 27th eighty four twenty", {"amount": "84.20", "day": "2026-11-27"}),
        ([MONTHS], "over three months please", {"months": 3}),
        ([AMOUNT, MONTHS], "fifty over three months", {"amount": "50", "months": 3}),
        (
            [COLOUR, AMOUNT],
            "the sky blue one for $99.90",
            {"colour": "sky_blue", "amount": "99.90"},
        ),
        ([CALLER], "hi my name is ann lee", {"name": "Ann Lee"}),
        ([CALLER], "it is broken", {}),
        ([wants("size", Size)], "the large one", {"size": 2}),
        ([wants("ok", bool)], "yes I want to pay", {}),
    ],
)
def test_one_utterance_fills_several_parameters(
    parameters: list[Parameter], said: str, values: dict[str, object]
) -> None:
    """But consent and bare names are taken only as answers."""
    assert fill(parameters, said, today).values == values


@pytest.mark.parametrize(
    ("parameter", "said", "value"),
    [
        (ACCOUNT, "four four seven one double two", "447122"),
        (ACCOUNT, "447122 no sorry 447123", "447123"),
        (wants("account", Annotated[int, Ask("Account?", expects="digits")]), "0042", "0042"),
        (AMOUNT, "eighty four twenty", "84.20"),
        (AMOUNT, "not fifty, make it sixty dollars", "60"),
        (wants("rate", float), "one point five", 1.5),
        (MONTHS, "twelve", 12),
        (DAY, "the day after tomorrow", "2026-11-20"),
        (DAY, "now", "2026-11-18"),
        (wants("date_of_birth", date), "march fifth nineteen eighty two", "1982-03-05"),
        (wants("ok", bool), "go ahead", True),
        (wants("ok", bool | None), "rather not", False),
        (COLOUR, "red", "red"),
        (wants("term", Literal[3, 6]), "six months", 6),
        (wants("size", Size), "small", 1),
        (CALLER, "bob", "Bob"),
        (wants("street", str), "12 Main Street", "12 Main Street"),
        (wants("tags", list[str]), "blue and green", ["blue and green"]),
    ],
)
def test_answers_fill_what_was_asked(parameter: Parameter, said: str, value: object) -> None:
    """In the form that the type takes."""
    assert fill([parameter], said, today, asked=parameter).values == {parameter.name: value}


@pytest.mark.parametrize(
    "parameter",
    [ACCOUNT, AMOUNT, DAY, MONTHS, COLOUR, CALLER, wants("ok", bool), wants("r", float)],
)
@pytest.mark.parametrize("said", ["", "🙂", "what do you mean by that", "my my my"])
def test_other_words_fill_nothing(parameter: Parameter, said: str) -> None:
    """So that the question is asked again."""
    assert fill([parameter], said, today, asked=parameter).values == {}


def test_a_wrong_count_of_digits_is_told() -> None:
    """And fills nothing."""
    filled = fill([ACCOUNT], "4 4 7", today, asked=ACCOUNT)
    assert (filled.values, filled.miscounted) == ({}, 3)


def test_a_value_that_the_tool_refuses_is_not_filled() -> None:
    """The constraints of pydantic are asked beforehand."""
    some = wants("months", Annotated[int, Field(ge=2, le=12)])
    assert fill([some], "fifty", today, asked=some).values == {}
    assert fill([some], "five", today, asked=some).values == {"months": 5}


@pytest.mark.parametrize(
    ("name", "annotation", "kind"),
    [
        ("amount", Decimal, "amount"),
        ("rate", float, "number"),
        ("count", int | None, "count"),
        ("when", date, "date"),
        ("ok", bool, "flag"),
        ("colour", Colour, "choice"),
        ("colour", Literal["red", "blue"] | None, "choice"),
        ("account_number", str, "digits"),
        ("full_name", str, "name"),
        ("street", str, "words"),
        ("who", Annotated[str | None, Ask("Who?", expects="name")], "name"),
        ("wait", timedelta, "words"),
        ("strange", "not a type", "words"),
    ],
)
def test_types_and_names_tell_the_kind(name: str, annotation: Any, kind: str) -> None:
    """As `Ask` does, which wins."""
    assert wants(name, annotation).kind == kind


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "words"),
        ({"type": ["integer", "null"]}, "count"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number"),
        ({"type": "boolean"}, "flag"),
        ({"enum": ["a", "b"]}, "choice"),
        ({"type": "string", "format": "date"}, "date"),
        ("nonsense", "words"),
        ({"type": 7, "anyOf": 3, "enum": None}, "words"),
    ],
)
def test_schemas_tell_the_kind(schema: object, kind: str) -> None:
    """Also broken ones."""
    assert from_schema("thing", schema, required=True).kind == kind


def test_optional_and_defaulted_parameters_are_not_asked_for() -> None:
    """Nothing is as good as an answer."""
    assert wants("x", int | None).nullable
    assert not wants("x", Annotated[int, Field(default=3)]).required


def test_the_callers_own_words_tell_the_reason() -> None:
    """Nobody asks "what is the reason?"; a subject is asked for."""
    reason = wants("reason", str)
    assert reason.own_words
    assert own_words(reason, "  my \x00router  is dead ") == "my router is dead"
    assert not wants("subject", str).own_words


@pytest.mark.parametrize(
    ("parameter", "argument", "value"),
    [
        (COLOUR, "red", "red"),
        (COLOUR, "green", None),
        (wants("ok", bool), "true", True),
        (wants("ok", bool), "no", False),
        (DAY, "today", "2026-11-18"),
        (DAY, "2026-12-01", "2026-12-01"),
        (MONTHS, "3", 3),
        (MONTHS, "three", None),
        (AMOUNT, "9.99", "9.99"),
        (wants("size", Size), "2", 2),
    ],
)
def test_arguments_of_examples_take_the_parameters_type(
    parameter: Parameter, argument: str, value: object
) -> None:
    """What does not fit is not settled."""
    assert settled(parameter, argument, today) == value


@pytest.mark.parametrize("parameter", [ACCOUNT, AMOUNT, DAY, MONTHS, COLOUR, CALLER])
def test_every_form_can_be_explained(parameter: Parameter) -> None:
    """In one sentence."""
    assert form_of(parameter).startswith("Please say")
