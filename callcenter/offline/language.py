"""Language: an n-gram model from weighted sentences (Witten-Bell), written as an ARPA file."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TextIO

START, END = "<s>", "</s>"
_NEVER = -99.0
_Gram = tuple[str, ...]


class NGrams:
    """Sentences counted as runs of up to `order` words; probabilities come from `write_arpa`."""

    def __init__(self, order: int = 3) -> None:
        self.order = order
        self._counts: list[defaultdict[_Gram, float]] = [defaultdict(float) for _ in range(order)]

    def add(self, sentence: Iterable[str], weight: float = 1.0) -> None:
        """Count a sentence; `weight` says how often it was heard."""
        words = (START, *sentence, END)
        if len(words) == 2:
            return
        for at in range(1, len(words)):
            for length in range(1, min(self.order, at + 1) + 1):
                self._counts[length - 1][words[at + 1 - length : at + 1]] += weight

    @property
    def vocabulary(self) -> frozenset[str]:
        """Every word that was counted."""
        return frozenset(word for (word,) in self._counts[0]) - {END}

    def write_arpa(self, file: TextIO, *, floor: Mapping[str, float] | None = None) -> None:
        """Write the model.

        What was never counted after a history is taken from the shorter history, with the weight
        that Witten and Bell give to new words: as many as different words followed it.

        Args:
            file: where to
            floor: words that may be said although no sentence has them, with their counts
        """
        for word, count in (floor or {}).items():
            self._counts[0][(word,)] += count
        rows, leftover = self._smoothed()
        file.write("\\data\\\n")
        # The start of a sentence is a history, but is never said.
        file.write(f"ngram 1={len(rows[0]) + 1}\n")
        file.writelines(
            f"ngram {length}={len(rows[length - 1])}\n" for length in range(2, self.order + 1)
        )
        for length, probabilities in enumerate(rows, 1):
            file.write(f"\n\\{length}-grams:\n")
            if length == 1:
                new = _log(leftover.get((START,), 1.0))
                file.write(f"{_NEVER:.4f}\t{START}\t{new:.4f}\n")
            for gram, probability in sorted(probabilities.items()):
                file.write(f"{_log(probability):.4f}\t{' '.join(gram)}")
                if length < self.order:
                    file.write(f"\t{_log(leftover.get(gram, 1.0)):.4f}")
                file.write("\n")
        file.write("\n\\end\\\n")

    def _smoothed(self) -> tuple[list[dict[_Gram, float]], dict[_Gram, float]]:
        """The probability of every counted run, and what every history leaves to shorter ones."""
        single = self._counts[0]
        everything = sum(single.values())
        rows: list[dict[_Gram, float]] = [{g: c / everything for g, c in single.items()}]
        leftover: dict[_Gram, float] = {}
        for counts in self._counts[1:]:
            after: defaultdict[_Gram, float] = defaultdict(float)
            kinds: defaultdict[_Gram, int] = defaultdict(int)
            for gram, count in counts.items():
                after[gram[:-1]] += count
                kinds[gram[:-1]] += 1
            shorter, row = rows[-1], dict[_Gram, float]()
            for history, total in after.items():
                leftover[history] = kinds[history] / (kinds[history] + total)
            for gram, count in counts.items():
                new = leftover[gram[:-1]]
                heard = (1 - new) * count / after[gram[:-1]]
                row[gram] = heard + new * shorter[gram[1:]]
            rows.append(row)
        return rows, leftover


def _log(probability: float) -> float:
    return math.log10(probability) if probability > 0 else _NEVER
