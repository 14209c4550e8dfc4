"""The ears' process: decodes for many streams, so that no event loop ever waits for a search.

PocketSphinx holds Python's lock while it searches. Started by `ears.py`; what goes in and out is
described there. Ends when its input does.
"""

from __future__ import annotations

import json
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import numpy as np

from callcenter.offline.decoders import Decoders
from callcenter.offline.expected import ANSWERS
from callcenter.offline.listener import Attention, Heard, Listener
from callcenter.offline.wire import CLOSE, EXPECT, FLUSH, OPEN, SOUND, Message, read

_LATE = 8
"""Frames of each stream that may wait before interim words are left out."""


def main() -> None:
    """Serve until the input ends."""
    # Ctrl-C is for the process that started us: it still has calls to finish.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder, most_quick = Path(sys.argv[1]), int(sys.argv[2])
    waiting: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, waiting), daemon=True).start()
    from livekit.local_inference import VAD

    desk = _Desk(Decoders(folder, most_quick=most_quick), VAD)
    _tell(0, {"kind": "ready"})
    while (message := waiting.get()) is not None:
        for told in desk.take(message, hurried=waiting.qsize() > _LATE * desk.streams):
            _tell(message.stream, told)


class _Desk:
    """The streams that are open."""

    def __init__(self, decoders: Decoders, activity: type) -> None:
        self._decoders = decoders
        self._activity = activity
        self._open: dict[int, Listener] = {}

    @property
    def streams(self) -> int:
        """How many are open."""
        return len(self._open)

    def take(self, message: Message, *, hurried: bool) -> list[dict[str, object]]:
        """Do what a message says; the answers to it."""
        if message.what == OPEN:
            how = Attention(**json.loads(message.load))
            self._open[message.stream] = Listener(self._decoders, self._activity(), how)
            return []
        listener = self._open.get(message.stream)
        if listener is None:
            return []
        if message.what == SOUND:
            samples = np.frombuffer(message.load, np.int16)
            return [_plain(heard) for heard in listener.hear(samples, hurried=hurried)]
        if message.what == EXPECT:
            answer = message.load.decode()
            listener.expected = next((a for a in ANSWERS if a == answer), "anything")
        elif message.what == FLUSH:
            return [*map(_plain, listener.finish()), {"kind": "flushed"}]
        elif message.what == CLOSE:
            listener.close()
            del self._open[message.stream]
        return []


def _receive(source: BinaryIO, waiting: queue.SimpleQueue[Message | None]) -> None:
    while (message := read(source)) is not None:
        waiting.put(message)
    waiting.put(None)


def _plain(heard: Heard) -> dict[str, object]:
    return {"kind": heard.kind, "start": heard.start, "end": heard.end, "words": heard.words}


def _tell(stream: int, told: dict[str, object]) -> None:
    sys.stdout.write(json.dumps({"stream": stream, **told}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
