"""PhoneNumber: an E.164 number that masks itself wherever it is printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self


class InvalidNumber(ValueError):
    """The text is not a phone number; the message says what is expected."""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A valid E.164 number. `str()` and `repr()` show only the end; `.e164` is the whole number."""

    e164: str

    @classmethod
    def parse(cls, text: str, *, region: str = "US") -> Self:
        """Read a number as people write it; `region` is assumed where no country code is given."""
        import phonenumbers

        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException as error:
            raise InvalidNumber(_advice(error)) from None
        # "Possible", not "valid": fictional 555-01xx numbers and new ranges must be dialable.
        if not phonenumbers.is_possible_number(number):
            raise InvalidNumber(_advice("its length fits no country's numbers"))
        return cls(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    @classmethod
    def parse_or_none(cls, text: str | None, *, region: str = "US") -> Self | None:
        """Like `parse`, for callers who may withhold their number or send "anonymous"."""
        if not text:
            return None
        try:
            return cls.parse(text, region=region)
        except InvalidNumber:
            return None

    @property
    def masked(self) -> str:
        """The country code's first digit and the last two: enough to tell two calls apart."""
        hidden = "•" * max(len(self.e164) - 4, 3)
        return f"{self.e164[:2]}{hidden}{self.e164[-2:]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A frozen dataclass with slots has no __dict__ to pickle.
        return (type(self), (self.e164,))


def _advice(reason: object) -> str:
    return f"not a phone number ({reason}); write it with its country code, such as +15550100123"
