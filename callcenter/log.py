"""Logs with a call id on every line and no digits that could be somebody's secret.

Masking happens while a line is written, not in the record: nobody else who looks at the record is
deceived, and no logger, livekit's included, can get around it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

from callcenter.domain.privacy import MASK, masked

NO_CALL = "-"
call_id: ContextVar[str] = ContextVar("call_id", default=NO_CALL)

# Not "call": logging forbids an extra whose name a record already has.
_STAMP = "callcenter_call"
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_HUSH = {"asyncio": logging.WARNING, "aiohttp.access": logging.WARNING, "httpx": logging.WARNING}
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:pin|cvv|cvc|ssn|dob|birth\w*|card\w*|password|secret|token|authorization|key)$",
    re.IGNORECASE,
)
_COUNT_NAME = re.compile(
    r"^(?:pid|port|line|status|\w*(?:_ms|_seconds|_bytes|_tokens|_count))$", re.IGNORECASE
)
_FRAME = re.compile(r'^\s+File ".*", line \d+, in ')


@contextmanager
def in_call(call: str) -> Iterator[None]:
    """Everything logged inside, by the tasks it starts too, carries this call's id."""
    token = call_id.set(call)
    try:
        yield
    finally:
        call_id.reset(token)


def configure(
    *, level: str = "INFO", json_lines: bool = False, stream: TextIO | None = None
) -> None:
    """Send every logger's lines, ours and the libraries', to `stream` (stderr) in one form.

    For processes only, once at their start; it replaces handlers that libraries have put in place.
    """
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonLines() if json_lines else TextLines())
    root = logging.getLogger()
    for other in list(root.handlers):
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(level)
    for name, least in _HUSH.items():
        logging.getLogger(name).setLevel(max(least, logging.getLevelName(level)))
    for name in ("livekit", "livekit.agents"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    _stamp_records()


class _Masked(logging.Formatter):
    """What both forms share: the parts of a record, safe to write."""

    def message(self, record: logging.LogRecord) -> str:
        return masked(record.getMessage())

    def call(self, record: logging.LogRecord) -> str:
        stamped = getattr(record, _STAMP, NO_CALL)
        return str(getattr(record, "call", NO_CALL) if stamped == NO_CALL else stamped)

    def extras(self, record: logging.LogRecord) -> dict[str, Any]:
        return {
            name: _safe(name, value)
            for name, value in vars(record).items()
            if name not in _STANDARD and name not in (_STAMP, "call")
        }

    def failure(self, record: logging.LogRecord) -> str:
        parts = []
        if record.exc_info and record.exc_info[0] is not None:
            parts.append("".join(traceback.format_exception(*record.exc_info)))
        elif record.exc_text:
            parts.append(record.exc_text)
        if record.stack_info:
            parts.append(record.stack_info)
        lines = "\n".join(part.rstrip("\n") for part in parts).split("\n")
        # Line numbers are no secrets, and a traceback without them is no use.
        return "\n".join(line if _FRAME.match(line) else masked(line) for line in lines)


class TextLines(_Masked):
    """One line for people: time, level, logger, call, what happened, extras."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and below it the traceback if there is one."""
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        # A line break in a caller's words must not look like a log line of its own.
        message = self.message(record).replace("\r", "\\r").replace("\n", "\\n")
        line = (
            f"{clock}.{int(record.msecs):03d} {record.levelname:<7} {record.name} "
            f"[{self.call(record)}] {message}"
        )
        for name, value in self.extras(record).items():
            line += f" {name}={json.dumps(value, ensure_ascii=False, default=str)}"
        failure = self.failure(record)
        return f"{line}\n{failure}" if failure else line


class JsonLines(_Masked):
    """One JSON object a line for log collectors; our own names win over extras."""

    def format(self, record: logging.LogRecord) -> str:
        """The object, on one line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        entry = {
            **self.extras(record),
            "at": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "call": self.call(record),
            "message": self.message(record),
        }
        failure = self.failure(record)
        if failure:
            entry["error"] = failure
        return json.dumps(entry, ensure_ascii=False, default=str)


def _stamp_records() -> None:
    """Give a record its call when it is made: a handler may see it in another task or thread."""
    present = logging.getLogRecordFactory()
    if getattr(present, "stamps_calls", False):
        return

    def stamped(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = present(*args, **kwargs)
        record.__dict__.setdefault(_STAMP, call_id.get())
        return record

    stamped.stamps_calls = True  # type: ignore[attr-defined]  # a mark on our own function
    logging.setLogRecordFactory(stamped)


def _safe(name: str, value: Any) -> Any:
    """An extra that may be written: text masked, numbers kept only where they can be no secret."""
    if value is None or isinstance(value, bool):
        return value
    if _SECRET_NAME.search(name):
        return MASK
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        harmless = abs(value) < 1000 or _COUNT_NAME.match(name)
        return value if harmless else MASK
    if isinstance(value, Mapping):
        return {masked(str(key)): _safe(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        # Digits one by one are a number too.
        whole = masked(" ".join(str(item) for item in value))
        return whole if MASK in whole else [_safe(name, item) for item in value]
    return masked(str(value))
