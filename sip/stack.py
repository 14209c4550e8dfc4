"""Stack: the narrow, typed wrapper around baresip-python; nothing else in the house imports it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sip.wire import free_port

TOKEN = "X-Line-Token"  # noqa: S105 - the name of a header
"""Carries our own name for a call between front and stack; never leaves the house."""

_log = logging.getLogger("callcenter.sip")
_HOST = "127.0.0.1"
_CALLS = 500
_UNCLAIMED = 256
_STARTS = 5
_WATCH_SECONDS = 15.0
_CODECS = ("pcmu", "pcma", "g722/16000/1")
_COMMAND_SECONDS = 5.0


class StackFailed(RuntimeError):
    """The native stack did not start, did not answer or has died."""


class CallGone(StackFailed):
    """The native call ended before the command reached it: normal telephony."""


class NativeAudio:
    """A native call's sound. Raises one of `sound_errors()` while there is none."""

    def __init__(self, audio: Any) -> None:
        self._audio = audio

    def rate(self) -> int:
        """Samples a second, 0 until both directions are up."""
        info = self._audio.info()
        return int(info.rx_sample_rate) if info.tx_ready and info.rx_ready else 0

    def read(self, max_bytes: int) -> bytes:
        """Received PCM, b"" if none."""
        pcm: bytes = self._audio.read(max_bytes)
        return pcm

    def write(self, pcm: bytes) -> int:
        """Queue PCM; how many bytes were taken."""
        return int(self._audio.write(pcm))

    def waiting(self) -> int:
        """Bytes that were taken and did not go out yet."""
        # The library's info() binds to new streams without a word; that they are new must be told.
        before = self._audio._bound_epoch
        info = self._audio.info()
        if before not in (None, self._audio._bound_epoch):
            raise importlib.import_module("baresip").AudioRestarted("seen by its epoch")
        return int(info.tx_buffered)

    def flush(self) -> None:
        """Drop what is queued."""
        self._audio.flush_tx()


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a native call, such as CALL_ESTABLISHED, with the stack's words."""

    name: str
    text: str = ""
    stats: Any = None


class NativeCall:
    """One call inside the stack. Commands raise CallGone once it is over."""

    def __init__(self, call: Any, stack: Stack) -> None:
        self._call = call
        self._stack = stack
        self.handle: int = call.handle
        self.on_event: Callable[[Happening], None] = lambda _: None
        self.audio = NativeAudio(call.audio)

    @property
    def established(self) -> bool:
        """Whether it was answered and is not over."""
        return bool(self._call.state.value == "established")

    @property
    def on_hold(self) -> bool:
        """Whether we hold the other side."""
        return bool(self._call.is_on_hold)

    async def answer(self) -> None:
        """200 OK."""
        await self._stack.run(self._call.answer())

    async def reject(self) -> None:
        """The stack says 486; the front puts the real status in its place."""
        await self._stack.run(self._call.reject())

    async def hang_up(self) -> None:
        """CANCEL, BYE or a refusal, whatever the moment calls for."""
        await self._stack.run(self._call.hangup())

    async def hold(self, *, on: bool) -> None:
        """Re-INVITE with sendonly or sendrecv."""
        await self._stack.run(self._call.hold() if on else self._call.resume())

    async def transfer(self, uri: str, *, timeout: float) -> None:
        """REFER, then wait for the outcome; raises TransferRefused."""
        try:
            await self._stack.run(self._call.transfer(uri, timeout=timeout))
        except StackFailed as error:
            status = getattr(error.__cause__, "status", None)
            raise TransferRefused(str(error), status) from error

    async def send_digits(self, digits: str, *, gap: float) -> None:
        """RFC 4733 events, 100 ms each."""
        await self._stack.run(self._call.send_dtmf(digits, interdigit_ms=int(gap * 1000)))

    def replay(self, event: Any) -> None:
        """Let the library's own object see an event that came before it existed."""
        self._call._on_stack_event(event)


def sound_errors() -> tuple[type[Exception], ...]:
    """What a call's audio raises while there is none, or when it was renegotiated."""
    library = importlib.import_module("baresip")
    return (library.AudioNotActive, library.AudioRestarted)


class TransferRefused(StackFailed):
    """The transfer did not happen; `status` is the SIP code that was reported, if any."""

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
        self.status = status


class Stack:
    """The process's one native runtime, shared by all lines and closed with the last of them."""

    _running: ClassVar[Stack | None] = None

    def __init__(self, library: Any) -> None:
        self.port = 0
        self._library = library
        self._runtime: Any = None
        self._users = 0
        self._calls: dict[int, NativeCall] = {}
        self._unclaimed: OrderedDict[int, list[Any]] = OrderedDict()
        self._expected: dict[str, Callable[[NativeCall], None]] = {}
        self._agents: dict[str, Any] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None

    @classmethod
    async def shared(cls, *, rtp_timeout: float) -> Stack:
        """The running stack, started if need be. Release it when the line closes."""
        if cls._running is None:
            cls._running = cls(importlib.import_module("baresip"))
            try:
                await cls._running._start(rtp_timeout)
            except BaseException:
                cls._running = None
                raise
        cls._running._users += 1
        return cls._running

    async def release(self) -> None:
        """Give the stack back; the last one out stops it."""
        self._users -= 1
        if self._users or Stack._running is not self:
            return
        Stack._running = None
        if self._watch is not None:
            self._tasks.add(self._watch)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if await self.leaked():
            # Closing under a leaked call can crash the process; a thread left behind cannot.
            _log.error("native calls leaked; the stack is left to the end of the process")
            return
        await self._runtime.close()

    async def _start(self, rtp_timeout: float) -> None:
        for left in reversed(range(_STARTS)):
            # The port was free a moment ago; somebody may be faster.
            self.port = free_port(_HOST)
            self._runtime = self._library.Runtime(command_timeout=_COMMAND_SECONDS)
            try:
                await self._runtime.start(self._config(rtp_timeout))
                break
            except self._library.BaresipError as error:
                if not left:
                    raise StackFailed(str(error)) from error
        self._runtime.subscribe(self._heard)
        await self._agent("line", ("catchall=yes",), _CODECS)
        await self._agent("early", (), _CODECS, answer="early")
        self._watch = asyncio.get_running_loop().create_task(self._look_out())

    def _config(self, rtp_timeout: float) -> Any:
        return self._library.Config(
            # Its SIP port must never be on the network; see sip/sdp.py for what follows from that.
            net_interface=_HOST,
            max_concurrent_calls=_CALLS,
            rtp_timeout=max(1, round(rtp_timeout)),
            expose_headers=(TOKEN,),
            native_log_level="error",
            extra_config_text=(
                f"sip_listen {_HOST}:{self.port}\n"
                "audio_jitter_buffer_type adaptive\n"
                "audio_jitter_buffer_ms 20-160\n"
            ),
        )

    async def _look_out(self) -> None:
        """A native call that nobody of us knows is a slot lost until the process ends: say so."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            with contextlib.suppress(StackFailed):
                lost = await self.leaked()
                if lost:
                    _log.error("%d native calls leaked", lost)

    async def agent(
        self, *, outbound: str, user: str, host: str, password: str = "", codecs: tuple[str, ...]
    ) -> str:
        """An identity to dial with, through the front at `outbound`; made once and named."""
        extra: tuple[str, ...] = (f'outbound="{outbound}"',)
        if password:
            extra = (*extra, f'auth_pass="{password}"', f"auth_user={user}")
        return await self._agent(user, extra, codecs, host=host)

    async def _agent(
        self,
        user: str,
        extra: tuple[str, ...],
        codecs: tuple[str, ...],
        *,
        host: str = _HOST,
        answer: str = "manual",
    ) -> str:
        address = ";".join(
            (
                f"<sip:{user}@{host}>",
                "regint=0",
                f"answermode={answer}",
                "audio_codecs=" + ",".join(codecs),
                # "none" is what switches video off; an empty list means every codec there is.
                "video_codecs=none",
                "dtmfmode=rtpevent",
                *extra,
            )
        )
        if address not in self._agents:
            agent = await self.run(self._library.UserAgent.create(self._runtime, address))
            agent.on_incoming(self._rung)
            self._agents[address] = agent
        return address

    def expect(self, token: str, take: Callable[[NativeCall], None]) -> None:
        """Tell who gets the incoming call that carries this token."""
        self._expected[token] = take

    def forget(self, token: str) -> None:
        """No call with this token will come any more."""
        self._expected.pop(token, None)

    async def dial(
        self,
        agent: str,
        uri: str,
        headers: Mapping[str, str],
        on_event: Callable[[Happening], None],
    ) -> NativeCall:
        """Send an INVITE. Events reach `on_event` even if they are faster than this method."""
        call = await self.run(self._agents[agent].dial(uri, headers=dict(headers)))
        return self._claim(call, on_event)

    async def run(self, command: Any) -> Any:
        """Await a command of the library and translate its errors."""
        try:
            return await command
        except self._library.StaleHandleError as error:
            raise CallGone("the call is over") from error
        except self._library.BaresipError as error:
            raise StackFailed(str(error)) from error

    async def leaked(self) -> int:
        """How many native calls nobody of us knows; waits a little for late farewells."""
        surplus = 0
        for _ in range(20):
            surplus = await self._count() - len(self._calls)
            if surplus <= 0:
                return 0
            await asyncio.sleep(0.05)
        return surplus

    async def _count(self) -> int:
        import json

        native = importlib.import_module("baresip._native").lib
        _, payload = await self.run(self._runtime.cmd(native.BP_CMD_CALL_COUNT))
        return int(json.loads(payload)["calls"])

    def _claim(self, call: Any, on_event: Callable[[Happening], None]) -> NativeCall:
        mine = NativeCall(call, self)
        mine.on_event = on_event
        self._calls[mine.handle] = mine
        for event in self._unclaimed.pop(mine.handle, ()):
            mine.replay(event)
            self._deliver(mine, event)
        return mine

    def _rung(self, call: Any) -> None:
        take = self._expected.pop(call.headers.get(TOKEN, ""), None)
        mine = self._claim(call, lambda _: None)
        if take is None:
            # Somebody on this machine found the private port: no token, no call.
            self._soon(mine.reject())
            return
        take(mine)

    def _soon(self, command: Any) -> None:
        async def quietly() -> None:
            with contextlib.suppress(StackFailed):
                await command

        task = asyncio.get_running_loop().create_task(quietly())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _heard(self, event: Any) -> None:
        if not event.call or event.event.name == "CALL_INCOMING":
            return
        mine = self._calls.get(event.call)
        if mine is not None:
            self._deliver(mine, event)
            return
        # An instant answer overtakes dial()'s own return: keep it until the call is claimed.
        self._unclaimed.setdefault(event.call, []).append(event)
        while len(self._unclaimed) > _UNCLAIMED:
            self._unclaimed.popitem(last=False)

    def _deliver(self, mine: NativeCall, event: Any) -> None:
        if event.event.name == "CALL_CLOSED":
            self._calls.pop(mine.handle, None)
        mine.on_event(Happening(event.event.name, event.text or "", event.stats or None))
