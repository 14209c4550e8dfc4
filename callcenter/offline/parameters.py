"""Parameters: what a tool has to be told, read from its annotations or its JSON schema."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from pydantic.fields import FieldInfo

from callcenter.domain.hints import Ask
from callcenter.offline.answers import Choice
from callcenter.offline.words import row

Json = str | int | float | bool | list[str] | None

Kind = Literal["amount", "number", "count", "date", "flag", "choice", "digits", "name", "words"]

_DIGITS = frozenset(row("account pin code phone zip digits ssn card postcode extension"))
_OWN_WORDS = frozenset(
    row(
        "reason summary description note notes words request message details detail problem query"
        " question text utterance issue topic complaint feedback comment"
    )
)
_SCHEMA_KINDS: Mapping[str, Kind] = {
    "number": "number",
    "integer": "count",
    "boolean": "flag",
    "string": "words",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing a tool has to be told."""

    name: str
    kind: Kind
    required: bool = True
    question: str
    length: tuple[int, int] | None = None
    choices: tuple[Choice, ...] = ()
    nullable: bool = False
    """Whether it may be left out by saying so; such a thing is not asked for."""
    own_words: bool = False
    """Whether the caller's request itself is the answer."""
    birth: bool = False
    accepts: Callable[[Json], bool] = lambda _: True
    """Whether the tool takes a value."""

    @property
    def names(self) -> tuple[str, ...]:
        """The words of its name: `account_number` is told after "account" or "number"."""
        return tuple(self.name.lower().split("_"))


def from_annotation(name: str, annotation: object, *, required: bool) -> Parameter:
    """The parameter that a function declares."""
    core, metadata, nullable = _unwrapped(annotation)
    ask = next((item for item in metadata if isinstance(item, Ask)), None)
    fields = [item for item in metadata if isinstance(item, FieldInfo)]
    kind, choices = _kind_of(core)
    return _parameter(
        name,
        kind,
        ask,
        choices=choices,
        required=required and all(one.is_required() for one in fields),
        nullable=nullable,
        accepts=_acceptance(annotation),
        described=next((one.description for one in fields if one.description), "") or "",
    )


def from_schema(name: str, schema: object, *, required: bool) -> Parameter:
    """The parameter that a JSON schema describes."""
    found = cast("dict[str, Any]", schema) if isinstance(schema, dict) else {}
    variants = [v for v in _listed(found.get("anyOf")) if isinstance(v, dict)]
    listed = [kind for one in (found, *variants) for kind in _listed(one.get("type"))]
    kinds = [kind for kind in listed if isinstance(kind, str)]
    nullable = "null" in kinds
    plain = next((variant for variant in variants if variant.get("type") != "null"), found)
    options = found.get("enum", plain.get("enum"))
    choices = tuple(
        Choice.of(option, str(option))
        for option in _listed(options)
        if isinstance(option, str | int | float | bool)
    )
    kind: Kind = next((_SCHEMA_KINDS[k] for k in kinds if k in _SCHEMA_KINDS), "words")
    if "date" in (found.get("format"), plain.get("format")):
        kind = "date"
    described = found.get("description")
    return _parameter(
        name,
        "choice" if choices else kind,
        None,
        choices=choices,
        required=required,
        nullable=nullable,
        accepts=lambda value: not choices or any(value == choice.value for choice in choices),
        described=described if isinstance(described, str) else "",
    )


def _parameter(
    name: str,
    kind: Kind,
    ask: Ask | None,
    *,
    choices: tuple[Choice, ...],
    required: bool,
    nullable: bool,
    accepts: Callable[[Json], bool],
    described: str,
) -> Parameter:
    words = set(name.lower().split("_"))
    asked_for = f"{name} {ask.question if ask else described}".lower()
    own_words = False
    if ask is not None and ask.expects != "auto" and kind in {"words", "count", "choice"}:
        kind = ask.expects if not choices else kind
    elif kind == "words" and words & _DIGITS:
        kind = "digits"
    elif kind == "words" and "name" in words:
        kind = "name"
    elif kind == "words" and ask is None:
        own_words = bool(words & _OWN_WORDS)
    if kind == "words" and "date" in words:
        kind = "date"
    return Parameter(
        name=name,
        kind=kind,
        required=required,
        question=ask.question if ask else f"What is the {name.replace('_', ' ').strip()}?",
        length=ask.length if ask else None,
        choices=choices,
        nullable=nullable,
        own_words=own_words,
        birth="birth" in asked_for or "born" in asked_for or "dob" in words,
        accepts=accepts,
    )


def _unwrapped(annotation: object) -> tuple[object, list[object], bool]:
    """The type itself, what is noted beside it, and whether nothing will do as well."""
    metadata: list[object] = []
    nullable = False
    for _ in range(8):
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *notes = get_args(annotation)
            metadata.extend(notes)
        elif origin in (Union, types.UnionType):
            members = [member for member in get_args(annotation) if member is not type(None)]
            nullable = nullable or len(members) < len(get_args(annotation))
            annotation = members[0] if members else str
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif hasattr(annotation, "__value__") and not isinstance(annotation, type):
            annotation = annotation.__value__
        else:
            break
    return annotation, metadata, nullable


def _kind_of(core: object) -> tuple[Kind, tuple[Choice, ...]]:
    if get_origin(core) is Literal:
        options = [o for o in get_args(core) if isinstance(o, str | int | float | bool)]
        return "choice", tuple(Choice.of(_plain(option), str(_plain(option))) for option in options)
    if not isinstance(core, type):
        return "words", ()
    if issubclass(core, Enum):
        members = [m for m in core if isinstance(m.value, str | int | float | bool)]
        return "choice", tuple(Choice.of(m.value, str(m.value), m.name.lower()) for m in members)
    order: tuple[tuple[type, Kind], ...] = (
        (bool, "flag"),
        (int, "count"),
        (Decimal, "amount"),
        (float, "number"),
        (date, "date"),
    )
    return next((kind for of, kind in order if issubclass(core, of)), "words"), ()


def _plain(option: object) -> str | int | float | bool:
    value = option.value if isinstance(option, Enum) else option
    return value if isinstance(value, str | int | float | bool) else str(value)


def _listed(value: object) -> list[Any]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)
    return [] if value is None else [value]


def _acceptance(annotation: object) -> Callable[[Json], bool]:
    """What livekit will ask pydantic before it calls the tool, asked beforehand."""
    try:
        adapter: TypeAdapter[object] = TypeAdapter(cast("Any", annotation))
    except (PydanticSchemaGenerationError, PydanticUserError, TypeError, NameError, SyntaxError):
        return lambda _: True

    def accepts(value: Json) -> bool:
        try:
            adapter.validate_python(value)
        except (ValidationError, PydanticUserError, ValueError, TypeError, ArithmeticError):
            return False
        return True

    return accepts
