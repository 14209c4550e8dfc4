"""SoundFolder: samples under keys, in memory and in files; broken files are as good as none."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import threading
import zlib
from collections import OrderedDict
from pathlib import Path

_log = logging.getLogger(__name__)

_SIGNATURE = b"CCSOUND1"
_CHECK_BYTES = 4
_SUFFIX = ".sound"


class SoundFolder:
    """Bounded in memory and on disk; several processes may use a folder at once.

    A disk that fails costs nothing but the memory of it: the phrase is synthesised again.
    """

    def __init__(
        self, folder: Path, *, most_bytes: int = 64_000_000, most_in_memory: int = 16_000_000
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._most_in_memory = most_in_memory
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, key: str) -> bytes | None:
        """The samples, or nothing."""
        name = _name(key)
        with self._lock:
            if (known := self._memory.get(name)) is not None:
                self._memory.move_to_end(name)
                return known
        try:
            samples = _unpacked((self._folder / name).read_bytes())
        except OSError:
            return None
        if samples is None:
            _log.warning("spoken phrase %s is broken and will be made again", name)
            return None
        self._keep(name, samples)
        return samples

    def store(self, key: str, samples: bytes) -> None:
        """Keep samples; a file appears whole or not at all."""
        name = _name(key)
        self._keep(name, samples)
        check = zlib.crc32(samples).to_bytes(_CHECK_BYTES, "big")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(dir=self._folder, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_SIGNATURE + check + samples)
                Path(part).replace(self._folder / name)
            except BaseException:
                Path(part).unlink(missing_ok=True)
                raise
            self._trim()
        except OSError as error:
            _log.warning("spoken phrase is not kept on disk: %s", error)

    def _keep(self, name: str, samples: bytes) -> None:
        with self._lock:
            self._memory[name] = samples
            self._memory.move_to_end(name)
            while sum(map(len, self._memory.values())) > self._most_in_memory:
                self._memory.popitem(last=False)

    def _trim(self) -> None:
        """Remove what was stored first until the rest fits."""
        files = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue  # another process trims as well
            files.append((found.st_mtime_ns, found.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self._most_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest() + _SUFFIX


def _unpacked(data: bytes) -> bytes | None:
    start = len(_SIGNATURE) + _CHECK_BYTES
    samples = data[start:]
    whole = data[: len(_SIGNATURE)] == _SIGNATURE and len(data) > start
    if not whole or zlib.crc32(samples).to_bytes(_CHECK_BYTES, "big") != data[start - 4 : start]:
        return None
    return samples
