"""ticker: running calls in a terminal; the conversation on the left, state and tools beside it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from callcenter.domain.events import AgentSaid, CallerSaid, Event
from callcenter.domain.report import line_of
from callcenter.floor import Switchboard

_STYLES = ("cyan", "magenta", "green", "yellow", "blue")


class Ticker:
    """Prints events as they happen: speech on the left, everything else beside it."""

    def __init__(self, console: Console, switchboard: Switchboard) -> None:
        self._console = console
        self._switchboard = switchboard
        self._colours: dict[str, str] = {}
        switchboard.watch(self.show)

    def show(self, event: Event) -> None:
        """Print one event."""
        call = self._switchboard.call
        line = line_of(event, call.started_at or event.at)
        row = Table.grid(padding=(0, 2), expand=True)
        row.add_column(ratio=3)
        row.add_column(ratio=2, style="dim")
        beside = f"{call.state} · {call.department or '-'}"
        if isinstance(event, CallerSaid | AgentSaid):
            said = Text(f"{line.who}: ", style=self._colour(line.who)).append(line.what, "default")
            row.add_row(said, Text(beside))
        else:
            row.add_row("", Text(f"{line.who}: {line.what}"))
        self._console.print(row)

    def _colour(self, who: str) -> str:
        return self._colours.setdefault(who, f"bold {_STYLES[len(self._colours) % len(_STYLES)]}")
