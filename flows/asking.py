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

    words: str
    on_yes: Step
    on_no: Step


_ANSWERS = frozenset({"agree", "decline"})


class AskingDesk(Desk):
    """Ask with `self.ask`; the caller's yes or no then runs the step that belongs to it.

    A question is forgotten as soon as the talk turns to something else, and repeated if the caller
    was asked in between whether they are there: a yes must be the answer to *this* question.
    """

    _question: Question | None = None
    _doubtful = False
    _closing = False
    """Whether the caller was asked last if there is anything else."""
    needs: ClassVar = {
        **Desk.needs,
        "what_else": frozenset(),
        "left_it": frozenset(),
    }

    def ask(self, words: str, *, on_yes: Step, on_no: Step | None = None) -> Say:
        """Say `words`, which end in a question, and keep what the answers lead to."""
        self._question = Question(words, on_yes, on_no or self._left_it)
        return Say(words)

    def anything_else(self, words: str) -> Say:
        """Say `words`, which end in "is there anything else?": a no is then a goodbye."""
        self._closing = True
        return Say(words)

    def tool_begins(self, name: str) -> None:
        """Whatever is not an answer ends the question."""
        if name not in _ANSWERS:
            self._question, self._closing = None, False
        if self._question is None:
            self._doubtful = False

    def silence_noticed(self) -> None:
        """The next yes may mean "yes, I am here"."""
        self._doubtful = self._question is not None
        self._closing = False

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
        if (again := self._repeated()) is not None:
            return again
        question, self._question = self._question, None
        if question is None:
            return self.anything_else(self.script.say("what_else"))
        return await question.on_yes()

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
        if (again := self._repeated()) is not None:
            return again
        question, self._question = self._question, None
        if question is not None:
            return await question.on_no()
        if not self._closing:
            return self.anything_else(self.script.say("what_else"))
        board = self.switchboard
        board.say_goodbye(board.phrases.say("goodbye"))
        return None

    def _repeated(self) -> Say | None:
        if not self._doubtful or self._question is None:
            return None
        self._doubtful = False
        return Say(self._question.words)

    async def _left_it(self) -> Heard:
        return self.anything_else(self.script.say("left_it"))
