"""Phrases: what the understudy says by itself; everything else is said by tools and questions."""

from __future__ import annotations

from collections.abc import Sequence

from callcenter.offline.filling import form_of
from callcenter.offline.parameters import Parameter
from callcenter.offline.smalltalk import Topic
from callcenter.offline.words import sentence_list

OPENING = "How can I help?"
APOLOGY = "I'm sorry, that did not work just now."
DONE = "All right. What else can I do for you?"
DROPPED = "Okay. What else can I do for you?"
NOT_NOW = "I can't do that just now. What else can I do for you?"
TAKE_YOUR_TIME = "Take your time."

_MOST_OFFERS = 6
_REPLIES: dict[Topic, str] = {
    "greeting": "Hello.",
    "well": "I'm doing fine, thank you.",
    "thanks": "You're welcome.",
    "robot": "I'm an automated assistant.",
    "bye": "Thank you for calling. Goodbye.",
    "hold": TAKE_YOUR_TIME,
}


def not_understood(offers: Sequence[str], misses: int) -> str:
    """What to say to words that fit nothing; worded otherwise each time in a row."""
    turn = max(misses - 1, 0) % 3
    if not offers:
        return (
            "Sorry, I didn't catch that. Could you say it in other words?",
            "I'm afraid I still didn't get it. What would you like to do?",
            "Sorry, that was beyond me. Please try a short sentence.",
        )[turn]
    things = sentence_list(offers[:_MOST_OFFERS])
    return (
        f"Sorry, I didn't catch that. I can help with {things}.",
        f"I'm afraid I still didn't get it. You can ask me about {things}.",
        f"Sorry, that was beyond me. Please choose one: {things}.",
    )[turn]


def help_on(offers: Sequence[str]) -> str:
    """What this desk can do."""
    things = sentence_list(offers[:_MOST_OFFERS])
    return f"I can help with {things}." if things else OPENING


def asked_again(parameter: Parameter, failures: int, miscounted: int) -> str:
    """A question that was not answered, in other words; then with the form wanted."""
    if miscounted and parameter.length and failures < 2:
        least, most = parameter.length
        count = f"{least}" if least == most else f"{least} to {most}"
        heard = "1 digit" if miscounted == 1 else f"{miscounted} digits"
        return f"I heard {heard}, but I need {count}. {parameter.question}"
    if failures < 2:
        return f"Sorry, I didn't get that. {parameter.question}"
    lead = "I'm sorry, I still didn't get it." if failures % 2 == 0 else "Let's try once more."
    return f"{lead} {form_of(parameter)} {parameter.question}"


def reply_to(topic: Topic, question: str) -> str:
    """The answer to small talk, and back to the question that is still open."""
    if topic in {"hold", "bye"}:
        return _REPLIES[topic]
    if topic == "thanks" and not question:
        return f"{_REPLIES[topic]} Is there anything else?"
    return f"{_REPLIES.get(topic, '')} {question or OPENING}".strip()
