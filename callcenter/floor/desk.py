"""Desk: an agent that serves callers; what every desk may do, whatever its subject."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from livekit.agents import NOT_GIVEN, Agent, llm, tts

from callcenter.domain.department import Department
from callcenter.domain.handoff import Handoff
from callcenter.domain.hints import ATTRIBUTE, Ask, Example, Hints, hints_of
from callcenter.floor.phrases import Phrases, spelled
from callcenter.floor.tool import Heard, Say, tool

if TYPE_CHECKING:
    from callcenter.floor.switchboard import Switchboard


RESUMED = "resumed_with_number"
"""What a desk wanted to do when it had to ask for a number first."""

_NEEDS: Mapping[str, AbstractSet[str]] = {
    "prompt": frozenset(),
    "greeting": frozenset(),
    "greeting_returning": frozenset({"name"}),
    "greeting_handover": frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A department as the other desks know it."""

    serves: str
    """Finishes the sentence "… looks after": "bills and payments"."""
    callers_say: tuple[str, ...] = ()
    """Sentences of callers who want this department."""


class Desk(Agent):
    """Subclass it, set `department`, write tools with `@tool`, and list it in `flows.DESKS`."""

    department: ClassVar[Department]
    neighbour: ClassVar[Neighbour]
    needs: ClassVar[Mapping[str, AbstractSet[str]]] = _NEEDS
    """The phrases this desk says and what it gives to each; a subclass adds its own."""

    def __init__(
        self,
        *,
        script: Phrases,
        handoff: Handoff,
        neighbours: Mapping[Department, Neighbour],
        words: llm.ChatContext | None = None,
        voice: tts.TTS[Any] | None = None,
    ) -> None:
        self.script = script
        self.handoff = handoff
        self._neighbours = {n: card for n, card in neighbours.items() if n != self.department}
        super().__init__(
            id=self.department,
            instructions=self._brief(),
            chat_ctx=words if words is not None else NOT_GIVEN,
            tts=voice if voice is not None else NOT_GIVEN,
        )
        self._direct_handover()

    # --- for the conversations ---

    @property
    def switchboard(self) -> Switchboard:
        """The live call."""
        userdata: Switchboard = self.session.userdata
        return userdata

    @property
    def facts(self) -> Mapping[str, str]:
        """What has been learned of the caller, at this desk or before."""
        return self.switchboard.call.facts

    def say(self, words: str) -> None:
        """Let the caller hear these words after what is being said now."""
        self.switchboard.say_next(words)

    async def greet(self) -> None:
        """The first words; replace it where a desk knows better."""
        if self.handoff.origin is not None:
            self.say(self.script.say("greeting_handover"))
        elif name := self.facts.get("name"):
            self.say(self.script.say("greeting_returning", name=name))
        else:
            self.say(self.script.say("greeting"))

    def tool_begins(self, name: str) -> None:
        """A tool of this desk is about to work; for desks that keep something in mind."""

    def silence_noticed(self) -> None:
        """The caller was asked whether they are there: a yes may be the answer to that."""

    async def call_back(self, about: str) -> Say:
        """Promise that a person rings the caller; asks for a number where there is none."""
        board = self.switchboard
        if board.callback_number is None:
            board.private["callback_about"] = about
            return Say(board.phrases.say("ask_number"))
        ticket: str | None = board.private.get("callback")
        if ticket is None:
            about = about or self.handoff.reason or "asked for a person"
            ticket = await board.bring_in_supervisor(about)
            board.private["callback"] = ticket
            board.learn("open_matter", f"call back {ticket}")
        return Say(board.phrases.say("callback_promised", ticket=spelled(ticket)))

    async def on_enter(self) -> None:
        """Greet; then act on what the caller already asked for, instead of asking again."""
        for words in self.switchboard.desk_entered():
            self.say(words)
        await self.greet()
        if self.handoff.origin is not None:
            self.session.generate_reply(
                instructions=(
                    "The caller has just been handed to you and must not repeat themselves. "
                    f"They want: {self.handoff.reason}. Act on it now, or ask the one thing "
                    "you need to know next."
                )
            )

    async def on_user_turn_completed(
        self,
        turn_ctx: llm.ChatContext,  # noqa: ARG002 - LiveKit's signature
        new_message: llm.ChatMessage,
    ) -> None:
        """Cut what nobody could say in one breath before it reaches a model."""
        most = self.switchboard.conduct.max_utterance_words
        text = new_message.text_content or ""
        if len(text.split()) > most:
            new_message.content = [clipped(text, most)]

    # --- tools every desk has ---

    @tool()
    async def hand_over(
        self,
        to: Annotated[str, Ask("Which department would you like?")],
        reason: str,
    ) -> Heard:
        """Pass the caller to another department that can do what they want.

        Args:
            to: the department
            reason: what the caller wants, in their words, so that they need not say it again
        """
        return await self.switchboard.hand_over(Department(to), reason)

    @tool(
        "i want to speak to a person",
        "let me talk to a human",
        "can i speak to a real person please",
        "get me a manager",
        "i want to talk to your supervisor",
        "operator",
        "representative",
        "can somebody call me back",
        "please have someone call me",
        offer="a call back from a colleague",
        rescue=True,
    )
    async def ask_for_person(self, about: str = "") -> Heard:
        """Have a person of the team call the caller back, when they ask for one or you can't help.

        Args:
            about: what the person should know, in a short sentence
        """
        return await self.call_back(about)

    @tool()
    async def leave_number(
        self,
        number: Annotated[
            str, Ask("What number can we call you on?", expects="digits", length=(7, 15))
        ],
    ) -> Heard:
        """Take the phone number for a call back, when the caller's own number is withheld.

        Args:
            number: the phone number, digits only
        """
        board = self.switchboard
        board.private["callback_number"] = number
        resumed = board.private.pop(RESUMED, None)
        if resumed is not None:
            heard: Heard = await resumed()
            return heard
        return await self.call_back(board.private.pop("callback_about", ""))

    @tool(
        "bye",
        "goodbye",
        "that's all",
        "that is all thank you",
        "no that's everything",
        "nothing else thanks",
        "no thanks bye",
        "i'm done thank you",
        "have a nice day",
        "please hang up",
    )
    async def say_goodbye(self) -> Heard:
        """End the call, once the caller has said goodbye or needs nothing more."""
        board = self.switchboard
        board.say_goodbye(board.phrases.say("goodbye"))
        return None

    # --- private ---

    def _brief(self) -> str:
        lines = [self.script.say("prompt")]
        # A phone number proves nothing: what an earlier call was about is for identified callers.
        facts = {
            name: value
            for name, value in self.handoff.facts.items()
            if name != "open_matter" or self.handoff.identified
        }
        if facts:
            known = "; ".join(f"{name}: {value}" for name, value in facts.items())
            lines.append(f"What is already known, never ask for it again: {known}.")
        if self.handoff.reason:
            lines.append(f"The caller came to you for: {self.handoff.reason}.")
        if self._neighbours:
            cards = "; ".join(f"{n}: {card.serves}" for n, card in self._neighbours.items())
            lines.append(f"Other departments, reached with hand_over: {cards}.")
        return "\n\n".join(lines)

    def _direct_handover(self) -> None:
        """Tell the models which departments there are, and how callers ask for them."""
        for candidate in self._tools:
            if candidate.id != "hand_over":
                continue
            if not self._neighbours:
                self._tools.remove(candidate)
                return
            question = f"Which department would you like: {' or '.join(self._neighbours)}?"
            closed_list: Any = Literal.__getitem__(tuple(self._neighbours))
            to = Annotated[closed_list, Ask(question)]
            candidate.__annotations__ = {**candidate.__annotations__, "to": to}
            examples = tuple(
                Example(sentence, {"to": name})
                for name, card in self._neighbours.items()
                for sentence in (*card.callers_say, name, f"put me through to {name}")
            )
            setattr(candidate, ATTRIBUTE, Hints(examples=examples, offer=hints_of(candidate).offer))
            return


def clipped(text: str, most: int) -> str:
    """The first words of a very long utterance."""
    return " ".join(text.split()[:most])
