"""AccountDesk: a desk that says nothing about an account before the caller has proved who they are.

The rule is in the types: whatever tells something of an account takes an `Identity`, and only the
books make one. What the caller wanted is kept and done as soon as they are identified.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any, ClassVar

from callcenter.domain.events import IdentificationFailed, Identified
from callcenter.domain.hints import Ask
from callcenter.floor import Heard, Say, tool
from flows.accounts import Accounts, Identity, Refused
from flows.asking import AskingDesk

Deed = Callable[[Identity], Awaitable[Heard]]

_MOST_TRIES = 3
_IDENTITY = "identity"
_NUMBER = "account_number"
_TRIES = "identity_tries"


class AccountDesk(AskingDesk):
    """Give deeds that need an account to `with_identity`."""

    needs: ClassVar = {
        **AskingDesk.needs,
        "ask_identity": frozenset(),
        "account_number_where": frozenset(),
        "identity_wrong": frozenset(),
        "ask_proof": frozenset(),
        "identity_ok": frozenset({"name"}),
        "identity_known": frozenset(),
        "identity_locked": frozenset(),
        "what_now": frozenset(),
    }

    def __init__(self, *, accounts: Accounts, today: Callable[[], date], **desk: Any) -> None:
        self.accounts = accounts
        self.today = today
        self._wanted: Deed | None = None
        self._proof: tuple[str, date | None] = ("", None)
        super().__init__(**desk)

    @property
    def identity(self) -> Identity | None:
        """The proof that this caller is a customer, once there is one; shared by all desks."""
        found = self.switchboard.private.get(_IDENTITY)
        return found if isinstance(found, Identity) else None

    async def with_identity(self, deed: Deed) -> Heard:
        """Do it now if the caller is identified, else ask and do it then."""
        if self.switchboard.private.get(_TRIES, 0) >= _MOST_TRIES:
            return await self._locked()
        if self.identity is None:
            self._wanted = deed
            self.switchboard.hush = True
            return Say(self._next_question())
        return await self.allowed(deed, self.identity)

    async def allowed(self, deed: Deed, identity: Identity) -> Heard:
        """Do it; a rule of the house that says no is told in its own words."""
        try:
            return await deed(identity)
        except Refused as refusal:
            return Say(refusal.spoken)

    def key(self, deed: str) -> str:
        """Names a step of this call, so that doing it twice does it once."""
        return f"{self.switchboard.id}:{deed}"

    @tool("my account number is", "the account number is", "account")
    async def give_account_number(
        self,
        number: Annotated[
            str, Ask("What is your six digit account number?", expects="digits", length=(6, 6))
        ],
        pin: Annotated[str, Ask("And your four digit PIN?", expects="digits", length=(4, 4))] = "",
    ) -> Heard:
        """Take the caller's account number, to identify them; with the PIN if they said both.

        Args:
            number: the account number, digits only
            pin: the PIN, digits only; leave it out if it was not said
        """
        self.switchboard.private[_NUMBER] = _digits(number)
        self.switchboard.hush = True
        pin, born = (_digits(pin), None) if pin else self._proof
        return await self._identify(pin=pin, date_of_birth=born) if pin or born else self._ask()

    @tool("my pin is", "the pin is")
    async def give_pin(
        self,
        pin: Annotated[str, Ask("What is your four digit PIN?", expects="digits", length=(4, 4))],
    ) -> Heard:
        """Take the caller's PIN, to identify them.

        Args:
            pin: the PIN, digits only
        """
        return await self._identify(pin=_digits(pin))

    @tool(
        "i was born on",
        "my date of birth is",
        "my birthday is",
        "i forgot my pin",
        "i don't know my pin",
        "i don't have my pin",
        "i don't remember the pin",
        "can i use my date of birth",
    )
    async def give_date_of_birth(
        self, date_of_birth: Annotated[date, Ask("What is your date of birth?")]
    ) -> Heard:
        """Take the caller's date of birth, to identify them without a PIN.

        Args:
            date_of_birth: the day the caller was born
        """
        return await self._identify(date_of_birth=date_of_birth)

    @tool(
        "i don't have my account number",
        "i don't know my account number",
        "where do i find my account number",
        "i don't have it with me",
    )
    async def account_number_unknown(self) -> Heard:
        """The caller does not have their account number at hand."""
        return Say(self.script.say("account_number_where"))

    async def _identify(self, *, pin: str = "", date_of_birth: date | None = None) -> Heard:
        board = self.switchboard
        if self.identity is not None:
            return await self._go_on(self.identity, self.script.say("identity_known"))
        if board.private.get(_TRIES, 0) >= _MOST_TRIES:
            return await self._locked()
        number = board.private.get(_NUMBER)
        if not number:
            # Said before the number it belongs to: kept, so that nobody says it twice.
            self._proof = (pin, date_of_birth)
            return Say(self._next_question())
        self._proof = ("", None)
        identity = await self.accounts.identify(
            number, pin=pin or None, date_of_birth=date_of_birth
        )
        if identity is None:
            return await self._wrong()
        board.private[_IDENTITY] = identity
        board.hush = False
        board.note(
            Identified(at=board.now(), account=f"••{identity.last_four}", name=identity.first_name)
        )
        board.learn("name", identity.first_name)
        return await self._go_on(identity, self.script.say("identity_ok", name=identity.first_name))

    async def _go_on(self, identity: Identity, opening: str) -> Heard:
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return Say(f"{opening} {self.script.say('what_now')}")
        heard = await self.allowed(wanted, identity)
        return Say(f"{opening} {heard.text}") if isinstance(heard, Say) else heard

    async def _wrong(self) -> Heard:
        board = self.switchboard
        tries = board.private.get(_TRIES, 0) + 1
        board.private[_TRIES] = tries
        board.private.pop(_NUMBER, None)
        board.note(IdentificationFailed(at=board.now(), tries=tries))
        if tries >= _MOST_TRIES:
            return await self._locked()
        return Say(self.script.say("identity_wrong"))

    async def _locked(self) -> Heard:
        person = await self.call_back("could not be identified")
        return Say(f"{self.script.say('identity_locked')} {person.text}")

    def _next_question(self) -> str:
        if _NUMBER in self.switchboard.private:
            return self._ask().text
        return self.script.say("ask_identity")

    def _ask(self) -> Say:
        return Say(self.script.say("ask_proof"))


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
