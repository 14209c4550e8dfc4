"""One file of words: markdown with a phrase under each `## name`; tells what is wrong and where."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

PROMPT = "prompt"
"""The one phrase that is read by a model, never by a voice: it keeps its lines and symbols."""

_HEADING = re.compile(r"##(?!#)(.*)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_BRACED = re.compile(r"\{[^{}]*\}")
_NOTE = ">"
# A voice reads these aloud, each its own way: "asterisk", "dollar", "slash".
_UNSPEAKABLE = re.compile(r"[*#_\[\]<>|`~^\\$%&@=+/•]|https?:")


@dataclass(frozen=True)
class Phrase:
    """Some words with a name; `where` is the file they are in, `line` the line of the heading."""

    name: str
    where: str
    line: int
    lines: tuple[tuple[int, str], ...]

    @cached_property
    def text(self) -> str:
        """The words; what is spoken is one line, however it was wrapped."""
        if self.name == PROMPT:
            return "\n".join(text for _, text in self.lines).strip()
        return " ".join(text.strip() for _, text in self.lines if text.strip())

    @cached_property
    def variables(self) -> dict[str, int]:
        """The variables that are used, each with the line where it is used first."""
        found: dict[str, int] = {}
        for number, text in self.lines:
            for name in _VARIABLE.findall(text):
                found.setdefault(name, number)
        return found

    def filled(self, values: dict[str, str]) -> str:
        """The words with every variable replaced; braces in a value are left as they are."""
        return _VARIABLE.sub(lambda found: values[found[1]], self.text)


@dataclass(slots=True)
class ScriptFile:
    """The phrases of a file by name, and the problems found in it as "file:line: what"."""

    where: str
    phrases: dict[str, Phrase] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, data: bytes, where: str) -> ScriptFile:
        """Read a file; `where` is how problems name it."""
        file = cls(where)
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            file.problems.append(
                f"{where}:{line}: not UTF-8 (byte {data[error.start]:#04x}); "
                "save the file with the encoding UTF-8"
            )
            return file
        file._read_lines(text.replace("\r\n", "\n").split("\n"))
        return file

    def _read_lines(self, lines: list[str]) -> None:
        name, start, words = "", 0, list[tuple[int, str]]()
        for number, line in enumerate(lines, 1):
            heading = _HEADING.fullmatch(line.rstrip())
            if heading is None:
                words.append((number, line.rstrip()))
                continue
            self._keep(name, start, words)
            name, start, words = heading[1].strip(), number, []
            if not _NAME.fullmatch(name):
                self._complain(
                    number, f"'{name}' is no phrase name; use small letters, like '## greeting'"
                )
        self._keep(name, start, words)
        if not start:
            self._complain(1, "no phrase found; one starts with a line like '## greeting'")

    def _keep(self, name: str, start: int, words: list[tuple[int, str]]) -> None:
        if not _NAME.fullmatch(name):
            return  # the introduction, or a heading that was complained about
        spoken = tuple(pair for pair in words if not pair[1].lstrip().startswith(_NOTE))
        phrase = Phrase(name, self.where, start, spoken)
        if twin := self.phrases.get(name):
            self._complain(start, f"phrase '{name}' is already in line {twin.line}")
            return
        self.phrases[name] = phrase
        if not phrase.text:
            self._complain(start, f"phrase '{name}' has no words")
        for number, text in spoken:
            self._check(name, number, text)

    def _check(self, name: str, number: int, text: str) -> None:
        rest = _VARIABLE.sub("", text)
        for odd in _BRACED.findall(rest):
            self._complain(
                number,
                f"phrase '{name}' has {odd}, which is no variable; "
                "write small letters without spaces, like {name}",
            )
        rest = _BRACED.sub("", rest)
        for brace in sorted(set(rest) & {"{", "}"}):
            self._complain(
                number, f"phrase '{name}' has a '{brace}' without its partner; write {{name}}"
            )
        if name != PROMPT and (symbol := _UNSPEAKABLE.search(rest)):
            self._complain(
                number, f"phrase '{name}' has '{symbol[0]}', which a voice cannot say; use words"
            )

    def _complain(self, line: int, what: str) -> None:
        self.problems.append(f"{self.where}:{line}: {what}")
