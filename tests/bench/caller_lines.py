"""The demo's caller lines: what people say to these desks, as words; written before any tuning.

Every second line of each kind is for tuning; the others are held out and are what is published.
"""

from __future__ import annotations

from typing import NamedTuple


class CallerLine(NamedTuple):
    """One thing a caller says; `asked` is the desk's question before it, if there was one."""

    kind: str
    words: str
    asked: str = ""


_NUMBER = (
    "Before we go on, I need to know who I am talking to. What is your six digit account number?"
)
_PIN = "Thank you. And your four digit PIN? If you don't know it, your date of birth will do."
_BIRTH = "What is your date of birth?"
_PHONE = "I can't see your phone number. What number can we call you on?"
_ZIP = "What is your ZIP code or town?"
_LIGHT = "Let's have a look together. Is there a light on your modem?"
_WORKS = "Please pull the power cable out of the modem. Is it working now?"
_RESET = (
    "I can restart your line from here. You would be offline for a few minutes. Shall I do that?"
)
_PLAN = "That would be three monthly payments of seventy dollars. Shall I set it up?"
_NOTE = "Shall I note that fifty dollars will be paid tomorrow?"
_SUITS = (
    "A technician can call you Friday, between nine and eleven in the morning. Does that suit you?"
)
_MONTHS = (
    "I can split it into two or six monthly payments. Over how many months would you like to pay?"
)
_DAY = "On what day shall we call you?"
_PAY_DAY = "On what day will you pay?"
_CHARGE = "Which charge is it, and what is wrong with it?"
_REPAIR = "What should be repaired?"
_ELSE = "Is there anything else I can do for you?"
_GREETING = "Thank you for calling Northwind Broadband. How can I help you today?"

_DIGITS = (
    (_NUMBER, "four four seven one two two"),
    (_NUMBER, "six zero two three one five"),
    (_NUMBER, "five one eight eight four zero"),
    (_NUMBER, "seven three three nine oh six"),
    (_NUMBER, "two nine zero five five seven"),
    (_NUMBER, "it's eight six one two zero four"),
    (_NUMBER, "one seven five six three three"),
    (_NUMBER, "nine four four oh one eight"),
    (_NUMBER, "my account number is nine four four zero two six"),
    (_NUMBER, "three three zero four seven one"),
    (_NUMBER, "double four seven one double two"),
    (_NUMBER, "seven double three nine zero six"),
    (_PIN, "four eight two one"),
    (_PIN, "one nine three seven"),
    (_PIN, "seven three zero five"),
    (_PIN, "two six four eight"),
    (_PIN, "nine oh one four"),
    (_PIN, "my pin is three three seven nine"),
    (_PIN, "it's six one eight two"),
    (_PIN, "double five two six"),
    (_PIN, "the pin is eight zero nine three"),
    (_PIN, "seventeen fifty"),
    (_PHONE, "two oh six five five five zero one zero one"),
    (_PHONE, "two zero six five five five oh one oh seven"),
    (_ZIP, "nine eight seven oh two"),
    (_ZIP, "nine eight seven zero four"),
    (_NUMBER, "forty four seventy one twenty two"),
    (_NUMBER, "sixty twenty three fifteen"),
    (_PIN, "forty eight twenty one"),
    (_PIN, "nineteen thirty seven"),
)

_DATES = (
    (_BIRTH, "march twelfth nineteen eighty four"),
    (_BIRTH, "november thirtieth nineteen seventy five"),
    (_BIRTH, "july fourth nineteen ninety one"),
    (_BIRTH, "the twenty second of january nineteen sixty eight"),
    (_BIRTH, "i was born on september eighth nineteen fifty nine"),
    (_BIRTH, "may seventeenth nineteen ninety six"),
    (_PAY_DAY, "next friday"),
    (_PAY_DAY, "on monday"),
    (_PAY_DAY, "tomorrow"),
    (_PAY_DAY, "on the first of december"),
    (_DAY, "wednesday would be good"),
    (_DAY, "thursday morning please"),
    (_MONTHS, "over three months please"),
    (_MONTHS, "six months"),
)

_ANSWERS = (
    (_LIGHT, "yes"),
    (_LIGHT, "no there is no light"),
    (_LIGHT, "yes it is on"),
    (_LIGHT, "the light is red"),
    (_WORKS, "no it's still not working"),
    (_WORKS, "yes it works now"),
    (_RESET, "yes please"),
    (_RESET, "no thanks"),
    (_PLAN, "yes go ahead"),
    (_PLAN, "no rather not"),
    (_NOTE, "yeah that's right"),
    (_NOTE, "no"),
    (_SUITS, "that works for me"),
    (_SUITS, "no do you have something later"),
    (_RESET, "okay"),
    (_RESET, "sure go ahead"),
    (_ELSE, "no that's all thank you"),
    (_ELSE, "nothing else thanks bye"),
)

_WISHES = (
    (_GREETING, "i have a question about my bill"),
    (_GREETING, "my internet is down"),
    (_GREETING, "why is my bill so high this month"),
    (_GREETING, "i'd like to pay my bill"),
    (_GREETING, "hi my internet isn't working since this morning"),
    (_GREETING, "is there an outage in fairhaven"),
    (_GREETING, "how much do i owe"),
    (_GREETING, "i can't pay my bill right now"),
    (_GREETING, "i need a payment plan"),
    (_GREETING, "can i speak to a real person please"),
    (_GREETING, "i want to dispute a charge"),
    (_GREETING, "when are you open on saturday"),
    (_GREETING, "i'm moving to a new house next month"),
    (_GREETING, "i want to cancel my contract"),
    (_GREETING, "the wifi keeps dropping in the evening"),
    (_GREETING, "my phone line is dead"),
    (_GREETING, "could you send a technician"),
    (_GREETING, "put me through to billing please"),
    (_CHARGE, "the late fee i paid on time"),
    (_CHARGE, "i never ordered a router"),
    (_REPAIR, "the modem has a red light"),
    (_REPAIR, "my phone has no dial tone"),
    (_ELSE, "can someone call me back on monday"),
    (_ELSE, "i want to talk to somebody in support"),
    (_ELSE, "what was my balance again"),
    (_ELSE, "i can pay fifty dollars tomorrow"),
)

_OTHERS = (
    (_NUMBER, "i don't have my account number with me"),
    (_PIN, "i don't remember my pin"),
    (_PIN, "sorry i forgot it can i use my date of birth"),
    (_NUMBER, "hold on a second let me find the bill"),
    (_NUMBER, "no sorry i mean seven three three nine zero six"),
    (_PIN, "no wait that was wrong it's two six four eight"),
    (_GREETING, "hello this is dana whitfield"),
    (_GREETING, "good morning my name is marcus bell"),
    (_ZIP, "alder bay"),
    (_ZIP, "i live in millbrook"),
    (_ZIP, "stony creek"),
    (_ZIP, "fairhaven"),
    (_ELSE, "can you repeat that please"),
    (_ELSE, "sorry what did you say"),
    (_ELSE, "mm hmm"),
    (_ELSE, "uh huh"),
    (_ELSE, "are you a robot"),
    (_ELSE, "thank you so much have a nice day"),
)

_BY_OTHERS = (
    "am i talking to a robot",
    "and what's your address",
    "i could pay on friday",
    "i have no internet",
    "i promise to pay in eight weeks",
    "i want a technician",
    "i'll pay it all next friday",
    "is there an outage",
    "let me talk to a human being please",
    "my balance please",
    "nine nine nine nine nine nine",
    "one two three four",
    "nine eight seven oh one",
    "no it didn't help",
    "no still dark",
    "no put me back to the front desk",
    "oh sorry wrong number bye",
    "over twenty months",
    "thanks bye",
    "the internet is down",
    "the late fee i paid on time",
    "the modem is broken",
    "the purple elephant sings at midnight",
    "timbuktu",
    "what are your opening hours",
    "what's my balance",
    "yes that works for me",
    "yes it's back",
    "my internet is not working",
    "march twelfth nineteen eighty four",
)
"""What other authors let callers say in the tests of the desks (tests/calls), odd ones included."""

_KINDS = {
    "digits": _DIGITS,
    "dates": _DATES,
    "answers": _ANSWERS,
    "wishes": _WISHES,
    "others": _OTHERS,
}


def lines_by_others() -> list[CallerLine]:
    """Lines of other authors; no question is known before them."""
    return [CallerLine("others' lines", words) for words in _BY_OTHERS]


def caller_lines(*, held_out: bool) -> list[CallerLine]:
    """Half of the lines: those for tuning, or those that nobody looked at while tuning."""
    return [
        CallerLine(kind, words, asked)
        for kind, lines in _KINDS.items()
        for asked, words in lines[int(held_out) :: 2]
    ]
