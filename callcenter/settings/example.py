"""`.env.example`, written from the settings themselves so that it cannot go stale."""

from __future__ import annotations

import textwrap

from pydantic.fields import FieldInfo

from callcenter.settings import Settings, variables
from callcenter.settings.problems import allowed

_HEAD = """\
# Settings of the call center. Copy this file to .env and take the # off the lines you change.
# Nothing here is needed for `make demo`. The environment wins over .env; a variable that begins
# with CALLCENTER_ and is not listed here is an error, so that a typing mistake cannot hide.
# Written by `python -m callcenter.settings`: change callcenter/settings/__init__.py instead."""


def env_example() -> str:
    """The whole text of `.env.example`."""
    blocks = [_HEAD, *(_block(name, field) for name, field in variables(Settings).items())]
    return "\n\n".join(blocks) + "\n"


def _block(name: str, field: FieldInfo) -> str:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    heading = f"# --- {extra['section']} ---\n\n" if "section" in extra else ""
    about = f"{field.description} [{allowed(field)}]" if allowed(field) else str(field.description)
    comment = textwrap.fill(about, 98, initial_indent="# ", subsequent_indent="# ")
    return f"{heading}{comment}\n#{name}={extra.get('default', _written(field.default))}"


def _written(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(str(item) for item in value)
        case float() if value.is_integer() and value > 1:
            return str(int(value))
        case _:
            return str(value)
