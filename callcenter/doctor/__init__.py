"""doctor: what is configured, what is missing, what that switches off, and what to do about it.

Everything is asked at once and nothing is waited for longer than a few seconds. A missing part is
fine, because the house runs without it; a part that is configured and does not work is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from callcenter.doctor import machine
from callcenter.doctor.finding import (
    Addresses,
    Check,
    Examination,
    Finding,
    Status,
    StoreOpener,
    Trouble,
)
from callcenter.doctor.services import SERVICES
from callcenter.doctor.store import STORE
from callcenter.domain.privacy import MASK
from callcenter.settings import Settings, SettingsError

if TYPE_CHECKING:
    from rich.console import Console

PATIENCE = 3.0
_STYLES = {"ok": "green", "missing": "dim", "broken": "bold red", "note": "yellow"}


async def run(env_file: str | Path | None, *, open_store: StoreOpener, as_json: bool) -> int:
    """Examine and print; returns the exit code."""
    from rich.console import Console

    try:
        settings = Settings.load(env_file)
    except SettingsError as error:
        findings = refused(error)
    else:
        findings = await examine(settings, open_store=open_store)
    if as_json:
        sys.stdout.write(to_json(findings) + "\n")
    else:
        show(findings, Console())
    return exit_code(findings)


async def examine(
    settings: Settings,
    *,
    open_store: StoreOpener | None = None,
    addresses: Addresses | None = None,
    patience: float = PATIENCE,
) -> list[Finding]:
    """Every part's finding, this machine first; raises nothing and shows no secret."""
    import aiohttp

    skews: list[float] = []

    async def read_clock(_session: Any, _context: Any, params: Any) -> None:
        sent = params.response.headers.get("Date", "")
        with contextlib.suppress(ValueError):  # a server may write any date it likes
            skews.append(time.time() - parsedate_to_datetime(sent).timestamp())

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(read_clock)
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=patience),
        trace_configs=[trace],
        trust_env=True,  # the model's client honours HTTPS_PROXY, so the doctor must
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as http:
        this = Examination(
            settings=settings,
            open_store=open_store,
            addresses=addresses or Addresses(),
            http=http,
            patience=patience,
            skews=skews,
        )
        asked = await asyncio.gather(*(_examined(check, this) for check in (STORE, *SERVICES)))
    found = [
        machine.configured(settings),
        machine.python(),
        machine.clock(skews),
        machine.disk(settings),
        *machine.offline_parts(),
        *(finding for part in asked for finding in part),
    ]
    return [_without_secrets(finding, settings) for finding in found]


def refused(error: SettingsError) -> list[Finding]:
    """The findings when the settings cannot be used: nothing else can be examined then."""
    return [
        Finding(
            part="settings",
            status="broken",
            says=problem,
            switches_off="everything",
            fix="change .env or the environment",
        )
        for problem in error.problems
    ]


def exit_code(findings: Iterable[Finding]) -> int:
    """1 if something that is configured does not work."""
    return int(any(finding.status == "broken" for finding in findings))


def to_json(findings: Iterable[Finding]) -> str:
    """The findings for programs."""
    return json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False)


def show(findings: Iterable[Finding], console: Console) -> None:
    """The findings as a table for people."""
    from rich.table import Table
    from rich.text import Text

    table = Table("part", "", "found", box=None, padding=(0, 2, 0, 0))
    for finding in findings:
        # Text, not markup: a server may answer with square brackets.
        told = Text(finding.says)
        if finding.switches_off:
            told.append(f"\nwithout it: {finding.switches_off}", style="dim")
        if finding.fix:
            told.append(f"\n→ {finding.fix}", style="cyan")
        table.add_row(finding.part, Text(finding.status, style=_STYLES[finding.status]), told)
    console.print(table)


async def _examined(check: Check, this: Examination) -> list[Finding]:
    try:
        async with asyncio.timeout(this.patience):
            found = await check.examine(this)
    except Trouble as trouble:
        found = [Finding(status="broken", says=trouble.says, fix=trouble.fix)]
    except TimeoutError:
        says = f"does not answer within {this.patience:g} s"
        fix = "check its address, and that no firewall stands between"
        found = [Finding(status="broken", says=says, fix=fix)]
    # The examination goes on, whatever a client library raises; its text could hold a password.
    except Exception as error:  # noqa: BLE001
        says = f"fails unexpectedly ({type(error).__name__})"
        found = [Finding(status="broken", says=says, fix="look into the log of that service")]
    return [
        replace(
            finding,
            part=check.part,
            switches_off=finding.switches_off
            or (check.switches_off if finding.status in ("missing", "broken") else ""),
        )
        for finding in found
    ]


def _without_secrets(finding: Finding, settings: Settings) -> Finding:
    """The last line of defence: whatever a server or a library said, no key of ours leaves."""
    says, fix = finding.says, finding.fix
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr) and len(secret := value.get_secret_value()) > 3:
            says, fix = says.replace(secret, MASK), fix.replace(secret, MASK)
    return replace(finding, says=says, fix=fix)


__all__ = [
    "PATIENCE",
    "Addresses",
    "Finding",
    "Status",
    "StoreOpener",
    "examine",
    "exit_code",
    "refused",
    "run",
    "show",
    "to_json",
]
