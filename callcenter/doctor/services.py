"""The services on the network: LiveKit, the language model, ears and voice."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable
from typing import Any

from callcenter.doctor.finding import Check, Examination, Finding, Trouble, missing, working

_MOST_BYTES = 2_000_000
_CLOCK_TOLERANCE = 60.0
_CARTESIA_VERSION = "2025-04-16"  # the one LiveKit's plugin asks for


async def _livekit(this: Examination) -> list[Finding]:
    settings = this.settings
    url, key, secret = settings.livekit_url, settings.livekit_api_key, settings.livekit_api_secret
    names = {"LIVEKIT_URL": url, "LIVEKIT_API_KEY": key, "LIVEKIT_API_SECRET": secret}
    absent = " and ".join(name for name, value in names.items() if not value)
    if not (url or key or secret):
        return missing("LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET")
    if url is None or key is None or secret is None:
        raise Trouble(f"is half configured: without {absent}", f"set {absent}")
    from google.protobuf.message import DecodeError
    from livekit import api

    # Without failover a server that is away is named at once instead of being tried four times.
    client = api.LiveKitAPI(
        url, key.get_secret_value(), secret.get_secret_value(), session=this.http, failover=False
    )
    started = time.perf_counter()
    try:
        rooms = await _answer(client.room.list_rooms(api.ListRoomsRequest()), "LIVEKIT_URL")
    except api.ServerError as error:
        if error.status == 401 and any(abs(skew) > _CLOCK_TOLERANCE for skew in this.skews):
            raise Trouble("refuses the time in our token", "set this machine's clock") from None
        if error.status in (401, 403):
            raise Trouble(
                f"refuses the key or the secret ({error.status})",
                "copy LIVEKIT_API_KEY and LIVEKIT_API_SECRET from the server's configuration",
            ) from None
        raise _judged(error.status, "LIVEKIT_URL") from None
    except DecodeError:
        raise Trouble("answers, but is no LiveKit server", "correct LIVEKIT_URL") from None
    trip = (time.perf_counter() - started) * 1000
    return working(f"answers in {trip:.0f} ms; {len(rooms.rooms)} rooms are open")


async def _llm(this: Examination) -> list[Finding]:
    settings, key = this.settings, this.settings.openai_api_key
    if key is None and settings.openai_base_url is None:
        return missing("OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own")
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    base = settings.openai_base_url or this.addresses.openai
    reply = await _get(this, f"{base}/models", headers, "OPENAI_API_KEY", "OPENAI_BASE_URL")
    models = reply.get("data") if isinstance(reply, dict) else None
    if not isinstance(models, list):
        raise Trouble(
            "answers, but does not speak OpenAI's protocol",
            "write its address with the version, such as …/v1, in OPENAI_BASE_URL",
        )
    names = {str(model.get("id")) for model in models if isinstance(model, dict)}
    if settings.llm_model not in names:
        raise Trouble(
            f"has {len(names)} models, but not {settings.llm_model}",
            "set CALLCENTER_LLM_MODEL to one that it has",
        )
    if settings.llm_choice == "offline":
        says = f"works with {settings.llm_model}, but CALLCENTER_LLM=offline does without it"
        return [Finding(status="note", says=says)]
    return working(f"works with {settings.llm_model}")


async def _deepgram(this: Examination) -> list[Finding]:
    key = this.settings.deepgram_api_key
    if key is None:
        return missing("DEEPGRAM_API_KEY")
    headers = {"Authorization": f"Token {key.get_secret_value()}"}
    await _get(this, f"{this.addresses.deepgram}/projects", headers, "DEEPGRAM_API_KEY")
    return working(f"accepts the key; {this.settings.stt_model} will listen")


async def _cartesia(this: Examination) -> list[Finding]:
    key = this.settings.cartesia_api_key
    if key is None:
        return missing("CARTESIA_API_KEY")
    headers = {"X-API-Key": key.get_secret_value(), "Cartesia-Version": _CARTESIA_VERSION}
    url = f"{this.addresses.cartesia}/voices?limit=1"
    await _get(this, url, headers, "CARTESIA_API_KEY")
    return working(f"accepts the key; {this.settings.tts_model} will speak")


async def _get(
    this: Examination, url: str, headers: dict[str, str], key: str, address: str = "its address"
) -> Any:
    """The JSON that a service answers, or Trouble in our words."""
    # A redirect is not followed: the key would travel to an address nobody has written down.
    request = this.http.get(url, headers=headers, allow_redirects=False)
    status, body = await _answer(_read(request), address)
    if status in (401, 403):
        raise Trouble(f"refuses the key ({status})", f"set {key} to a valid one")
    if status != 200:
        raise _judged(status, address)
    try:
        return json.loads(body)
    except ValueError:
        raise Trouble("answers, but not with JSON", f"check {address}") from None


async def _read(request: Any) -> tuple[int, bytes]:
    async with request as response:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > _MOST_BYTES:
                break
        return response.status, bytes(body)


async def _answer(request: Awaitable[Any], address: str) -> Any:
    """What a server answers; not being able to talk to it is told in our words."""
    import aiohttp

    try:
        return await request
    except TimeoutError:  # some of aiohttp's are ClientErrors too
        raise
    except aiohttp.ClientConnectorDNSError:
        says, fix = "has a host name that nobody knows", f"check {address} and this network"
    except aiohttp.ClientSSLError:
        says, fix = "has a certificate that is not trusted", f"check {address}"
    except aiohttp.ClientConnectorError:
        says, fix = "cannot be reached", f"check {address} and that the server runs"
    except (aiohttp.ClientError, ValueError):
        says, fix = "answers, but does not speak HTTP", f"check {address}"
    raise Trouble(says, fix)


def _judged(status: int, address: str) -> Trouble:
    if status == 429:
        return Trouble("refuses more requests (429)", "wait, or look at the account's quota")
    if status == 402:
        return Trouble("wants to be paid (402)", "look at the account's credit")
    if status >= 500:
        return Trouble(f"has trouble of its own ({status})", "try again later")
    return Trouble(f"knows no such address ({status})", f"check {address}")


SERVICES = (
    Check("livekit", "calls through LiveKit; console, demo and tests need none", _livekit),
    Check("llm", "free conversation: the offline rules understand less", _llm),
    Check("deepgram", "ears for phone calls; text calls need none", _deepgram),
    Check("cartesia", "a voice for phone calls; text calls need none", _cartesia),
)
