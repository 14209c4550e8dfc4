"""URLs of stores: each topology is understood, each mistake explained, no password shown."""

from __future__ import annotations

import pytest

from callcenter.store.address import Address, BadAddress, Topology
from callcenter.store.redis import RedisStore

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://", Address(Topology.SINGLE, (("localhost", 6379),))),
        ("redis://h:1/2", Address(Topology.SINGLE, (("h", 1),), db=2)),
        ("redis://[::1]:7/", Address(Topology.SINGLE, (("::1", 7),))),
        ("redis://[::1]", Address(Topology.SINGLE, (("::1", 6379),))),
        (
            "redis://u:p%40%2F@h",
            Address(Topology.SINGLE, (("h", 6379),), username="u", password="p@/"),
        ),
        (
            "rediss://h?ssl_ca_certs=/etc/ca.pem&ssl_check_hostname=no",
            Address(
                Topology.SINGLE,
                (("h", 6379),),
                tls=True,
                options={"ssl_ca_certs": "/etc/ca.pem", "ssl_check_hostname": False},
            ),
        ),
        ("unix:///run/v.sock?db=3", Address(Topology.SOCKET, path="/run/v.sock", db=3)),
        (
            "unix://:p@/run/v.sock",
            Address(Topology.SOCKET, path="/run/v.sock", password="p"),
        ),
        (
            "redis+sentinel://:p@a:1,b/main/4?sentinel_password=q",
            Address(
                Topology.SENTINEL,
                (("a", 1), ("b", 26379)),
                service="main",
                db=4,
                password="p",
                sentinel_options={"password": "q"},
            ),
        ),
        ("redis+cluster://a:1,b:2", Address(Topology.CLUSTER, (("a", 1), ("b", 2)))),
        ("rediss+cluster://a", Address(Topology.CLUSTER, (("a", 6379),), tls=True)),
    ],
)
def test_every_kind_of_url_is_understood(url: str, expected: Address) -> None:
    """One server, TLS, a socket, Sentinels, a cluster."""
    assert Address.parse(url) == expected


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("", "starts with redis://"),
        (f"http://:{SECRET}@h", "starts with"),
        (f"{SECRET}@h", "starts with"),
        (f"redis://:{SECRET}@h:port", "a port"),
        (f"redis://:{SECRET}@h:0", "between 1 and 65535"),
        (f"redis://:{SECRET}@h:99999", "between 1 and 65535"),
        (f"redis://:{SECRET}@h/zero", "database number"),
        (f"redis://:{SECRET}@h/1/2", "database number"),
        (f"redis://:{SECRET}@h/-1", "database number"),
        (f"redis://:{SECRET}@a,b", "several hosts"),
        (f"redis://:{SECRET}/x@h", "percent-encoded"),
        (f"redis://:{SECRET}#x@h", "percent-encoded"),
        (f"redis://:{SECRET}@h?ssl_ca_certs=x", "does not apply"),
        (f"redis://:{SECRET}@h?colour=red", "does not apply"),
        (f"redis+sentinel://:{SECRET}@h", "names its service"),
        (f"redis+cluster://:{SECRET}@h/3", "only database 0"),
        (f"unix://:{SECRET}@relative", "absolute path"),
        ("redis://h/" + "9" * 30, "database number"),
    ],
)
def test_every_mistake_is_explained_without_the_password(url: str, advice: str) -> None:
    """A ValueError that can be printed anywhere."""
    with pytest.raises(ValueError, match=advice) as caught:
        Address.parse(url)
    assert isinstance(caught.value, BadAddress)
    assert SECRET not in str(caught.value)


def test_an_address_never_shows_its_passwords() -> None:
    """Neither str nor repr, which end up in logs."""
    address = Address.parse(f"redis+sentinel://:{SECRET}@a/main?sentinel_password={SECRET}")
    assert SECRET not in f"{address} {address!r}"
    assert str(address) == "main by sentinels a:26379"


@pytest.mark.asyncio
async def test_connecting_makes_no_round_trip() -> None:
    """A store that comes up after us is no reason not to start."""
    for url in ("redis://h.invalid", "redis+sentinel://h.invalid/m", "redis+cluster://h.invalid"):
        store = await RedisStore.connect(url)
        await store.aclose()
