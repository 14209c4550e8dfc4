"""Digest: asks incoming callers for a password (RFC 8760, RFC 7616) without keeping any state."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_FIELD = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_HASHES: dict[str, Callable[[bytes], str]] = {
    # MD5 is what phones and carriers still speak; the nonce is ours, fresh and short-lived.
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}
_NONCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Digest:
    """One realm with its key; the nonce carries its own time and proof."""

    realm: str
    clock: Callable[[], float] = time.time
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def challenges(self, host: str) -> list[str]:
        """WWW-Authenticate values for somebody at `host`; old phones read only the first."""
        nonce = self._nonce(int(self.clock()), host)
        return [
            f'Digest realm="{self.realm}", nonce="{nonce}", algorithm={name}, qop="auth"'
            for name in ("MD5", "SHA-256")
        ]

    def accepts(
        self, header: str | None, *, method: str, host: str, user: str, password: str
    ) -> bool:
        """Whether an Authorization header proves that its sender knows the password."""
        if not header or not header.lower().startswith("digest ") or not password:
            return False
        given = {
            name.lower(): quoted or plain for name, quoted, plain in _FIELD.findall(header[7:])
        }
        digest = _HASHES.get(given.get("algorithm", "MD5").upper())
        if digest is None or given.get("qop") != "auth" or given.get("realm") != self.realm:
            return False
        if not self._fresh(given.get("nonce", ""), host):
            return False
        secret = digest(f"{user}:{self.realm}:{password}".encode())
        what = digest(f"{method}:{given.get('uri', '')}".encode())
        parts = (given.get("nonce"), given.get("nc"), given.get("cnonce"), "auth", what)
        wanted = digest(":".join((secret, *(part or "" for part in parts))).encode())
        known = hmac.compare_digest(given.get("username", "").encode(), user.encode())
        return hmac.compare_digest(wanted, given.get("response", "").lower()) and known

    def _nonce(self, at: int, host: str) -> str:
        proof = hmac.new(self._key, f"{at}:{host}".encode(), hashlib.sha256).hexdigest()[:32]
        return f"{at:x}.{proof}"

    def _fresh(self, nonce: str, host: str) -> bool:
        stamp, _, _ = nonce.partition(".")
        if not re.fullmatch(r"[0-9a-f]{1,12}", stamp):
            return False
        at = int(stamp, 16)
        genuine = hmac.compare_digest(nonce.encode(), self._nonce(at, host).encode())
        return genuine and 0 <= self.clock() - at <= _NONCE_SECONDS
