"""DemoBook: the SQLite file behind the demo accounts: opened with care, written in short steps."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

from flows.accounts import BookAway
from flows.demo_accounts.customers import AREAS, CUSTOMERS, DISTURBANCES, Customer

MEMORY: Final = ":memory:"
_APPLICATION = 0x4E574242  # "NWBB": tells our file from somebody else's database
_VERSION = 1
_WAIT = 1.0  # seconds for another process to finish its write; the event loop waits with us

_SCHEMA = (
    """CREATE TABLE area (zip_code TEXT PRIMARY KEY, town TEXT NOT NULL)""",
    """CREATE TABLE outage (
        town TEXT PRIMARY KEY, services TEXT NOT NULL, cause TEXT NOT NULL,
        since_days INTEGER NOT NULL, back_in_days INTEGER NOT NULL, back_at TEXT NOT NULL)""",
    """CREATE TABLE customer (
        account TEXT PRIMARY KEY, pin_salt BLOB NOT NULL, pin_hash BLOB NOT NULL,
        born TEXT NOT NULL, first_name TEXT NOT NULL, last_name TEXT NOT NULL, phone TEXT NOT NULL,
        zip_code TEXT NOT NULL REFERENCES area, issued_ago INTEGER NOT NULL,
        unpaid INTEGER NOT NULL, credit_cents INTEGER NOT NULL, autopay INTEGER NOT NULL,
        online INTEGER NOT NULL, signal TEXT NOT NULL, seen_minutes INTEGER NOT NULL,
        reset_helps INTEGER NOT NULL)""",
    # `age` 0 is the latest bill; its days follow from customer.issued_ago.
    """CREATE TABLE bill_line (
        account TEXT NOT NULL REFERENCES customer, age INTEGER NOT NULL, place INTEGER NOT NULL,
        label TEXT NOT NULL, cents INTEGER NOT NULL, PRIMARY KEY (account, age, place))""",
    """CREATE TABLE promise (
        reference INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL REFERENCES customer,
        key TEXT NOT NULL, cents INTEGER NOT NULL, day TEXT NOT NULL, UNIQUE (account, key))""",
    """CREATE TABLE plan (
        reference INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL REFERENCES customer,
        key TEXT NOT NULL, cents INTEGER NOT NULL, months INTEGER NOT NULL,
        first_day TEXT NOT NULL, last_day TEXT NOT NULL, UNIQUE (account, key))""",
    """CREATE TABLE line_reset (
        reference INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL REFERENCES customer,
        key TEXT NOT NULL, day TEXT NOT NULL, UNIQUE (account, key))""",
    """CREATE TABLE ticket (
        number INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT REFERENCES customer,
        key TEXT NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL, due TEXT NOT NULL,
        phone TEXT, slot_start TEXT, slot_end TEXT)""",
    # Callers without an account share NULL, which a UNIQUE constraint would never compare.
    """CREATE UNIQUE INDEX ticket_once ON ticket (coalesce(account, ''), kind, key)""",
    """CREATE TABLE wrong_answer (
        account TEXT NOT NULL, day TEXT NOT NULL, tries INTEGER NOT NULL,
        PRIMARY KEY (account, day))""",
)
_FIRST_NUMBERS = {"promise": 310_000, "plan": 420_000, "line_reset": 530_000, "ticket": 204_100}


class DemoBook:
    """One open book. Use it from the thread that made it; several processes may share a file."""

    def __init__(self, path: str | Path = MEMORY) -> None:
        self._where = str(path)
        with self._explained():
            if self._where != MEMORY and not Path(path).exists():
                # The book tells about people: others on this machine have no business in it.
                Path(path).touch(mode=0o600)
            self._db = sqlite3.connect(self._where, timeout=_WAIT, isolation_level=None)
            try:
                self._open()
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Let go of the file; closing twice is fine."""
        self._db.close()

    def rows(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """What a query finds."""
        with self._explained():
            return self._db.execute(query, values).fetchall()

    def row(self, query: str, values: Sequence[object] = ()) -> sqlite3.Row | None:
        """The first row a query finds."""
        return next(iter(self.rows(query, values)), None)

    def change(self, statement: str, values: Sequence[object] = ()) -> int:
        """Write a row and return its number; call it within `writing`."""
        with self._explained():
            return self._db.execute(statement, values).lastrowid or 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All that is read and written within happens at once or not at all; never await inside."""
        with self._explained():
            self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            with self._explained():
                self._db.execute("COMMIT")
        finally:
            # SQLite ends the transaction itself after some errors, such as a full disk.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _open(self) -> None:
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA foreign_keys = ON")
        self._is_fresh()  # before anything is changed: the file may be somebody else's
        if self._where != MEMORY:
            self._share()
        with self.writing():
            if self._is_fresh():
                self._fill()
        if self._db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise BookAway(self._advice(sqlite3.SQLITE_CORRUPT))

    def _is_fresh(self) -> bool:
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if (application, version) == (_APPLICATION, _VERSION):
            return False
        if application == _APPLICATION:
            raise BookAway(
                f"the demo book {self._where} was written by another version of this program: "
                "move it away and start again; a fresh one is made"
            )
        if application or version or tables:
            raise BookAway(
                f"{self._where} is a database of something else: choose another path for the book"
            )
        return True

    def _share(self) -> None:
        """Let readers and a writer work at once; the switch itself waits for nobody, so we do."""
        deadline = time.monotonic() + _WAIT
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def _fill(self) -> None:
        for statement in _SCHEMA:
            self._db.execute(statement)
        self._db.executemany(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", _FIRST_NUMBERS.items()
        )
        self._db.executemany("INSERT INTO area VALUES (?, ?)", AREAS.items())
        for outage in DISTURBANCES:
            self._db.execute(
                "INSERT INTO outage VALUES (?, ?, ?, ?, ?, ?)",
                (outage.town, ",".join(outage.services), outage.cause, outage.since_days,
                 outage.back_in_days, outage.back_at.isoformat()),
            )  # fmt: skip
        for customer in CUSTOMERS:
            self._add(customer)
        self._db.execute(f"PRAGMA application_id = {_APPLICATION}")
        self._db.execute(f"PRAGMA user_version = {_VERSION}")

    def _add(self, customer: Customer) -> None:
        salt = secrets.token_bytes(16)
        self._db.execute(
            f"INSERT INTO customer VALUES ({', '.join('?' * 16)})",  # noqa: S608 - only marks
            (customer.account, salt, pin_hash(customer.pin, salt), customer.born.isoformat(),
             customer.first_name, customer.last_name, customer.phone, customer.zip_code,
             customer.issued_ago, customer.unpaid, cents(customer.credit), customer.autopay,
             customer.online, customer.signal.value, customer.seen_minutes, customer.reset_helps),
        )  # fmt: skip
        self._db.executemany(
            "INSERT INTO bill_line VALUES (?, ?, ?, ?, ?)",
            [
                (customer.account, age, place, label, cents(Decimal(amount)))
                for age, lines in enumerate(customer.bills)
                for place, (label, amount) in enumerate(lines)
            ],
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            code = _code(error)
            busy = code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            raise BookAway(f"{self._advice(code)} ({error})", retry=busy) from error

    def _advice(self, code: int) -> str:
        book = f"the demo book {self._where}"
        match code:
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return (
                    f"{book} is damaged or no SQLite file: "
                    "move it away and start again; a fresh one is made"
                )
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return f"{book} is being written by another process: try again in a moment"
            case sqlite3.SQLITE_FULL:
                return f"{book} cannot grow, the disk is full: make room and try again"
            case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
                return (
                    f"{book} cannot be opened for writing: "
                    "make its folder exist and be writable, or choose another path"
                )
        return f"{book} cannot be used"


def pin_hash(pin: str, salt: bytes) -> bytes:
    """What is kept of a PIN: four digits hide little, but a glance at the file shows none."""
    return hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, 1000)


def cents(amount: Decimal) -> int:
    """An amount as it is stored."""
    return int(amount * 100)


def dollars(stored: int) -> Decimal:
    """A stored amount, with its two decimals."""
    return Decimal(stored).scaleb(-2)


def _code(error: sqlite3.Error | OSError) -> int:
    """SQLite's primary result code; a refused file counts as one that cannot be opened."""
    if isinstance(error, OSError):
        return sqlite3.SQLITE_CANTOPEN
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return int(code) & 0xFF
