"""What is wrong with the settings, in lines that name the variable and what to write.

No line ever shows a value: a key pasted behind the wrong name must not reach a log.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from dotenv.parser import parse_stream
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

PREFIX = "CALLCENTER_"
ENV_FILE = ".env"


class SettingsError(ValueError):
    """The settings cannot be used; `problems` says why, a line each, without any value."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def variables(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Every variable of the environment that is read, in order, with its field."""
    return {
        str(field.validation_alias or f"{PREFIX}{name.upper()}"): field
        for name, field in model.model_fields.items()
    }


def names_in(env_file: str | Path | None) -> tuple[list[str], list[str]]:
    """The names a `.env` sets, and what is wrong with the file. It may only be missing by default.

    Raises nothing: an unreadable file is a problem like any other.
    """
    if env_file is None or (str(env_file) == ENV_FILE and not Path(env_file).exists()):
        return [], []
    try:
        text = Path(env_file).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return [], [f"{env_file} does not exist; copy .env.example to it"]
    except UnicodeDecodeError:
        return [], [f"{env_file} is not UTF-8 text; save it in that encoding"]
    except OSError as error:
        return [], [f"{env_file} cannot be read ({error.strerror}); make it a readable file"]
    bindings = list(parse_stream(StringIO(text)))
    problems = [
        f"{env_file} line {binding.original.line} cannot be understood; write NAME=value"
        for binding in bindings
        if binding.error
    ]
    # A list, not a mapping: what is set to nothing counts as not set, but its name must be right.
    return [binding.key for binding in bindings if binding.key], problems


def unknown(in_file: Iterable[str], known: Mapping[str, FieldInfo]) -> list[str]:
    """A line for each variable that looks like ours and is none."""
    strangers = {
        name.upper()
        for name in (*in_file, *os.environ)
        if name.upper().startswith(PREFIX) and name.upper() not in known
    }
    return [f"{name} is unknown; {_suggestion(name, known)}" for name in sorted(strangers)]


def _suggestion(name: str, known: Mapping[str, FieldInfo]) -> str:
    plain = name.removeprefix(PREFIX)
    if plain in known:
        return f"write {plain}"
    # Compared without the prefix, which would make everything look alike.
    ours = [other.removeprefix(PREFIX) for other in known if other.startswith(PREFIX)]
    close = difflib.get_close_matches(plain, ours, n=1, cutoff=0.7)
    return f"did you mean {PREFIX}{close[0]}?" if close else ".env.example lists every one"


def explained(error: ValidationError, known: Mapping[str, FieldInfo]) -> list[str]:
    """The lines for what pydantic found."""
    lines: dict[str, None] = {}
    for detail in error.errors(include_url=False, include_input=False):
        if not detail["loc"]:
            # From the model's own validator, which writes whole lines.
            lines |= dict.fromkeys(str(detail["ctx"]["error"]).splitlines())
            continue
        place = str(detail["loc"][0])
        name = place if place in known else f"{PREFIX}{place.upper()}"
        lines[f"{name} {_complaint(detail['type'], detail.get('ctx', {}), known.get(name))}"] = None
    return list(lines)


def _complaint(kind: str, context: Mapping[str, Any], field: FieldInfo | None) -> str:
    if kind == "value_error":
        return str(context["error"])
    if kind == "extra_forbidden" or field is None:
        return "is unknown; .env.example lists every one"
    return f"is not a value it can have; write {allowed(field) or 'a text'}"


def allowed(field: FieldInfo) -> str:
    """What may be written for a field, as people say it; empty if its description must do."""
    parts = list(_parts(field.annotation)) + list(field.metadata)
    choices = [choice for part in parts if get_origin(part) is Literal for choice in get_args(part)]
    if choices:
        return ", ".join(choices[:-1]) + f" or {choices[-1]}"
    if bool in parts:
        return "true or false"
    low = next((part.ge for part in parts if isinstance(part, Ge)), None)
    high = next((part.le for part in parts if isinstance(part, Le)), None)
    if low is None or high is None:
        return ""
    number = "a whole number" if int in parts else "a number"
    return f"{number} from {low} to {high}" + (", or none" if type(None) in parts else "")


def _parts(annotation: Any) -> Iterator[Any]:
    """A type with everything it is made of, the constraints of its parts included."""
    yield annotation
    if isinstance(annotation, FieldInfo):
        yield from annotation.metadata
    elif get_origin(annotation) is not Literal:
        for part in get_args(annotation):
            yield from _parts(part)
