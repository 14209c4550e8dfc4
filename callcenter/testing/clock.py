"""VirtualLoop: an asyncio loop whose time jumps to the next timer instead of passing.

A conversation with thirty seconds of silence takes milliseconds, and the same milliseconds every
time: timers due at the same moment fire in the order in which they were set.
"""

from __future__ import annotations

import asyncio
import contextvars
import selectors
from collections.abc import Callable, Mapping
from typing import Any

EPOCH = 1_800_000_000.0
"""What the virtual clock shows at the start of a test: 2027-01-15 08:00 UTC, a Friday."""


class _JumpingSelector(selectors.BaseSelector):
    """Polls without waiting; where a real selector would sleep, it moves the clock on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.threads_at_work = 0
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.threads_at_work and timeout != 0:
            # A thread takes real time; jumping over it would make every time-out ring.
            return self._real.select(0.05 if timeout is None else min(timeout, 0.05))
        # Nothing scheduled: only a real socket can wake us, so really wait.
        ready = self._real.select(None if timeout is None else 0)
        if not ready and timeout is not None and timeout > 0:
            self.now += timeout
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time; `wall()` is the time of day that goes with it."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        self._clock_resolution = 1e-9
        self._timers_set = 0

    def time(self) -> float:
        """Seconds since the loop was made, jumps included."""
        return self._jumping.now

    def wall(self) -> float:
        """Seconds since 1970, on the virtual calendar."""
        return EPOCH + self._jumping.now

    def run_in_executor(  # type: ignore[override] # asyncio types them with a TypeVarTuple
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> Any:
        """Like asyncio's; while a thread works, time stands still."""
        future = super().run_in_executor(executor, func, *args)
        self._jumping.threads_at_work += 1

        def done(_: object) -> None:
            self._jumping.threads_at_work -= 1

        future.add_done_callback(done)
        return future

    def call_at(  # type: ignore[override] # asyncio types the arguments with a TypeVarTuple
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Like asyncio's, but two timers for the same moment keep their order."""
        self._timers_set += 1
        return super().call_at(when + self._timers_set * 1e-8, callback, *args, context=context)
