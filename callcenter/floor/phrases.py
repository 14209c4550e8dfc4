"""Phrases: the sentences the floor itself may speak, whoever wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

NEEDED: Mapping[str, frozenset[str]] = {
    "apology": frozenset(),
    "give_up": frozenset(),
    "still_there": frozenset(),
    "still_there_again": frozenset(),
    "silent_goodbye": frozenset(),
    "too_long": frozenset(),
    "store_apology": frozenset(),
    "goodbye": frozenset(),
    "ask_number": frozenset(),
    "callback_promised": frozenset({"ticket"}),
    "going_round": frozenset(),
    "already_here": frozenset(),
}
"""Every phrase the floor speaks and the variables it gives to it; checked when scripts load."""


class Phrases(Protocol):
    """Words by name, such as a script that an editor wrote."""

    def say(self, name: str, /, **variables: str) -> str:
        """The phrase with its variables filled in."""


def spelled(ticket: str) -> str:
    """A ticket number the way it is read out: letter by letter."""
    return " ".join(character for character in ticket if character.isalnum())
