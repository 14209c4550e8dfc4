"""The report as a page: whole in itself, and safe to open whatever a caller said."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from callcenter.domain.call import CallId
from callcenter.domain.department import Department
from callcenter.domain.events import Answered, Arrived, CallerSaid, Event
from callcenter.domain.report import Report
from callcenter.page import page

HISTORY: list[Event] = [
    Arrived(at=0, caller="+15550100199"),
    Answered(at=1, department=Department("triage")),
    CallerSaid(at=4, text="<script>alert('x')</script> & \"so on\""),
]


def test_words_of_a_caller_cannot_become_code() -> None:
    """Everything is escaped."""
    shown = page(Report.of(CallId("c-1"), HISTORY))
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_page_loads_nothing_from_anywhere() -> None:
    """It can be mailed, archived and opened without a network."""
    shown = page(Report.of(CallId("c-1"), HISTORY))
    assert "http" not in shown
    assert "src=" not in shown


@pytest.mark.parametrize("history", [HISTORY, [], HISTORY[:1]])
def test_page_is_well_formed(history: list[Event]) -> None:
    """Also for a call of which little is known."""
    shown = page(Report.of(CallId("c-1"), history), caller=[(1, 2)], agent=[(0, 5000)])
    body = shown.replace("<!doctype html>", "").replace('<meta charset="utf-8">', "")
    ET.fromstring(body.replace('<meta name="viewport" content="width=device-width">', ""))  # noqa: S314 - our own page


def test_picture_has_a_bar_for_every_stretch_of_speech() -> None:
    """From a recording, or a mark for each sentence without one."""
    report = Report.of(CallId("c-1"), HISTORY)
    assert page(report, caller=[(1, 2), (3, 4)], agent=[(5, 6)]).count("<rect") == 3
    assert page(report).count("<rect") == 1
