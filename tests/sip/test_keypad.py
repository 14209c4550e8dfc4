"""Keypad: three sources, one stream."""

from __future__ import annotations

import pytest

from sip.keypad import DigitSource, Keypad

R, N, B = DigitSource.RTP, DigitSource.INFO, DigitSource.IN_BAND


@pytest.mark.parametrize(
    ("told", "accepted"),
    [
        ([(0, "5", R), (0.1, "5", N), (0.2, "5", B)], "5"),
        ([(0, "5", R), (0.1, "5", N), (0.3, "5", R), (0.4, "5", N)], "55"),
        ([(0, "5", N), (0.1, "5", R), (0.3, "5", R), (0.4, "5", N)], "55"),
        ([(0, "1", R), (0.1, "2", R), (0.2, "1", N), (0.3, "2", N)], "12"),
        ([(0, "1", R), (0.1, "2", N), (0.2, "3", R)], "123"),
        ([(0, "7", R), (5, "7", N)], "77"),
        ([(0, "7", R), (0.2, "7", R), (0.4, "7", R)], "777"),
        ([(0, "x", R), (0, "", N), (0, "12", B), (0, "d", R)], "D"),
    ],
    ids=[
        "once",
        "doubles",
        "info first",
        "two keys late",
        "one lost",
        "later",
        "one way",
        "no key",
    ],
)
def test_keys_by_several_ways(told: list[tuple[float, str, DigitSource]], accepted: str) -> None:
    """Never doubled, and what one way lost another brings."""
    now = 0.0
    keypad = Keypad(clock=lambda: now)
    heard = ""
    for at, key, source in told:
        now = at
        digit = keypad.press(key, source)
        heard += digit.key if digit else ""
    assert heard == accepted


def test_a_digit_does_not_print_itself() -> None:
    """A card number must not get into a log by way of a digit."""
    digit = Keypad().press("7", R)
    assert "7" not in f"{digit}{digit!r}".replace("rfc4733", "")
