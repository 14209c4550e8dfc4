"""The codec: every event comes back, and nothing that comes back can break the reader."""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.domain.caller import CallerMemory
from callcenter.domain.department import Department
from callcenter.domain.events import (
    MOVES,
    NOTES,
    AgentSaid,
    CallerSaid,
    Event,
    SilenceNoticed,
    ToolUsed,
    Unreadable,
)
from callcenter.store import codec

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Anything an event's field of this type may hold."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        options = [values(part) for part in parts if part is not types.NoneType]
        return st.one_of([*options, st.none()])
    if origin is Mapping:
        return st.dictionaries(TEXTS, TEXTS, max_size=3)
    if hint is Department:
        return st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True).map(Department)
    if issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: TEXTS,
        int: st.integers(-(2**53), 2**53),
        float: st.floats(),
        bool: st.booleans(),
    }
    return plain[hint]


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Any event of any kind, with anything in its fields."""
    kind = draw(st.sampled_from([*MOVES, *NOTES]))
    hints = typing.get_type_hints(kind)
    return kind(**{f.name: draw(values(hints[f.name])) for f in dataclasses.fields(kind)})


@given(events())
@settings(max_examples=300, deadline=None)
def test_every_event_comes_back_as_it_went(event: Event) -> None:
    """Whatever the fields hold: emoji, NUL, NaN, infinity, nothing."""
    back = codec.decode(codec.encode(event))
    assert type(back) is type(event)
    assert codec.same(back, event)
    unequal = [
        field.name
        for field in dataclasses.fields(event)
        if (was := getattr(event, field.name)) != (now := getattr(back, field.name))
        and not (isinstance(was, float) and math.isnan(was) and math.isnan(now))
    ]
    assert unequal == []


@given(
    st.dictionaries(
        st.sampled_from(["k", "v", "d"]) | st.text(max_size=3),
        st.text(max_size=40) | st.binary(max_size=40) | st.just("caller_said") | st.just("1"),
    )
)
@settings(max_examples=300, deadline=None)
def test_no_entry_can_break_the_reader(entry: dict[str, Any]) -> None:
    """Rubbish becomes an event of its own kind, never an exception."""
    assert isinstance(codec.decode(entry), Event)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({}, "has no k, v, d"),
        (None, "deleted"),
        ({"k": "tea_served", "v": "1", "d": "{}"}, "unknown kind"),
        ({"k": "caller_said", "v": "99", "d": "{}"}, "newer version"),
        ({"k": "caller_said", "v": "one", "d": "{}"}, "damaged"),
        ({"k": "caller_said", "v": "0", "d": "{}"}, "no upcaster"),
        ({"k": "caller_said", "v": "1", "d": '{"at":1.5,"te'}, "damaged"),
        ({"k": "caller_said", "v": "1", "d": "[]"}, "no JSON object"),
        ({"k": "caller_said", "v": "1", "d": '{"at":1.5}'}, "damaged"),
        ({"k": "caller_said", "v": "1", "d": '{"at":1.5,"text":7}'}, "'text'"),
        ({"k": "caller_said", "v": "1", "d": '{"at":true,"text":""}'}, "'at'"),
        ({"k": "silence_noticed", "v": "1", "d": '{"at":1,"times":1.5}'}, "'times'"),
        ({"k": "answered", "v": "1", "d": '{"at":1,"department":"No Such"}'}, "'department'"),
        ({"k": "ended", "v": "1", "d": '{"at":1,"disposition":"x","by":"caller"}'}, "disposition"),
        ({"k": "caller_said", "v": "1", "d": "[" * 100_000}, "damaged"),
        ({b"k": b"caller_said", b"v": b"1", b"d": b"\xff\xfe"}, "damaged"),
    ],
)
def test_what_cannot_be_read_says_why(entry: Any, why: str) -> None:
    """Unreadable carries the reason and the raw text."""
    event = codec.decode(entry)
    assert isinstance(event, Unreadable)
    assert why in event.why
    assert codec.decode(codec.encode(event)) == event


def test_an_unreadable_entry_keeps_its_text_and_its_moment_within_a_bound() -> None:
    """A megabyte of rubbish is not carried along."""
    entry = {"k": "tea", "v": "1", "d": json.dumps({"at": 12.5, "x": "y" * 1_000_000})}
    event = codec.decode(entry)
    assert isinstance(event, Unreadable)
    assert "tea" in event.raw
    assert len(event.raw) <= codec.RAW_LIMIT
    short = codec.decode({**entry, "d": '{"at":12.5}'})
    assert short.at == 12.5


def test_fields_that_a_newer_writer_added_are_ignored() -> None:
    """The same schema number promises that the rest means the same."""
    data = '{"at":1.0,"text":"hello","mood":"fine"}'
    assert codec.decode({"k": "caller_said", "v": "1", "d": data}) == CallerSaid(
        at=1.0, text="hello"
    )


def test_an_old_schema_is_lifted_by_its_upcaster(monkeypatch: pytest.MonkeyPatch) -> None:
    """A history of last year is read by this year's code."""
    monkeypatch.setitem(
        codec.UPCASTERS, ("caller_said", 0), lambda old: {"at": old["when"], "text": old["words"]}
    )
    entry = {"k": "caller_said", "v": "0", "d": '{"when":3.0,"words":"hi"}'}
    assert codec.decode(entry) == CallerSaid(at=3.0, text="hi")
    damaged = codec.decode({**entry, "d": "{}"})
    assert isinstance(damaged, Unreadable)


def test_lone_surrogates_are_marked_and_pairs_are_joined() -> None:
    """Half a character from a broken recogniser must not break a log or a page later."""
    event = AgentSaid(at=1.0, text="a\ud800b\ud83d\ude00\0", department=Department("triage"))
    back = codec.decode(codec.encode(event))
    assert isinstance(back, AgentSaid)
    assert back.text == "a\ufffdb😀\0"
    foreign = codec.decode({"k": "caller_said", "v": "1", "d": '{"at":1,"text":"\\ud800"}'})
    assert isinstance(foreign, CallerSaid)
    assert foreign.text == "\ufffd"


def test_the_entry_is_short_plain_text() -> None:
    """Fields that say nothing are left out; the JSON is readable in any client."""
    used = ToolUsed(
        at=1.0, tool="pay", department=Department("billing"), seconds=0.5, arguments={"ü": "1"}
    )
    assert codec.encode(used) == {
        "k": "tool_used",
        "v": "1",
        "d": '{"at":1.0,"tool":"pay","department":"billing","seconds":0.5,"arguments":{"ü":"1"}}',
    }


def test_an_event_that_is_not_flat_is_a_bug_of_ours() -> None:
    """It is refused when written, not found out when read."""
    with pytest.raises(TypeError, match="flat"):
        codec.encode(SilenceNoticed(at=1.0, times=[1]))  # type: ignore[arg-type]


@given(st.builds(CallerMemory, name=TEXTS, last_at=st.floats(allow_nan=False), calls=st.integers()))
@settings(max_examples=50, deadline=None)
def test_caller_memory_comes_back_as_it_went(memory: CallerMemory) -> None:
    """Also from bytes, as a server returns it."""
    stored = codec.encode_memory(memory)
    assert codec.decode_memory(stored) == memory
    assert codec.decode_memory({k.encode(): v.encode() for k, v in stored.items()}) == memory


def test_damaged_caller_memory_counts_as_not_known() -> None:
    """A wrong number in one field does not lose the others."""
    assert codec.decode_memory({"calls": "many", "name": "Ada"}) == CallerMemory(name="Ada")
