"""Troubles: what a Redis-compatible server or redis-py may fail with, said in our words.

StoreAway         not reachable, too slow, loading, failing over, read-only, full: try again later
└── StoreRefused  wrong password, missing permission, foreign data, wrong kind of URL: a person must
                  change something; the message says what
"""

from __future__ import annotations

from redis import exceptions as failures

from callcenter.domain.errors import StoreAway


class StoreRefused(StoreAway):
    """The store answers but will not serve us until a person changes something; says what.

    It is a StoreAway, because a conversation goes on in the same way and a journal keeps trying.
    """

    retry = False


class told_plainly:  # noqa: N801 - read as a phrase: with told_plainly(where): …
    """Turns every failure of the store at `where` into StoreAway or StoreRefused.

    A class and not a generator, because it stands around every command and costs a tenth so.
    """

    __slots__ = ("_where",)

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, _FAILURES):
            # "from None": redis-py's texts may quote the command, and with it what a caller said.
            raise _told(error, self._where) from None


_FAILURES = (TimeoutError, failures.RedisError, failures.RedisClusterException, OSError)
_PASSWORD = "the password or user name in its URL is wrong"  # noqa: S105 - words, no password
_CLUSTER = "it is a cluster; its URL begins with redis+cluster://"
_REFUSALS = (
    ("WRONGPASS", _PASSWORD),
    ("invalid password", _PASSWORD),
    ("invalid username-password", _PASSWORD),
    ("NOAUTH", "it wants a password, as in redis://:PASSWORD@host"),
    ("Authentication required", "it wants a password, as in redis://:PASSWORD@host"),
    ("without any password configured", "it has no password but its URL gives one"),
    ("NOPERM", "its user lacks a permission (it needs all commands on our prefix's keys)"),
    ("no permissions", "its user lacks a permission (it needs all commands on our prefix's keys)"),
    ("WRONGTYPE", "another program's data lies under our keys; choose another prefix"),
    ("CROSSSLOT", _CLUSTER),
    ("MOVED", _CLUSTER),
    ("cluster mode is not enabled", "it is no cluster; its URL begins with redis://"),
    ("cluster support disabled", "it is no cluster; its URL begins with redis://"),
    ("DB index is out of range", "it has no database of that number"),
    ("CERTIFICATE", "its TLS certificate is not trusted here; try ?ssl_ca_certs=FILE"),
    ("certificate", "its TLS certificate is not trusted here; try ?ssl_ca_certs=FILE"),
    ("SSL", "it speaks no TLS, or another version of it"),
)
_ABSENCES = (
    ("LOADING", "is still loading its data"),
    ("READONLY", "is a replica and takes no writes"),
    ("previous master is now a slave", "has just become a replica"),
    ("No master found", "has no primary that its Sentinels agree on"),
    ("OOM", "is out of memory"),
    ("MISCONF", "cannot write to its disk"),
    ("NOREPLICAS", "has too few replicas at hand"),
    ("MASTERDOWN", "has lost its primary"),
    ("CLUSTERDOWN", "is a cluster that is down"),
    ("TRYAGAIN", "is moving data between its servers"),
    ("BUSY", "is busy with a long script"),
    ("max number of clients", "has too many connections"),
)
# redis-py drops the server's code word where it has a class of its own for it.
_CLASSES: tuple[tuple[type[Exception], str], ...] = (
    (failures.BusyLoadingError, "LOADING"),
    (failures.ReadOnlyError, "READONLY"),
    (failures.NoPermissionError, "NOPERM"),
    (failures.MasterDownError, "MASTERDOWN"),
    (failures.MovedError, "MOVED"),
    (failures.ClusterCrossSlotError, "CROSSSLOT"),
    (failures.ClusterDownError, "CLUSTERDOWN"),
    (failures.TryAgainError, "TRYAGAIN"),
    (failures.OutOfMemoryError, "OOM"),
)


def _told(error: Exception, where: str) -> StoreAway:
    if isinstance(error, failures.TimeoutError | TimeoutError):
        return StoreAway(f"the store at {where} did not answer in time")
    # The server's words serve to recognise the trouble; they are not passed on.
    text = " ".join([*(word for kind, word in _CLASSES if isinstance(error, kind)), str(error)])
    for mark, advice in _REFUSALS:
        if mark in text:
            return StoreRefused(f"the store at {where} refuses: {advice}")
    for mark, words in _ABSENCES:
        if mark in text:
            return StoreAway(f"the store at {where} {words}")
    if isinstance(error, failures.AuthenticationError):
        return StoreRefused(f"the store at {where} refuses: {_PASSWORD}")
    unreached = (failures.ConnectionError, failures.RedisClusterException, OSError)
    if isinstance(error, unreached):
        return StoreAway(f"the store at {where} cannot be reached")
    return StoreRefused(f"the store at {where} failed unexpectedly ({_code(text, error)})")


def _code(text: str, error: Exception) -> str:
    word = text.partition(" ")[0]
    return word if word.isascii() and word.isupper() and len(word) < 20 else type(error).__name__
