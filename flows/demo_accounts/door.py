"""Door: lets a caller in as a customer, or not, without telling which answer was wrong."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import date

from flows.accounts import Identity, Seal
from flows.demo_accounts.book import DemoBook, pin_hash

WRONG_ANSWERS_A_DAY = 10
"""After so many an account stays closed until tomorrow: four digits are soon tried out."""


class Door:
    """Checks answers against the book, in the same steps for every account that was named."""

    def __init__(self, book: DemoBook, seal: Seal, today: Callable[[], date]) -> None:
        self._book = book
        self._seal = seal
        self._today = today
        self._decoy_salt = secrets.token_bytes(16)

    def enter(
        self, account_number: str, pin: str | None, date_of_birth: date | None
    ) -> Identity | None:
        """The proven customer, or None."""
        if pin is None and date_of_birth is None:
            return None
        account = only_digits(account_number)[:12]
        row = self._book.row("SELECT * FROM customer WHERE account = ?", (account,))
        salt, kept, born = (
            (row["pin_salt"], row["pin_hash"], row["born"])
            if row
            else (self._decoy_salt, bytes(32), "0000-00-00")
        )
        # Both answers are always looked at, so that the time taken tells nothing.
        right_pin = hmac.compare_digest(pin_hash(only_digits(pin or ""), salt), kept)
        right_day = hmac.compare_digest(date_of_birth.isoformat() if date_of_birth else "", born)
        right = (pin is None or right_pin) and (date_of_birth is None or right_day)
        with self._book.writing():
            if row is None or not right or self._is_closed(account):
                self._note_wrong_answer(account)
                return None
            self._book.change("DELETE FROM wrong_answer WHERE account = ?", (account,))
        first, last = row["first_name"], row["last_name"]
        return self._seal.identity(account, first, f"{first} {last}")

    def _is_closed(self, account: str) -> bool:
        row = self._book.row(
            "SELECT tries FROM wrong_answer WHERE account = ? AND day = ?",
            (account, self._today().isoformat()),
        )
        return row is not None and row["tries"] >= WRONG_ANSWERS_A_DAY

    def _note_wrong_answer(self, account: str) -> None:
        day = self._today().isoformat()
        self._book.change("DELETE FROM wrong_answer WHERE day <> ?", (day,))
        self._book.change(
            "INSERT INTO wrong_answer VALUES (?, ?, 1) "
            "ON CONFLICT (account, day) DO UPDATE SET tries = tries + 1",
            (account, day),
        )


def only_digits(text: str) -> str:
    """The digits of a number however it was typed or heard: "447-122" → "447122"."""
    return "".join(character for character in text if character in "0123456789")
