"""Hints: what a tool tells a rule-based brain about itself; large models read the same tool's text.

A tool carries `Hints` (attached by `floor.desk.tool`), and a parameter may carry `Ask` in its
annotation: `account: Annotated[str, Ask("What is your account number?", expects="digits")]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

ATTRIBUTE = "__callcenter_hints__"
_NOTHING: Mapping[str, str] = MappingProxyType({})

Expectation = Literal["auto", "digits", "name", "words"]


@dataclass(frozen=True, slots=True)
class Ask:
    """How to ask for a parameter, and what kind of words answer the question.

    `auto` follows the annotated type (amount, whole number, date, yes or no, one of several);
    `digits` is a number read out digit by digit, of `length` (fewest, most) digits.
    """

    question: str
    expects: Expectation = "auto"
    length: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence a caller may say for a tool, and the arguments that it settles by itself."""

    text: str
    arguments: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a tool is for, in callers' words."""

    examples: tuple[Example, ...] = ()
    offer: str = ""
    """Finishes the sentence "I can help with …"; empty if the tool is not to be offered."""
    rescue: bool = False
    """Whether to call this tool when the caller cannot be understood at all."""


def hints_of(tool: object) -> Hints:
    """The hints a tool carries; empty ones for tools that are not ours."""
    found = getattr(tool, ATTRIBUTE, None)
    return found if isinstance(found, Hints) else Hints()
