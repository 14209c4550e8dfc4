"""The phone line: numbers, legs and how a dial ended. Knows no customers, prompts or Redis."""

from sip.leg import Direction, Leg
from sip.number import InvalidNumber, PhoneNumber
from sip.outcome import Outcome

__all__ = ["Direction", "InvalidNumber", "Leg", "Outcome", "PhoneNumber"]
