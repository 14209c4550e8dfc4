"""Logs: a call id on every line, no secret on any, whoever wrote it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from callcenter import log

CARD = "4111 1111 1111 1111"
Lines = Callable[[], list[str]]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the lines go; logging is put back as it was afterwards."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level, logging.getLogRecordFactory())
    yield io.StringIO()
    root.handlers[:], level, factory = before
    root.setLevel(level)
    logging.setLogRecordFactory(factory)


@pytest.fixture
def objects(stream: io.StringIO) -> Callable[[], list[dict[str, object]]]:
    """What was written in the JSON form."""
    log.configure(json_lines=True, stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    """What was written in the text form."""
    log.configure(stream=stream)
    return lambda: stream.getvalue().splitlines()


def test_a_line_says_when_who_which_call_and_what(lines: Lines) -> None:
    """In this order, with extras at the end."""
    with log.in_call("c-1a2b3c4d5e6f"):
        logging.getLogger("callcenter.floor").warning("desk %s", "billing", extra={"tries": 2})
    (line,) = lines()
    assert line[12:] == " WARNING callcenter.floor [c-1a2b3c4d5e6f] desk billing tries=2"


def test_every_record_has_a_call_even_outside_of_one(lines: Lines) -> None:
    """A dash, so that columns stay columns."""
    logging.getLogger("somebody.else").error("hello")
    assert "[-] hello" in lines()[0]


def test_json_is_one_object_a_line(objects: Callable[[], list[dict[str, object]]]) -> None:
    """With the moment in UTC, and extras that cannot hide our own names."""
    with log.in_call("c-1a2b3c4d5e6f"):
        logging.getLogger("callcenter").info("two\nlines", extra={"level": "x", "took": 0.25})
    (entry,) = objects()
    assert str(entry.pop("at")).endswith("Z")
    assert entry == {
        "level": "INFO",
        "logger": "callcenter",
        "call": "c-1a2b3c4d5e6f",
        "message": "two\nlines",
        "took": 0.25,
    }


def test_a_line_break_cannot_forge_a_line(lines: Lines) -> None:
    """What a caller says must not look like a log line of its own."""
    logging.getLogger("callcenter").info("heard %s", "hi\n12:00:00.000 ERROR forged")
    assert len(lines()) == 1


def test_digits_are_masked_in_messages_arguments_and_extras(lines: Lines) -> None:
    """Wherever a number is handed over."""
    logging.getLogger("livekit.agents").info(
        f"card {CARD}, spoken %s", "one two three four", extra={"number": "+15550100123"}
    )
    assert lines()[0].endswith('card ••••, spoken •••• number="••••"')


def test_extras_of_every_kind_are_safe(objects: Callable[[], list[dict[str, object]]]) -> None:
    """Numbers, lists and nested values; counts that people need stay."""
    extra = {
        "account": 12345678,
        "pin": 123,
        "api_key": "abc",
        "digits": ["1", "2", "3", "4"],
        "nested": {"card": CARD, "text": "ok", "token": "t"},
        "pid": 12345,
        "latency_ms": 1500,
        "ok": True,
        "nothing": None,
    }
    logging.getLogger("callcenter").info("extras", extra=extra)
    (entry,) = objects()
    assert {name: entry[name] for name in extra} == {
        "account": "••••",
        "pin": "••••",
        "api_key": "••••",
        "digits": "••••",
        "nested": {"card": "••••", "text": "ok", "token": "••••"},
        "pid": 12345,
        "latency_ms": 1500,
        "ok": True,
        "nothing": None,
    }


def test_an_exception_is_kept_whole_but_masked(lines: Lines) -> None:
    """Chain, frames and line numbers stay; the number in the message goes."""
    try:
        try:
            raise KeyError(CARD)
        except KeyError as error:
            raise ValueError(f"account {CARD}") from error
    except ValueError:
        logging.getLogger("callcenter").exception("tool failed")
    text = "\n".join(lines())
    assert "ValueError: account ••••" in text
    assert "KeyError: '••••'" in text
    assert "The above exception was the direct cause" in text
    assert 'test_log.py", line 1' in text
    assert CARD not in text


def test_frames_far_down_a_file_keep_their_line_number() -> None:
    """LiveKit has modules of thousands of lines."""
    record = logging.makeLogRecord({"msg": "x", "exc_text": '  File "a.py", line 4711, in f'})
    assert "line 4711" in log.TextLines().format(record)


def test_the_record_itself_is_left_alone(lines: Lines) -> None:
    """Masking is a matter of writing; other handlers see what was logged."""
    seen: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())

    logging.getLogger().addHandler(Listener())
    logging.getLogger("callcenter").info("card %s", CARD)
    assert seen == [f"card {CARD}"]
    assert CARD not in lines()[0]


def test_calls_side_by_side_keep_their_own_id(lines: Lines) -> None:
    """Tasks inherit the id of the call that started them."""

    async def deeper() -> None:
        await asyncio.sleep(0)
        logging.getLogger("callcenter").info("said")

    async def call(name: str) -> None:
        with log.in_call(name):
            await asyncio.create_task(deeper())

    async def both() -> None:
        await asyncio.gather(call("c-aaaaaaaa"), call("c-bbbbbbbb"))

    asyncio.run(both())
    assert sorted(line.split()[3] for line in lines()) == ["[c-aaaaaaaa]", "[c-bbbbbbbb]"]


def test_a_handler_in_another_thread_sees_the_call(lines: Lines) -> None:
    """The id is in the record, not looked up when the line is written."""
    kept: list[logging.LogRecord] = []

    class Later(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(record)

    logging.getLogger().addHandler(Later())
    with log.in_call("c-aaaaaaaa"):
        logging.getLogger("callcenter").info("said")
    written: list[str] = []
    thread = threading.Thread(target=lambda: written.append(log.TextLines().format(kept[0])))
    thread.start()
    thread.join()
    assert "[c-aaaaaaaa]" in written[0]
    assert lines()


def test_an_extra_named_call_is_used_where_no_call_is_open(lines: Lines) -> None:
    """A reaper speaks of calls that are not its own."""
    logging.getLogger("callcenter").info("lost", extra={"call": "c-cccccccc"})
    assert lines()[0].endswith("[c-cccccccc] lost")


def test_configuring_twice_writes_every_line_once(stream: io.StringIO) -> None:
    """Also after a library has put a handler of its own in place."""
    logging.getLogger("livekit").addHandler(logging.StreamHandler(stream))
    log.configure(stream=stream)
    log.configure(level="WARNING", stream=stream)
    logging.getLogger("livekit.agents").warning("once")
    logging.getLogger("livekit.agents").info("never")
    assert stream.getvalue().count("\n") == 1
