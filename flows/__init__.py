"""What is said: one file a conversation; DESKS is the one table of who answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from livekit.agents import llm

from callcenter.domain.department import Department
from callcenter.domain.errors import UnknownDepartment
from callcenter.domain.handoff import Handoff
from callcenter.floor import Desk, Seating, Voice
from callcenter.floor.phrases import NEEDED, Phrases
from flows.accounts import Accounts
from flows.billing import BILLING, Billing
from flows.identifying import AccountDesk
from flows.script import SHARED, Script
from flows.support import SUPPORT, Support
from flows.triage import TRIAGE, Triage

DESKS: Mapping[Department, type[Desk]] = {TRIAGE: Triage, BILLING: Billing, SUPPORT: Support}
FRONT = TRIAGE
"""The desk that answers where nothing else is said."""


def reception(
    accounts: Accounts,
    *,
    scripts: Path | None = None,
    today: Callable[[], date] = date.today,
) -> Seating:
    """Seats the desks of DESKS; all scripts are read and checked now. Raises ScriptError."""
    words = scripts_of(scripts)
    neighbours = {department: desk.neighbour for department, desk in DESKS.items()}

    def seat(
        department: Department, handoff: Handoff, words_so_far: llm.ChatContext | None, voice: Voice
    ) -> Desk:
        if department not in DESKS:
            raise UnknownDepartment(department, DESKS)
        desk = DESKS[department]
        books = {"accounts": accounts, "today": today} if issubclass(desk, AccountDesk) else {}
        return desk(
            script=words[department],
            handoff=handoff,
            neighbours=neighbours,
            words=words_so_far,
            voice=voice.speakers.get(department),
            **books,
        )

    return seat


def scripts_of(folder: Path | None = None) -> Mapping[Department, Script]:
    """Every desk's script, read and checked."""
    return {
        department: Script.load(department, needs=desk.needs, folder=folder)
        for department, desk in DESKS.items()
    }


def shared_phrases(scripts: Path | None = None) -> Phrases:
    """The sentences the floor itself speaks, such as "are you still there?"."""
    return Script.load(SHARED, needs=NEEDED, folder=scripts)


def open_reception(
    *, scripts: Path | None = None, data_dir: Path | None = None
) -> tuple[Seating, Phrases]:
    """The desks with the demo's books, kept in `data_dir` or in memory, and the shared phrases."""
    from flows.demo_accounts import DemoAccounts

    if data_dir is None:
        accounts = DemoAccounts()
    else:
        data_dir.mkdir(parents=True, exist_ok=True)
        accounts = DemoAccounts(data_dir / "accounts.sqlite")
    return reception(accounts, scripts=scripts), shared_phrases(scripts)


__all__ = ["DESKS", "FRONT", "open_reception", "reception", "scripts_of", "shared_phrases"]
