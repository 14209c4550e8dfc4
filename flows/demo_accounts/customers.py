"""The people of Northwind Broadband, an invented company: believable accounts for demos and tests.

Days are told as "so long ago", so that the demo never ages. Towns, numbers (555-01xx) and ZIP codes
are fictional.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

from flows.accounts import Signal

Lines = tuple[tuple[str, str], ...]
"""The lines of a bill: label and dollars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """An account as it is first written to the book; `bills` has the latest first."""

    account: str
    pin: str
    born: date
    first_name: str
    last_name: str
    phone: str
    zip_code: str
    bills: tuple[Lines, ...]
    issued_ago: int
    """Days since the latest bill; fewer than 28, or the next one would be out."""
    unpaid: int = 0
    """How many bills are unpaid, counted from the latest."""
    credit: Decimal = Decimal(0)
    autopay: bool = False
    online: bool = True
    signal: Signal = Signal.GOOD
    seen_minutes: int = 0
    reset_helps: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """An outage as it is first written to the book."""

    town: str
    services: tuple[str, ...]
    cause: str
    since_days: int
    back_in_days: int
    back_at: time


AREAS = {
    "98701": "Alder Bay",
    "98702": "Fairhaven",
    "98703": "Fairhaven",
    "98704": "Millbrook",
    "98705": "Stony Creek",
}
"""Every ZIP code we serve, and its town."""

DISTURBANCES = (
    Disturbance(
        town="Fairhaven",
        services=("internet", "phone"),
        cause="a fiber cable was cut during road works",
        since_days=0,
        back_in_days=1,
        back_at=time(12),
    ),
)

_DANA: Lines = (
    ("Internet 300", "59.00"),
    ("Home phone", "12.50"),
    ("Welcome discount", "-20.00"),
    ("Taxes and fees", "3.90"),
)
_INTERNET: Lines = (("Internet 300", "59.00"), ("Taxes and fees", "5.99"))
_BOTH: Lines = (("Internet 300", "59.00"), ("Home phone", "12.50"), ("Taxes and fees", "6.80"))
_FAST: Lines = (
    ("Internet 1000", "84.00"),
    ("Router rental", "10.00"),
    ("Taxes and fees", "9.43"),
)
_PHONE: Lines = (("Home phone", "32.00"), ("Taxes and fees", "2.90"))

CUSTOMERS = (
    Customer(
        account="447122",
        pin="4821",
        born=date(1984, 3, 12),
        first_name="Dana",
        last_name="Whitfield",
        phone="+12065550101",
        zip_code="98701",
        issued_ago=9,
        unpaid=1,
        bills=(
            (
                ("Internet 300", "59.00"),
                ("Home phone", "12.50"),
                ("Late fee", "8.00"),
                ("Taxes and fees", "4.70"),
            ),
            _DANA,
            _DANA,
            _DANA,
        ),
    ),
    Customer(
        account="602315",
        pin="1937",
        born=date(1975, 11, 30),
        first_name="Marcus",
        last_name="Bell",
        phone="+12065550102",
        zip_code="98704",
        issued_ago=16,
        bills=(_INTERNET,) * 4,
    ),
    Customer(
        account="518840",
        pin="7305",
        born=date(1991, 7, 4),
        first_name="Priya",
        last_name="Raman",
        phone="+12065550103",
        zip_code="98705",
        issued_ago=25,
        unpaid=2,
        bills=((*_FAST, ("Late fee", "8.00")), _FAST, _FAST, _FAST),
    ),
    Customer(
        account="733906",
        pin="2648",
        born=date(1968, 1, 22),
        first_name="Tom",
        last_name="Okafor",
        phone="+12065550104",
        zip_code="98701",
        issued_ago=12,
        unpaid=1,
        autopay=True,
        bills=(_INTERNET,) * 4,
    ),
    Customer(
        account="290557",
        pin="9014",
        born=date(1959, 9, 8),
        first_name="Grace",
        last_name="Lindqvist",
        phone="+12065550105",
        zip_code="98702",
        issued_ago=5,
        unpaid=1,
        online=False,
        signal=Signal.NONE,
        seen_minutes=190,
        reset_helps=False,
        bills=(_BOTH,) * 4,
    ),
    Customer(
        account="861204",
        pin="3379",
        born=date(1996, 5, 17),
        first_name="Hector",
        last_name="Salas",
        phone="+12065550106",
        zip_code="98704",
        issued_ago=20,
        unpaid=1,
        online=False,
        signal=Signal.NONE,
        seen_minutes=45,
        bills=(_FAST, _FAST, _INTERNET, _INTERNET),
    ),
    Customer(
        account="175633",
        pin="6182",
        born=date(1988, 12, 1),
        first_name="Mei",
        last_name="Tanaka",
        phone="+12065550107",
        zip_code="98705",
        issued_ago=14,
        signal=Signal.WEAK,
        seen_minutes=1,
        reset_helps=False,
        bills=(_BOTH,) * 4,
    ),
    Customer(
        account="944018",
        pin="5526",
        born=date(1947, 2, 19),
        first_name="Walter",
        last_name="Jensen",
        phone="+12065550108",
        zip_code="98701",
        issued_ago=18,
        credit=Decimal("15.00"),
        bills=(_PHONE,) * 4,
    ),
    Customer(
        account="944026",
        pin="8093",
        born=date(1949, 10, 3),
        first_name="Ruth",
        last_name="Jensen",
        phone="+12065550108",
        zip_code="98701",
        issued_ago=24,
        unpaid=1,
        bills=((*_PHONE, ("Calls abroad", "3.60")), _PHONE, _PHONE, _PHONE),
    ),
    Customer(
        account="330471",
        pin="1750",
        born=date(2001, 8, 26),
        first_name="Aisha",
        last_name="Grant",
        phone="+12065550109",
        zip_code="98704",
        issued_ago=3,
        unpaid=1,
        bills=(
            (
                ("Internet 300", "59.00"),
                ("Installation", "40.00"),
                ("Welcome discount", "-20.00"),
                ("Taxes and fees", "6.25"),
            ),
        ),
    ),
)
