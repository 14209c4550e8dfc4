"""Phone numbers: read as people write them, never shown whole."""

from __future__ import annotations

import pickle

import pytest

from sip import InvalidNumber, Outcome, PhoneNumber


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("+15550100123", "US", "+15550100123"),
        ("(555) 010-0123", "US", "+15550100123"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+49 30 901820", "US", "+4930901820"),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, region: str, e164: str) -> None:
    """Spaces, brackets and national notation are understood."""
    assert PhoneNumber.parse(text, region=region).e164 == e164


@pytest.mark.parametrize("text", ["", "hello", "12", "+1", "1" * 40, "☎️", "+15550100123;ext=<x>x"])
def test_what_is_no_number_is_refused_with_advice(text: str) -> None:
    """The message says how to write one."""
    with pytest.raises(InvalidNumber, match="country code"):
        PhoneNumber.parse(text)


@pytest.mark.parametrize("text", [None, "", "anonymous", "Restricted"])
def test_withheld_numbers_are_none(text: str | None) -> None:
    """A caller may keep their number to themselves."""
    assert PhoneNumber.parse_or_none(text) is None


def test_a_number_masks_itself_when_printed() -> None:
    """Only `.e164` shows it whole."""
    number = PhoneNumber("+15550100123")
    for shown in (str(number), repr(number), f"{number}", f"{[number]}"):
        assert "0100" not in shown
        assert shown.count("23") == 1


def test_a_number_survives_pickling() -> None:
    """Worker processes exchange them."""
    number = PhoneNumber("+15550100123")
    assert pickle.loads(pickle.dumps(number)) == number  # noqa: S301 - our own bytes


def test_only_outcomes_that_can_change_may_be_redialled() -> None:
    """A person who declined is not called again by a machine."""
    assert {outcome for outcome in Outcome if outcome.may_redial} == {
        Outcome.BUSY,
        Outcome.NO_ANSWER,
        Outcome.TRUNK_FAILED,
    }
