"""The file behind the demo accounts: shared, kept, and never silently wrong."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from flows.accounts import BookAway, Promise
from flows.demo_accounts import DemoAccounts
from flows.demo_accounts.book import DemoBook

TODAY = date(2026, 11, 20)


def promise(path: Path, key: str) -> Promise:
    """Open the book as another process would, and promise something in it."""

    async def steps() -> Promise:
        with DemoAccounts(path, today=lambda: TODAY) as accounts:
            dana = await accounts.identify("447122", pin="4821")
            assert dana is not None
            return await accounts.promise_to_pay(dana, Decimal(10), TODAY, key=key)

    return asyncio.run(steps())


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    """A promise outlives the process, and its key still does nothing twice."""
    path = tmp_path / "book.sqlite"
    assert promise(path, "k") == promise(path, "k")


def test_one_file_can_be_open_twice(tmp_path: Path) -> None:
    """What one writes the other reads, and neither waits for the other to close."""
    path = tmp_path / "book.sqlite"
    first, second = DemoBook(path), DemoBook(path)
    with first.writing():
        first.change("UPDATE customer SET unpaid = 0 WHERE account = '447122'")
        assert second.row("SELECT unpaid FROM customer WHERE account = '447122'")
    row = second.row("SELECT unpaid FROM customer WHERE account = '447122'")
    assert row is not None
    assert row["unpaid"] == 0
    first.close()
    second.close()


@pytest.mark.slow
def test_two_processes_open_and_write_the_same_new_file(tmp_path: Path) -> None:
    """Both may be the first; the book is filled once and no promise is lost."""
    path = tmp_path / "book.sqlite"
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        promises = pool.starmap(promise, [(path, f"k{n % 4}") for n in range(8)])
    assert len({made.reference for made in promises}) == 4


def test_the_book_is_private_to_its_owner(tmp_path: Path) -> None:
    """It tells about people, so nobody else on the machine may read it."""
    path = tmp_path / "book.sqlite"
    promise(path, "k")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_pin_can_be_read_in_the_file(tmp_path: Path) -> None:
    """What is kept of a PIN does not show it."""
    path = tmp_path / "book.sqlite"
    DemoBook(path).close()
    assert b"Whitfield" in path.read_bytes()
    assert b"4821" not in path.read_bytes()


def test_a_file_that_is_no_book_is_reported_with_advice(tmp_path: Path) -> None:
    """The message names the file and what to do about it."""
    path = tmp_path / "book.sqlite"
    path.write_bytes(b"not a database, but long enough to look at" * 50)
    with pytest.raises(BookAway, match="damaged or no SQLite file: move it away") as away:
        DemoAccounts(path)
    assert str(path) in str(away.value)
    assert not away.value.retry


def test_a_damaged_book_is_reported_when_it_is_opened(tmp_path: Path) -> None:
    """Rubbish in the middle is found before a caller hears it."""
    path = tmp_path / "book.sqlite"
    DemoBook(path).close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    with pytest.raises(BookAway, match="move it away"):
        DemoAccounts(path)


@pytest.mark.parametrize("where", ["", "missing/book.sqlite", "file/book.sqlite"])
def test_a_place_that_cannot_be_written_is_reported_with_advice(tmp_path: Path, where: str) -> None:
    """A folder, a missing folder or a file in place of one."""
    (tmp_path / "file").touch()
    with pytest.raises(BookAway, match="cannot be opened for writing"):
        DemoAccounts(tmp_path / where)


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    """A wrong path must not put our tables into another program's file."""
    path = tmp_path / "theirs.sqlite"
    theirs = sqlite3.connect(path)
    theirs.execute("CREATE TABLE diary (entry TEXT)")
    theirs.close()
    before = path.read_bytes()
    with pytest.raises(BookAway, match="a database of something else"):
        DemoAccounts(path)
    assert path.read_bytes() == before


def test_a_book_of_another_version_is_not_guessed_at(tmp_path: Path) -> None:
    """An old or newer book is refused, with what to do."""
    path = tmp_path / "book.sqlite"
    DemoBook(path).close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(BookAway, match="another version"):
        DemoAccounts(path)


def test_a_book_that_another_process_holds_may_be_tried_again(tmp_path: Path) -> None:
    """Waiting ends after a second with an error that says so."""
    path = tmp_path / "book.sqlite"
    book = DemoBook(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BookAway, match="try again in a moment") as away, book.writing():
        pass
    assert away.value.retry
    other.close()
    with book.writing():
        assert book.row("SELECT count(*) AS people FROM customer")
    book.close()


def test_a_step_that_fails_half_way_is_undone() -> None:
    """Nothing of it stays, and the next step finds the book open."""
    book = DemoBook()

    def fail_half_way() -> None:
        with book.writing():
            book.change("DELETE FROM outage")
            book.change("DELETE FROM customer")

    with pytest.raises(BookAway, match="FOREIGN KEY"):
        fail_half_way()
    assert book.row("SELECT * FROM outage")
    with book.writing():
        book.change("DELETE FROM outage")
    assert book.row("SELECT * FROM outage") is None
    book.close()
