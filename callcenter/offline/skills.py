"""Skills: what a desk can do, as the understudy sees its tools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from callcenter.domain.hints import Hints
from callcenter.offline.matching import Sample
from callcenter.offline.parameters import Json, Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """A tool, as the understudy sees it."""

    name: str
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    hints: Hints = field(default_factory=Hints)

    def samples(self) -> list[Sample]:
        """What callers may say for it: its examples, else the words of its name and description."""
        guesses = [self.hints.offer]
        found = [Sample(self.name, one.text, one.arguments) for one in self.hints.examples]
        if not found:
            guesses.append(self.name.replace("_", " "))
            if not self.hints.rescue:
                first = self.description.strip().partition("\n\n")[0][:600]
                found.append(Sample(self.name, first, loose=True, guess=True))
        return found + [Sample(self.name, guess, guess=True) for guess in guesses if guess]

    def missing(self, values: Mapping[str, Json]) -> list[Parameter]:
        """What still has to be asked for."""
        wanted = (p for p in self.parameters if p.required and not p.nullable)
        return [p for p in wanted if p.name not in values]

    def arguments(self, values: Mapping[str, Json]) -> dict[str, Json]:
        """The values, and nothing for what has to be named but may be nothing."""
        needed = {p.name for p in self.parameters if p.required and p.nullable}
        names = [p.name for p in self.parameters if p.name in values or p.name in needed]
        return {name: values.get(name) for name in names}
