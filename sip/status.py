"""What SIP's hundred statuses mean for us: one Outcome each, and a phrase for those we send."""

from __future__ import annotations

from http import HTTPStatus

from sip.outcome import Outcome

_OUTCOMES = {
    401: Outcome.TRUNK_FAILED, 402: Outcome.TRUNK_FAILED, 407: Outcome.TRUNK_FAILED,
    403: Outcome.BLOCKED, 404: Outcome.UNREACHABLE, 406: Outcome.TRUNK_FAILED,
    408: Outcome.NO_ANSWER, 410: Outcome.UNREACHABLE, 416: Outcome.UNREACHABLE,
    433: Outcome.BLOCKED, 480: Outcome.NO_ANSWER, 484: Outcome.UNREACHABLE,
    485: Outcome.UNREACHABLE, 486: Outcome.BUSY, 487: Outcome.NO_ANSWER,
    600: Outcome.BUSY, 603: Outcome.REJECTED, 604: Outcome.UNREACHABLE,
    607: Outcome.REJECTED, 608: Outcome.BLOCKED,
}  # fmt: skip
"""Whoever is not here failed for technical reasons: our trunk's business, not the callee's."""

_PHRASES = {
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist",
    484: "Address Incomplete", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 600: "Busy Everywhere", 603: "Decline",
    604: "Does Not Exist Anywhere", 606: "Not Acceptable", 607: "Unwanted", 608: "Rejected",
}  # fmt: skip


def outcome_of(status: int) -> Outcome:
    """How a dial ended that was answered with this final status."""
    if 200 <= status < 300:
        return Outcome.ANSWERED
    return _OUTCOMES.get(status, Outcome.TRUNK_FAILED)


def phrase(status: int) -> str:
    """The reason phrase that goes with a status."""
    try:
        return _PHRASES.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return "Refused"
