"""Event ↔ stored entry: three short texts (kind, schema, data), written the same way for all.

Reading never fails: whatever cannot be understood becomes `Unreadable` and keeps its raw text.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from callcenter.domain.caller import CallerMemory
from callcenter.domain.events import MOVES, NOTES, Event, Unreadable

Entry = Mapping[str, str]
"""What a store keeps of one event: the fields KIND, SCHEMA and DATA (a JSON object)."""

KIND, SCHEMA, DATA = "k", "v", "d"
RAW_LIMIT = 2_000
"""How many characters of an unreadable entry are kept."""

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTERS: dict[tuple[str, int], Upcaster] = {}
"""(kind, old schema) → function that lifts the data of that schema to the next one.

Whoever changes an event's fields raises its `schema` and adds the step here; the steps chain.
"""

_KINDS: Mapping[str, type[Event]] = MappingProxyType({kind.kind: kind for kind in (*MOVES, *NOTES)})
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_UNKNOWN = CallerMemory()
_NOT_FINITE = frozenset({"nan", "inf", "-inf"})


class _Misfit(Exception):
    """The entry does not fit what its kind promises; the text says why."""


def encode(event: Event) -> dict[str, str]:
    """The entry for an event; text that no terminal or database takes is made safe."""
    data = {
        field.name: _plain(value)
        for field in dataclasses.fields(event)
        if (value := getattr(event, field.name)) is not None
    }
    return {KIND: event.kind, SCHEMA: str(event.schema), DATA: _JSON.encode(data)}


def decode(entry: Mapping[Any, Any] | None) -> Event:
    """The event of an entry (texts or bytes); `Unreadable` if this version cannot read it."""
    try:
        return _understood(_texts(entry))
    except _Misfit as misfit:
        return _unreadable(entry, str(misfit))
    except (ValueError, TypeError, KeyError, RecursionError, AttributeError) as error:
        # A damaged entry, or an upcaster that met data it was not written for.
        return _unreadable(entry, f"damaged ({type(error).__name__})")


def same(one: Event, other: Event) -> bool:
    """Whether two events are stored alike; unlike ==, this also holds for NaN and mended text."""
    return encode(one) == encode(other)


def encode_memory(memory: CallerMemory) -> dict[str, str]:
    """What is known of a caller as a hash of texts."""
    return {name: _mended(str(value)) for name, value in dataclasses.asdict(memory).items()}


def decode_memory(stored: Mapping[Any, Any]) -> CallerMemory:
    """What is known of a caller; a damaged or unknown field counts as not known."""
    known: dict[str, Any] = {}
    for field in dataclasses.fields(CallerMemory):
        text = stored.get(field.name.encode(), stored.get(field.name))
        if text is not None:
            # The default tells the type: text, number or whole number.
            with contextlib.suppress(ValueError):
                known[field.name] = type(getattr(_UNKNOWN, field.name))(_text(text))
    return CallerMemory(**known)


def _understood(entry: Entry) -> Event:
    missing = [name for name in (KIND, SCHEMA, DATA) if name not in entry]
    if missing:
        raise _Misfit(f"the entry has no {', '.join(missing)}")
    kind = _KINDS.get(entry[KIND])
    if kind is None:
        raise _Misfit("unknown kind of event")
    schema = int(entry[SCHEMA])
    if schema > kind.schema:
        raise _Misfit(f"written by a newer version (schema {schema}, known {kind.schema})")
    data = json.loads(entry[DATA])
    if not isinstance(data, dict):
        raise _Misfit("its data is no JSON object")
    for old in range(schema, kind.schema):
        step = UPCASTERS.get((kind.kind, old))
        if step is None:
            raise _Misfit(f"no upcaster from schema {old}")
        data = step(data)
    return _built(kind, data)


def _built(kind: type[Event], data: dict[str, Any]) -> Event:
    values: dict[str, Any] = {}
    for name, read in _FIELDS[kind.kind].items():
        # A name that is absent takes the field's default; unknown names are a newer writer's
        # additions that do not change the meaning of the rest.
        if name in data:
            try:
                values[name] = read(data[name])
            except (ValueError, TypeError) as error:
                raise _Misfit(f"field {name!r} is damaged ({type(error).__name__})") from None
    return kind(**values)


def _plain(value: object) -> object:
    match value:
        case bool() | None:
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case int():
            return value
        case str():
            # str(): departments and enums are texts with rules of their own.
            return _mended(str(value))
        case Mapping():
            return {_mended(str(key)): _mended(str(item)) for key, item in value.items()}
        case _:
            raise TypeError(f"an event holds a {type(value).__name__}; events are flat")


def _mended(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates, which UTF-8 cannot hold, marked."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _readers(kind: type[Event]) -> Mapping[str, Callable[[Any], Any]]:
    hints = typing.get_type_hints(kind)
    return {field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)}


def _reader(hint: Any) -> Callable[[Any], Any]:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        inner = _reader(next(part for part in parts if part is not types.NoneType))
        return lambda value: None if value is None else inner(value)
    if origin is Mapping:
        return _read_mapping
    if isinstance(hint, type) and issubclass(hint, str) and hint is not str:
        # An enum or another text with rules; it refuses what is none of its values.
        return lambda value: hint(_read_text(value))
    return _READERS[hint]


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return _mended(value)


def _read_whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _read_float(value: Any) -> float:
    if isinstance(value, bool) or not (isinstance(value, int | float) or value in _NOT_FINITE):
        raise TypeError
    return float(value)


def _read_truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _read_mapping(value: Any) -> Mapping[str, str]:
    return MappingProxyType({_read_text(key): _read_text(item) for key, item in value.items()})


_READERS: Mapping[type, Callable[[Any], Any]] = MappingProxyType(
    {str: _read_text, int: _read_whole, float: _read_float, bool: _read_truth}
)


_FIELDS = MappingProxyType({name: _readers(kind) for name, kind in _KINDS.items()})


def _texts(entry: Mapping[Any, Any] | None) -> Entry:
    # A stream entry that was deleted by hand is returned without fields.
    if entry is None:
        raise _Misfit("the entry was deleted")
    return {_text(name): _text(value) for name, value in entry.items()}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _unreadable(entry: Mapping[Any, Any] | None, why: str) -> Unreadable:
    shown = {_shown(name): _shown(value) for name, value in (entry or {}).items()}
    raw = json.dumps(shown, ensure_ascii=False)[:RAW_LIMIT]
    return Unreadable(at=_moment(shown.get(DATA, "")), raw=raw, why=why)


def _shown(value: Any) -> str:
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    return _mended(text[: RAW_LIMIT * 4])


def _moment(data: str) -> float:
    """When it happened, if at least that much can be read."""
    try:
        at = float(json.loads(data)["at"])
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
        return 0.0
    return at if math.isfinite(at) else 0.0
