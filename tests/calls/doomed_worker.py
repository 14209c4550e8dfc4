"""A worker that holds a conversation in the embedded store and waits to be killed.

    python tests/calls/doomed_worker.py FOLDER STEPS

Prints the call's id, then a line for each step that the store has acknowledged.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from callcenter.floor import Conduct, Switchboard, TextLine, Voice
from callcenter.offline.brain import OfflineBrain
from callcenter.store.embedded import EmbeddedStore
from flows import FRONT, open_reception
from sip import Leg, PhoneNumber

WORDS = ("my bill went up", "447122", "4821", "can i pay that on friday", "yes please")


async def serve(folder: Path, steps: int) -> None:
    """Converse, then hang on the line for ever."""
    store = await EmbeddedStore.open(folder)
    seat, phrases = open_reception()
    board = Switchboard(
        store=store,
        seat=seat,
        voice=Voice(brain=OfflineBrain()),
        conduct=Conduct(lease_seconds=1.0),
        phrases=phrases,
        owner="doomed",
    )
    await board.answer(Leg(caller=PhoneNumber("+12065550101")), FRONT)
    print(board.id, flush=True)
    line = TextLine(board)
    for words in WORDS[:steps]:
        await line.say(words)
        # Acknowledged: what is printed from here on must survive anything.
        if await board.written():
            print(board.call.version, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
