"""AskingDesk: a desk that can ask a yes-or-no question and knows what either answer leads to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from callcenter.domain.hints import Example
from callcenter.floor import Desk, Heard, Say, tool

Step = Callable[[], Awaitable[Heard]]


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked; the answer leads to a step, not to a model's idea of one."""

    on_yes: Step
    on_no: Step


class AskingDesk(Desk):
    """Ask with `self.ask`; the caller's yes or no then runs the step that belongs to it."""

    _question: Question | None = None
    needs: ClassVar = {
        **Desk.needs,
        "left_it": frozenset(),
        "what_else": frozenset(),
    }

    def ask(self, words: str, *, on_yes: Step, on_no: Step | None = None) -> Say:
        """Say `words`, which end in a question, and keep what the answers lead to."""
        self._question = Question(on_yes, on_no or self._left_it)
        return Say(words)

    @tool(
        Example("yes"),
        Example("yes please"),
        Example("yeah sure"),
        Example("okay go ahead"),
        Example("that's right"),
        Example("that works for me"),
        Example("please do"),
        Example("it is working"),
        Example("yes it's on"),
        Example("it's back"),
    )
    async def agree(self) -> Heard:
        """The caller says yes to what was just asked or proposed, or that it worked."""
        question, self._question = self._question, None
        return await question.on_yes() if question else Say(self.script.say("what_else"))

    @tool(
        Example("no"),
        Example("no thanks"),
        Example("not really"),
        Example("rather not"),
        Example("don't do that"),
        Example("it is still not working"),
        Example("it's off"),
        Example("it didn't help"),
        Example("no it's not"),
    )
    async def decline(self) -> Heard:
        """The caller says no to what was just asked or proposed, or that it did not work."""
        question, self._question = self._question, None
        if question is None:
            # "Is there anything else?" "No."
            board = self.switchboard
            board.say_goodbye(board.phrases.say("goodbye"))
            return None
        return await question.on_no()

    async def _left_it(self) -> Heard:
        return Say(self.script.say("left_it"))
