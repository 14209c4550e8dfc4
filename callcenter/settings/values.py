"""How the value of a setting may be written; each type says what to write instead."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from callcenter.store.address import Address, BadAddress

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
TextTransform = Literal["filter_markdown", "filter_emoji"]


def default_data_dir() -> Path:
    """Where a platform keeps what a program remembers."""
    home = Path(os.environ.get("XDG_DATA_HOME", ""))
    # The XDG specification says to ignore a relative path.
    parent = home if home.is_absolute() else Path.home() / ".local" / "share"
    return parent / "callcenter"


def _address(*schemes: str) -> Callable[[object], object]:
    example = " or ".join(f"{scheme}://…" for scheme in schemes)

    def check(value: object) -> object:
        if not isinstance(value, str):
            return value
        text = value.strip()
        try:
            parts = urlsplit(text)
            parts.port  # noqa: B018  # reading it is what checks it
        except ValueError:
            raise ValueError(f"is no address; write {example}") from None
        if parts.scheme not in schemes:
            raise ValueError(f"does not begin with a known scheme; write {example}")
        if not (parts.hostname or (parts.scheme == "unix" and parts.path)):
            raise ValueError(f"names no host; write {example}")
        if any(letter.isspace() for letter in text):
            raise ValueError(f"contains a space; write {example}")
        return text.rstrip("/")

    return check


def _store_address(value: object) -> object:
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str):
        try:
            Address.parse(text)
        except BadAddress as error:
            raise ValueError(f"cannot be used: {error}") from None
    return text


def _key(value: object) -> object:
    text = value.strip() if isinstance(value, str) else value
    # An invisible character would break the HTTP header that carries the key, far from here.
    if isinstance(text, str) and not re.fullmatch("[!-~]+", text):
        raise ValueError("contains a space or an unprintable character; copy it once more")
    return text


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _none(value: object) -> object:
    return None if _lower(value) in ("none", "off", "0", "0.0", 0) else value


def _names(value: object) -> object:
    if not isinstance(value, str):
        return value
    names = tuple(name.strip().lower() for name in value.split(",") if name.strip())
    return () if names == ("none",) else names


def _folder(value: object) -> object:
    return Path(value).expanduser() if isinstance(value, str | Path) else value


def _existing_folder(value: object) -> object:
    folder = _folder(value)
    if isinstance(folder, Path) and not folder.is_dir():
        raise ValueError("is no folder; write the path of an existing one or leave it out")
    return folder


def _country(value: object) -> object:
    region = _upper(value)
    if region == "US":
        return region
    from phonenumbers import SUPPORTED_REGIONS

    if region not in SUPPORTED_REGIONS:
        raise ValueError("is no country; write its two letters, such as US, GB or DE")
    return region


LiveKitUrl = Annotated[str, BeforeValidator(_address("wss", "ws", "https", "http"))]
HttpUrl = Annotated[str, BeforeValidator(_address("https", "http"))]
RedisUrl = Annotated[SecretStr, BeforeValidator(_store_address)]
"""Secret, because it may hold a password."""
Key = Annotated[SecretStr, BeforeValidator(_key)]
Name = Annotated[str, Field(min_length=1), BeforeValidator(lambda value: str(value).strip())]
Brain = Annotated[Literal["auto", "offline", "openai"], BeforeValidator(_lower)]
Ears = Annotated[Literal["auto", "offline", "deepgram"], BeforeValidator(_lower)]
Mouth = Annotated[Literal["auto", "offline", "cartesia"], BeforeValidator(_lower)]
Home = Annotated[Literal["auto", "memory", "embedded", "redis"], BeforeValidator(_lower)]
Turns = Annotated[Literal["vad", "stt", "model"], BeforeValidator(_lower)]
Format = Annotated[Literal["text", "json"], BeforeValidator(_lower)]
Level = Annotated[LogLevel, BeforeValidator(_upper)]
Folder = Annotated[Path, BeforeValidator(_folder)]
ExistingFolder = Annotated[Path, BeforeValidator(_existing_folder)]
Country = Annotated[str, BeforeValidator(_country)]
Transforms = Annotated[tuple[TextTransform, ...], NoDecode, BeforeValidator(_names)]
OrNone = BeforeValidator(_none)
"""`none`, `off` and 0 mean that there is no such time."""
