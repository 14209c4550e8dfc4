"""The live call: with the processes that serve calls, the only code that knows livekit.agents."""

from callcenter.floor.desk import RESUMED, Desk, Neighbour
from callcenter.floor.lease import CentreFull
from callcenter.floor.switchboard import Seating, Switchboard
from callcenter.floor.text import TextLine
from callcenter.floor.tool import Heard, Say, tool
from callcenter.floor.voice import Conduct, Voice

__all__ = [
    "RESUMED",
    "CentreFull",
    "Conduct",
    "Desk",
    "Heard",
    "Neighbour",
    "Say",
    "Seating",
    "Switchboard",
    "TextLine",
    "Voice",
    "tool",
]
