"""Toll: which numbers may be dialled, how often and for how long; every refusal has its reason."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from sip.guard import Refusal
from sip.number import InvalidNumber, PhoneNumber
from sip.trunks import Limits

_DAY_SECONDS = 86400
_MOST_CALLERS = 100_000
_MOST_SHORT = 6


@dataclass(slots=True)
class _Use:
    calls: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Toll:
    """Counts a day's calls (UTC) and judges new ones. A call's minutes count once it is over."""

    limits: Limits
    clock: Callable[[], float] = time.time
    _day: int = -1
    _out: _Use = field(default_factory=_Use)
    _people: dict[str, _Use] = field(default_factory=lambda: defaultdict(_Use))

    def read(self, text: str, *, extensions: bool = False) -> PhoneNumber | str | Refusal:
        """What was asked for: a number, an extension (as it is), or why it is neither."""
        if extensions and text.isascii() and text.isdigit() and len(text) <= _MOST_SHORT:
            return text
        try:
            return PhoneNumber.parse(text, region=self.limits.region)
        except InvalidNumber:
            return Refusal.NUMBER

    def judge(self, number: PhoneNumber) -> Refusal | None:
        """Whether this number may be dialled at all."""
        import phonenumbers

        e164 = number.e164
        if e164.startswith(self.limits.blocked_prefixes):
            return Refusal.BLOCKED_PREFIX
        parsed = phonenumbers.parse(e164)
        expensive = (
            phonenumbers.PhoneNumberType.PREMIUM_RATE,
            phonenumbers.PhoneNumberType.SHARED_COST,
        )
        if not self.limits.premium and phonenumbers.number_type(parsed) in expensive:
            return Refusal.PREMIUM
        if self.limits.prefixes and e164.startswith(self.limits.prefixes):
            return None
        # New and fictional ranges belong to no region yet: then the country code decides.
        region = phonenumbers.region_code_for_number(
            parsed
        ) or phonenumbers.region_code_for_country_code(parsed.country_code or 0)
        return None if region in self.limits.countries else Refusal.COUNTRY

    def judge_target(self, to: PhoneNumber | str) -> Refusal | None:
        """Whether a caller may be transferred there: only to what the file lists."""
        text = to.e164 if isinstance(to, PhoneNumber) else to
        for target in self.limits.transfer_targets:
            if text == target or (target.endswith("*") and text.startswith(target[:-1])):
                return None
        return Refusal.TARGET

    def begin_out(self, number: PhoneNumber | str) -> Refusal | None:
        """Count an outgoing call, unless the day's allowance is used up."""
        self._turn_page()
        if self._out.calls >= self.limits.calls_a_day:
            return Refusal.DAILY_CALLS
        if self._out.seconds >= self.limits.minutes_a_day * 60:
            return Refusal.DAILY_MINUTES
        refusal = self.begin_in(_key(number))
        if refusal is None:
            self._out.calls += 1
        return refusal

    def begin_in(self, caller: str) -> Refusal | None:
        """Count a call with this person, unless they had their share."""
        self._turn_page()
        if caller not in self._people and len(self._people) >= _MOST_CALLERS:
            return Refusal.CALLER_CALLS
        use = self._people[caller]
        if use.calls >= self.limits.calls_a_day_per_caller:
            return Refusal.CALLER_CALLS
        if use.seconds >= self.limits.minutes_a_day_per_caller * 60:
            return Refusal.CALLER_MINUTES
        use.calls += 1
        return None

    def finish(self, person: PhoneNumber | str, seconds: float, *, out: bool) -> None:
        """A call of so many seconds is over."""
        self._turn_page()
        self._people[_key(person)].seconds += seconds
        if out:
            self._out.seconds += seconds

    def _turn_page(self) -> None:
        today = int(self.clock() // _DAY_SECONDS)
        if today != self._day:
            self._day, self._out = today, _Use()
            self._people.clear()


def _key(person: PhoneNumber | str) -> str:
    return person.e164 if isinstance(person, PhoneNumber) else person
