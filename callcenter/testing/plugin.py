"""The pytest plugin: `caller` and `callers` fixtures on virtual time, and the `--brain` option.

Everything a test may want to exchange is a fixture of its own: override `callcenter_seat` (who
answers), `callcenter_store`, `callcenter_conduct`, `callcenter_brain` or `callcenter_phrases` in
your conftest.py. Nothing heavy is imported until a fixture is used.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from livekit.agents import llm

    from callcenter.floor import Conduct, Seating
    from callcenter.floor.phrases import Phrases
    from callcenter.store import Store
    from callcenter.testing.caller import Caller

_FIXTURES = frozenset({"caller", "callers"})
_CALLERS: pytest.StashKey[list[Caller]] = pytest.StashKey()
_MARK = "virtual_time"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --brain."""
    parser.getgroup("callcenter").addoption(
        "--brain",
        default="offline",
        choices=["offline", "openai"],
        help="which brain the desks think with: the offline one, or OPENAI_API_KEY/OPENAI_BASE_URL",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", f"{_MARK}: run this async test on a loop whose time jumps instead of passing"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run async tests that use a simulated caller, or are marked, on virtual time."""
    ours = _FIXTURES & set(pyfuncitem.fixturenames) or pyfuncitem.get_closest_marker(_MARK)
    if not ours or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names if name in pyfuncitem.funcargs}
    callers = _callers_of(pyfuncitem)
    # A brain on the network needs real seconds.
    real = pyfuncitem.config.getoption("--brain") != "offline"
    with asyncio.Runner(loop_factory=None if real else _virtual_loop) as runner:
        runner.run(_run(pyfuncitem.obj, arguments, callers))
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the whole call under a test that failed."""
    report = yield
    if report.failed:
        for number, caller in enumerate(_callers_of(item), 1):
            if caller.has_dialled:
                report.sections.append((f"call {number}", _shown(caller)))
    return report


@pytest.fixture
def callers(
    request: pytest.FixtureRequest,
    callcenter_seat: Seating,
    callcenter_store: Store,
    callcenter_conduct: Conduct,
    callcenter_phrases: Phrases,
    callcenter_brain: Callable[[], llm.LLM[Any]],
) -> Callable[[], Caller]:
    """As many simulated callers as a test needs; call it once for each."""
    from callcenter.floor import Switchboard, Voice
    from callcenter.testing.caller import Caller
    from flows import FRONT

    made: list[Caller] = request.node.stash.setdefault(_CALLERS, [])

    def connect() -> Switchboard:
        loop = asyncio.get_running_loop()
        return Switchboard(
            store=callcenter_store,
            seat=callcenter_seat,
            voice=Voice(brain=callcenter_brain()),
            conduct=callcenter_conduct,
            phrases=callcenter_phrases,
            owner="test",
            **({"clock": loop.wall} if isinstance(loop, _loop_class()) else {}),
        )

    def make() -> Caller:
        made.append(Caller(connect, front=FRONT, judge=_judge()))
        return made[-1]

    return make


@pytest.fixture
def caller(callers: Callable[[], Caller]) -> Caller:
    """One simulated caller, who has not dialled yet."""
    return callers()


@pytest.fixture
def callcenter_store() -> Store:
    """Where the calls are kept: memory, unless overridden."""
    from callcenter.store.memory import MemoryStore

    return MemoryStore()


@pytest.fixture
def callcenter_conduct() -> Conduct:
    """How calls are led: the defaults, unless overridden."""
    from callcenter.floor import Conduct

    return Conduct()


@pytest.fixture
def callcenter_phrases() -> Phrases:
    """The sentences of the floor: the ones in flows/scripts/shared.md, unless overridden."""
    from flows import shared_phrases

    return shared_phrases()


@pytest.fixture
def callcenter_seat() -> Seating:
    """Who answers: the desks in flows with the demo's books, unless overridden."""
    from datetime import UTC, datetime

    from callcenter.testing.clock import EPOCH
    from flows import reception
    from flows.demo_accounts import DemoAccounts

    today = datetime.fromtimestamp(EPOCH, UTC).date()
    return reception(DemoAccounts(today=lambda: today), today=lambda: today)


@pytest.fixture
def callcenter_brain(request: pytest.FixtureRequest) -> Callable[[], llm.LLM[Any]]:
    """What the desks think with: --brain."""
    if request.config.getoption("--brain") == "offline":
        from datetime import UTC, datetime

        from callcenter.offline.brain import OfflineBrain
        from callcenter.testing.clock import EPOCH

        today = datetime.fromtimestamp(EPOCH, UTC).date()
        return lambda: OfflineBrain(today=lambda: today)
    from callcenter.settings import Settings
    from callcenter.wiring import brain

    return lambda: brain(Settings.load())


async def _run(test: Callable[..., Any], arguments: dict[str, Any], callers: list[Caller]) -> None:
    try:
        await test(**arguments)
    finally:
        for caller in callers:
            await caller.gone()


def _callers_of(item: pytest.Item) -> list[Caller]:
    nobody: list[Caller] = []
    return item.stash.get(_CALLERS, nobody)


def _virtual_loop() -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop = _loop_class()()
    return loop


def _loop_class() -> Any:
    from callcenter.testing.clock import VirtualLoop

    return VirtualLoop


def _shown(caller: Caller) -> str:
    call = caller.call
    return f"{call.id}: {call.state}, at {call.department}\n{caller.report.transcript()}"


def _judge() -> Any:
    import os

    if not (os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL")):
        return None
    from callcenter.testing.judge import judge

    return judge
