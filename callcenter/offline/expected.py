"""Expected: what kind of answer a desk's question asks for, so that ears can lean towards it."""

from __future__ import annotations

import re
from typing import Literal

Answer = Literal["anything", "digits", "date", "yes_no", "place"]
ANSWERS: tuple[Answer, ...] = ("anything", "digits", "date", "yes_no", "place")

_ASKS_DIGITS = re.compile(
    r"\b(?:(?:account|phone|card|telephone|customer|contract|ticket|order) number|what number"
    r"|which number|pins?|digits?|passcode|code)\b"
)
_ASKS_PLACE = re.compile(r"\b(?:zip|postcode|postal code|town|city|area)\b")
_ASKS_DATE = re.compile(
    r"\b(?:date of birth|birthday|were you born|(?:what|which)(?: other)? (?:day|date|month)"
    r"|when (?:will|would|can|shall|should|do|did)|how many (?:months|weeks|days)"
    r"|over how many)\b"
)
_ASKS_YES_NO = re.compile(
    r"(?:^|[,.!?;:] |\band )(?:please tell me, |so |and )?(?:is|are|was|were|do|does|did|shall"
    r"|should|may|can|could|would you like me|will|has|have)\b[^.!?]*\?\s*$"
)


def answer_to(said: str) -> Answer:
    """The answer that the end of what a desk said asks for; "anything" if it asks for no such."""
    text = said.lower().replace("’", "'").strip()
    end = _last_sentences(text)
    if "?" not in end:
        return "anything"
    if _ASKS_YES_NO.search(end) and not re.search(r"\bcan i (?:help|do)\b|\bdo for you\b", end):
        return "yes_no"
    if _ASKS_PLACE.search(end):
        return "place"
    if _ASKS_DIGITS.search(end):
        return "digits"
    if _ASKS_DATE.search(end):
        return "date"
    return "anything"


def _last_sentences(text: str) -> str:
    """The last question and what follows it: "And your PIN? If you don't know it, …"."""
    sentences = re.split(r"(?<=[.!?]) +", text)
    for at in range(len(sentences) - 1, -1, -1):
        if sentences[at].endswith("?"):
            return " ".join(sentences[at:])
    return ""
