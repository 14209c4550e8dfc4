"""Toll fraud: what is not allowed is not dialled, and the reason has a name."""

from __future__ import annotations

import pytest

from sip import PhoneNumber
from sip.guard import Refusal
from sip.toll import Toll
from sip.trunks import Limits


@pytest.mark.parametrize(
    ("number", "refusal"),
    [
        ("+15550100123", None),
        ("+12125550100", None),
        ("+18005551212", None),
        ("+19005551234", Refusal.PREMIUM),
        ("+18765551234", Refusal.COUNTRY),
        ("+442079460018", Refusal.COUNTRY),
        ("+881612345678", Refusal.COUNTRY),
        ("+37012345678", Refusal.COUNTRY),
        ("+4930901820", None),
        ("+12425551234", Refusal.COUNTRY),
        ("+14085551234", Refusal.BLOCKED_PREFIX),
    ],
)
def test_countries_prefixes_and_premium_numbers(number: str, refusal: Refusal | None) -> None:
    """The Caribbean shares +1 and is abroad all the same."""
    toll = Toll(Limits(prefixes=("+4930",), blocked_prefixes=("+1408",)))
    assert toll.judge(PhoneNumber(number)) is refusal


@pytest.mark.parametrize("text", ["911", "hello", "", "sip:x@evil", "+1", "112", "*72", "1" * 30])
def test_what_is_no_number(text: str) -> None:
    """Emergency and service codes are none either: no machine dials them."""
    assert Toll(Limits()).read(text) is Refusal.NUMBER


def test_extensions_only_where_the_trunk_has_them() -> None:
    """A short number means something inside an office only."""
    toll = Toll(Limits())
    assert toll.read("1000", extensions=True) == "1000"
    assert toll.read("1000") is Refusal.NUMBER


@pytest.mark.parametrize(
    ("target", "allowed"),
    [("+15550100199", True), ("+15550100200", False), ("1000", True), ("1001", False)],
)
def test_transfers_only_to_listed_targets(target: str, allowed: bool) -> None:  # noqa: FBT001 - a table
    """Nothing is listed by default."""
    toll = Toll(Limits(transfer_targets=("+155501001*", "1000")))
    to = PhoneNumber(target) if target.startswith("+") else target
    assert toll.judge_target(to) is (None if allowed else Refusal.TARGET)
    assert Toll(Limits()).judge_target(to) is Refusal.TARGET


def test_a_days_calls_and_minutes() -> None:
    """In all and for each person; the next day everybody starts anew."""
    now = 0.0
    toll = Toll(
        Limits(calls_a_day=3, minutes_a_day=10, calls_a_day_per_caller=2), clock=lambda: now
    )
    ann, bob, cid = (PhoneNumber(f"+1555010010{n}") for n in range(3))
    assert [toll.begin_out(ann) for _ in range(3)] == [None, None, Refusal.CALLER_CALLS]
    assert toll.begin_out(bob) is None
    assert toll.begin_out(cid) is Refusal.DAILY_CALLS
    now += 86400
    assert toll.begin_out(ann) is None
    toll.finish(ann, 601, out=True)
    assert toll.begin_out(bob) is Refusal.DAILY_MINUTES


def test_one_persons_minutes() -> None:
    """Incoming ones count too: an agent costs money whoever rang."""
    toll = Toll(Limits(minutes_a_day_per_caller=1))
    assert toll.begin_in("+15550100100") is None
    toll.finish("+15550100100", 61, out=False)
    assert toll.begin_in("+15550100100") is Refusal.CALLER_MINUTES
    assert toll.begin_in("+15550100101") is None
