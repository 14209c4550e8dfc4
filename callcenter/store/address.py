"""Address: where a Redis-compatible server is, read from a URL; its password is never printed.

redis://[user:password@]host[:port][/db]          one server
rediss://…                                        … over TLS; ?ssl_ca_certs=FILE for a private CA
unix://[user:password@]/path/to/socket[?db=N]     one server on this machine
redis+sentinel://[:password@]host:port,host2:port2/service[/db]
                                                  whichever server the Sentinels name;
                                                  ?sentinel_password=… if the Sentinels want one
redis+cluster://host:port,host2:port2             a Redis Cluster; rediss+… for TLS in both
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self
from urllib.parse import parse_qsl, unquote


class BadAddress(ValueError):
    """The URL of a store cannot be understood; the message shows no part of a password."""


class Topology(StrEnum):
    """How many servers there are and how the right one is found."""

    SINGLE = "single"
    SOCKET = "socket"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


_SCHEMES = {
    "redis": (Topology.SINGLE, False),
    "rediss": (Topology.SINGLE, True),
    "unix": (Topology.SOCKET, False),
    "redis+sentinel": (Topology.SENTINEL, False),
    "rediss+sentinel": (Topology.SENTINEL, True),
    "redis+cluster": (Topology.CLUSTER, False),
    "rediss+cluster": (Topology.CLUSTER, True),
}
_TLS_OPTIONS = frozenset(
    {"ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs"}
)
_SENTINEL_OPTIONS = frozenset({"sentinel_username", "sentinel_password"})
_PORTS = {Topology.SENTINEL: 26379}


@dataclass(frozen=True, slots=True)
class Address:
    """A URL, taken apart. `str()` shows where, never the password."""

    topology: Topology
    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""
    service: str = ""
    db: int = 0
    tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    options: dict[str, Any] = field(default_factory=dict)
    sentinel_options: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL, or raise BadAddress."""
        # Everything below is quoted in messages without the user part, where passwords are.
        scheme, mark, rest = url.strip().partition("://")
        if not mark or scheme.lower() not in _SCHEMES:
            raise BadAddress(f"a store's URL starts with {', '.join(f'{s}://' for s in _SCHEMES)}")
        topology, tls = _SCHEMES[scheme.lower()]
        # An unescaped "#", "?" or "/" in a password would cut it short and print the rest. (The
        # standard library's urlsplit knows neither that nor several hosts.)
        authority, _, place = rest.rpartition("@")
        if any(mark in authority for mark in "/?#"):
            raise BadAddress("the password in the store's URL must be percent-encoded (%2F for /)")
        username, password = _login(authority)
        place, _, query = place.partition("?")
        options, sentinel_options, db = _options(query, topology, tls=tls)
        found = cls(
            topology=topology,
            db=db,
            tls=tls,
            username=username,
            password=password,
            options=options,
            sentinel_options=sentinel_options,
        )
        return found._at(place)

    def _at(self, place: str) -> Self:
        if self.topology is Topology.SOCKET:
            if not place.startswith("/"):
                raise BadAddress("a socket's URL needs an absolute path: unix:///run/valkey.sock")
            return replace(self, path=unquote(place))
        netloc, _, path = place.partition("/")
        segments = [unquote(part) for part in path.split("/") if part]
        service = ""
        if self.topology is Topology.SENTINEL:
            if not segments:
                raise BadAddress("a Sentinel URL names its service: …/mymaster")
            service = segments.pop(0)
        if len(segments) > 1:
            raise BadAddress("the path of the store's URL is a database number, such as /0")
        db = _whole(segments[0], "the database number") if segments else self.db
        if self.topology is Topology.CLUSTER and db:
            raise BadAddress("a Redis Cluster has only database 0")
        return replace(self, hosts=_hosts(netloc, self.topology), service=service, db=db)

    def __str__(self) -> str:
        where = self.path or ",".join(f"{host}:{port}" for host, port in self.hosts)
        return f"{self.service} by sentinels {where}" if self.service else where


def _login(authority: str) -> tuple[str | None, str | None]:
    username, _, password = authority.partition(":")
    return unquote(username) or None, unquote(password) or None


def _hosts(netloc: str, topology: Topology) -> tuple[tuple[str, int], ...]:
    hosts = []
    for part in netloc.split(","):
        # [::1]:6379 — the colons inside brackets belong to the address.
        host, bracket, port = part.rpartition("]")
        if bracket:
            host, port = host.lstrip("["), port.lstrip(":")
        else:
            host, _, port = part.partition(":")
        number = _whole(port, "a port") if port else _PORTS.get(topology, 6379)
        if not 0 < number < 65536:
            raise BadAddress("a port in the store's URL is not between 1 and 65535")
        hosts.append((unquote(host) or "localhost", number))
    if len(hosts) > 1 and topology is Topology.SINGLE:
        raise BadAddress("several hosts need redis+sentinel:// or redis+cluster://")
    return tuple(hosts)


def _options(
    query: str, topology: Topology, *, tls: bool
) -> tuple[dict[str, Any], dict[str, Any], int]:
    options: dict[str, Any] = {}
    sentinel_options: dict[str, Any] = {}
    db = 0
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "db":
            db = _whole(value, "the database number")
        elif name in _TLS_OPTIONS and tls:
            options[name] = value
        elif name == "ssl_check_hostname" and tls:
            options[name] = value.lower() not in ("0", "no", "false")
        elif name in _SENTINEL_OPTIONS and topology is Topology.SENTINEL:
            sentinel_options[name.removeprefix("sentinel_")] = value
        else:
            raise BadAddress(f"the store's URL has an option that does not apply: {name[:40]!r}")
    return options, sentinel_options, db


def _whole(text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise BadAddress(f"{what} in the store's URL is not a number")
    return int(text)
