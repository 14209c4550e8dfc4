"""trunks.yaml: read strictly, with the line of every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from sip.trunks import InvalidTrunks, MissingPassword, Trunks, password_of

GOOD = """
numbers: {"+15550100": triage, "1000": support, "*": billing}
inbound:
  - {name: office, sources: [192.0.2.0/24, 198.51.100.7], user: office, password_env: OFFICE_PW}
outbound:
  - {name: carrier, host: sip.example.com, user: me, password_env: CARRIER_PW,
     from: "+15550100100", headers: {X-Customer: "42"}}
  - {name: other, host: 192.0.2.1, port: 5070, transport: tcp}
"""


def test_the_file_that_ships_is_good_and_keeps_to_this_machine() -> None:
    """Nothing is dialled and nobody from outside is let in until somebody writes it down."""
    trunks = Trunks.load()
    assert trunks.department("+15550100123") == "triage"
    assert trunks.outbound == ()
    assert trunks.limits.transfer_targets == ()
    assert "127.0.0.1" in trunks.inbound[0].allowed
    assert "192.0.2.1" not in trunks.inbound[0].allowed


def test_numbers_trunks_and_sources() -> None:
    """What was written is what is meant."""
    trunks = Trunks.read(GOOD)
    assert [trunks.department(number) for number in ("+15550100", "1000", "x")] == [
        "triage", "support", "billing",
    ]  # fmt: skip
    assert trunks.outgoing(None) is trunks.outbound[0]
    assert trunks.outgoing("other") is trunks.outbound[1]
    assert trunks.outgoing("none") is None
    assert "198.51.100.7" in trunks.inbound[0].allowed
    assert "198.51.100.8" not in trunks.inbound[0].allowed
    assert "nonsense" not in trunks.inbound[0].allowed


def test_passwords_come_from_the_environment_and_do_not_print() -> None:
    """A missing one names the variable."""
    trunk = Trunks.read(GOOD).outbound[0]
    secret = password_of(trunk, {"CARRIER_PW": "tulip"})
    assert secret is not None
    assert "tulip" not in f"{secret!r}{secret}{trunk!r}"
    with pytest.raises(MissingPassword, match="CARRIER_PW"):
        password_of(trunk, {})
    assert password_of(Trunks.read(GOOD).outbound[1], {}) is None


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("numbers:\n  '+1555': triage\n", 2, "number"),
        ("numbers:\n  '*': Triage\n", 1, "department"),
        ("numbers:\n  '1': a\n  '1': b\n", 3, "twice"),
        ("inbound:\n  - name: a\n    sources: [300.1.1.1]\n", 3, "network"),
        ("inbound:\n  - name: a\n    sources: []\n", 3, "at least 1"),
        ("inbound:\n  - name: a\n    sources: ['::1']\n    user: x\n", 2, "belong together"),
        ("outbound:\n  - name: a\n    host: x\n    port: 70000\n", 4, "65535"),
        ("outbound:\n  - name: a\n    host: x\n    password: tulip\n", 4, "not permitted"),
        ("outbound:\n  - name: a\n    host: x\n    password_env: tulip!\n", 4, "environment"),
        ("outbound:\n  - name: a\n    host: x\n    headers: {Via: x}\n", 4, "may not be set"),
        ("outbound:\n  - name: a\n    host: 'x y'\n", 3, "host name"),
        ("outbound:\n  - {name: a, host: x}\n  - {name: a, host: y}\n", 1, "two trunks"),
        ("limits:\n  countries: [us]\n", 2, "pattern"),
        ("limits:\n  transfer_targets: ['*']\n", 2, "beginning"),
        ("number: {}\n", 1, "not permitted"),
        ("numbers: [\n", 2, "expected"),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, line: int, word: str) -> None:
    """Whoever edits the file need not guess."""
    with pytest.raises(InvalidTrunks) as caught:
        Trunks.read(text, name="trunks.yaml")
    assert f"trunks.yaml:{line}:" in str(caught.value)
    assert word in str(caught.value)
    assert "tulip" not in str(caught.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(InvalidTrunks, match=r"gone\.yaml: cannot be read"):
        Trunks.load(tmp_path / "gone.yaml")
