"""Stream: what a leg tells, to whoever listens; a slow listener loses the oldest, nobody else."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Stream(Generic[T]):
    """An endless iterator that ends with its source."""

    def __init__(self, limit: int) -> None:
        self._items: deque[T] = deque(maxlen=limit)
        self._wake = asyncio.Event()
        self._closed = False

    def __aiter__(self) -> Stream[T]:
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self._closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._items.popleft()

    def put(self, item: T) -> bool:
        """Add an item; False if an older one had to go."""
        fits = len(self._items) < (self._items.maxlen or 0)
        self._items.append(item)
        self._wake.set()
        return fits

    def close(self) -> None:
        """Nothing more will come; what is there can still be read."""
        self._closed = True
        self._wake.set()


class Fan(Generic[T]):
    """Gives every item to every listener; `keep` items wait for the first one to come."""

    def __init__(self, limit: int, *, keep: int = 0) -> None:
        self.dropped = 0
        self._limit = limit
        self._early: deque[T] | None = deque(maxlen=keep) if keep else None
        # A listener who walks away without a word is forgotten with his last reference.
        self._streams: weakref.WeakSet[Stream[T]] = weakref.WeakSet()
        self._closed = False

    def listen(self) -> Stream[T]:
        """A new listener, from now on."""
        stream: Stream[T] = Stream(self._limit)
        for item in self._early or ():
            stream.put(item)
        self._early = None
        if self._closed:
            stream.close()
        self._streams.add(stream)
        return stream

    def put(self, item: T) -> None:
        """Tell everybody."""
        if self._early is not None:
            self._early.append(item)
        for stream in self._streams:
            if not stream.put(item):
                self.dropped += 1

    def close(self) -> None:
        """The source is gone."""
        self._closed = True
        for stream in self._streams:
            stream.close()
