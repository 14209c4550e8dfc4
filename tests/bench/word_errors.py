"""Word errors: how many words of what was said were heard wrong."""

from __future__ import annotations

from dataclasses import dataclass

_SAME = {"o": "oh", "ok": "okay"}


@dataclass(slots=True)
class Errors:
    """A sum over lines."""

    words: int = 0
    wrong: int = 0
    lines: int = 0
    wrong_lines: int = 0

    def add(self, said: str, heard: str) -> int:
        """Count a line; its own number of errors."""
        wrong = distance(_words(said), _words(heard))
        self.words += len(said.split())
        self.wrong += wrong
        self.lines += 1
        self.wrong_lines += bool(wrong)
        return wrong

    @property
    def rate(self) -> float:
        """Wrong words of a hundred."""
        return 100 * self.wrong / max(self.words, 1)

    def __str__(self) -> str:
        return f"{self.rate:5.1f} % ({self.lines - self.wrong_lines}/{self.lines} lines right)"


def distance(said: list[str], heard: list[str]) -> int:
    """Words put in, left out or mistaken, at least."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, 1):
        before, row[0] = row[0], at
        for place, other in enumerate(heard, 1):
            best = min(row[place] + 1, row[place - 1] + 1, before + (word != other))
            before, row[place] = row[place], best
    return row[-1]


def _words(text: str) -> list[str]:
    return [_SAME.get(word, word) for word in text.split()]
