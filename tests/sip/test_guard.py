"""Guard and digest: bounded memory, fair pace, proof of the password."""

from __future__ import annotations

import hashlib
import re

import pytest

from sip import Outcome
from sip.digest import Digest
from sip.guard import LOOPBACK, Pace, is_loopback
from sip.status import outcome_of, phrase


def test_the_pace_is_for_each_source() -> None:
    """One who floods does not slow the others."""
    now = 0.0
    pace = Pace(rate=2, burst=3, clock=lambda: now)
    assert [pace.take("a") for _ in range(4)] == [True, True, True, False]
    assert pace.take("b")
    now = 0.5
    assert [pace.take("a"), pace.take("a")] == [True, False]


def test_forged_sources_do_not_fill_the_memory() -> None:
    """The oldest are forgotten."""
    pace = Pace(rate=1, burst=1)
    for number in range(10_000):
        pace.take(str(number))
    assert len(pace) <= 4096


def test_loopback_is_known() -> None:
    """Also by name."""
    assert is_loopback("127.8.8.8")
    assert is_loopback("localhost")
    assert "::1" in LOOPBACK
    assert not is_loopback("192.0.2.1")


def _proof(challenge: str, password: str, algorithm: str) -> str:
    nonce = re.search(r'nonce="([^"]+)"', challenge)
    assert nonce is not None

    def digest(text: str) -> str:
        return hashlib.new(algorithm.replace("-", "").lower(), text.encode()).hexdigest()

    secret, what = digest(f"bob:here:{password}"), digest("INVITE:sip:x@y")
    response = digest(f"{secret}:{nonce[1]}:00000001:abc:auth:{what}")
    return (
        f'Digest username="bob", realm="here", nonce="{nonce[1]}", uri="sip:x@y", '
        f'response="{response}", qop=auth, nc=00000001, cnonce="abc", algorithm={algorithm}'
    )


@pytest.mark.parametrize(("index", "algorithm"), [(0, "MD5"), (1, "SHA-256")])
def test_who_knows_the_password(index: int, algorithm: str) -> None:
    """The right one, in time, from where it was asked; everything else is no proof."""
    now = 1000.0
    digest = Digest("here", clock=lambda: now)
    challenge = digest.challenges("1.2.3.4")[index]
    right, wrong = (_proof(challenge, word, algorithm) for word in ("tulip", "rose"))
    known = {"method": "INVITE", "user": "bob", "password": "tulip"}
    assert digest.accepts(right, host="1.2.3.4", **known)
    assert not digest.accepts(wrong, host="1.2.3.4", **known)
    assert not digest.accepts(right, host="9.9.9.9", **known)
    assert not digest.accepts(right.replace("bob", "eve"), host="1.2.3.4", **known)
    assert not digest.accepts(None, host="1.2.3.4", **known)
    assert not digest.accepts("Digest nonce=é", host="1.2.3.4", **known)
    now += 61
    assert not digest.accepts(right, host="1.2.3.4", **known)


def test_every_status_has_an_outcome_and_a_phrase() -> None:
    """None is left to guess; only 2xx is an answer."""
    for status in range(200, 700):
        assert (outcome_of(status) is Outcome.ANSWERED) is (status < 300)
        assert phrase(status)
