"""Missing: says in one sentence what to install when an optional part is not there."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from callcenter.domain.errors import PlainError


class OfflineMissing(ImportError, PlainError):
    """The packages of the extra `offline` are not installed."""

    def __init__(self, missing: Iterable[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(
            f'offline speech needs {" and ".join(self.missing)}: pip install "callcenter[offline]"'
        )


def require(**packages: str) -> None:
    """Raise OfflineMissing unless these modules are there; values are the packages' names."""
    missing = [package for module, package in packages.items() if find_spec(module) is None]
    if missing:
        raise OfflineMissing(missing)
