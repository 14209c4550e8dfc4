"""Script: the words of a conversation, which people who do not program edit in flows/scripts/*.md.

A desk's script is `shared.md` with the desk's own file over it. A folder of files with the same
names replaces phrase by phrase. A variable is filled by the desk, or else by the phrase of the same
name, such as {company}, if that one has no variables itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Self

from callcenter.domain.errors import PlainError
from flows.script_file import PROMPT, Phrase, ScriptFile

SHARED = "shared"
"""The script whose phrases every desk has."""

_SHOWN = "flows/scripts"
_NO_NEEDS: Mapping[str, AbstractSet[str]] = MappingProxyType({})


class ScriptError(PlainError):
    """The words cannot be used as they are; every problem says "file:line: what"."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Script:
    """Phrases by name, checked when they were loaded."""

    def __init__(self, name: str, phrases: Mapping[str, Phrase]) -> None:
        self.name = name
        self._phrases = dict(phrases)
        self._facts = {name: phrase.text for name, phrase in _facts(phrases)}

    @classmethod
    def load(
        cls,
        name: str,
        *,
        needs: Mapping[str, AbstractSet[str]] = _NO_NEEDS,
        folder: Path | None = None,
    ) -> Self:
        """Read and check a script, or raise ScriptError with all that is wrong.

        Args:
            name: the file's name without ".md"
            needs: the phrases that will be said, each with the variables it is given; all of them
                must be used and no others. "name?" may be left out by the editor.
            folder: where to look for files that replace phrases
        """
        problems = _strays(folder) if folder else []
        originals: dict[str, Phrase] = {}
        phrases: dict[str, Phrase] = {}
        new: list[Phrase] = []
        for part in dict.fromkeys((SHARED, name)):
            ours, theirs = _packaged(part, problems), _replacing(part, folder, problems)
            originals.update(ours)
            phrases.update(ours | theirs)
            new += [phrase for phrase in theirs.values() if phrase.name not in originals]
        problems += _unmet(name, phrases, needs)
        problems += _unfit(phrases, originals, needs)
        problems += _unused(new, phrases)
        if problems:
            raise ScriptError(dict.fromkeys(problems))
        return cls(name, phrases)

    @property
    def names(self) -> tuple[str, ...]:
        """The phrases there are, in alphabetical order."""
        return tuple(sorted(self._phrases))

    def __contains__(self, name: object) -> bool:
        return name in self._phrases

    def say(self, name: str, /, **variables: str) -> str:
        """A phrase with its variables filled in; variables that it does not use are ignored."""
        phrase = self._phrase(name)
        values = {**self._facts, **variables}
        missing = [used for used in phrase.variables if used not in values]
        if missing:
            where, lines = phrase.where, phrase.variables
            raise ScriptError(
                f"{where}:{lines[used]}: phrase '{name}' was said without {{{used}}}"
                for used in missing
            )
        return phrase.filled(values)

    def text(self, name: str) -> str:
        """A phrase as it was written, with {variables}: for previews and for training ears."""
        return self._phrase(name).text

    def _phrase(self, name: str) -> Phrase:
        phrase = self._phrases.get(name)
        if phrase is None:
            raise ScriptError([f"{_SHOWN}/{self.name}.md:1: {_absent(name, self._phrases)}"])
        return phrase


def script_names() -> tuple[str, ...]:
    """The scripts that come with the program."""
    files = (resources.files("flows") / "scripts").iterdir()
    return tuple(sorted(file.name[:-3] for file in files if file.name.endswith(".md")))


def _packaged(name: str, problems: list[str]) -> dict[str, Phrase]:
    where = f"{_SHOWN}/{name}.md"
    if name not in script_names():
        known = ", ".join(script_names())
        problems.append(f"{where}:1: there is no such script; known: {known}")
        return {}
    data = (resources.files("flows") / "scripts" / f"{name}.md").read_bytes()
    return _read(data, where, problems)


def _replacing(name: str, folder: Path | None, problems: list[str]) -> dict[str, Phrase]:
    path = folder / f"{name}.md" if folder else None
    if path is None or not path.exists():
        return {}
    try:
        data = path.read_bytes()
    except OSError as error:
        problems.append(f"{path}:1: cannot be read: {error.strerror}")
        return {}
    return _read(data, str(path), problems)


def _read(data: bytes, where: str, problems: list[str]) -> dict[str, Phrase]:
    file = ScriptFile.read(data, where)
    problems += file.problems
    return file.phrases


def _unmet(
    name: str, phrases: Mapping[str, Phrase], needs: Mapping[str, AbstractSet[str]]
) -> Iterator[str]:
    for needed, variables in needs.items():
        phrase = phrases.get(needed)
        if phrase is None:
            yield f"{_SHOWN}/{name}.md:1: {_absent(needed, phrases)}"
            continue
        known = {variable.removesuffix("?") for variable in variables}
        yield from _unknown(phrase, known, phrases)
        for variable in sorted(variables):
            if not variable.endswith("?") and variable not in phrase.variables:
                yield (
                    f"{phrase.where}:{phrase.line}: phrase '{needed}' does not say {{{variable}}}"
                )


def _unfit(
    phrases: Mapping[str, Phrase],
    originals: Mapping[str, Phrase],
    needs: Mapping[str, AbstractSet[str]],
) -> Iterator[str]:
    """Where nobody declared what a phrase is given, the words that came with us tell it."""
    for name, phrase in phrases.items():
        original = originals.get(name)
        if name not in needs and original is not phrase:
            known = original.variables.keys() if original else frozenset[str]()
            yield from _unknown(phrase, known, phrases)


def _unused(new: Iterable[Phrase], phrases: Mapping[str, Phrase]) -> Iterator[str]:
    """A replacing phrase that replaces nothing is most likely misspelled."""
    used = {variable for phrase in phrases.values() for variable in phrase.variables}
    for phrase in new:
        if phrase.name not in used:
            others = phrases.keys() - {phrase.name}
            yield f"{phrase.where}:{phrase.line}: {_absent(phrase.name, others)}"


def _unknown(
    phrase: Phrase, known: AbstractSet[str], phrases: Mapping[str, Phrase]
) -> Iterator[str]:
    """The variables of a phrase that neither a desk nor another phrase fills."""
    facts = dict(_facts(phrases))
    for used, line in phrase.variables.items():
        if used in known or (used in facts and used != phrase.name):
            continue
        listed = ", ".join(sorted(known)) or "none"
        hint = _hint(used, facts) if not get_close_matches(used, known) else ""
        yield (
            f"{phrase.where}:{line}: phrase '{phrase.name}' uses {{{used}}}, "
            f"which is not known; known: {listed}{hint}"
        )


def _facts(phrases: Mapping[str, Phrase]) -> Iterator[tuple[str, Phrase]]:
    """The phrases that may stand in other phrases."""
    for name, phrase in phrases.items():
        if name != PROMPT and not phrase.variables:
            yield name, phrase


def _strays(folder: Path) -> list[str]:
    """Files that would never be read, such as one with a misspelled name."""
    if not folder.is_dir():
        return [f"{folder}:1: there is no such folder of scripts"]
    known = script_names()
    return [
        f"{file}:1: replaces no script; known: {', '.join(known)}"
        for file in sorted(folder.glob("*.md"))
        if file.stem not in known
    ]


def _absent(name: str, phrases: Iterable[str]) -> str:
    return f"there is no phrase '{name}'{_hint(name, phrases)}"


def _hint(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
