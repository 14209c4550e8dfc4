"""Identity: the proof that a caller is who they say; only the `Seal` of a book can make one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from callcenter.domain.errors import PlainError


class AccountsError(PlainError):
    """Anything wrong between a desk and the books. `retry`: may the same step succeed later?

    AccountsError
    ├── Refused     a rule of the house says no; `.spoken` may be told to the caller
    ├── Unproven    an Identity this book did not make (a bug or a forgery): never spoken
    └── BookAway    the books cannot be read or written; the message says what to do
    """

    retry: bool = False


class Unproven(AccountsError):
    """The identity was not made by this book, or was changed since."""

    def __init__(self) -> None:
        super().__init__("this Identity was not made by this book: call identify() first")


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """A customer who proved who they are. Made by `Accounts.identify`, checked at every use."""

    account_number: str
    first_name: str
    full_name: str
    proof: bytes = field(default=b"", compare=False)

    @property
    def last_four(self) -> str:
        """The end of the account number: enough for a log, too little for a stranger."""
        return self.account_number[-4:]

    def __repr__(self) -> str:
        return f"Identity(••{self.last_four})"


class Seal:
    """Makes and checks identities with a key that never leaves this object.

    The proof covers the account and the names, so neither a hand-made Identity nor a changed copy
    of a true one passes. Another process has another key: there the caller proves it anew.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def identity(self, account_number: str, first_name: str, full_name: str) -> Identity:
        """A proven identity; call this only after the caller's answer was checked."""
        proof = self._proof(account_number, first_name, full_name)
        return Identity(account_number, first_name, full_name, proof)

    def account_of(self, identity: Identity) -> str:
        """The account number of a true identity, or Unproven."""
        expected = self._proof(identity.account_number, identity.first_name, identity.full_name)
        if not hmac.compare_digest(expected, identity.proof):
            raise Unproven
        return identity.account_number

    def _proof(self, *parts: str) -> bytes:
        # The length before each part keeps ("ab", "c") apart from ("a", "bc").
        message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
        return hmac.digest(self._key, message, hashlib.sha256)
