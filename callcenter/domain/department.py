"""Department: the persisted name of a place in the house that answers callers."""

from __future__ import annotations

import re
from typing import Self

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Department(str):
    """A lower-case word such as "billing". Which ones exist is up to the conversations (`flows`).

    Values are stored with every call: give a department a new name and old histories keep the old.
    """

    __slots__ = ()

    def __new__(cls, name: str) -> Self:
        """Accepts only names that are safe in keys, logs and addresses."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a department name: {name!r}; use a lower-case word like 'sales'")
        return super().__new__(cls, name)
