"""The demo's sayings: what the ears are told of the desks in `flows`."""

from __future__ import annotations

from callcenter.offline.sayings import Sayings, collected


def demo_sayings() -> Sayings:
    """Desks, scripts, customers' names and towns."""
    from flows import DESKS
    from flows.demo_accounts.customers import AREAS, CUSTOMERS
    from flows.script import Script

    people = [
        name
        for one in CUSTOMERS
        for name in (one.first_name, one.last_name, f"{one.first_name} {one.last_name}")
    ]
    return collected(
        DESKS.values(),
        [Script.load(department, needs=desk.needs) for department, desk in DESKS.items()],
        names=people,
        places=sorted(set(AREAS.values())),
    )
