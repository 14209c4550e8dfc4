"""Trunks: the numbers, trunks and limits as `trunks.yaml` declares them, checked line by line."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from sip.guard import Sources

DEFAULT = Path(__file__).with_name("trunks.yaml")
ANY_NUMBER = "*"

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_DIALLED = re.compile(r"\*|\+[1-9]\d{6,14}|[0-9A-Za-z_.-]{1,32}")
_PREFIX = re.compile(r"\+[1-9]\d{0,14}")
_TARGET = re.compile(r"(?:\+[1-9]\d{0,14}|\d{1,15})\*?")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_HEADER = re.compile(r"(?:X|P)-[A-Za-z0-9-]{1,60}|User-to-User|Privacy|Diversion")
_VALUE = re.compile(r"[^\x00-\x1f\x7f]{0,256}")


class InvalidTrunks(ValueError):
    """The file cannot be used; the message names the file, the line and what is wrong."""


class MissingPassword(LookupError):
    """The environment has no password for a trunk that needs one."""


def check_header(name: str, value: str) -> None:
    """Only headers that carry information may be added; those that steer SIP may not."""
    if not _HEADER.fullmatch(name):
        raise ValueError(f"header {name!r} may not be set; X-…, P-… and a few others may")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"header {name!r} has a line break or is too long")


def _matching(pattern: re.Pattern[str], what: str) -> AfterValidator:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"{text!r} is not {what}")
        return text

    return AfterValidator(check)


def _variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        # Not repeated: people paste passwords here.
        raise ValueError("this is not the name of an environment variable such as TRUNK_PASSWORD")
    return text


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        check_header(name, value)
    return headers


E164 = Annotated[str, _matching(_E164, "an E.164 number such as +15550100123")]
Prefix = Annotated[str, _matching(_PREFIX, "a prefix such as +44")]
Target = Annotated[str, _matching(_TARGET, "a number, an extension, or a beginning with *")]
Variable = Annotated[str, AfterValidator(_variable)]
Headers = Annotated[dict[str, str], AfterValidator(_headers)]


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Inbound(_Declared):
    """Who may ring us, and what we ask of them."""

    name: str = Field(min_length=1, max_length=64)
    sources: tuple[str, ...] = Field(min_length=1)
    user: str | None = None
    password_env: Variable | None = None
    early_media: bool = False

    @field_validator("sources")
    @classmethod
    def _networks(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        for text in sources:
            try:
                ipaddress.ip_network(text, strict=False)
            except ValueError:
                raise ValueError(f"{text!r} is not an address or a network") from None
        return sources

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.user is None) != (self.password_env is None):
            raise ValueError("user and password_env belong together")
        return self

    @property
    def allowed(self) -> Sources:
        """The addresses, ready to compare."""
        return Sources.of(self.sources)


class Outbound(_Declared):
    """Through whom we dial."""

    name: str = Field(min_length=1, max_length=64)
    host: Annotated[str, _matching(_HOST, "a host name or an address")]
    port: int = Field(default=5060, ge=1, le=65535)
    transport: Literal["udp", "tcp"] = "udp"
    user: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.+-]{1,64}$")
    password_env: Variable | None = None
    number: E164 | None = Field(default=None, alias="from")
    headers: Headers = Field(default_factory=dict)
    extensions: bool = False
    """Whether short numbers may be dialled, as through an office's own exchange."""

    @model_validator(mode="after")
    def _has_user(self) -> Self:
        if self.password_env is not None and self.user is None:
            raise ValueError("password_env needs a user")
        return self


class Limits(_Declared):
    """What keeps a stolen or talked-into agent from spending money."""

    region: str = Field(default="US", pattern=r"^[A-Z]{2}$")
    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = ("US", "CA")
    prefixes: tuple[Prefix, ...] = ()
    """Allowed besides the countries."""
    blocked_prefixes: tuple[Prefix, ...] = ()
    premium: bool = False
    transfer_targets: tuple[Target, ...] = ()
    calls_a_day: int = Field(default=500, ge=0)
    minutes_a_day: float = Field(default=3000, ge=0)
    calls_a_day_per_caller: int = Field(default=50, ge=0)
    minutes_a_day_per_caller: float = Field(default=240, ge=0)


class Trunks(_Declared):
    """The whole file."""

    numbers: Mapping[Annotated[str, _matching(_DIALLED, "a number, a name or *")], str] = Field(
        default_factory=dict
    )
    inbound: tuple[Inbound, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    limits: Limits = Limits()

    @field_validator("numbers")
    @classmethod
    def _departments(cls, numbers: Mapping[str, str]) -> Mapping[str, str]:
        for number, name in numbers.items():
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name):
                raise ValueError(f"{number}: {name!r} is not a department such as billing")
        return numbers

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        for kind in (self.inbound, self.outbound):
            names = [trunk.name for trunk in kind]
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"two trunks are called {name!r}")
        return self

    @classmethod
    def load(cls, path: Path = DEFAULT) -> Self:
        """Read a file; raises InvalidTrunks with its name and the line of every mistake."""
        try:
            return cls.read(path.read_text(encoding="utf-8"), name=path.name)
        except OSError as error:
            raise InvalidTrunks(f"{path.name}: cannot be read ({error.strerror})") from error

    @classmethod
    def read(cls, text: str, *, name: str = "trunks.yaml") -> Self:
        """Read the text of a file."""
        import yaml

        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            declared = yaml.safe_load(text) or {}
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise InvalidTrunks(f"{name}:{line}: {error.problem}") from None
        _no_twins(node, name)
        try:
            return cls.model_validate(declared)
        except ValidationError as error:
            found = [
                f"{name}:{_line_of(node, each['loc'])}: "
                f"{'.'.join(map(str, each['loc'])) or 'file'}: {_plain(each)}"
                for each in error.errors(include_input=False, include_url=False)
            ]
            raise InvalidTrunks("\n".join(found)) from None

    def department(self, dialled: str) -> str | None:
        """Who answers this number; None if nobody does."""
        return self.numbers.get(dialled) or self.numbers.get(ANY_NUMBER)

    def outgoing(self, name: str | None) -> Outbound | None:
        """The trunk of this name, or the first one."""
        if name is None:
            return self.outbound[0] if self.outbound else None
        return next((trunk for trunk in self.outbound if trunk.name == name), None)


def password_of(
    trunk: Inbound | Outbound, environment: Mapping[str, str] | None = None
) -> SecretStr | None:
    """The trunk's password, None if it has none; raises MissingPassword."""
    if trunk.password_env is None:
        return None
    found = (os.environ if environment is None else environment).get(trunk.password_env)
    if not found:
        raise MissingPassword(f"trunk {trunk.name!r} needs {trunk.password_env} to be set")
    return SecretStr(found)


def _plain(error: Any) -> str:
    return str(error["msg"]).removeprefix("Value error, ")


def _line_of(node: Any, place: tuple[int | str, ...]) -> int:
    """The line on which a value stands, or the nearest thing around it."""
    line = 1
    for step in place:
        if node is None:
            break
        line = node.start_mark.line + 1
        found = None
        if node.id == "mapping":
            pairs = ((key, value) for key, value in node.value if key.value == str(step))
            key, found = next(pairs, (None, None))
            if key is not None:
                line = key.start_mark.line + 1
        elif node.id == "sequence" and isinstance(step, int) and step < len(node.value):
            found = node.value[step]
            line = found.start_mark.line + 1
        node = found
    return line


def _no_twins(node: Any, name: str) -> None:
    """YAML keeps the last of two equal keys silently; a number would lose its department."""
    if node is None or node.id == "scalar":
        return
    if node.id == "sequence":
        for child in node.value:
            _no_twins(child, name)
        return
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen:
            raise InvalidTrunks(f"{name}:{key.start_mark.line + 1}: {key.value!r} is there twice")
        seen.add(key.value)
        _no_twins(value, name)
