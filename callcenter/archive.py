"""archive: finished calls for people; list them, print one, forget a caller."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from callcenter.domain.call import CallId
from callcenter.domain.report import Report
from callcenter.page import page
from callcenter.settings import Settings
from callcenter.wiring import open_store
from sip import PhoneNumber

if TYPE_CHECKING:
    from rich.console import Console


async def list_calls(settings: Settings, *, limit: int, as_json: bool) -> int:
    """Print the newest calls; returns the exit code."""
    store = await open_store(settings)
    try:
        reports = [Report.of(call, await store.history(call)) for call in await store.recent(limit)]
    finally:
        await store.aclose()
    if as_json:
        print(json.dumps([_brief(report) for report in reports], indent=2))
        return 0
    from rich.table import Table

    console = _console()
    if not reports:
        console.print("No calls yet. Try: callcenter console")
        return 0
    table = Table(box=None, header_style="bold")
    # Never cut: an id that is cut off cannot be asked for.
    table.add_column("call", no_wrap=True, min_width=len(reports[0].call))
    for column in ("when", "caller", "desks", "length", "ended", "tickets"):
        table.add_column(column)
    for report in reports:
        table.add_row(
            report.call,
            _when(report),
            report.caller,
            " → ".join(report.departments) or "-",
            f"{report.seconds:.0f} s",
            report.disposition or "still on",
            str(len(report.tickets)),
        )
    console.print(table)
    return 0


async def print_report(
    settings: Settings, call: str, *, as_json: bool, html: Path | None = None
) -> int:
    """Print one call, or write it as a page; 1 if there is no such call."""
    store = await open_store(settings)
    try:
        history = await store.history(CallId(call))
    finally:
        await store.aclose()
    if not history:
        print_error(f"there is no call {call!r}; `callcenter calls` lists the ones there are")
        return 1
    report = Report.of(CallId(call), history)
    if html is not None:
        html.write_text(page(report), encoding="utf-8")  # noqa: ASYNC240 - nobody is waiting
    if as_json:
        print(json.dumps(report.as_dict(), indent=2))
    elif html is None:
        show(report)
    return 0


async def forget_caller(settings: Settings, number: str) -> int:
    """Delete a caller; 1 if a call of theirs is still going on and had to stay."""
    caller = PhoneNumber.parse(number, region=settings.region)
    store = await open_store(settings)
    try:
        done = await store.forget(caller)
    finally:
        await store.aclose()
    console = _console()
    memory = "what was remembered" if done.memory else "nothing was remembered"
    console.print(f"{caller}: deleted {memory}, {done.calls} calls.")
    if done.live_calls:
        print_error(f"{done.live_calls} calls are still going on; run this again when they ended")
        return 1
    return 0


def show(report: Report) -> None:
    """Print a report for people."""
    console = _console()
    console.rule(f"call {report.call}")
    console.print(report.transcript(), markup=False, highlight=False, soft_wrap=True)
    console.rule()
    rows = {
        "caller": report.caller,
        "desks": " → ".join(report.departments) or "-",
        "length": f"{report.seconds:.1f} s",
        "turns": f"{report.caller_turns} caller, {report.agent_turns} agent, "
        f"{report.interruptions} interrupted",
        "tools": f"{report.tools_used} used, {report.tools_failed} failed",
        "tickets": "; ".join(report.tickets) or "-",
        "ended": f"{report.disposition or 'still on'} by {report.ended_by or '-'} {report.detail}",
    }
    for name, value in rows.items():
        console.print(f"{name:>8}  {value}", markup=False, highlight=False)


def print_error(message: str) -> None:
    """One line for a person, on standard error."""
    from rich.console import Console

    Console(stderr=True).print(message, style="red", markup=False, highlight=False)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _when(report: Report) -> str:
    if report.started_at is None:
        return "-"
    return datetime.fromtimestamp(report.started_at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _brief(report: Report) -> dict[str, object]:
    full = report.as_dict()
    full.pop("lines")
    return full
