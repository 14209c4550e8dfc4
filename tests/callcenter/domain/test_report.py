"""Reports: the story and the figures of a call."""

from __future__ import annotations

import json

from callcenter.domain.call import CallId
from callcenter.domain.department import Department
from callcenter.domain.events import (
    AgentSaid,
    Answered,
    Arrived,
    CallerSaid,
    Disposition,
    Ended,
    EndedBy,
    Event,
    Fault,
    HandedOver,
    TicketKind,
    TicketOpened,
    ToolFailed,
    ToolUsed,
    Unreadable,
)
from callcenter.domain.report import Report

TRIAGE, BILLING = Department("triage"), Department("billing")
HISTORY: list[Event] = [
    Arrived(at=100.0, caller="+15550100199", dialled="+15550100100"),
    Answered(at=100.5, department=TRIAGE),
    AgentSaid(at=101, text="Hello", department=TRIAGE, interrupted=True),
    CallerSaid(at=103, text="my bill"),
    ToolUsed(at=103, tool="hand_over", department=TRIAGE, seconds=0.1, arguments={"to": "billing"}),
    HandedOver(at=104, origin=TRIAGE, to=BILLING, reason="my bill"),
    ToolFailed(
        at=105, tool="bill", department=BILLING, seconds=10, fault=Fault.TIMED_OUT, error="slow"
    ),
    TicketOpened(at=106, ticket="T-1", topic=TicketKind.DISPUTE, summary="late fee"),
    Ended(at=160, disposition=Disposition.COMPLETED, by=EndedBy.AGENT),
]


def test_report_counts_what_happened() -> None:
    """Times are relative to the call's beginning."""
    report = Report.of(CallId("c-1"), HISTORY)
    assert report.seconds == 60
    assert report.answered_after == 0.5
    assert report.departments == (TRIAGE, BILLING)
    assert (report.tools_used, report.tools_failed, report.interruptions) == (1, 1, 1)
    assert report.disposition is Disposition.COMPLETED
    assert report.tickets == ("T-1 (dispute): late fee",)
    assert report.faults == ("bill() timed_out after 10.000s: slow",)


def test_report_shows_no_phone_number() -> None:
    """Numbers are masked, in the text and in the JSON."""
    report = Report.of(CallId("c-1"), HISTORY)
    assert "0100199" not in json.dumps(report.as_dict())
    assert "0100199" not in report.transcript()


def test_transcript_tells_every_event_in_order() -> None:
    """One line an event, with the seconds into the call."""
    lines = Report.of(CallId("c-1"), HISTORY).transcript().splitlines()
    assert len(lines) == len(HISTORY)
    assert "interrupted" in lines[2]
    assert lines[-1].split() == ["60.00s", "line", "ended", "by", "agent:", "completed"]


def test_report_of_a_damaged_or_empty_history_is_still_a_report() -> None:
    """Nothing is known, nothing is invented, nothing crashes."""
    empty = Report.of(CallId("c-1"), [])
    assert empty.started_at is None
    assert empty.transcript() == ""
    damaged = Report.of(CallId("c-1"), [Unreadable(at=1, raw="{", why="cut off"), HISTORY[-1]])
    assert damaged.caller == "withheld"
    assert damaged.faults == ("unreadable entry: cut off",)


def test_report_of_a_running_call_has_no_disposition_yet() -> None:
    """The board shows calls while they go on."""
    assert Report.of(CallId("c-1"), HISTORY[:4]).disposition is None
