"""Moves: what happened in a conversation, and what to do next."""

from __future__ import annotations

from typing import Literal, NamedTuple

from callcenter.offline.parameters import Json


class Heard(NamedTuple):
    """The caller spoke."""

    text: str


class Said(NamedTuple):
    """The desk spoke."""

    text: str


class Called(NamedTuple):
    """A tool was called."""

    tool: str


class Returned(NamedTuple):
    """A tool came back; with nothing if nothing of it is to be said."""

    text: str
    failed: bool = False


class Seated(NamedTuple):
    """Another desk took over."""


Item = Heard | Said | Called | Returned | Seated


class Say(NamedTuple):
    """The next move is to speak."""

    text: str


class Call(NamedTuple):
    """The next move is to call a tool."""

    tool: str
    arguments: dict[str, Json]


Freedom = Literal["auto", "required", "none"]
