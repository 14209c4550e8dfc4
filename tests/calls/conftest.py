"""Whole calls: the real desks, the demo's books, the offline brain, virtual time."""

from __future__ import annotations

import pytest

from callcenter.store.memory import MemoryStore
from callcenter.testing.caller import Caller
from flows.demo_accounts.customers import CUSTOMERS, Customer

BY_NAME = {customer.first_name: customer for customer in CUSTOMERS}


@pytest.fixture
def callcenter_store() -> MemoryStore:
    """One store, so that a test can look into it and call again."""
    return MemoryStore()


def customer(name: str) -> Customer:
    """A customer of the demo's books."""
    return BY_NAME[name]


async def identify(caller: Caller, name: str) -> None:
    """Answer the desk's two questions."""
    await caller.hears("account number")
    await caller.says(f"it's {BY_NAME[name].account}")
    await caller.hears("PIN")
    await caller.says(BY_NAME[name].pin)
    await caller.hears(f"Thank you, {name}")


async def at_billing(caller: Caller, name: str, wish: str) -> None:
    """Ring, ask for something that billing does, and get through to it."""
    await caller.dials()
    await caller.says(wish)
    assert caller.desk == "billing"
    await identify(caller, name)
