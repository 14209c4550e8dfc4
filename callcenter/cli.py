"""cli: the words `callcenter` understands; each command imports what it needs when it runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from callcenter import __version__

if TYPE_CHECKING:
    from callcenter.settings import Settings

app = typer.Typer(
    name="callcenter",
    help="A telephony call center of AI agents on LiveKit.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: importing rich would double the time that --help takes.
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
EnvFile = Annotated[Path, typer.Option("--env-file", help="Where settings are read from.")]
_ENV = Path(".env")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"callcenter {__version__}")
        raise typer.Exit


@app.command()
def console(
    number: Annotated[str, typer.Option(help="The phone number to call from.")] = "+15550100199",
    department: Annotated[
        str, typer.Option(help="The desk to ring; the front desk if empty.")
    ] = "",
    env_file: EnvFile = _ENV,
) -> None:
    """Talk to the desks by typing. Ctrl-D or an empty goodbye hangs up."""
    from callcenter.console import converse

    _run(converse(_settings(env_file), number=number, department=department))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where recording, transcript and report go.")] = Path(
        "out/demo"
    ),
    text: Annotated[bool, typer.Option("--text", help="Type instead of phoning.")] = False,
    pace: Annotated[float, typer.Option(help="Seconds between typed sentences.")] = 0.4,
) -> None:
    """Hear a simulated caller phone triage, billing and support; no key, no network."""
    from callcenter.demo import play

    _run(play(out, pace=pace, typed=text))


@app.command()
def phone(env_file: EnvFile = _ENV) -> None:
    """Take phone calls on a line of our own; ring it with any softphone."""
    from callcenter.phone import serve

    _run(serve(_settings(env_file)))


@app.command()
def calls(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many to show.")] = 20,
    json: Json = False,
    env_file: EnvFile = _ENV,
) -> None:
    """List the newest calls."""
    from callcenter.archive import list_calls

    _run(list_calls(_settings(env_file), limit=limit, as_json=json))


@app.command()
def report(
    call: Annotated[str, typer.Argument(help="The call's id, as `callcenter calls` shows it.")],
    json: Json = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with a picture instead.")] = None,
    env_file: EnvFile = _ENV,
) -> None:
    """Print what happened in a call, from its events."""
    from callcenter.archive import print_report

    _run(print_report(_settings(env_file), call, as_json=json, html=html))


@app.command()
def forget(
    number: Annotated[str, typer.Argument(help="The caller's phone number.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    env_file: EnvFile = _ENV,
) -> None:
    """Delete what is known of a caller, and every finished call of theirs, beyond recovery."""
    from callcenter.archive import forget_caller

    if not yes:
        typer.confirm("This cannot be undone. Delete?", abort=True)
    _run(forget_caller(_settings(env_file), number))


@app.command()
def doctor(json: Json = False, env_file: EnvFile = _ENV) -> None:
    """Say what is configured, what is missing, what that switches off; exit 1 if broken."""
    from callcenter import doctor as examination
    from callcenter.wiring import open_store

    _run(examination.run(env_file, open_store=open_store, as_json=json))


def main() -> None:
    """Entry point: errors that a person can mend are one line, not a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


def _settings(env_file: Path) -> Settings:
    from callcenter.log import configure
    from callcenter.settings import Settings, SettingsError

    try:
        settings = Settings.load(env_file)
    except SettingsError as error:
        _fail(str(error), code=2)
    configure(level=settings.log_level, json_lines=settings.log_format == "json")
    return settings


def _run(work: Coroutine[Any, Any, int]) -> None:
    from callcenter.domain.errors import PlainError

    try:
        code = asyncio.run(work)
    except KeyboardInterrupt:
        code = 130
    except (PlainError, ValueError, OSError) as error:
        _fail(str(error), code=1)
    raise typer.Exit(code)


def _fail(message: str, *, code: int) -> NoReturn:
    typer.secho(message, fg=typer.colors.RED, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    main()
