"""Past: what the caller said, and what tools returned, read from everything that happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from callcenter.offline.moves import Heard, Item, Returned, Said


class Turn(NamedTuple):
    """What the caller said, and what the desk had said last."""

    text: str
    before: str


def fresh_outputs(past: Sequence[Item]) -> list[Returned] | None:
    """What tools returned since anybody last spoke."""
    found: list[Returned] = []
    for item in reversed(past):
        if isinstance(item, Heard | Said):
            break
        if isinstance(item, Returned):
            found.append(item)
    return found[::-1] or None


def utterances(past: Sequence[Item], start: int) -> list[Turn]:
    """What the caller said from there on, each time up to the next word of the desk."""
    turns: list[Turn] = []
    said, going_on = "", False
    for number, item in enumerate(past):
        if isinstance(item, Said):
            said, going_on = item.text, False
        elif isinstance(item, Heard) and number >= start:
            text = f"{turns[-1].text} {item.text}".strip() if going_on else item.text
            turns = [*turns[:-1], Turn(text, said)] if going_on else [*turns, Turn(text, said)]
            going_on = True
    return turns
