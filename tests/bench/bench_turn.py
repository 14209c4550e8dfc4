"""Cost of a text turn: our desk with its record beside a bare AgentSession, in the same run.

    python tests/bench/bench_turn.py [--turns 200] [--rounds 7] [--json FILE]

Both think with the same instant model, so what is measured is everything around it. Rounds are
interleaved; the figures are medians over rounds and the ratio is the median of pairwise ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from livekit.agents import Agent, AgentSession, llm

from callcenter.domain.department import Department
from callcenter.domain.handoff import Handoff
from callcenter.floor import Conduct, Desk, Neighbour, Switchboard, TextLine, Voice
from callcenter.store import Store
from callcenter.store.embedded import EmbeddedStore
from callcenter.store.memory import MemoryStore
from sip import Leg, PhoneNumber
from tests.fakes.brain import Answer, ScriptedBrain

Turn = Callable[[], Awaitable[object]]


class _Words:
    def say(self, name: str, /, **variables: str) -> str:
        return f"{name} {variables}"


class _Plain(Desk):
    department = Department("plain")
    neighbour = Neighbour(serves="the bench")


class _Brain(ScriptedBrain):
    """Always the same answer; unlike a test's brain it keeps no copy of what it was asked."""

    def answer(self, context: llm.ChatContext) -> Answer:
        del context
        return Answer(text="Certainly, that is done.")


def _brain() -> ScriptedBrain:
    return _Brain()


@llm.function_tool
async def hand_over(to: str, reason: str) -> None:
    """Pass the caller to another department that can do what they want."""


@llm.function_tool
async def ask_for_person(reason: str = "") -> None:
    """Have a person of the team call the caller back."""


@llm.function_tool
async def leave_number(number: str) -> None:
    """Take the phone number for a call back."""


@llm.function_tool
async def say_goodbye() -> None:
    """End the call."""


TOOLS: list[llm.Tool | llm.Toolset] = [hand_over, ask_for_person, leave_number, say_goodbye]
"""The bare agent has as many tools as a desk has: tools cost time in any agent."""


async def _bare(stack: AsyncExitStack) -> Turn:
    session: AgentSession[None] = AgentSession(
        llm=_brain(), vad=None, turn_handling={"turn_detection": None}, user_away_timeout=None
    )
    await session.start(Agent(instructions="Be brief.", tools=[*TOOLS]), record=False)
    stack.push_async_callback(session.aclose)

    async def turn() -> None:
        await session.run(user_input="please do it")

    return turn


async def _ours(stack: AsyncExitStack, store: Store) -> Turn:
    def seat(_: Department, handoff: Handoff, words: object, __: Voice, /) -> Desk:
        del words
        return _Plain(script=_Words(), handoff=handoff, neighbours={})

    board = Switchboard(
        store=store,
        seat=seat,
        voice=Voice(brain=_brain()),
        conduct=Conduct(user_away_timeout=0, store_buffer=100_000),
        phrases=_Words(),
        owner="bench",
    )
    await board.answer(Leg(caller=PhoneNumber("+15550100199")), Department("plain"))
    stack.push_async_callback(board.caller_hung_up)
    line = TextLine(board)

    async def turn() -> None:
        await line.say("please do it")

    return turn


async def _round(turn: Turn, turns: int) -> float:
    gc.collect()  # nobody pays for the rubbish of the one before
    started = time.perf_counter()
    for _ in range(turns):
        await turn()
    return (time.perf_counter() - started) / turns * 1000


async def measure(turns: int, rounds: int) -> dict[str, object]:
    """Milliseconds a turn, bare and ours, and their ratio."""
    figures: dict[str, list[float]] = {"bare": [], "memory": [], "embedded": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            # Fresh sessions each round: a growing history would make later rounds slower.
            async with AsyncExitStack() as stack:
                embedded = await EmbeddedStore.open(Path(folder))
                stack.push_async_callback(embedded.aclose)
                candidates = {
                    "bare": await _bare(stack),
                    "memory": await _ours(stack, MemoryStore()),
                    "embedded": await _ours(stack, embedded),
                }
                for turn in candidates.values():
                    await _round(turn, 5)
                for name, turn in candidates.items():
                    figures[name].append(await _round(turn, turns))
    return {
        "turns": turns,
        "rounds": rounds,
        "milliseconds": {name: round(statistics.median(f), 3) for name, f in figures.items()},
        "ratio_to_bare": {
            name: round(
                statistics.median(a / b for a, b in zip(f, figures["bare"], strict=True)), 3
            )
            for name, f in figures.items()
        },
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    logging.disable(logging.ERROR)
    result = asyncio.run(measure(arguments.turns, arguments.rounds))
    print(json.dumps(result, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
