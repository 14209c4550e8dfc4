"""The phone line: numbers, legs and how a dial ended. Knows no customers, prompts or Redis.

These nouns cost nothing to import. The line itself is `sip.phone_line.PhoneLine`, its numbers and
trunks are `sip.trunks.Trunks`.
"""

from sip.guard import Refusal
from sip.keypad import Digit, DigitSource
from sip.leg import Direction, Leg
from sip.line import (
    CallerGone,
    Dialled,
    Drained,
    Ended,
    Farewell,
    Frame,
    LegStats,
    Line,
    LiveLeg,
    Offer,
    Transferred,
)
from sip.number import InvalidNumber, PhoneNumber
from sip.outcome import Outcome

__all__ = [
    "CallerGone",
    "Dialled",
    "Digit",
    "DigitSource",
    "Direction",
    "Drained",
    "Ended",
    "Farewell",
    "Frame",
    "InvalidNumber",
    "Leg",
    "LegStats",
    "Line",
    "LiveLeg",
    "Offer",
    "Outcome",
    "PhoneNumber",
    "Refusal",
    "Transferred",
]
